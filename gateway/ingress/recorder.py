"""Refused requests on their way into the journal: a ring for each route, written in batches at a bounded rate."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from gateway.errors import JournalError
from gateway.journal.refusals import REFUSED_LIMIT
from gateway.model import Refusal
from gateway.observe import logs

INTERVAL: Final = 3.0
"""Seconds between the beginnings of two writes, however many strangers knock. The first one waits for nothing."""

BATCH: Final = 1000
"""The most that one write stores: a message to the writer stays small."""

_log = logs.get("ingress")


class Recorder:
    """Stores refused requests by `store`. What waits of a route is as much as the journal keeps of it, the newest."""

    def __init__(self, store: Callable[[Sequence[Refusal]], Awaitable[None]]) -> None:
        self._store = store
        self._rings: dict[str, deque[Refusal]] = {}
        self._begun = float("-inf")
        self._writing: asyncio.Task[None] | None = None

    def add(self, refusal: Refusal) -> None:
        """Have one stored, soon."""
        self._rings.setdefault(refusal.route, deque(maxlen=REFUSED_LIMIT)).append(refusal)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write(), name="refused requests")

    async def close(self) -> None:
        """Store what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        with suppress(JournalError):
            while batch := self._take():
                await self._store(batch)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._rings:
            await asyncio.sleep(self._begun + INTERVAL - loop.time())
            self._begun = loop.time()
            batch = self._take()
            try:
                await self._store(batch)
            except JournalError as error:
                self._put_back(batch)
                _log.debug("refused requests are not stored yet", why=str(error))
            except asyncio.CancelledError:  # stored or not: storing them again does nothing
                self._put_back(batch)
                raise
        self._writing = None

    def _take(self) -> list[Refusal]:
        """Take the oldest of what waits."""
        waiting = sorted((one for ring in self._rings.values() for one in ring), key=lambda one: one.received)
        self._rings = {}
        for one in waiting[BATCH:]:
            self._rings.setdefault(one.route, deque(maxlen=REFUSED_LIMIT)).append(one)
        return waiting[:BATCH]

    def _put_back(self, batch: Sequence[Refusal]) -> None:
        for one in reversed(batch):
            ring = self._rings.setdefault(one.route, deque(maxlen=REFUSED_LIMIT))
            if len(ring) < REFUSED_LIMIT:
                ring.appendleft(one)
