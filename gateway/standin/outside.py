"""How the stand-in calls integrations: outgoing webhooks, commands, clicks and dialogs all go out through here."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

import aiohttp
from aiohttp import hdrs, web
from msgspec import Struct
from yarl import URL

from gateway.standin.world import World

ADDRESS = re.compile(r"https?://[^/?#\s]+\S*")
"""The addresses that integrations may have."""

MEBIBYTE = 1_048_576
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_LONGEST = 30
"""Seconds that no call outlives, whatever the settings say."""


class NoAnswerError(Exception):
    """The integration gave no answer: refused, too slow, cut, or not to be called."""


class Answer(Struct):
    """What an integration answered; the body may be cut."""

    status: int
    reason: str
    content_type: str
    body: bytes


class Outside:
    """Calls integrations, and keeps what goes on in the background."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, _: web.Application) -> AsyncIterator[None]:
        """Be there for as long as the application is."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            self._session = session
            yield
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            self._session = None

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on after the answer to its cause; nothing of it is reported."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, limit: int = MEBIBYTE
    ) -> Answer:
        """Call an integration once; raises NoAnswerError. At most `limit` bytes of the answer are read.

        Userinfo in the address becomes Basic credentials, unless the headers have others. Redirects are followed.
        """
        if self._session is None:
            raise NoAnswerError("the stand-in does not serve")
        settings = self._world.settings.service
        usual = {"User-Agent": "Mattermost-Bot/1.1", "Accept": JSON, "Accept-Encoding": "gzip"}
        self._world.stats["outgoing"] += 1
        try:
            address = URL(url, encoded=url.isascii())
            if hdrs.AUTHORIZATION in headers:
                address = address.with_user(None)
            await self._check_allowed(address.host or "")
            async with (
                asyncio.timeout(min(settings.outgoing_integration_requests_timeout, _LONGEST)),
                self._session.request(
                    method, address, data=body, headers={**usual, **headers}, skip_auto_headers=("Content-Type",)
                ) as response,
            ):
                kind = response.headers.get(hdrs.CONTENT_TYPE, "")
                return Answer(response.status, response.reason or "", kind, await _read(response.content, limit))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NoAnswerError(f"{type(error).__name__}: {error}") from error

    async def _check_allowed(self, host: str) -> None:
        """Refuse hosts of the inside, unless the settings name the very host, or a network that holds its address."""
        allowed = self._world.settings.service.allowed_untrusted_internal_connections.replace(",", " ").split()
        if host in allowed:
            return
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        for address in {ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found}:
            if not address.is_global and not any(address in network for network in _networks(allowed)):
                raise OSError(f"address forbidden: {host}")


def _networks(words: list[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(word, strict=False) for word in words if "/" in word]


async def _read(content: aiohttp.StreamReader, limit: int) -> bytes:
    """At most so many bytes; what follows is left."""
    chunks: list[bytes] = []
    left = limit
    while left > 0 and (chunk := await content.read(min(left, 65_536))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)
