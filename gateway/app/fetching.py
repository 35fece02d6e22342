"""What the gateway fetches as a document or a request says: public keys, and URLs that confirm subscriptions."""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from aiohttp.abc import AbstractResolver
from msgspec import Struct

from gateway.model import FetchOutcome
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.outbound.fetch import NotFetched, PublicResolver, fetch
from gateway.outbound.sessions import NO_PROXIES, Sessions
from gateway.settings.proxies import Proxies
from gateway.verify.keys import MOST_BYTES, KeyRequest

CONFIRM_TIMEOUT: Final = 5.0
"""Seconds for the request that confirms a subscription, while the sender waits for its answer."""

CONFIRM_BYTES: Final = 64 * 1024
"""The most bytes of its answer, of which only the status matters."""


_log = logs.get("keys")


def _system_roots() -> Sequence[Any]:
    from gateway.outbound.chain import system_roots  # loads cryptography, which most gateways do not need

    return system_roots()


class Outside(Struct, frozen=True):
    """The Internet as the gateway sees it: how names are resolved, and which authorities vouch for what is there.

    `resolver` is called inside of the event loop. `roots` gives certificates of `cryptography`; it is called in a
    thread, at the first certificate that is fetched.
    """

    resolver: Callable[[], AbstractResolver] = PublicResolver
    tls: ssl.SSLContext | bool = True
    roots: Callable[[], Sequence[Any]] = _system_roots


INTERNET: Final = Outside()


def reporter(metrics: Metrics) -> Callable[[str, FetchOutcome, str], None]:
    """What counts the fetches of keys, and logs how each ended."""

    def report(host: str, outcome: FetchOutcome, why: str) -> None:
        metrics.key_fetches.labels(outcome.value).inc()
        if why:
            _log.warning("keys not fetched", host=host, outcome=outcome.value, why=why)
        else:
            _log.info("keys fetched", host=host)

    return report


class Fetching:
    """Fetches; the stack closes its connections. `now` is the wall clock."""

    def __init__(
        self,
        stack: AsyncExitStack,
        outside: Outside = INTERNET,
        proxies: Proxies = NO_PROXIES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.resolver = outside.resolver()
        stack.push_async_callback(self.resolver.close)
        self._sessions = Sessions(stack, (), proxies, outside.tls, self.resolver)
        self._read_roots = outside.roots
        self._roots: Sequence[Any] | None = None
        self._now = now

    async def key(self, request: KeyRequest) -> bytes:
        """The document of keys at the URL of a request. Raises NotFetched."""
        document = await fetch(self._sessions, request.url, request.hosts, MOST_BYTES)
        if request.kind == "certificate":
            await asyncio.to_thread(self._check, document)
        return document

    def _check(self, document: bytes) -> None:
        from gateway.outbound.chain import check_chain

        if self._roots is None:
            self._roots = self._read_roots()
        try:
            check_chain(document, self._roots, self._now())
        except ValueError as error:
            raise NotFetched(FetchOutcome.UNUSABLE, str(error)) from None

    async def confirm(self, url: str, hosts: Sequence[str]) -> None:
        """Ask for the URL that confirms a subscription, on one of these hosts. Raises NotFetched."""
        await fetch(self._sessions, url, hosts, CONFIRM_BYTES, CONFIRM_TIMEOUT)
