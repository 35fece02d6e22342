"""Fetching what documents and requests name: from a real server over TLS, and from nowhere else."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from gateway.model import FetchOutcome
from gateway.outbound.fetch import NotFetched, PublicResolver, fetch, is_public
from gateway.outbound.sessions import Sessions
from tests.outbound.authority import Authority, Host, Names, serving

HOST = "sns.eu-west-1.example.com"
URL = f"https://{HOST}/keys?version=2"
ALLOWED = ("sns.*.example.com",)


async def fetched(host: Host, url: str = URL, *, limit: int = 1000, timeout: float = 10.0, **more: object) -> bytes:
    """What a gateway that trusts the host's authority gets."""
    given = {"tls": host.authority.trusted(), "resolver": host.names} | more
    async with AsyncExitStack() as stack:
        return await fetch(Sessions(stack, **given), url, ALLOWED, limit, timeout)


async def refused(*given: object, **more: object) -> tuple[str, str]:
    """Why nothing is fetched: the outcome and the reason."""
    with pytest.raises(NotFetched) as caught:
        await fetched(*given, **more)
    return caught.value.outcome, str(caught.value)


async def test_the_body_of_a_listed_host():
    """It is asked once, at the URL, and may answer as many bytes as are allowed."""
    async with serving(lambda _: b"k" * 1000, HOST) as host:
        assert await fetched(host) == b"k" * 1000
    assert host.asked == ["/keys?version=2"]


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/keys",
        f"https://{HOST}:8443/keys",
        f"https://ann@{HOST}/keys",
        "https://evil.example.com/keys",
        f"https://{HOST}.evil.com/keys",
        "https://127.0.0.1/keys",
        "https://[::1]/keys",
        "https://[::/keys",
        "https://2130706433/",
        "",
    ],
)
async def test_no_other_place_is_asked(url):
    """Another scheme, port or host is refused before its name is looked up."""
    async with serving(lambda _: b"", HOST) as host:
        outcome, why = await refused(host, url)
    assert (outcome, host.asked, host.names.sought) == (FetchOutcome.FORBIDDEN, [], [])
    assert why.endswith("is not among those that the document lists")


async def test_a_redirect_is_an_answer():
    """Whoever could place one on a listed host would make the gateway ask anybody."""
    async with serving(lambda _: web.Response(status=302, headers={"Location": "https://127.0.0.1/"}), HOST) as host:
        outcome, why = await refused(host)
    assert (outcome, why) == (FetchOutcome.STATUS, f"{HOST} answered 302 (a redirect is not followed)")
    assert len(host.asked) == 1


async def test_more_bytes_than_are_read():
    """The rest is not read."""
    async with serving(lambda _: b"k" * 1001, HOST) as host:
        assert await refused(host) == (FetchOutcome.TOO_LARGE, f"the answer of {HOST} has more than 1,000 bytes")


async def test_a_host_that_does_not_answer():
    """It is waited for as long as the limit says."""
    async with serving(lambda _: asyncio.sleep(3600), HOST) as host:
        assert await refused(host, timeout=0.2) == (FetchOutcome.UNREACHABLE, f"{HOST}: no answer in time")


async def test_a_host_that_is_not_there():
    """Its name does not resolve, or nothing listens."""
    async with serving(lambda _: b"", HOST) as host:
        pass
    outcome, why = await refused(host)
    assert (outcome, why) == (FetchOutcome.UNREACHABLE, f"{HOST} cannot be reached")
    outcome, why = await refused(host, resolver=Names(()))
    assert (outcome, why) == (FetchOutcome.UNREACHABLE, f"the name {HOST} does not resolve")


async def test_a_host_that_is_another():
    """Its certificate is of no authority that is trusted, or for another name."""
    async with serving(lambda _: b"", HOST) as host:
        outcome, _ = await refused(host, tls=Authority().trusted())
        other = await refused(host, "https://sns.us-east-1.example.com/")
    assert (outcome, other[0], host.asked) == (FetchOutcome.UNREACHABLE, FetchOutcome.UNREACHABLE, [])
    assert "its certificate does not verify" in other[1]


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("10.0.0.7",), ("8.8.8.8", "169.254.169.254"), ("::1",)])
async def test_no_private_address(addresses):
    """Nothing is connected to, not even the public one of several."""
    async with serving(lambda _: b"", HOST) as host:
        host.names.addresses = addresses
        outcome, why = await refused(host, resolver=PublicResolver(host.names))
    assert (outcome, why) == (FetchOutcome.FORBIDDEN, f"{HOST} has an address that is not public")
    assert host.asked == []


async def test_the_connection_goes_to_the_address_that_was_judged():
    """A name is looked up once: what it says the next time plays no part."""
    async with serving(lambda _: b"keys", HOST) as host:

        class Judged(PublicResolver):
            async def resolve(self, *given, **more):
                found = await super().resolve(*given, **more)
                host.names.addresses = ("10.0.0.7",)  # what a second look-up would give
                return [one | {"host": "127.0.0.1"} for one in found]  # where the test's host is

        host.names.addresses = ("93.184.215.14",)
        assert await fetched(host, resolver=Judged(host.names)) == b"keys"
    assert host.names.sought == [HOST]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),  # NAT64 of a public address
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::a00:7", False),  # NAT64 of 10.0.0.7
        ("64:ff9b:1::a00:7", False),  # NAT64 with a prefix of its own (RFC 8215)
        ("no address", False),
    ],
)
def test_public_addresses(address, public):
    """Those that stand for another are as public as that."""
    assert is_public(address) is public
