"""Whether Mattermost calls the gateway at all: it refuses private addresses that its settings do not name.

    AllowedUntrustedInternalConnections = "gate.example.com 10.0.0.0/8"

A host is allowed by its very text, as it stands in the URL, or by a network that its address is in. Pure.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Final

SETTING: Final = "AllowedUntrustedInternalConnections"

_SEPARATOR: Final = re.compile(r"[\s,]+")


def refusal(host: str, addresses: Iterable[str], allowed: str) -> str:
    """Why Mattermost does not call a host; "" where it does.

    `addresses` are those that the host has here, `allowed` is the setting of the server.
    """
    entries = [one for one in _SEPARATOR.split(allowed) if one]
    if host in entries:
        return ""
    known = [*addresses]
    private = [one for one in known if _is_private(one)]
    if len(private) < len(known) or not known or any(_within(one, entries) for one in private):
        return ""
    near = [one for one in entries if one.lower() == host.lower() or one.startswith(f"{host}:") or f"//{host}" in one]
    hint = f": it has {near[0]}, which is not the same text" if near else ""
    return f"Mattermost does not call {host}, a private address: write {host} into its {SETTING}{hint}"


def _is_private(address: str) -> bool:
    try:
        return not ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


def _within(address: str, entries: Iterable[str]) -> bool:
    """Whether an address is in a network among the entries; an address alone is none: it allows its text."""
    found = ip_address(address.partition("%")[0])
    for entry in entries:
        try:
            network = ip_network(entry, strict=False) if "/" in entry else None
        except ValueError:
            continue
        if network is not None and network.version == found.version and found in network:
            return True
    return False
