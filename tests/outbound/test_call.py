"""Calls of outside services: once at most, to where the settings allow, and with the truth about what was sent."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from gateway.outbound.call import MOST_BYTES, Called, Calls, NotCalled
from gateway.outbound.fetch import PublicResolver
from gateway.secret import Secret
from gateway.settings.proxies import Proxies
from tests.conftest import PATIENCE, free_port
from tests.outbound.authority import Authority, Host, Names, pem, serving
from tests.outbound.proxy import Proxy
from tests.outbound.wire import OK, Wire, answers

HOST = "service.example"
URL = f"https://{HOST}/incidents/p4th?key=qu3ry"


async def called(url: str, host: Host | None = None, *, method: str = "POST", body: bytes = b"{}", **more) -> Called:
    """What a gateway gets that trusts the host's authority, with `proxies`, `tls`, `resolver` of its own."""
    given = {"tls": host.authority.trusted(), "resolver": host.names, "private_resolver": host.names} if host else {}
    given |= {name: more.pop(name) for name in ("proxies", "tls", "resolver") if name in more}
    headers = more.pop("headers", {"Authorization": "Token s3cret"})
    async with AsyncExitStack() as stack:
        return await Calls(stack, **given).call(
            method, url, headers, body, **{"timeout": PATIENCE, "private": False} | more
        )


async def refused(*given, **more) -> tuple[str, bool]:
    """The problem of a call without an answer, and whether it was sent; nothing of path and query is in it."""
    with pytest.raises(NotCalled) as caught:
        await called(*given, **more)
    assert not any(part in caught.value.problem for part in ("p4th", "qu3ry", "s3cret", "hooks"))
    return caught.value.problem, caught.value.sent


@pytest.mark.usefixtures("nothing_left")
async def test_a_service_is_asked_and_answers():
    """Method, URL, headers and body arrive; status, headers and body come back, whatever the status."""
    seen = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, dict(request.headers), await request.read()))
        return web.Response(status=422, body=b"no", headers=[("X-One", "1"), ("X-One", "2")])

    async with serving(answer, HOST) as host:
        got = await called(URL, host, method="PUT", headers={"X-Token": "t", "user-agent": "Own/1"})
    assert (got.status, got.body, got.headers["x-one"], host.asked) == (
        422,
        b"no",
        "1, 2",
        ["/incidents/p4th?key=qu3ry"],
    )
    [(method, headers, body)] = seen
    assert (method, headers["X-Token"], body) == ("PUT", "t", b"{}")
    assert [value for name, value in headers.items() if name.lower() == "user-agent"] == ["Own/1"]


async def test_a_redirect_is_an_answer():
    """Nobody follows it; and what has no body is not waited for."""
    moved = web.Response(status=302, headers={"Location": "http://127.0.0.1/"})
    async with serving(lambda _: moved, HOST) as host:
        assert (await called(URL, host)).status == 302
    async with serving(lambda _: b"long", HOST) as host:
        assert (await called(URL, host, method="HEAD", body=b"")).body == b""
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://service.example/p4th", "service.example would be asked over http: private = true allows it"),
        ("https://127.0.0.1:8443/p4th", "127.0.0.1:8443 is an address that is not public: private = true allows it"),
        ("https://[::1]/", "[::1] is an address that is not public: private = true allows it"),
        ("https://[::ffff:10.0.0.7]/", "is an address that is not public: private = true allows it"),
        ("https://169.254.169.254/", "169.254.169.254 is an address that is not public: private = true allows it"),
        ("https://2130706433/", "is an address that is not public: private = true allows it"),
        ("https://127.1/", "is an address that is not public: private = true allows it"),
        ("https://\uff11\uff12\uff17.0.0.1/", "127.0.0.1 is an address that is not public: private = true allows it"),
        ("https://localhost/", "localhost has an address that is not public: private = true allows it"),
        ("https://ann:s3cret@service.example/", "the URL of the request is none of https://HOST/..."),
        ("ftp://service.example/", "the URL of the request is none of https://HOST/..."),
        ("https://[::/p4th", "the URL of the request is none of https://HOST/..."),
    ],
)
async def test_where_a_callback_may_not_ask(url, problem):
    """Addresses are judged as names are, in every spelling; nothing is sent."""
    told, sent = await refused(url)
    assert (told.endswith(problem), sent) == (True, False), told


async def test_a_name_of_a_private_address():
    """It is refused where only the public Internet is allowed, and asked where the settings allow it."""
    async with serving(lambda _: b"yes", HOST) as host:
        problem = f"{HOST} has an address that is not public: private = true allows it"
        assert await refused(URL, host, resolver=PublicResolver(host.names)) == (problem, False)
        assert (await called(URL, host, resolver=PublicResolver(host.names), private=True)).body == b"yes"
    assert len(host.asked) == 1


async def test_private_services_speak_http_and_have_addresses():
    """Both only then."""
    wire = Wire(answers(OK))
    async with wire.serve() as url:
        assert (await called(url, private=True)).body == b"ok"
    assert await refused("http://127.1/", private=True) == ("127.1 cannot be reached", False)


async def test_an_authority_of_the_settings(tmp_path):
    """A service's own; a file without certificates is a problem of the call."""
    file = tmp_path / "ca.pem"
    async with serving(lambda _: b"yes", HOST) as host:
        file.write_bytes(pem(host.authority.certificate))
        assert (await called(URL, host, tls=True, ca_file=str(file))).body == b"yes"
    file.write_text("none")
    problem = f"{HOST} was not asked: its `ca_file` cannot be read as certificates"
    for path in (file, tmp_path / "missing"):
        assert await refused(URL, ca_file=str(path)) == (problem, False)


async def test_what_has_certainly_not_been_sent():
    """No name, nobody who listens, no trust, no time left before the connection, a header that would be two."""
    async with serving(lambda _: b"", HOST) as host:
        assert await refused(URL, host, resolver=Names(())) == (f"the name {HOST} does not resolve", False)
        untrusted = f"{HOST}: no TLS connection, or its certificate does not verify", False
        assert await refused(URL, host, tls=Authority().trusted()) == untrusted
        forged = f"{HOST} was not asked: a header of the request is no single line", False
        assert await refused(URL, host, headers={"X-Name": "a\r\nX-Other: b"}) == forged
    assert host.asked == []
    assert await refused(URL, host) == (f"{HOST} cannot be reached", False)

    class Slow(Names):
        async def resolve(self, *_, **__):
            await asyncio.sleep(3600)

    assert await refused(URL, resolver=Slow(), timeout=0.1) == (f"{HOST} timed out after 0.1 s", False)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_what_may_have_been_sent(method):
    """The service got it and said nothing, or no HTTP: it is not asked a second time, whatever the method."""
    for script, problem in (
        (answers(b"", end="close"), "broke"),
        (answers(b"", end="reset"), "broke"),
        (answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno", end="close"), "broke"),
        (answers(b"220 mail.example ESMTP\r\n"), "does not answer in proper HTTP"),
    ):
        wire = Wire(script)
        async with wire.serve() as url:
            told, sent = await refused(url, method=method, private=True)
        assert (told.endswith(problem), sent, len(wire.requests)) == (True, True, 1), told


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer bit by bit, for ever."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("answer", [lambda _: asyncio.sleep(3600), endless])
async def test_a_slow_answer(answer):
    """All of the call has its time, from the name to the last byte."""
    async with serving(answer, HOST) as host:
        assert await refused(URL, host, timeout=0.3) == (f"{HOST} timed out after 0.3 s", True)


async def test_a_large_answer():
    """It is read as far as an answer may go, and no further."""
    async with serving(lambda _: b"x" * MOST_BYTES, HOST) as host:
        assert len((await called(URL, host)).body) == MOST_BYTES
        host.answer = lambda _: b"x" * (4 * MOST_BYTES)
        assert await refused(URL, host) == (f"the answer of {HOST} has more than 1,000,000 bytes", True)


async def test_each_call_has_a_connection_of_its_own():
    """A service that closes its kept connections leaves no doubt about the next call."""
    wire = Wire(answers(OK))
    async with wire.serve() as url, AsyncExitStack() as stack:
        calls = Calls(stack)
        for _ in range(2):
            await calls.call("POST", url, {}, b"", timeout=PATIENCE, private=True)
        assert wire.accepted == 2


async def test_through_a_proxy():
    """That of the environment or of the settings; it resolves, but an address is judged before."""
    async with serving(lambda _: b"yes", HOST) as host:
        proxy = Proxy({HOST: host.names.port})
        async with proxy.serve() as there:
            proxies = Proxies(https=Secret(there), http=Secret(there))
            assert (await called(URL, host, proxies=proxies)).body == b"yes"
            assert (await called(URL, host, proxy=Secret(there))).body == b"yes"
            assert proxy.asked == [f"CONNECT {HOST}:443"] * 2
            problem = "10.0.0.7 is an address that is not public: private = true allows it"
            assert await refused("https://10.0.0.7/p4th", host, proxies=proxies) == (problem, False)
            host.answer = endless
            assert await refused(URL, host, proxies=proxies, timeout=0.5) == (f"{HOST} timed out after 0.5 s", True)
            proxy.refusal = 403
            problem = f"the proxy on the way to {HOST} refuses, or is not there"
            assert await refused(URL, host, proxies=proxies) == (problem, False)
    gone = Proxies(https=Secret(f"http://127.0.0.1:{free_port()}"))
    assert await refused(URL, host, proxies=gone) == (problem, False)


async def test_a_proxy_does_not_repeat_either():
    """A service that drops a PUT behind it is asked once."""
    wire, proxy = Wire(answers(b"", end="close")), Proxy()
    async with wire.serve(), proxy.serve() as there:
        url = f"http://{HOST}:{wire.port}/p4th"
        proxy.hosts[HOST] = wire.port
        told, sent = await refused(url, method="PUT", body=b"", private=True, proxy=Secret(there))
    assert (told, sent, len(wire.requests)) == (f"the connection to {HOST}:{wire.port} broke", True, 1)
