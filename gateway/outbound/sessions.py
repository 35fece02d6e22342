"""Client sessions of aiohttp: kept connections, TLS, and the headers common to every request of the gateway."""

import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp

from gateway import __version__
from gateway.errors import Fault, SettingsError

USER_AGENT = f"mattergate/{__version__}"


def open_session(
    tls: ssl.SSLContext | bool = True, middlewares: Sequence[aiohttp.ClientMiddlewareType] = ()
) -> aiohttp.ClientSession:
    """Open a session for any number of senders; the caller closes it.

    Connections are limited by the destinations' concurrency, not here. Cookies are not kept: a session cookie would
    make the next POST fail Mattermost's CSRF check (contract 7, 20). `tls` may be a context that trusts a private CA.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls, keepalive_timeout=30.0, enable_cleanup_closed=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        skip_auto_headers=("Accept", "Accept-Encoding"),
        raise_for_status=False,
        middlewares=middlewares,
    )


class Sessions:
    """One session for each set of trusted certificates; the stack closes them. `middlewares` see every request."""

    def __init__(self, stack: AsyncExitStack, middlewares: Sequence[aiohttp.ClientMiddlewareType] = ()) -> None:
        self._stack = stack
        self._middlewares = middlewares
        self._open: dict[str | None, aiohttp.ClientSession] = {}

    async def of(self, ca_file: str | None = None) -> aiohttp.ClientSession:
        """The session that trusts the certificates of `ca_file` (None: of the system). Raises SettingsError."""
        if ca_file not in self._open:
            session = open_session(_context(ca_file) if ca_file else True, self._middlewares)
            self._open[ca_file] = await self._stack.enter_async_context(session)
        return self._open[ca_file]


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise SettingsError([Fault(ca_file, 0, "", "holds no certificates", "write them as PEM")]) from None
