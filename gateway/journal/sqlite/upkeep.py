"""The upkeep of a journal: checkpoints, pruning by the limits of retention, and migration.

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
from msgspec import Struct

from gateway import units
from gateway.errors import JournalError
from gateway.journal import ADDRESS_AGE, HOLDINGS_AGE, DeadLimits
from gateway.journal.audit import AUDIT_AGE
from gateway.journal.clock import CONFIRM, SteadyClock, WindowClock
from gateway.journal.past import PAST_DELIVERIES, PAST_EVENTS, DeliveredCount, EventCount, PastCounts
from gateway.journal.sqlite import audit_sql, count_sql, earlier_sql, past_sql, read_sql
from gateway.journal.sqlite.client import Writer
from gateway.journal.sqlite.messages import Checkpoint, Doomed, Migrate, Migrated, Prune
from gateway.journal.sqlite.reader import ReadConnection
from gateway.model import DiscardCause

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
_TRY_AGAIN = 10.0
"""Seconds until migration goes on after an error."""
_SHARE = 10
"""Of so many parts of the time, pruning takes one at most: it looks at everything that is dead."""

log = structlog.get_logger("gateway.journal")


class Limits(Struct, frozen=True):
    """The limits of retention in seconds and bytes; see `gateway.journal.open`."""

    retention: float
    max_size: int
    dead: DeadLimits


class Counted(Struct, frozen=True):
    """Events and their bytes, and those of them with a dead delivery."""

    events: int = 0
    size: int = 0
    dead_events: int = 0
    dead_size: int = 0


class Upkeep:
    """Checkpoints and prunes a journal, periodically from `start` on.

    `clock` is that of ages, `windows` that of duplicate keys.
    """

    def __init__(self, path: Path, writer: Writer, limits: Limits, clock: SteadyClock, windows: WindowClock) -> None:
        self._limits = limits
        self._clock = clock
        self._windows = windows
        self._keeper = ReadConnection(path, "journal-upkeep", cache=1000)  # small: it reads no page twice
        self._writer = writer
        self._running: list[asyncio.Task[None]] = []
        self._one_prune = asyncio.Lock()
        self._one_count = asyncio.Lock()
        self._counted, self._counted_at, self._counting = Counted(), -inf, 0.0
        self._doubting = False

    async def begin(self) -> None:
        """Have the clock go on from the event that was stored last. Raises JournalError."""
        known = await self._keeper.read(read_sql.newest_received)
        if known is not None:
            self._clock.begin(known)

    def start(self) -> None:
        """Start the periodic upkeep, and migration where anything is in the form of an earlier schema."""
        self._running = [
            asyncio.create_task(self._keep_up(), name="journal upkeep"),
            asyncio.create_task(self._migrate(), name="journal migration"),
        ]

    def keep(self, limits: Limits) -> None:
        """Change the limits from the next pruning on."""
        self._limits = limits

    async def counted(self) -> Counted:
        """What there is, as counted within the last HOLDINGS_AGE seconds, and longer ago the longer a count takes.

        Running upkeep counts more often than that, so that callers need not wait here. That there is nothing is counted
        each time: it costs nothing, and the first event of a new gateway is what its operator looks for.
        """
        if not self._counted.events or time.monotonic() - self._counted_at > HOLDINGS_AGE + 2 * _SHARE * self._counting:
            return await self._recount()
        return self._counted

    async def past(self, since: float, until: float, step: float) -> PastCounts:
        """What was received since a time and delivered until another, read slice by slice; see `Counts.past`."""
        newest = await self._keeper.read(past_sql.newest)
        events: list[EventCount] = []
        delivered: list[DeliveredCount] = []
        reached, before, left = since, inf, PAST_EVENTS
        while left > 0:
            some, end = await self._keeper.read(
                partial(past_sql.events, since=since, before=before, newest=newest, step=step)
            )
            events += some
            if end is None:
                break
            before, left = end, left - past_sql.EVENTS_SLICE
        else:
            reached = before
        seq, left = 2**63 - 1, PAST_DELIVERIES
        while left > 0:
            arrived, next_seq, oldest = await self._keeper.read(
                partial(past_sql.delivered, since=since, until=until, before=seq, step=step)
            )
            delivered += arrived
            if next_seq is None:
                break
            seq, left = next_seq, left - past_sql.DELIVERIES_SLICE
        else:
            reached = max(reached, oldest)
        return PastCounts(reached, events, delivered, newest)

    async def prune(self) -> None:
        """Delete events beyond the limits of retention. Running upkeep does so every 10 seconds, or more rarely."""
        async with self._one_prune:
            while await self._prune_aged():
                pass
            while await self._prune_surplus():
                pass

    async def checkpoint(self) -> None:
        """Checkpoint beside the writer, then in the writer, so that the log restarts from its beginning.

        SQLite restarts the log only when no page is left to move; under load only the writer can bring that about.
        """
        await self._move()
        await self._writer.ask(Checkpoint())

    async def close(self) -> None:
        """Stop the upkeep, and close its connection."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._keeper.close()

    async def _recount(self) -> Counted:
        """Count everything, in slices, so that checkpoints can run between them."""
        async with self._one_count:
            begun = time.monotonic()
            events = size = 0
            after: float | None = -inf
            while after is not None:
                number, more, after = await self._keeper.read(partial(count_sql.count, after=after))
                events, size = events + number, size + more
            self._counted = Counted(events, size, *await self._sum(count_sql.dead))
            self._counted_at = time.monotonic()
            self._counting = self._counted_at - begun
            return self._counted

    async def _sum(self, slice_of: Callable[..., tuple[int, int, int | None]]) -> tuple[int, int]:
        """The sums of what `dead` or `pending` of `count_sql` count slice by slice."""
        first = second = 0
        after: int | None = 0
        while after is not None:
            one, two, after = await self._keeper.read(partial(slice_of, after=after))
            first, second = first + one, second + two
        return first, second

    async def _excess(self, counted: Counted) -> tuple[int, int]:
        """The bytes by which the settled, and the dead events, exceed their limits; those that wait are neither."""
        settled = counted.size - counted.dead_size - self._limits.max_size
        dead = counted.dead_size - self._limits.dead.max_size
        if settled > 0 or dead > 0:
            waiting, waiting_dead = await self._sum(count_sql.pending)
            settled, dead = settled - waiting, dead - waiting_dead
        return settled, dead

    async def _prune_aged(self) -> bool:
        """Delete what is too old, a part of it at most; returns whether there may be more."""
        now, limits = self._now(), self._limits
        settled = await self._numbers(read_sql.expired, now - limits.retention)
        dead = await self._numbers(read_sql.expired_dead, now - limits.dead.max_age)
        return await self._delete(now, settled, dead, DiscardCause.AGE)

    async def _prune_surplus(self) -> bool:
        """Delete the oldest of what exceeds its size, a part of it at most; returns whether there may be more."""
        excess, excess_dead = await self._excess(await self._recount())
        settled = await self._numbers(read_sql.surplus, excess) if excess > 0 else []
        dead = await self._numbers(read_sql.surplus_dead, excess_dead) if excess_dead > 0 else []
        return bool(settled or dead) and await self._delete(self._now(), settled, dead, DiscardCause.SIZE)

    async def _delete(self, now: float, settled: list[int], dead: list[int], cause: DiscardCause) -> bool:
        """Delete events, and what else is old; returns whether it was as many events of a kind as are read at once."""
        more = _PRUNE_EVENTS in (len(settled), len(dead))  # before the writer empties the lists
        doomed = [Doomed(dead[::-1], cause), Doomed(settled[::-1])]  # it takes from their ends
        aged = now - CARD_AGE, now - ADDRESS_AGE, now - self._limits.retention, now - AUDIT_AGE
        surplus = await self._keeper.read(audit_sql.surplus)
        await self._writer.ask(Prune(doomed, self._windows.now(), *aged, audit_surplus=surplus, ended=now))
        return more

    async def _numbers(self, query: Callable[..., list[int]], bound: float) -> list[int]:
        return await self._keeper.read(lambda connection: query(connection, bound, _PRUNE_EVENTS))

    def _now(self) -> float:
        """The time by which things are old; a jump ahead of the clock is told when it is seen and when it is over."""
        now, ahead = self._clock.now(), self._clock.ahead()
        if ahead and not self._doubting:
            log.warning(
                "the clock is far ahead of what was known: nothing is deleted by age until it has run on evenly",
                ahead=units.written(ahead),
                wait=units.written(CONFIRM),
            )
        elif self._doubting and not ahead:
            log.info("the clock is believed again")
        self._doubting = bool(ahead)
        return now

    async def _keep_up(self) -> None:
        """Checkpoint and prune while the journal is open; an error is logged, and the next turn tries again."""
        moved = begun = 0
        checked = pruned = time.monotonic()
        pause = _PRUNE_SECONDS
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
                if now - pruned >= pause:
                    pruned = now
                    await self.prune()
                    pause = max(_PRUNE_SECONDS, _SHARE * (time.monotonic() - now))
            except Exception as error:
                unforeseen = not isinstance(error, JournalError)
                log.warning("journal upkeep failed, trying again", error=str(error), exc_info=unforeseen)

    async def _migrate(self) -> None:
        """Bring everything to the present form, slice by slice, half of the time at most; tell its begin and end."""
        events: int | None = None
        while True:
            begun = time.monotonic()
            try:
                if events is None:
                    if (earlier := await self._keeper.read(earlier_sql.left)) is None:
                        return
                    log.info("the journal is being brought to the present form, in use meanwhile", events=earlier)
                    events = 0
                answer: Migrated = await self._writer.ask(Migrate())
                events += answer.events
                if not answer.left:
                    log.info("the journal is in the present form", events=events)
                    return
                await asyncio.sleep(time.monotonic() - begun)
            except JournalError as error:
                log.warning("the journal is not brought to the present form, trying again", error=str(error))
                await asyncio.sleep(_TRY_AGAIN)

    async def _move(self) -> None:
        """Checkpoint beside the writer: move pages of the log into the file."""
        await self._keeper.read(lambda connection: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall())
