"""Whether Mattermost reaches the gateway, as far as that can be told from here."""

import asyncio
import socket
from typing import Final
from urllib.parse import urlsplit

from gateway.mattermost.integrations import Integrations
from gateway.mattermost.internal import SETTING, refusal
from gateway.mattermost.probe import Finding, Level
from gateway.outbound.exchange import Unsent, exchange
from gateway.outbound.sessions import HttpSession
from gateway.settings.reader import ADMIN_TOKEN

_PROBLEM: Final = "application/problem+json"


async def is_called(rest: Integrations, public_url: str) -> Finding:
    """Whether the server calls the host of a URL, by its settings, which an administrator may read."""
    host = urlsplit(public_url).hostname or ""
    try:
        allowed = await rest.allowed_connections()
    except Unsent:
        text = (
            f"only an administrator may read whether Mattermost calls {host}: set {ADMIN_TOKEN} to have {SETTING} read"
        )
        return Finding(Level.WARNING, text)
    addresses = await _addresses(host)
    if not addresses:
        return Finding(Level.WARNING, f"{host} has no address here: see that Mattermost finds one")
    if why := refusal(host, addresses, allowed):
        return Finding(Level.FAULT, why)
    return Finding(Level.FINE, f"Mattermost calls {host}")


async def answers_here(public_url: str, http: HttpSession, timeout: float) -> Finding:  # noqa: ASYNC109
    """Whether a gateway answers at a URL, for who asks from here."""
    try:
        reply = await exchange(http, "GET", f"{public_url.rstrip('/')}/in/", None, None, timeout)
    except Unsent as unsent:
        return Finding(Level.WARNING, f"public_url does not answer here, which need not mean Mattermost: {unsent}")
    if reply.headers.get("Content-Type", "").startswith(_PROBLEM):
        return Finding(Level.FINE, "a gateway answers at public_url")
    return Finding(Level.FAULT, f"what answers at public_url is no gateway ({reply.status}): see the proxy before it")


async def _addresses(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(address[0]) for *_, address in found]
