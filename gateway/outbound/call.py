"""One request of a callback to an outside service, sent once at most, and only to where the settings allow.

    https, a public address            every callback
    http, private networks, this host  a callback of the settings with `private = true`
    a redirect                         an answer, which nobody follows

Whoever asked must be told whether the service may have got the request. So each has a connection of its own: a kept one
that the service closes at that moment leaves it open, as do the repeats with which clients get around that.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from ssl import SSLContext
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct
from yarl import URL

from gateway.errors import MattergateError, SettingsError
from gateway.outbound.fetch import PublicResolver, is_literal, is_not_public, is_public, why_unanswered
from gateway.outbound.sessions import NO_PROXIES, USER_AGENT, HttpSession, Sessions
from gateway.outbound.unanswered import was_sent
from gateway.secret import Secret
from gateway.settings.proxies import Proxies

MOST_BYTES: Final = 1_000_000
"""Bytes of an answer."""

_ALLOWED: Final = "private = true allows it"


class Called(Struct, frozen=True):
    """An answer: `headers` has lower-case names; the values of one that comes several times are joined by commas."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class NotCalled(MattergateError):  # noqa: N818 - states a condition
    """A call without an answer; `problem` says why, with the host and nothing else of the URL.

    `sent` is false only where the service certainly has not got the request.
    """

    def __init__(self, problem: str, *, sent: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.sent = sent


class Calls:
    """Calls outside services; the stack closes what is open. Make it inside of the running event loop.

    `tls` is what vouches for services without a `ca_file`; `resolver` finds the addresses for calls that are not
    private, and refuses those that are not public (None: `PublicResolver`), and `private_resolver` those for
    calls that are (None: as the system does). Whoever gives a resolver closes it.
    """

    def __init__(
        self,
        stack: AsyncExitStack,
        proxies: Proxies = NO_PROXIES,
        tls: SSLContext | bool = True,
        resolver: AbstractResolver | None = None,
        private_resolver: AbstractResolver | None = None,
    ) -> None:
        if resolver is None:
            resolver = PublicResolver()
            stack.push_async_callback(resolver.close)
        self._public = Sessions(stack, (), proxies, tls, resolver, once=True)
        self._private = Sessions(stack, (), proxies, tls, private_resolver, once=True)

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        timeout: float,  # noqa: ASYNC109 - one timer around the whole exchange
        private: bool,
        ca_file: str | None = None,
        proxy: Secret | None = None,
    ) -> Called:
        """The answer to one request, whatever its status. Raises NotCalled.

        `timeout` is seconds from the look-up of the name to the last byte; `ca_file` and `proxy` as in `Sessions.to`.
        """
        target = _judged(url, private=private)
        host = target.host_port_subcomponent or ""
        http = await self._session(url, host, private, ca_file, proxy)
        given = (
            headers if any(name.lower() == "user-agent" for name in headers) else {**headers, "User-Agent": USER_AGENT}
        )
        try:
            status, found, content = await http.request(method, target, body or None, given, timeout, MOST_BYTES + 1)
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            raise NotCalled(_problem(error, host, timeout), sent=was_sent(error)) from None
        except ValueError:  # not an error of the network, of which some are ValueErrors, too
            raise NotCalled(f"{host} was not asked: a header of the request is no single line", sent=False) from None
        if len(content) > MOST_BYTES:
            raise NotCalled(f"the answer of {host} has more than {MOST_BYTES:,} bytes", sent=True)
        return Called(status, {name.lower(): ", ".join(found.getall(name)) for name in found}, content)

    async def _session(
        self, url: str, host: str, private: bool, ca_file: str | None, proxy: Secret | None
    ) -> HttpSession:
        sessions = self._private if private else self._public
        try:
            return await sessions.to(url, ca_file, proxy)
        except (SettingsError, OSError):
            raise NotCalled(f"{host} was not asked: its `ca_file` cannot be read as certificates", sent=False) from None


def _judged(url: str, *, private: bool) -> URL:
    """The URL, if the gateway may ask there as far as it tells. Raises NotCalled."""
    try:
        target = URL(url)
    except ValueError:
        target = URL()
    host = target.host_port_subcomponent
    if target.scheme not in ("http", "https") or not host or target.raw_user is not None:
        raise NotCalled("the URL of the request is none of https://HOST/...", sent=False)
    if private:
        return target
    if target.scheme != "https":
        raise NotCalled(f"{host} would be asked over http: {_ALLOWED}", sent=False)
    name = target.raw_host or ""
    if is_literal(name) and not is_public(name):
        raise NotCalled(f"{host} is an address that is not public: {_ALLOWED}", sent=False)
    return target


def _problem(error: BaseException, host: str, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"{host} timed out after {seconds:g} s"
    problem = why_unanswered(error, host)
    return f"{problem}: {_ALLOWED}" if is_not_public(error) else problem
