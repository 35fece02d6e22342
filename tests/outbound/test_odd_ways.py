"""Ways to a destination that are odd: TLS that does not verify, proxies that refuse, names and addresses that fail."""

import asyncio
import errno
import socket
import ssl
from contextlib import ExitStack

import aiohttp.resolver
import pytest

from tests.conftest import eventually, free_port
from tests.outbound.client import (
    BROKE,
    CERTIFICATES,
    CUT,
    NO_TLS,
    NOT_HTTP,
    OK,
    RESET,
    TIMEOUT,
    UNCONNECTED,
    UNVERIFIED,
    client,
    failed,
    outcome,
    twice,
)
from tests.outbound.wire import OK as GOOD
from tests.outbound.wire import Wire, answers

pytestmark = pytest.mark.usefixtures("nothing_left")

SOON = 0.1
"""Seconds after which a post gives up, where it has to."""

AUTHORITY = CERTIFICATES / "certificate.pem"
"""A certificate for localhost and 127.0.0.1, which is its own authority."""

EXPIRED = CERTIFICATES / "expired.pem"
"""The same, but its time is over."""


def tls(certificate=AUTHORITY) -> ssl.SSLContext:
    """What a server with a certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, CERTIFICATES / "key.pem")
    return context


async def close(peer):
    """Close at once."""
    peer.close()


async def reset(peer):
    """Reset at once."""
    peer.reset()


async def close_after_hello(peer):
    """Read the first message of the handshake, and close."""
    await peer.some()
    peer.close()


async def silent(peer):
    """Take everything and say nothing."""
    await peer.gone()


async def banner(peer):
    """Speak first, and something else."""
    await peer.send(b"220 mail.example.com ESMTP\r\n")


async def bad_request(peer):
    """Answer as a server does that speaks HTTP and was asked in TLS."""
    await peer.some()
    await peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


async def alert(peer):
    """Refuse the handshake."""
    await peer.some()
    await peer.send(bytes.fromhex("15030300020228"))


@pytest.mark.parametrize(
    ("host", "certificate", "ca_file"),
    [
        ("127.0.0.1", AUTHORITY, None),
        ("127.0.0.1", EXPIRED, None),
        ("127.0.0.1", EXPIRED, EXPIRED),
        ("127.0.0.2", AUTHORITY, AUTHORITY),
    ],
    ids=["of an authority of its own", "of an unknown authority, expired", "expired", "of another host"],
)
async def test_a_certificate_that_does_not_verify(host, certificate, ca_file):
    """Nothing was sent, and there is no doubt about it."""
    wire = Wire(answers(GOOD))
    async with wire.serve(tls(certificate), host) as url, client(ca_file) as post:
        assert await outcome(post, url) == UNVERIFIED
    assert not wire.requests


NO_HANDSHAKE = {
    "another protocol": (banner, NO_TLS),
    "HTTP": (bad_request, NO_TLS),
    "an alert": (alert, NO_TLS),
    "silence": (silent, UNCONNECTED),
}


@pytest.mark.parametrize("case", NO_HANDSHAKE)
async def test_a_port_that_does_not_speak_tls(case):
    """It is told apart from a server that is down; the connection is closed."""
    script, expected = NO_HANDSHAKE[case]
    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        assert await outcome(post, url.replace("http:", "https:"), timeout=SOON if script is silent else 20) == expected
        await eventually(lambda: wire.open == 0)


@pytest.mark.parametrize("script", [close, reset, close_after_hello])
async def test_a_server_that_closes_during_the_handshake(script):
    """Nothing was sent; the system may have a word for it or not."""
    async with Wire(script).serve() as url, client() as post:
        result, unsure = await outcome(post, url.replace("http:", "https:"))
    assert result.reason.startswith("cannot connect: check that the server is up, and the firewall between")
    assert (result.code, unsure) == ("network", False)


async def test_a_port_that_speaks_tls_alone():
    """A URL with http where https is spoken; what servers close upon they may have read."""
    wire = Wire(answers(GOOD))
    async with wire.serve(tls()) as url, client() as post:
        result, unsure = await outcome(post, url.replace("https:", "http:"))
    assert result in (BROKE[0], RESET[0], NOT_HTTP[0])
    assert unsure
    assert not wire.requests


async def test_a_server_that_wants_a_certificate_of_its_client():
    """It says so when the post may be on its way already."""
    context = tls()
    context.verify_mode = ssl.CERT_REQUIRED
    async with Wire(answers(GOOD)).serve(context) as url, client(AUTHORITY) as post:
        result, unsure = await outcome(post, url)
    assert (result.code in ("tls", "network"), unsure) == (True, True)


OVER_TLS = {
    "a length": (GOOD, "", OK, True),
    "a close": (GOOD, "close", OK, False),
    "a reset": (GOOD, "reset", OK, False),
    "no length": (b"HTTP/1.1 200 OK\r\n\r\nok", "close", OK, False),
    "a part": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "close", CUT, False),
    "a part and a reset": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "reset", CUT, False),
    "nothing": (b"", "close", BROKE, False),
    "nothing but a reset": (b"", "reset", RESET, False),
    "something else": (b"SSH-2.0-OpenSSH_9.2p1\r\n", "", NOT_HTTP, False),
}


@pytest.mark.parametrize("case", OVER_TLS)
async def test_answers_over_tls(case):
    """The same as without, and connections are kept as well."""
    answer, end, expected, kept = OVER_TLS[case]
    wire = Wire(answers(answer, end=end))
    async with wire.serve(tls()) as url, client(AUTHORITY) as post:
        await twice(wire, post, url, expected, kept=kept)
    assert len(wire.requests) == 2


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_post_that_ends_before_its_connection_is_there(cancelled):
    """A handshake that hangs is not left behind."""
    wire = Wire(silent)
    async with wire.serve() as url, client() as post:
        secure = url.replace("http:", "https:")
        if cancelled:
            task = asyncio.create_task(outcome(post, secure))
            await eventually(lambda: wire.open == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            assert await outcome(post, secure, timeout=SOON) == UNCONNECTED
        await eventually(lambda: wire.open == 0)


HIDDEN = "https://chat.test/hooks/x"
"""A server to which only a proxy knows the way."""

PLAIN = "http://chat.test/hooks/x?y=z"


def way(url: str) -> str:
    """The URL of the proxy that a wire is."""
    return url.removesuffix("/hooks/x")


def refused(status: int):
    """The outcome where a proxy refuses the tunnel."""
    text = "the proxy refused the connection: see its log, or go without it (`proxy`, NO_PROXY)"
    return failed(f"{text} ({status})", unsure=False)


CREDENTIALS = failed(
    "the proxy asks for other credentials: write USER:PASSWORD@ before the host in its URL", unsure=False
)
NO_WAY = failed("cannot connect: check that the server is up, and the firewall between", unsure=False)

TUNNELS = {
    "403": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "", refused(403)),
    "403 with a body": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", "", refused(403)),
    "403 without a reason": (b"HTTP/1.1 403\r\nContent-Length: 0\r\n\r\n", "", refused(403)),
    "407": (b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "", CREDENTIALS),
    "502 without a length": (b"HTTP/1.1 502 Bad Gateway\r\n\r\nno", "close", refused(502)),
    "302": (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "", refused(302)),
    "201": (b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", "", refused(201)),
    "100 and 403": (b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "", refused(403)),
    "200 and a close": (b"HTTP/1.1 200 OK\r\n\r\n", "close", NO_WAY),
    "HTTP/1.0 200 and a close": (b"HTTP/1.0 200 OK\r\n\r\n", "close", NO_WAY),
    "garbage": (b"garbage\r\n\r\n", "", NOT_HTTP),
    "a part": (b"HTTP/1.1 2", "close", BROKE),
    "nothing": (b"", "close", BROKE),
    "a reset": (b"", "reset", RESET),
    "silence": (b"", "", TIMEOUT),
    "200 and silence": (b"HTTP/1.1 200 OK\r\n\r\n", "", TIMEOUT),
}


@pytest.mark.parametrize("case", TUNNELS)
async def test_a_proxy_that_gives_no_tunnel(case):
    """What the proxy said is told; each post asks anew, and no connection stays."""
    answer, end, expected = TUNNELS[case]
    wire = Wire(answers(answer, end=end))
    async with wire.serve() as url, client(proxy=way(url)) as post:
        await twice(wire, post, HIDDEN, expected, kept=False, timeout=SOON if expected == TIMEOUT else 20)
    assert [request.line for request in wire.requests] == ["CONNECT chat.test:443 HTTP/1.1"] * 2
    assert not any(name in ("Authorization", "Content-Length") for name, _ in wire.requests[0].headers)


PROXIED = {
    "a length": (GOOD, "", OK, True),
    "a close": (GOOD, "close", OK, False),
    "407, which is the answer": (b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", "", (407, b""), True),
    "502, which is the answer": (b"HTTP/1.1 502 Bad\r\nContent-Length: 2\r\n\r\nno", "", (502, b"no"), True),
    "nothing": (b"", "close", BROKE, False),
    "a part": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "close", CUT, False),
    "garbage": (b"garbage\r\n\r\n", "", NOT_HTTP, False),
}


@pytest.mark.parametrize("case", PROXIED)
async def test_a_proxy_that_passes_posts_on(case):
    """The target is the whole URL, Host is the server's; the connection to the proxy is kept."""
    answer, end, expected, kept = PROXIED[case]
    wire = Wire(answers(answer, end=end))
    async with wire.serve() as url, client(proxy=way(url)) as post:
        await twice(wire, post, PLAIN, expected, kept=kept)
    assert [request.line for request in wire.requests] == [f"POST {PLAIN} HTTP/1.1"] * 2
    assert ("Host", "chat.test") in wire.requests[0].headers
    assert wire.requests[0].body == b"{}"


@pytest.mark.parametrize("url", [HIDDEN, PLAIN])
@pytest.mark.parametrize("there", ["127.0.0.1", "mattergate.invalid"])
async def test_a_proxy_that_is_not_there(url, there):
    """A proxy that is down is told apart from one whose name is wrong; nothing was sent."""
    async with client(proxy=f"http://{there}:{free_port()}") as post:
        result, unsure = await outcome(post, url)
    beginning = "the proxy cannot be reached" if there == "127.0.0.1" else "the host name does not resolve"
    assert result.reason.startswith(beginning)
    assert (result.code, unsure) == ("network", False)


async def test_a_host_without_an_address():
    """Nothing was sent."""
    async with client() as post:
        result, unsure = await outcome(post, "http://mattergate.invalid/hooks/x")
    assert result.reason.startswith("the host name does not resolve: check the host in the settings, and DNS (")
    assert (result.code, unsure) == ("network", False)


async def test_a_port_at_which_nobody_listens():
    """Nothing was sent; the reason has the system's word."""
    port = free_port()
    async with client() as post:
        result, unsure = await outcome(post, f"http://127.0.0.1:{port}/hooks/x")
    assert result.reason == (
        "cannot connect: check that the server is up, and the firewall between "
        f"(Connect call failed ('127.0.0.1', {port}))"
    )
    assert (result.code, unsure) == ("network", False)


async def test_a_server_that_takes_no_more_connections():
    """Its queue is full, and the system tries until time is up."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as stack:
        address = server.getsockname()
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        async with client() as post:
            assert await outcome(post, f"http://127.0.0.1:{address[1]}/hooks/x", timeout=SOON) == UNCONNECTED


@pytest.fixture
def addresses(monkeypatch):
    """Give a list: the addresses of the host `many.test`, in their order; None is one that is never found."""
    found: list[str | None] = []

    async def resolve(self, host, port=0, family=0):
        assert host == "many.test"
        if None in found:
            await asyncio.Event().wait()
        if not found:
            raise OSError(errno.EAGAIN, "try again")
        return [
            {"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0} for address in found
        ]

    monkeypatch.setattr(aiohttp.resolver.DefaultResolver, "resolve", resolve)
    return found


def named(url: str) -> str:
    """The URL with the name in place of the address."""
    return url.replace("127.0.0.1", "many.test")


async def test_a_host_with_an_address_that_does_not_answer(addresses):
    """The next one is tried; the post goes out once, and Host is the name."""
    addresses += ["127.0.0.2", "127.0.0.1"]
    wire = Wire(answers(GOOD))
    async with wire.serve() as url, client() as post:
        assert await outcome(post, named(url)) == OK
        assert await outcome(post, named(url)) == OK
    assert (wire.accepted, len(wire.requests)) == (1, 2)
    assert ("Host", f"many.test:{wire.port}") in wire.requests[0].headers


async def test_a_host_with_two_addresses_that_do_not_answer(addresses):
    """The failure of the last one counts."""
    addresses += ["127.0.0.2", "127.0.0.3"]
    async with client() as post:
        result, unsure = await outcome(post, f"http://many.test:{free_port()}/hooks/x")
    assert result.reason.startswith("cannot connect: check that the server is up, and the firewall between")
    assert (result.code, unsure) == ("network", False)


async def test_a_second_address_is_not_tried_once_connected(addresses):
    """A server that breaks may have the post: it does not go to the other address too."""
    addresses += ["127.0.0.1", "127.0.0.1"]
    wire = Wire(answers(b"", end="close"))
    async with wire.serve() as url, client() as post:
        assert await outcome(post, named(url)) == BROKE
    assert (wire.accepted, len(wire.requests)) == (1, 1)


async def test_a_name_that_is_found_later(addresses):
    """That there was no address is not remembered."""
    wire = Wire(answers(GOOD))
    async with wire.serve() as url, client() as post:
        assert (await outcome(post, named(url)))[0].reason.startswith("the host name does not resolve")
        addresses.append("127.0.0.1")
        assert await outcome(post, named(url)) == OK


async def test_a_name_that_is_never_found(addresses):
    """The time for an answer covers the search for the address."""
    addresses.append(None)
    async with client() as post:
        assert await outcome(post, "http://many.test/hooks/x", timeout=SOON) == UNCONNECTED


@pytest.mark.parametrize("host", ["::1", "localhost"])
async def test_other_ways_to_write_a_host(host):
    """An address of IPv6 stands in brackets; a name may have addresses of both kinds."""
    wire = Wire(answers(GOOD))
    async with wire.serve(host="127.0.0.1" if host == "localhost" else host) as url, client() as post:
        assert await outcome(post, url.replace("127.0.0.1", "localhost")) == OK
    written = "[::1]" if host == "::1" else host
    assert ("Host", f"{written}:{wire.port}") in wire.requests[0].headers
