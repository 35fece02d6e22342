"""Client sessions of aiohttp: kept connections, TLS, proxies, and the headers that every request has in common."""

import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp

from gateway import __version__
from gateway.errors import Fault, SettingsError
from gateway.secret import Secret
from gateway.settings.proxies import Proxies

NO_PROXIES = Proxies()
DNS_SECONDS = 1
"""Seconds for which an address is used that a name had; connections that are kept need none."""

USER_AGENT = f"mattergate/{__version__}"


def open_session(
    tls: ssl.SSLContext | bool = True, middlewares: Sequence[aiohttp.ClientMiddlewareType] = (), proxy: str = ""
) -> aiohttp.ClientSession:
    """Open a session for any number of senders; the caller closes it.

    Connections are limited by the destinations' concurrency, not here. Cookies are not kept: a session cookie would
    make the next POST fail Mattermost's CSRF check (contract 7, 20). `tls` may be a context that trusts a private CA,
    `proxy` is the URL of the HTTP proxy that all requests pass. `trust_env` stays off: with it aiohttp would not only
    look for proxies, but put passwords of a `.netrc` file into Authorization headers.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0, ssl=tls, keepalive_timeout=30.0, enable_cleanup_closed=False, ttl_dns_cache=DNS_SECONDS
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        skip_auto_headers=("Accept", "Accept-Encoding"),
        raise_for_status=False,
        middlewares=middlewares,
        proxy=proxy or None,
        trust_env=False,
    )


class Sessions:
    """One session for each set of trusted certificates and each proxy; the stack closes them.

    `middlewares` see every request, `proxies` are those of the environment.
    """

    def __init__(
        self,
        stack: AsyncExitStack,
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
        proxies: Proxies = NO_PROXIES,
    ) -> None:
        self._stack = stack
        self._middlewares = middlewares
        self._proxies = proxies
        self._open: dict[tuple[str | None, str], aiohttp.ClientSession] = {}

    async def to(self, url: str, ca_file: str | None = None, proxy: Secret | None = None) -> aiohttp.ClientSession:
        """The session for requests to the server of a URL. Raises SettingsError.

        It trusts the certificates of `ca_file` (None: of the system), and passes `proxy`, the choice of the settings,
        or else that of the environment.
        """
        passed = self._proxies.to(url, proxy)
        key = ca_file, passed.reveal() if passed else ""
        if key not in self._open:
            session = open_session(_context(ca_file) if ca_file else True, self._middlewares, key[1])
            self._open[key] = await self._stack.enter_async_context(session)
        return self._open[key]


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise SettingsError([Fault(ca_file, 0, "", "holds no certificates", "write them as PEM")]) from None
