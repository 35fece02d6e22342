"""The embedded journal: one SQLite file, one thread or process that writes, a thread that reads, and one for upkeep.

Each has a connection of its own. Commits are grouped (`commits`); reads run beside them, and wait neither for
checkpoints nor for the queries of pruning. A gateway has a writing process; other processes that open the file
meanwhile read it by themselves and send their writes to that process. Freed pages are used again; the file never
shrinks.
"""

import asyncio
import secrets
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Self

import structlog

from gateway.journal import (
    DEAD_LIMITS,
    Appended,
    CardPost,
    DeadDiscard,
    DeadGroup,
    DeadLimits,
    Entry,
    Holdings,
    Page,
    Query,
    Settlement,
    Standing,
    Stranger,
)
from gateway.journal.audit import AuditLine, AuditPage, AuditQuery
from gateway.journal.clock import SteadyClock, WindowClock, uptime
from gateway.journal.keyrings import KEY_BYTES, RingKey
from gateway.journal.past import EventCount, PastCounts
from gateway.journal.snoozes import Snooze
from gateway.journal.sqlite import (
    audit_sql,
    count_sql,
    past_sql,
    positions_sql,
    read_sql,
    refusal_sql,
    ring_sql,
    search_sql,
    snoozes_sql,
    standing_sql,
    uses_sql,
)
from gateway.journal.sqlite.client import Writer
from gateway.journal.sqlite.file import as_journal_error, prepare, require_writable
from gateway.journal.sqlite.learned_file import take_over
from gateway.journal.sqlite.lease import Lease
from gateway.journal.sqlite.messages import (
    Advance,
    Begin,
    Begun,
    DiscardDead,
    EndSnooze,
    Pinned,
    PinTicket,
    Record,
    Refuse,
    Release,
    Remember,
    Renew,
    Requeue,
    Ring,
    SetPause,
    SetSnooze,
    Settle,
    Work,
)
from gateway.journal.sqlite.process_line import ProcessLine
from gateway.journal.sqlite.reader import ReadConnection
from gateway.journal.sqlite.socket_line import SocketLine
from gateway.journal.sqlite.soundness import require_sound
from gateway.journal.sqlite.thread_line import ThreadLine
from gateway.journal.sqlite.upkeep import Limits, Upkeep
from gateway.journal.standing import Ahead, Tried
from gateway.journal.uses import Pin
from gateway.model import Delivery, Pause, Refusal

REQUEUED = 1000
"""Deliveries that one commit copies for `requeue`, or changes for `discard`: appends wait for its end."""

_SWITCH_SECONDS = 0.001

log = structlog.get_logger("gateway.journal")


class SqliteJournal:
    """An open journal; see `open`. Implements `gateway.journal.Journal`, to be called on one event loop."""

    def __init__(
        self, path: Path, writer: Writer, upkeep: Upkeep, lease: Lease | None, clock: Callable[[], float]
    ) -> None:
        self.upkeep = upkeep
        self._clock = clock
        self._reader = ReadConnection(path, "journal-reader", cache=8000)
        self._writer = writer
        self._lease = lease
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: str | Path,
        *,
        retention: float,
        max_size: int,
        dead: DeadLimits = DEAD_LIMITS,
        deliver: bool = False,
        create: bool = True,
        on_commit: Callable[[float], None] | None = None,
        on_discard: Callable[[DeadDiscard], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open a journal in a file; see `gateway.journal.open`. `create` creates a missing file."""
        path = Path(path)
        # A busy event loop whose iterations end just within the switch interval keeps the interpreter lock from other
        # threads for seconds: it releases the lock by itself, and takes it back before they wake.
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))
        windows = WindowClock(clock, uptime)
        writer = Writer(path, on_commit, on_discard, windows.skew)
        upkeep = Upkeep(path, writer, Limits(retention, max_size, dead), SteadyClock(clock, uptime), windows)
        lease = None
        try:
            if deliver:
                lease = await Lease.take(path)
            if await asyncio.to_thread(prepare, path, create=create):
                # Where there was one before, or the path is wrong, this line says that what it held is not here.
                log.info("a new, empty journal is begun", journal=str(path))
            if lease is not None:
                await asyncio.to_thread(require_sound, path)
                await asyncio.to_thread(require_writable, path)
                await asyncio.to_thread(take_over, path)
                writer.use(await ProcessLine.open(path, lease, writer.on_answers, writer.broken))
                await upkeep.begin()
                upkeep.start()
            else:
                beside = await SocketLine.open(path, writer.on_answers, writer.broken)
                writer.use(beside or ThreadLine(path, writer.on_answers))
        except BaseException as error:
            if lease is not None:
                lease.release()
            if isinstance(error, (sqlite3.Error, OSError)):
                raise as_journal_error(path, error) from error
            raise
        return cls(path, writer, upkeep, lease, clock)

    def append(self, entry: Entry) -> Awaitable[Appended]:
        """Store an entry durably. Raises JournalError when that is impossible."""
        return self._writer.ask(entry)

    async def pending(self, after: int, limit: int) -> list[Delivery]:
        """Pending deliveries with a number above `after`, in order, at most `limit`."""
        return await self._reader.read(lambda connection: read_sql.pending(connection, after, limit))

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record outcomes of pending deliveries; other numbers are ignored."""
        if settlements:
            await self._writer.ask(Settle(settlements))

    async def addresses(self, destination: str) -> Set[str]:
        """The addresses of a destination that have taken a message."""
        return await self._reader.read(lambda connection: read_sql.addresses(connection, destination))

    async def strangers(self, destination: str) -> Mapping[str, Stranger]:
        """What waits for all other addresses of a destination."""
        return await self._reader.read(lambda connection: read_sql.strangers(connection, destination))

    async def requeue(self, seqs: Sequence[int]) -> int:
        """Send dead, delivered or discarded deliveries again, received now; returns how many. Others are ignored."""
        return await self._in_slices(seqs, lambda some: Requeue(some, self._clock()))

    async def discard(self, seqs: Sequence[int], reason: str) -> int:
        """Put dead deliveries away, now and for this reason; returns how many. Others are ignored."""
        return await self._in_slices(seqs, lambda some: DiscardDead(some, reason, self._clock()))

    def listen(self, added: Callable[[int], None]) -> None:
        """Call `added` with the number of the newest delivery whenever others have added some."""
        self._writer.added = added

    async def card(self, destination: str, subject: str, seq: int = 0) -> CardPost | None:
        """The post that shows a subject at a destination, as last settled; None when there is none."""
        return await self._reader.read(lambda connection: read_sql.card(connection, destination, subject, seq))

    async def secrets(self) -> Mapping[str, str]:
        """The secret of each route that has learned one."""
        return await self._reader.read(read_sql.secrets)

    async def remember(self, route: str, secret: str) -> None:
        """Store the secret of a route durably, replacing an earlier one."""
        await self._writer.ask(Remember(route, secret))

    async def ring(self, name: str) -> Sequence[RingKey]:
        """The valid keys of a ring, newest first; the first is made where there is none."""
        found = await self._reader.read(lambda connection: ring_sql.ring(connection, name))
        return self._valid(found) if found else await self._renew(name, None)

    async def rotate(self, name: str, keep: float) -> Sequence[RingKey]:
        """Sign with a new key; what the former one signed is taken for `keep` more seconds."""
        return await self._renew(name, self._clock() + keep)

    async def release(self, event_id: str, keys: Sequence[bytes]) -> None:
        """Give back uses of an event."""
        await self._writer.ask(Release(event_id, keys))

    async def begin(self, seq: int) -> bool:
        """Note that an attempt begins which must not be repeated; False where one has begun before."""
        answer: Begun = await self._writer.ask(Begin(seq))
        return answer.first

    async def unbegin(self, seq: int) -> None:
        """Take it back: the attempt came to nothing."""
        await self._writer.ask(Begin(seq, back=True))

    async def pin(self, ticket: str, channel: str, post: str, expires: float) -> Pin:
        """The place of the first click on a ticket, which is this one if there was none."""
        found = await self._reader.read(lambda connection: uses_sql.pinned(connection, ticket))
        if found is None:
            answer: Pinned = await self._writer.ask(PinTicket(ticket, Pin(channel, post), expires))
            return answer.place
        return found

    async def position(self, name: str) -> float | None:
        """How far a listener has come; None for one that has no position yet."""
        return await self._reader.read(lambda connection: positions_sql.position(connection, name))

    async def advance(self, name: str, ms: float) -> None:
        """Store durably that a listener has come so far."""
        await self._writer.ask(Advance(name, ms))

    async def snoozes(self) -> Sequence[Snooze]:
        """The snoozes that are kept."""
        return await self._reader.read(snoozes_sql.snoozes)

    async def snooze(self, one: Snooze) -> None:
        """Store a snooze durably, in place of an earlier one."""
        await self._writer.ask(SetSnooze(one))

    async def wake(self, route: str, subject: str) -> None:
        """End the snooze of a subject on a route."""
        await self._writer.ask(EndSnooze(route, subject))

    async def record(self, lines: Sequence[AuditLine]) -> None:
        """Store lines of the audit durably."""
        if lines:
            await self._writer.ask(Record(lines))

    async def audit(self, query: AuditQuery) -> AuditPage:
        """Lines of the audit, newest first."""
        return await self._reader.read(lambda connection: audit_sql.find(connection, query))

    async def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Store refused requests; of each route the newest ones stay."""
        if refusals:
            await self._writer.ask(Refuse(refusals))

    async def refused(self) -> Mapping[str, int]:
        """How many refused requests are kept of each route."""
        return await self._reader.read(refusal_sql.count)

    async def pauses(self) -> Mapping[str, Pause]:
        """The pauses of destinations that are paused."""
        return await self._reader.read(standing_sql.pauses)

    async def set_pause(self, destination: str, pause: Pause | None) -> None:
        """Store durably that a destination is paused, or with None that it is not."""
        await self._writer.ask(SetPause(destination, pause))

    async def tried(self) -> Mapping[str, Sequence[Tried]]:
        """The newest results of destinations with pending or dead deliveries."""
        return await self._reader.read(standing_sql.tried)

    async def ahead(self, seq: int) -> Ahead:
        """What is before a pending delivery in its lane."""
        return await self._reader.read(lambda connection: standing_sql.ahead(connection, seq))

    async def find(self, query: Query) -> Page:
        """Events with their deliveries, newest first. Raises JournalError for a text that is too long."""
        return await self._reader.read(lambda connection: search_sql.find(connection, query))

    async def census(self) -> Mapping[str, Standing]:
        """The counts of every destination with pending or dead deliveries."""
        return await self._reader.read(count_sql.census)

    async def dead_groups(self) -> Sequence[DeadGroup]:
        """The dead deliveries by destination and reason, the largest groups first."""
        return await self._reader.read(count_sql.dead_groups)

    async def holdings(self) -> Holdings:
        """The contents of the journal, as counted periodically."""
        counted = await self.upkeep.counted()
        oldest, last = await self._reader.read(
            lambda connection: (count_sql.oldest(connection), count_sql.last(connection))
        )
        return Holdings(counted.events, counted.size, oldest, last, counted.dead_events, counted.dead_size)

    async def past(self, since: float, until: float, step: float) -> PastCounts:
        """What was received since a time, and delivered until another; less far back where there is very much."""
        return await self.upkeep.past(since, until, step)

    async def fresh(self, after: int) -> tuple[Sequence[EventCount], int]:
        """How many events are numbered above `after`, and the number up to which they are counted."""
        return await self._reader.read(lambda connection: past_sql.fresh(connection, after))

    def keep(self, retention: float, max_size: int, dead: DeadLimits) -> None:
        """Change the limits of retention; see `gateway.journal.open`."""
        self.upkeep.keep(Limits(retention, max_size, dead))

    async def close(self) -> None:
        """Finish all operations, then release the file. Closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.gather(self.upkeep.close(), self._reader.close())
        await self._writer.close()
        if self._lease is not None:
            self._lease.release()

    async def _renew(self, name: str, former_until: float | None) -> Sequence[RingKey]:
        fresh = RingKey(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES), self._clock())
        answer: Ring = await self._writer.ask(Renew(name, fresh, former_until))
        return self._valid(answer.keys)

    def _valid(self, keys: Sequence[RingKey]) -> Sequence[RingKey]:
        now = self._clock()
        return [key for key in keys if key.valid(now)]

    async def _in_slices(self, seqs: Sequence[int], work: Callable[[Sequence[int]], Work]) -> int:
        """Do work on deliveries in commits that delay no append for long; returns the sum of the answers."""
        count, wanted = 0, sorted(set(seqs))
        for start in range(0, len(wanted), REQUEUED):
            count += await self._writer.ask(work(wanted[start : start + REQUEUED]))
        return count
