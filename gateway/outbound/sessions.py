"""HTTP sessions: kept connections, TLS, proxies, and the headers that every request has in common."""

import asyncio
import functools
import ssl
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self, cast

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from gateway import __version__
from gateway.errors import Fault, SettingsError
from gateway.outbound.direct import Answer, Direct, Protocol, read_body
from gateway.secret import Secret
from gateway.settings.proxies import Proxies

NO_PROXIES = Proxies()
DNS_SECONDS = 1
"""Seconds for which an address is used that a name had; connections that are kept need none."""

_SCHEMES = ("http", "https")

USER_AGENT = f"mattergate/{__version__}"


class HttpSession:
    """Requests over kept connections, for any number of senders; whoever opens it closes it.

    A request goes the short way (`Direct`) over the connections of aiohttp's client, which itself sends those that need
    more of it: through a proxy, past middlewares (tracing), with credentials in the URL. `client` is that.
    """

    def __init__(self, client: aiohttp.ClientSession, *, plain: bool) -> None:
        self.client = client
        self._direct = Direct(client.connector, client.headers) if plain and client.connector else None

    async def request(
        self,
        method: str,
        url: URL | str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109 - one timer around the whole exchange
        limit: int,
    ) -> Answer:
        """Send one request, and read its answer with at most `limit` bytes of the body, within `timeout` seconds.

        Redirects are not followed. Raises aiohttp.ClientError, HttpProcessingError, OSError (TimeoutError among them).
        """
        if isinstance(url, str):
            url = _parsed(url)
        if self._direct is not None and _is_plain(url):
            return await self._direct.request(method, url, body, headers, timeout, limit)
        async with self.client.request(
            method, url, data=body, headers=headers, allow_redirects=False, timeout=_bounded(timeout)
        ) as response:
            return response.status, response.headers, await _read(response, limit)

    @property
    def closed(self) -> bool:
        """Whether its connections are closed."""
        return self.client.closed

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def open_session(
    tls: ssl.SSLContext | bool = True,
    middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
    proxy: str = "",
    resolver: AbstractResolver | None = None,
    *,
    once: bool = False,
) -> HttpSession:
    """Open a session.

    Connections are limited by the destinations' concurrency, not here. Cookies are not kept: a session cookie would
    make the next POST fail Mattermost's CSRF check (contract 7, 20). `tls` may be a context that trusts a private CA,
    `proxy` is the URL of the HTTP proxy that all requests pass; `resolver` finds the addresses of names (None: as the
    system does), and whoever made it closes it. `once` is for requests that nobody may send twice: each has a
    connection of its own and is never repeated; it also names its own User-Agent. `trust_env` stays off: with it
    aiohttp would not only look for proxies, but put passwords of a `.netrc` file into Authorization headers.
    """
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=tls,
        keepalive_timeout=None if once else 30.0,
        enable_cleanup_closed=False,
        ttl_dns_cache=DNS_SECONDS,
        resolver=resolver,
        force_close=once,
    )
    connector._factory = cast(Any, functools.partial(Protocol, loop=asyncio.get_running_loop()))
    client = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={} if once else {"User-Agent": USER_AGENT},
        skip_auto_headers=("Accept", "Accept-Encoding"),
        raise_for_status=False,
        middlewares=middlewares,
        proxy=proxy or None,
        trust_env=False,
    )
    client._retry_connection = not once
    return HttpSession(client, plain=not middlewares and not proxy)


class Sessions:
    """One session for each set of trusted certificates and each proxy; the stack closes them.

    `middlewares` see every request, `proxies` are those of the environment. `tls`, `resolver` and `once` as in
    `open_session`; the name of a proxy is resolved as the system does.
    """

    def __init__(
        self,
        stack: AsyncExitStack,
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
        proxies: Proxies = NO_PROXIES,
        tls: ssl.SSLContext | bool = True,
        resolver: AbstractResolver | None = None,
        *,
        once: bool = False,
    ) -> None:
        self._stack = stack
        self._middlewares = middlewares
        self._proxies = proxies
        self._tls = tls
        self._resolver = resolver
        self._once = once
        self._open: dict[tuple[str | None, str], HttpSession] = {}

    async def to(self, url: str, ca_file: str | None = None, proxy: Secret | None = None) -> HttpSession:
        """The session for requests to the server of a URL. Raises SettingsError.

        It trusts the certificates of `ca_file` (None: that `tls` does), and passes `proxy`, the choice of the settings,
        or else that of the environment.
        """
        passed = self._proxies.to(url, proxy)
        key = ca_file, passed.reveal() if passed else ""
        if key not in self._open:
            tls = _context(ca_file) if ca_file else self._tls
            resolver = None if passed else self._resolver
            session = open_session(tls, self._middlewares, key[1], resolver, once=self._once)
            self._open[key] = await self._stack.enter_async_context(session)
        return self._open[key]


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise SettingsError([Fault(ca_file, 0, "", "holds no certificates", "write them as PEM")]) from None


def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError:
        raise aiohttp.InvalidURL(url) from None


def _is_plain(url: URL) -> bool:
    """Whether a URL names a server, and no credentials."""
    return url.scheme in _SCHEMES and bool(url.raw_host) and url.raw_user is None and url.raw_password is None


@functools.lru_cache(64)
def _bounded(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=None)


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body, at most `limit` bytes; a connection with unread bytes is closed."""
    content = await read_body(response.content, limit)
    if not response.content.at_eof():
        response.close()
    return content
