"""The embedded journal: one SQLite file, one thread or process that writes, a thread that reads, and one for upkeep.

Each has a connection of its own. Commits are grouped (`commits`), reads run beside them, and wait for
neither checkpoints nor the planning of what is forgotten. Other processes may read and requeue in the same file
meanwhile. Deleted pages are used again; the file keeps its largest extent.
"""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import Self

import structlog

from gateway.errors import JournalError
from gateway.journal import (
    HOLDINGS_AGE,
    Appended,
    CardPost,
    DeadGroup,
    Entry,
    Holdings,
    Page,
    Query,
    Settlement,
    Standing,
)
from gateway.journal.sqlite import count_sql, read_sql, search_sql
from gateway.journal.sqlite.client import Writer
from gateway.journal.sqlite.file import as_journal_error, prepare
from gateway.journal.sqlite.messages import Checkpoint, Prune, Requeue, Settle
from gateway.journal.sqlite.process_line import ProcessLine
from gateway.journal.sqlite.reader import ReadConnection
from gateway.journal.sqlite.thread_line import ThreadLine
from gateway.model import Delivery, DeliveryState
from gateway.observe.metrics import Metrics

_SWITCH_SECONDS = 0.001
CARD_AGE = 90 * 86400.0
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


class SqliteJournal:
    """A started journal; see `open`. All verbs of `gateway.journal.Journal`, to be called on one event loop."""

    def __init__(self, path: Path, writer: Writer, retention: float, max_size: int, clock: Callable[[], float]) -> None:
        self._retention = retention
        self._max_size = max_size
        self._clock = clock
        self._reader = ReadConnection(path, "journal-reader", cache=8000)
        self._keeper = ReadConnection(path, "journal-upkeep", cache=1000)  # it never looks at anything twice
        self._writer = writer
        self._upkeep = asyncio.create_task(self._keep_up())
        self._one_prune = asyncio.Lock()
        self._one_count = asyncio.Lock()
        self._counted, self._counted_at = (0, 0), -inf
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: str | Path,
        *,
        retention: float,
        max_size: int,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.time,
        apart: bool = False,
    ) -> Self:
        """Start a journal on a file, made when it is not there.

        Settled events are forgotten `retention` seconds after they were received, the oldest of them earlier when they
        hold more than `max_size` bytes together. Events with a dead delivery go by age only, those with a pending one
        stay. `apart` writes in a process of its own, which pays where much is written. Raises JournalDamaged for a file
        that cannot be used, JournalError for one that cannot be reached.
        """
        path = Path(path)
        # A loop that is never idle but whose iterations end just within this interval keeps the interpreter lock from
        # other threads for seconds: what it lets go of without being asked, it takes back before they wake.
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        writer = Writer(path, metrics.journal_commit_seconds if metrics else None)
        try:
            await asyncio.to_thread(prepare, path)
            if apart:
                writer.use(await ProcessLine.open(path, writer.on_answers, writer.broken))
            else:
                writer.use(ThreadLine(path, writer.on_answers))
        except (sqlite3.Error, OSError) as error:
            raise as_journal_error(path, error) from error
        return cls(path, writer, retention, max_size, clock)

    async def append(self, entry: Entry) -> Appended:
        """Store durably; raise JournalError when that cannot be done."""
        appended: Appended = await self._writer.ask(entry)
        return appended

    async def pending(self, after: int, limit: int) -> list[Delivery]:
        """Undelivered deliveries with a number above `after`, in order, at most `limit`."""
        return await self._reader.read(lambda connection: read_sql.pending(connection, after, limit))

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record how pending deliveries stand; other numbers are passed over."""
        if settlements:
            await self._writer.ask(Settle(settlements))

    async def find(self, query: Query) -> Page:
        """Events and their deliveries, newest first. Raises JournalError for a text that is too long."""
        return await self._reader.read(lambda connection: search_sql.find(connection, query))

    async def requeue(self, seqs: Sequence[int]) -> int:
        """Send dead or delivered deliveries again, as received now; counts them. Others are passed over."""
        count: int = await self._writer.ask(Requeue(seqs, self._clock()))
        return count

    async def census(self) -> Mapping[str, Standing]:
        """How the destinations stand that have anything pending or dead."""
        return await self._reader.read(count_sql.census)

    async def dead_groups(self) -> Sequence[DeadGroup]:
        """The dead deliveries by destination and reason, the largest groups first."""
        return await self._reader.read(count_sql.dead_groups)

    async def holdings(self) -> Holdings:
        """What is kept at all; `events` and `size` as counted within the last HOLDINGS_AGE seconds.

        Upkeep counts more often than that, so that nobody waits for it here.
        """
        counted = self._counted
        if time.monotonic() - self._counted_at > HOLDINGS_AGE:
            counted = await self._recount()
        oldest, last = await self._reader.read(
            lambda connection: (count_sql.oldest(connection), count_sql.last(connection))
        )
        return Holdings(*counted, oldest, last)

    async def card(self, destination: str, subject: str) -> CardPost | None:
        """The post that shows a subject at a destination, as last settled; None when there is none."""
        return await self._reader.read(lambda connection: read_sql.card(connection, destination, subject))

    async def close(self) -> None:
        """Finish what was promised, then let go of the file. Closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._upkeep.cancel()
        await asyncio.gather(self._upkeep, return_exceptions=True)
        await asyncio.gather(self._reader.close(), self._keeper.close())
        await self._writer.close()

    def keep(self, retention: float, max_size: int) -> None:
        """Forget by other limits from the next time on; see `open`."""
        self._retention, self._max_size = retention, max_size

    async def prune(self) -> None:
        """Forget what retention no longer keeps. The journal does so by itself every 10 seconds."""
        async with self._one_prune:
            while await self._prune_some() == _PRUNE_EVENTS:
                pass

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
                    await self._checkpoint()
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

    async def _checkpoint(self) -> None:
        """Move the log into the file, then let the writer move what came meanwhile, so that the log starts over.

        Only a moment without unmoved pages lets SQLite do that, and under load only the writer can make one.
        """
        await self._move()
        await self._writer.ask(Checkpoint())
