"""The effects of handshakes: secrets that a service sends once, values to show the operator, URLs to fetch."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.journal import Secrets
from gateway.observe import logs
from gateway.secret import Secret
from gateway.verify.handshake import Effect, Reply

_log = logs.get("handshake")


class Learned:
    """Secrets by route, durable in the journal when one is given; `fetch` GETs a pinned URL.

    `known` are the secrets that the journal already holds.
    """

    def __init__(
        self,
        journal: Secrets | None = None,
        known: Mapping[str, str] | None = None,
        fetch: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._journal = journal
        self._fetch = fetch
        self._secrets = {route: Secret(text) for route, text in (known or {}).items()}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, route: str) -> Sequence[Secret]:
        """The secret that this route learned in a handshake, if any."""
        return (self._secrets[route],) if route in self._secrets else ()

    async def act(self, route: str, reply: Reply) -> None:
        """Carry out the effect of a handshake beside its answer. Raises JournalError when a secret cannot be stored."""
        if reply.effect in {Effect.STORE, Effect.STORE_AND_SHOW}:
            await self._store(route, reply.value)
        if reply.effect in {Effect.SHOW, Effect.STORE_AND_SHOW}:
            _log.warning("the service asks you to enter this value on its page", route=route, value=reply.value)
        elif reply.effect is Effect.FETCH and self._fetch is not None:
            task = asyncio.ensure_future(self._confirm(self._fetch, route, reply.value))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _store(self, route: str, secret: str) -> None:
        if self._journal is not None:
            await self._journal.remember(route, secret)
        self._secrets[route] = Secret(secret)
        _log.info("the service sent its secret", route=route)

    async def _confirm(self, fetch: Callable[[str], Awaitable[None]], route: str, url: str) -> None:
        try:
            await fetch(url)
            _log.info("subscription confirmed", route=route)
        except OSError as error:
            _log.warning("subscription not confirmed", route=route, why=str(error))
