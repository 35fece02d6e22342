"""One GET of a URL that a document or a request names: over https, from the hosts that a document lists, no further.

The rules of where the gateway may connect to on such behalf stand here. A name resolves to public addresses alone, and
the connection goes to the addresses that were judged, so that a name which has others a moment later gains nothing.
Redirects are answers, not followed. Through a proxy (of the environment) the proxy resolves: what it reaches is its
operator's affair.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import HttpProcessingError

from gateway.errors import MattergateError
from gateway.model import FetchOutcome
from gateway.outbound.sessions import Sessions
from gateway.outbound.unanswered import unanswered, was_sent
from gateway.verify import hosts

TIMEOUT: Final = 10.0
"""Default limit in seconds, from the look-up of the name to the last byte."""

_NAT64: Final = ip_network("64:ff9b::/96")
"""Addresses that hold one of IPv4 in their last 32 bits (RFC 6052 section 2.1)."""


_PROBLEMS: Final = {
    "tls": "no TLS connection, or its certificate does not verify",
    "timeout": "no answer in time",
}
"""What it means for a fetch that there is no answer, by the class of `unanswered`."""


class NotFetched(MattergateError):  # noqa: N818 - states a condition
    """A fetch that gave nothing; its text is the reason, with the host and without the rest of the URL."""

    def __init__(self, outcome: FetchOutcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


class NotPublic(OSError):  # noqa: N818 - states a condition
    """A name resolves to an address in a private network, of this machine, or otherwise not of the Internet."""


class PublicResolver(AbstractResolver):
    """Resolves names by another resolver, and refuses those of which one address is not public.

    Make it inside of the running event loop.
    """

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or aiohttp.DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises NotPublic, and OSError for a name without any."""
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise NotPublic(f"{host} has an address that is not public")
        return found

    async def close(self) -> None:
        """Close the resolver inside."""
        await self._inner.close()


def is_literal(host: str) -> bool:
    """Whether a host is an address and no name, or passes for one: of those nothing is resolved, and none is judged."""
    return ":" in host or host.replace(".", "").isdigit()


def is_public(text: str) -> bool:
    """Whether an address is one of the Internet, also the one of IPv4 that an address of IPv6 stands for."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    inner = _inside(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        address = inner
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The address of IPv4 to which packets for this one go in the end: mapped, 6to4, Teredo, or NAT64."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


async def fetch(
    sessions: Sessions,
    url: str,
    allowed: Sequence[str],
    limit: int,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - one timer around the whole exchange
) -> bytes:
    """The body of the successful answer to one GET. `allowed` are patterns of hosts (`gateway.verify.hosts`).

    The sessions should resolve by `PublicResolver`. Raises NotFetched, also for more than `limit` bytes.
    """
    if why := hosts.forbidden(allowed, url):
        raise NotFetched(FetchOutcome.FORBIDDEN, why)
    host = hosts.host_of(url)
    http = await sessions.to(url)
    try:
        status, headers, body = await http.request("GET", url, None, {}, timeout, limit + 1)
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        raise _no_answer(error, host) from None
    if not 200 <= status < 300:
        moved = " (a redirect is not followed)" if 300 <= status < 400 and "Location" in headers else ""
        raise NotFetched(FetchOutcome.STATUS, f"{host} answered {status}{moved}")
    if len(body) > limit:
        raise NotFetched(FetchOutcome.TOO_LARGE, f"the answer of {host} has more than {limit:,} bytes")
    return body


def is_not_public(error: BaseException) -> bool:
    """Whether a request failed because of what `PublicResolver` refuses."""
    return isinstance(error, aiohttp.ClientConnectorDNSError) and isinstance(error.os_error, NotPublic)


def why_unanswered(error: BaseException, host: str) -> str:
    """What became of a request to a host that got no answer but this error of the network, in words."""
    if is_not_public(error):
        return f"{host} has an address that is not public"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {host} does not resolve"
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return f"the proxy on the way to {host} refuses, or is not there"
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        return f"{host} does not answer in proper HTTP"
    code = unanswered(error).code
    if code == "network":
        return f"the connection to {host} broke" if was_sent(error) else f"{host} cannot be reached"
    return f"{host}: {_PROBLEMS[code]}"


def _no_answer(error: BaseException, host: str) -> NotFetched:
    outcome = FetchOutcome.FORBIDDEN if is_not_public(error) else FetchOutcome.UNREACHABLE
    return NotFetched(outcome, why_unanswered(error, host))
