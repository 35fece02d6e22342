"""What a journal needs beside its verbs: its log moved into the file, what retention no longer keeps forgotten.

It has a reading connection of its own; what is to be written it asks of the writer.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Final

import structlog

from gateway.errors import JournalError
from gateway.journal import HOLDINGS_AGE
from gateway.journal.sqlite import count_sql, read_sql
from gateway.journal.sqlite.client import Writer
from gateway.journal.sqlite.messages import Checkpoint, Prune
from gateway.journal.sqlite.reader import ReadConnection
from gateway.model import DeliveryState

CARD_AGE: Final = 90 * 86400.0
"""Seconds for which a subject's post is remembered after it was last used."""

_UPKEEP_SECONDS = 0.1
_MOVE_BYTES = 8_000_000
"""Bytes in the log that are moved into the file: often and little, for a core and the disk are busy meanwhile."""
_CHECKPOINT_SECONDS = 2.0
_CHECKPOINT_BYTES = 64_000_000
"""Seconds, and bytes in the log, after which it is to start over; appends wait while the writer sees to that."""
_PRUNE_SECONDS = 10.0
_PRUNE_EVENTS = 10_000

log = structlog.get_logger("gateway.journal")


class Upkeep:
    """Keeps a journal in order from `start` on; until then only what is called is done."""

    def __init__(self, path: Path, writer: Writer, retention: float, max_size: int, clock: Callable[[], float]) -> None:
        self._retention = retention
        self._max_size = max_size
        self._clock = clock
        self._keeper = ReadConnection(path, "journal-upkeep", cache=1000)  # it never looks at anything twice
        self._writer = writer
        self._running: asyncio.Task[None] | None = None
        self._one_prune = asyncio.Lock()
        self._one_count = asyncio.Lock()
        self._counted, self._counted_at = (0, 0), -inf

    def start(self) -> None:
        """Do all of it from now on."""
        self._running = asyncio.create_task(self._keep_up(), name="journal upkeep")

    def keep(self, retention: float, max_size: int) -> None:
        """Forget by other limits from the next time on; see `gateway.journal.open`."""
        self._retention, self._max_size = retention, max_size

    async def counted(self) -> tuple[int, int]:
        """How many events there are, and their bytes, as counted within the last HOLDINGS_AGE seconds.

        While upkeep runs it counts more often than that, so that nobody waits for it here.
        """
        if time.monotonic() - self._counted_at > HOLDINGS_AGE:
            return await self._recount()
        return self._counted

    async def prune(self) -> None:
        """Forget what retention no longer keeps. While upkeep runs, that is done every 10 seconds."""
        async with self._one_prune:
            while await self._prune_some() == _PRUNE_EVENTS:
                pass

    async def checkpoint(self) -> None:
        """Move the log into the file, then let the writer move what came meanwhile, so that the log starts over.

        Only a moment without unmoved pages lets SQLite do that, and under load only the writer can make one.
        """
        await self._move()
        await self._writer.ask(Checkpoint())

    async def close(self) -> None:
        """End it, and let go of the file."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._keeper.close()

    async def _recount(self) -> tuple[int, int]:
        """How many events there are, and their bytes; in slices, so that checkpoints find their way between them."""
        async with self._one_count:
            events = size = 0
            after: float | None = -inf
            while after is not None:
                number, more, after = await self._keeper.read(partial(count_sql.count, after=after))
                events, size = events + number, size + more
            self._counted, self._counted_at = (events, size), time.monotonic()
            return self._counted

    async def _excess(self) -> int:
        """By how many bytes the settled events are above their limit; in slices, too."""
        excess = (await self._recount())[1] - self._max_size
        for state in (DeliveryState.DEAD, DeliveryState.PENDING):
            after: int | None = 0
            while excess > 0 and after is not None:
                size, after = await self._keeper.read(partial(count_sql.unsettled, state=state, after=after))
                excess -= size
        return excess

    async def _prune_some(self) -> int:
        now = self._clock()
        numbers = await self._keeper.read(partial(read_sql.expired, until=now - self._retention, limit=_PRUNE_EVENTS))
        if len(numbers) < _PRUNE_EVENTS and (excess := await self._excess()) > 0:
            surplus = await self._keeper.read(partial(read_sql.surplus, excess=excess, limit=_PRUNE_EVENTS))
            numbers = list(dict.fromkeys([*numbers, *surplus]))[:_PRUNE_EVENTS]
        count = len(numbers)  # the writer empties the list
        await self._writer.ask(Prune(numbers[::-1], now, now - CARD_AGE))  # it takes them from the end
        return count

    async def _keep_up(self) -> None:
        """Checkpoint and prune for as long as the journal is open; trouble is logged and met again at the next turn."""
        moved = begun = 0
        checked = pruned = time.monotonic()
        while True:
            await asyncio.sleep(_UPKEEP_SECONDS)
            try:
                if self._counted_at == -inf:
                    await self._recount()  # before anybody asks: then nobody waits for it
                now, logged = time.monotonic(), self._writer.logged
                late = now - checked >= _CHECKPOINT_SECONDS
                if logged - begun >= _CHECKPOINT_BYTES or (late and logged > begun):
                    checked, moved, begun = now, logged, logged
                    await self.checkpoint()
                elif logged - moved >= _MOVE_BYTES:
                    moved = logged
                    await self._move()
                if now - pruned >= _PRUNE_SECONDS:
                    pruned = now
                    await self.prune()
            except Exception as error:
                unforeseen = not isinstance(error, JournalError)
                log.warning("journal upkeep failed, it is tried again", error=str(error), exc_info=unforeseen)

    async def _move(self) -> None:
        """Move the log into the file, beside the writer."""
        await self._keeper.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())
