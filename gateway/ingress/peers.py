"""Who sends: the address that limits for each peer count by.

It is the address of the connection or, behind a trusted proxy, the right-most address that no trusted proxy has in
`Forwarded` (RFC 7239) or `X-Forwarded-For`: what stands left of it is the sender's own word. The addresses of one IPv6
network of 64 bits are one peer, since a single sender usually has all of them.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

UNKNOWN: Final = "unknown"
"""The peer of a connection without an IP address."""

_KNOWN: Final = 4096
"""How many addresses are kept in their short form, and with whether they are trusted."""
_HOPS: Final = 20
"""How many addresses of a header are looked at, from the right."""

_LONGEST: Final = 64
"""Characters of an address that are looked at, and kept: a whole one has at most 45, and its zone does not count."""

_FORWARDED = "forwarded"
_FORWARDED_FOR = "x-forwarded-for"
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s]*))', re.IGNORECASE)


class Peers:
    """Finds the peer of a request; `trusted` are the networks of proxies whose headers are believed."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._trusts = lru_cache(_KNOWN)(partial(_within, tuple(map(ip_network, trusted))))

    def of(self, address: str, headers: Mapping[str, str]) -> str:
        """The peer of a request that came over a connection from `address`; `headers` ignore case, or are lower-case.

        Where both headers are there and disagree, one of them is the sender's own: the request counts for the proxy.
        """
        if not self.trusts(address):
            return short(address)
        found = {
            self._rightmost(hops)
            for hops in (_forwarded(headers.get(_FORWARDED, "")), headers.get(_FORWARDED_FOR, "").split(","))
            if any(hops)
        }
        return short(found.pop() or address) if len(found) == 1 else short(address)

    def trusts(self, address: str) -> bool:
        """Whether a connection from this address is one of a trusted proxy."""
        return self._trusts(address)

    def _rightmost(self, hops: Sequence[str]) -> str:
        """The right-most address that is not trusted, else the left-most; "" when something else stands before it."""
        address = ""
        for hop in reversed(hops[-_HOPS:]):
            address = _without_port(hop.strip())[:_LONGEST]
            if _parsed(address) is None:
                return ""
            if not self.trusts(address):
                return address
        return address


@lru_cache(_KNOWN)
def short(address: str) -> str:
    """The peer that an address belongs to: an IPv4 address itself, an IPv6 address its network of 64 bits."""
    parsed = _parsed(address)
    if parsed is None:
        return UNKNOWN
    return str(parsed) if parsed.version == 4 else str(ip_network((int(parsed) >> 64 << 64, 64)))


@lru_cache(_KNOWN)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address without zone; an IPv4 address that is written as one of IPv6 is that of IPv4 (RFC 4291, 2.5.5.2)."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return parsed if parsed.version == 4 else parsed.ipv4_mapped or parsed


def _within(networks: Sequence[IPv4Network | IPv6Network], address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _forwarded(header: str) -> list[str]:
    """The `for` of each element of a Forwarded header; "" for an element that has none."""
    return [(match[1] or match[2] or "") if (match := _FOR.search(part)) else "" for part in header.split(",")]


def _without_port(node: str) -> str:
    """The address of `192.0.2.1:80`, `[2001:db8::1]:80`, `"[2001:db8::1]"` or an address alone."""
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node
