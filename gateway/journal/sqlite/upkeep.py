"""The upkeep of a journal: checkpoints, and pruning by the limits of retention.

It has a reading connection of its own, and sends its writes to the writer.
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
"""Seconds for which the post of a subject is kept after its last use."""

_UPKEEP_SECONDS = 0.1
_MOVE_BYTES = 8_000_000
"""Bytes of the log that start a passive checkpoint: frequent and small, as each keeps a core and the disk busy."""
_CHECKPOINT_SECONDS = 2.0
_CHECKPOINT_BYTES = 64_000_000
"""Seconds, and bytes of the log, after which it restarts from its beginning; appends wait for this checkpoint."""
_PRUNE_SECONDS = 10.0
_PRUNE_EVENTS = 10_000

log = structlog.get_logger("gateway.journal")


class Upkeep:
    """Checkpoints and prunes a journal, periodically from `start` on."""

    def __init__(self, path: Path, writer: Writer, retention: float, max_size: int, clock: Callable[[], float]) -> None:
        self._retention = retention
        self._max_size = max_size
        self._clock = clock
        self._keeper = ReadConnection(path, "journal-upkeep", cache=1000)  # small: it reads no page twice
        self._writer = writer
        self._running: asyncio.Task[None] | None = None
        self._one_prune = asyncio.Lock()
        self._one_count = asyncio.Lock()
        self._counted, self._counted_at = (0, 0), -inf

    def start(self) -> None:
        """Start the periodic upkeep."""
        self._running = asyncio.create_task(self._keep_up(), name="journal upkeep")

    def keep(self, retention: float, max_size: int) -> None:
        """Change the limits from the next pruning on; see `gateway.journal.open`."""
        self._retention, self._max_size = retention, max_size

    async def counted(self) -> tuple[int, int]:
        """The number of events and their bytes, as counted within the last HOLDINGS_AGE seconds.

        Running upkeep counts more often than that, so that callers need not wait here.
        """
        if time.monotonic() - self._counted_at > HOLDINGS_AGE:
            return await self._recount()
        return self._counted

    async def prune(self) -> None:
        """Delete events beyond the limits of retention. Running upkeep does so every 10 seconds."""
        async with self._one_prune:
            while await self._prune_some() == _PRUNE_EVENTS:
                pass

    async def checkpoint(self) -> None:
        """Checkpoint beside the writer, then in the writer, so that the log restarts from its beginning.

        SQLite restarts the log only when no page is left to move; under load only the writer can bring that about.
        """
        await self._move()
        await self._writer.ask(Checkpoint())

    async def close(self) -> None:
        """Stop the upkeep, and close its connection."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._keeper.close()

    async def _recount(self) -> tuple[int, int]:
        """Count the events and their bytes, in slices, so that checkpoints can run between them."""
        async with self._one_count:
            events = size = 0
            after: float | None = -inf
            while after is not None:
                number, more, after = await self._keeper.read(partial(count_sql.count, after=after))
                events, size = events + number, size + more
            self._counted, self._counted_at = (events, size), time.monotonic()
            return self._counted

    async def _excess(self) -> int:
        """The bytes by which the settled events exceed their limit; also counted in slices."""
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
        count = len(numbers)  # before the writer empties the list
        await self._writer.ask(Prune(numbers[::-1], now, now - CARD_AGE))  # the writer takes them from the end
        return count

    async def _keep_up(self) -> None:
        """Checkpoint and prune while the journal is open; an error is logged, and the next turn tries again."""
        moved = begun = 0
        checked = pruned = time.monotonic()
        while True:
            await asyncio.sleep(_UPKEEP_SECONDS)
            try:
                if self._counted_at == -inf:
                    await self._recount()  # in advance, so that no caller of `counted` waits
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
                log.warning("journal upkeep failed, trying again", error=str(error), exc_info=unforeseen)

    async def _move(self) -> None:
        """Checkpoint beside the writer: move pages of the log into the file."""
        await self._keeper.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())
