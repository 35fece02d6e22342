"""What the journal forgets and what it never does, and how its log is kept short."""

import asyncio
import os
import random
import signal
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from random import randbytes
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway.errors import JournalError
from gateway.journal import ADDRESS_AGE, CardPost, DeadDiscard, DeadLimits, DuplicateKey, Entry, Query, Settlement
from gateway.journal.audit import AUDIT_AGE, AuditLine, AuditOutcome, AuditQuery
from gateway.journal.clock import CONFIRM, SteadyClock, WindowClock
from gateway.journal.snoozes import Snooze
from gateway.journal.sqlite import count_sql, keys_sql, messages, upkeep
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.journal.sqlite.upkeep import CARD_AGE
from gateway.journal.uses import Pin
from gateway.model import Cause, DeliveryState, DiscardCause, Event, Outcome, Parcel, Refusal, Request
from tests.conftest import eventually
from tests.journal.sqlite import version4
from tests.journal.sqlite.test_journal import NOW, entry, ids, opened

DELIVERED, DEAD = DeliveryState.DELIVERED, DeliveryState.DEAD
KEPT_SECONDS, KEPT_BYTES = 1000.0, 100_000
DEAD_SECONDS, DEAD_BYTES = 5000.0, 200_000

_ids = count(1)


class Clock:
    """A clock that stands still until it is set."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The journal's clock."""
    return Clock()


async def kept(path: Path, clock: Clock, **more: Any) -> SqliteJournal:
    """A journal whose limits are small, and whose clock runs evenly however far it is set ahead."""
    limits = {"dead": DeadLimits(DEAD_SECONDS, DEAD_BYTES), **more}
    journal = await SqliteJournal.open(path, clock=clock, **limits)
    set_clocks(journal, clock, clock)
    return journal


def set_clocks(journal: SqliteJournal, wall: Clock, monotonic: Clock) -> None:
    """Have a journal live by these two clocks."""
    journal.upkeep._clock = SteadyClock(wall, monotonic)
    journal.upkeep._windows = WindowClock(wall, monotonic)
    journal._writer._skew = journal.upkeep._windows.skew


@pytest.fixture
async def journal(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteJournal]:
    """A journal that keeps little, and prunes only when asked within the time of a test."""
    journal = await kept(tmp_path / "journal.db", clock, retention=KEPT_SECONDS, max_size=KEPT_BYTES)
    yield journal
    await journal.close()


async def add(
    journal: SqliteJournal, received: float, *states: DeliveryState, size: int = 2, key: str = "", window: float = 0
) -> str:
    """Append an event with a body of this size that cannot be packed, and a settled delivery a state; return its id."""
    event = Event(
        f"event-{next(_ids)}", received, "r", "s", Outcome.MESSAGE, "n", "t", "s", "", Request(body=randbytes(size))
    )  # fmt: skip
    parcels = tuple(Parcel("ops", "lane", b"x") for _ in states)
    appended = await journal.append(Entry(event, parcels, (DuplicateKey(key.encode(), window),) if key else ()))
    await journal.settle([Settlement(d.seq, state, 1) for d, state in zip(appended.deliveries, states, strict=True)])
    return appended.event_id


async def left(journal: SqliteJournal) -> list[str]:
    """The ids of the events that are still there, oldest first."""
    return [record.event.id for record in reversed((await journal.find(Query(limit=100_000))).records)]


async def test_age_takes_all_but_what_waits(journal: SqliteJournal, clock: Clock) -> None:
    """Delivered and ignored events go by age, with their deliveries; what waits for Mattermost or a person stays."""
    for states in ((DELIVERED,), (DELIVERED, DELIVERED), ()):
        await add(journal, clock.now, *states)
    waits = await add(journal, clock.now, DELIVERED, DeliveryState.PENDING)
    dead = await add(journal, clock.now, DELIVERED, DEAD)
    young = await add(journal, clock.now + 500, DELIVERED)
    clock.now += KEPT_SECONDS + 1
    await journal.upkeep.prune()
    assert await left(journal) == [waits, dead, young]
    assert (await journal.census())["ops"].dead == 1
    assert len(await journal.pending(0, 10)) == 1


def heard(journal: SqliteJournal) -> list[DeadDiscard]:
    """What the journal tells of the dead that are gone, from now on."""
    told: list[DeadDiscard] = []
    journal._writer._on_discard = told.append
    return told


async def test_the_dead_go_by_an_age_of_their_own(journal: SqliteJournal, clock: Clock) -> None:
    """They are told when they go; a delivery that died again later keeps its event, one that waits does for ever."""
    began = clock.now
    told = heard(journal)
    old = [await add(journal, began + n, DEAD, DEAD, DELIVERED) for n in range(3)]
    waits = await add(journal, began, DEAD, DeliveryState.PENDING)
    twice = await add(journal, began, DEAD)
    (record,) = (await journal.find(Query(event_id=twice))).records
    clock.now += DEAD_SECONDS / 2
    await journal.requeue([record.deliveries[0].seq])
    again = (await journal.pending(0, 10))[-1]
    await journal.settle([Settlement(again.seq, DEAD, 1)])
    young = await add(journal, clock.now, DEAD)
    clock.now += DEAD_SECONDS / 2 - 1
    await journal.upkeep.prune()
    assert await left(journal) == [*old, waits, twice, young]
    assert told == []
    clock.now += 2.5
    await journal.upkeep.prune()
    assert await left(journal) == [old[2], waits, twice, young]
    assert told == [DeadDiscard("ops", DiscardCause.AGE, 4, began, began + 1)]
    clock.now += DEAD_SECONDS
    await journal.upkeep.prune()
    assert await left(journal) == [waits]


async def test_the_dead_have_a_size_of_their_own(journal: SqliteJournal, clock: Clock) -> None:
    """Beyond it the oldest of them go, and are told; they neither take the room of others nor give them theirs."""
    began = clock.now
    told = heard(journal)
    waits = await add(journal, began, DEAD, DeliveryState.PENDING, size=150_000)
    dead = [await add(journal, began + n, DEAD, size=48_000) for n in range(1, 7)]
    settled = [await add(journal, began + 5 + n, DELIVERED, size=24_000) for n in range(4)]
    await journal.upkeep.prune()
    assert await left(journal) == [waits, *dead[-4:], *settled]
    assert told == [DeadDiscard("ops", DiscardCause.SIZE, 2, began + 1, began + 2)]
    await journal.upkeep.prune()
    assert await left(journal) == [waits, *dead[-4:], *settled]
    holdings = await journal.holdings()
    assert (holdings.events, holdings.dead_events, holdings.dead_size // 1000) == (9, 5, 344)


async def test_what_was_decided_on_counts_as_finished(journal: SqliteJournal, clock: Clock) -> None:
    """Discarded, and sent again with success: `max_size` reaches both."""
    old = [await add(journal, clock.now + n, DEAD, size=60_000) for n in range(2)]
    (discarded, replayed) = [(await journal.find(Query(event_id=one))).records[0].deliveries[0].seq for one in old]
    await journal.discard([discarded], "sold")
    await journal.requeue([replayed])
    (again,) = await journal.pending(0, 10)
    await journal.upkeep.prune()
    assert await left(journal) == old
    await journal.settle([Settlement(again.seq, DELIVERED, 1)])
    await journal.upkeep.prune()
    assert await left(journal) == old[1:]


@pytest.mark.parametrize("seed", range(6))
async def test_pruning_keeps_what_it_must_and_no_more(journal: SqliteJournal, clock: Clock, seed: int) -> None:
    """Whatever it holds: nothing that waits goes, each limit holds afterwards, and every dead one is counted."""
    draw, told = random.Random(seed), heard(journal)
    stored: dict[str, tuple[float, set[DeliveryState], int]] = {}
    for _ in range(60):
        age, size = draw.uniform(0, 2 * DEAD_SECONDS), draw.choice((100, 9_000, 30_000))
        states = draw.choices((DELIVERED, DEAD, DeliveryState.PENDING), (6, 3, 1), k=draw.randint(0, 3))
        stored[await add(journal, clock.now - age, *states, size=size)] = age, set(states), size
    dead = (await journal.census())["ops"].dead
    await journal.upkeep.prune()
    there = set(await left(journal))
    waiting = {one for one, (_, states, _) in stored.items() if DeliveryState.PENDING in states}
    assert waiting <= there
    for state, limit, most in ((DEAD, DEAD_SECONDS, DEAD_BYTES), (None, KEPT_SECONDS, KEPT_BYTES)):
        kind = {one for one, (_, states, _) in stored.items() if (DEAD in states) is (state is DEAD)} - waiting
        assert all(stored[one][0] <= limit for one in kind & there)
        assert sum(stored[one][2] for one in kind & there) <= most
        gone = {one for one in kind - there if stored[one][0] <= limit}
        if gone:  # by size alone: no more than needed, within the largest event
            assert sum(stored[one][2] for one in kind & there) > most - 31_000 - 1_000 * len(kind)
    assert dead - (await journal.census())["ops"].dead == sum(each.count for each in told)


async def test_those_of_several_destinations_are_told_apart(journal: SqliteJournal, clock: Clock) -> None:
    """One line each, however many went."""
    told = heard(journal)
    for _ in range(3):
        parcels = (Parcel("ops", "l", b"x"), Parcel("dev", "l", b"x"))
        event = Event(f"event-{next(_ids)}", clock.now, "r", "s", Outcome.MESSAGE, "n", "t", "s", "", Request())
        made = (await journal.append(Entry(event, parcels))).deliveries
        await journal.settle([Settlement(one.seq, DEAD, 1) for one in made])
    clock.now += DEAD_SECONDS + 1
    await journal.upkeep.prune()
    assert sorted((each.destination, each.count) for each in told) == [("dev", 3), ("ops", 3)]


async def test_what_is_discarded_stays_for_the_retention(journal: SqliteJournal, clock: Clock) -> None:
    """A decision can be looked up, and taken back, for as long as a message that was delivered; then it is gone."""
    event_id = await add(journal, clock.now, DEAD)
    (record,) = (await journal.find(Query())).records
    clock.now += 3 * KEPT_SECONDS
    assert await journal.discard([record.deliveries[0].seq], "sold") == 1
    clock.now += KEPT_SECONDS - 1
    await journal.upkeep.prune()
    assert await left(journal) == [event_id]
    clock.now += 2
    told = heard(journal)
    await journal.upkeep.prune()
    assert (await left(journal), told) == ([], [])
    connection = sqlite3.connect(journal.upkeep._keeper._path)
    assert connection.execute("SELECT count(*) FROM discard").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("cause", [DiscardCause.AGE, None])
async def test_what_changed_after_the_plan_is_kept(
    journal: SqliteJournal, clock: Clock, cause: DiscardCause | None
) -> None:
    """What was settled when pruning began and is dead does not go unheard; what a person decided on stays."""
    dead, delivered = await add(journal, clock.now, DEAD), await add(journal, clock.now, DELIVERED)
    told = heard(journal)
    await journal._writer.ask(messages.Prune([messages.Doomed([2, 1], cause)], clock.now, 0.0, 0.0, 0.0))
    assert await left(journal) == ([delivered] if cause else [dead])
    assert len(told) == (1 if cause else 0)
    await add(journal, clock.now, DEAD)
    (record, *_) = (await journal.find(Query())).records
    await journal.discard([record.deliveries[0].seq], "sold")
    await journal._writer.ask(messages.Prune([messages.Doomed([3], DiscardCause.SIZE)], clock.now, 0.0, 0.0, 0.0))
    assert record.event.id in await left(journal)


class Wall(Clock):
    """A wall clock that can be set."""


async def test_a_clock_that_jumps_ahead_deletes_nothing(tmp_path: Path, clock: Clock) -> None:
    """Until the jump is confirmed all is as old as it was, and repeats are repeats; it is told once."""
    wall, month = Wall(), 30 * 86_400.0
    journal = await kept(tmp_path / "other.db", wall, retention=KEPT_SECONDS, max_size=10**9)
    set_clocks(journal, wall, clock)
    window = 2 * KEPT_SECONDS
    first = await add(journal, wall.now, DELIVERED, key="k", window=window)
    dead = await add(journal, wall.now, DEAD)
    wall.now += month
    with capture_logs() as logs:
        for _ in range(3):
            await journal.upkeep.prune()
    assert [line["event"].partition(":")[0] for line in logs] == ["the clock is far ahead of what was known"]
    assert await left(journal) == [first, dead]
    assert await add(journal, wall.now, key="k", window=window) == first
    later = await add(journal, wall.now, key="later", window=window)
    wall.now += CONFIRM / 2 - month
    clock.now += CONFIRM / 2
    assert await add(journal, wall.now, key="later", window=window) != later, "its window was that of the right time"
    wall.now, clock.now = wall.now + month, clock.now + 60
    await journal.upkeep.prune()
    wall.now, clock.now = wall.now + CONFIRM, clock.now + CONFIRM
    with capture_logs() as logs:
        await journal.upkeep.prune()
    assert [line["event"] for line in logs] == ["the clock is believed again"]
    assert first not in await left(journal)
    assert dead not in await left(journal)
    await journal.close()


@pytest.mark.parametrize("jump", [1e7, -1e7])
async def test_windows_are_as_long_as_they_are(tmp_path: Path, clock: Clock, jump: float) -> None:
    """Whichever way the clock jumps in the middle of one: a repeat is a repeat before its end, and none after it."""
    wall = Wall()
    journal = await kept(tmp_path / "other.db", wall, retention=1e9, max_size=10**9)
    set_clocks(journal, wall, clock)

    def pass_by(seconds: float) -> None:
        wall.now, clock.now = wall.now + seconds, clock.now + seconds

    first = await add(journal, wall.now, key="k", window=100)
    pass_by(50)
    wall.now += jump
    await journal.upkeep.prune()
    assert await add(journal, wall.now, key="k", window=100) == first
    pass_by(49)
    await journal.upkeep.prune()
    assert await add(journal, wall.now, key="k", window=100) == first
    pass_by(2)
    assert await add(journal, wall.now, key="k", window=100) != first
    await journal.close()


async def test_a_window_that_began_in_the_future_ends(journal: SqliteJournal, clock: Clock) -> None:
    """After a clock was ahead for long and is set right, a repeat is taken for one for a last window only."""
    first = await add(journal, clock.now + 1e7, key="k", window=100)
    assert await add(journal, clock.now, key="k", window=100) == first
    assert await add(journal, clock.now + 99, key="k", window=100) == first
    assert await add(journal, clock.now + 101, key="k", window=100) != first


async def test_a_gateway_that_starts_takes_the_newest_event_for_the_time(tmp_path: Path) -> None:
    """A clock that is wrong at the start deletes nothing either; without an event there is nothing to go by."""
    path = tmp_path / "journal.db"
    journal = await opened(path, deliver=True)
    assert journal.upkeep._clock.now() == NOW
    key = (DuplicateKey(b"k", 60.0),)
    old = await journal.append(entry(received=NOW - 1, keys=key))
    await journal.close()
    journal = await opened(path, deliver=True, clock=lambda: NOW + 1e7, retention=60)
    await journal.upkeep.prune()
    assert journal.upkeep._clock.now() == pytest.approx(NOW, abs=60)
    assert await ids(journal) == [old.event_id]
    assert not (await journal.append(entry(received=NOW + 1e7, keys=key))).duplicate, "it may well be a pause"
    await journal.close()


async def test_addresses_are_forgotten_by_age(journal: SqliteJournal, clock: Clock) -> None:
    """They outlive the events that made them known, and go long after the last message that they took."""
    event = Event("e", clock.now, "r", "s", Outcome.MESSAGE, "n", "t", "s", "", Request())
    (one,) = (await journal.append(Entry(event, (Parcel("hooks", "l", b"x", "a"),)))).deliveries
    await journal.settle([Settlement(one.seq, DELIVERED, 1)])
    clock.now += ADDRESS_AGE - 1
    await journal.upkeep.prune()
    assert (await left(journal), await journal.addresses("hooks")) == ([], {"a"})
    clock.now += 2
    await journal.upkeep.prune()
    assert await journal.addresses("hooks") == set()


async def test_what_acts_leave_is_forgotten_by_age(journal: SqliteJournal, clock: Clock) -> None:
    """Places with their tickets, former keys and snoozes after their time, lines of the audit after theirs."""
    (former,) = await journal.ring("tickets")
    (signing, _) = await journal.rotate("tickets", KEPT_SECONDS)
    begun = clock.now
    await journal.pin("ticket", "channel", "post", begun + KEPT_SECONDS)
    await journal.record([AuditLine(begun, AuditOutcome.DONE, "ack")])
    await journal.snooze(Snooze("r", "s", begun + KEPT_SECONDS))
    clock.now += KEPT_SECONDS - 1
    await journal.upkeep.prune()
    assert len(await journal.snoozes()) == 1
    assert [key.id for key in await journal.ring("tickets")] == [signing.id, former.id]
    assert await journal.pin("ticket", "other", "other", 0.0) == Pin("channel", "post")
    clock.now += 1
    await journal.upkeep.prune()
    assert (list(await journal.ring("tickets")), list(await journal.snoozes())) == ([signing], [])
    assert await journal.pin("ticket", "other", "other", 0.0) == Pin("other", "other")
    clock.now = begun + AUDIT_AGE
    await journal.upkeep.prune()
    assert len((await journal.audit(AuditQuery())).lines) == 1
    clock.now += 1
    await journal.upkeep.prune()
    assert (await journal.audit(AuditQuery())).lines == []


async def test_refused_requests_are_forgotten_by_age(journal: SqliteJournal, clock: Clock) -> None:
    """With the events of their time, whatever their number."""
    told = Refusal("a", clock.now, "r", "s", Cause.UNSIGNED, 401, "no header")
    await journal.refuse([told, replace(told, id="b", received=clock.now + 10, route="")])
    clock.now += KEPT_SECONDS + 1
    await journal.upkeep.prune()
    assert await journal.refused() == {"": 1}
    clock.now += 10
    await journal.upkeep.prune()
    assert await journal.refused() == {}


async def test_size_takes_the_oldest_settled(journal: SqliteJournal, clock: Clock) -> None:
    """Beyond the size, the oldest settled events go; dead and undelivered ones neither go for it nor count."""
    dead = await add(journal, clock.now, DEAD, size=90_000)
    waits = await add(journal, clock.now, DeliveryState.PENDING, size=90_000)
    settled = [await add(journal, clock.now + n, DELIVERED, size=24_000) for n in range(1, 7)]
    await journal.upkeep.prune()
    assert await left(journal) == [dead, waits, *settled[-4:]]
    await journal.upkeep.prune()
    assert await left(journal) == [dead, waits, *settled[-4:]]


async def test_size_counts_also_while_others_go_by_age(journal: SqliteJournal, clock: Clock) -> None:
    """Events that expire do not keep those beyond the size from going at the same time."""
    await add(journal, clock.now, DELIVERED, size=1_000)
    clock.now += KEPT_SECONDS + 1
    young = [await add(journal, clock.now + n, DELIVERED, size=24_000) for n in range(6)]
    await journal.upkeep.prune()
    assert await left(journal) == young[-4:]


async def test_what_is_unsettled_twice_counts_once(
    journal: SqliteJournal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several dead or pending deliveries of one event do not make room for others, however the count is sliced."""
    monkeypatch.setattr(count_sql, "UNSETTLED_SLICE", 2)
    pending = DeliveryState.PENDING
    for states in ((DEAD, DEAD, DEAD), (DEAD, pending, pending), (pending, pending, pending), (DELIVERED, DEAD)):
        await add(journal, clock.now, *states, size=50_000)
    settled = [await add(journal, clock.now + n, DELIVERED, size=24_000) for n in range(1, 7)]
    await journal.upkeep.prune()
    assert (await left(journal))[4:] == settled[-4:]


async def test_what_was_requeued_is_kept(journal: SqliteJournal, clock: Clock) -> None:
    """An old event whose delivery is on its way again stays until that is settled."""
    event_id = await add(journal, clock.now, DEAD)
    ((record),) = (await journal.find(Query())).records
    await journal.requeue([record.deliveries[0].seq])
    clock.now += KEPT_SECONDS + 1
    await journal.upkeep.prune()
    assert await left(journal) == [event_id]
    (again,) = await journal.pending(0, 10)
    await journal.settle([Settlement(again.seq, DELIVERED, 1)])
    await journal.upkeep.prune()
    assert await left(journal) == []


async def test_a_requeue_after_the_plan_is_kept(journal: SqliteJournal, clock: Clock) -> None:
    """The writer asks again before it deletes: a delivery queued meanwhile keeps its event."""
    event_id = await add(journal, clock.now, DEAD)
    (record,) = (await journal.find(Query())).records
    await journal.requeue([record.deliveries[0].seq])
    await journal._writer.ask(messages.Prune([messages.Doomed([1])], clock.now, 0.0, 0.0, 0.0))
    assert await left(journal) == [event_id]
    assert len(await journal.pending(0, 10)) == 1


async def test_numbers_are_not_given_twice(journal: SqliteJournal, clock: Clock) -> None:
    """A delivery after pruning everything has a number that was never there."""
    await add(journal, clock.now, DELIVERED)
    clock.now += KEPT_SECONDS + 1
    await journal.upkeep.prune()
    await add(journal, clock.now, DeliveryState.PENDING)
    assert (await journal.pending(0, 10))[0].seq == 2


async def test_expired_keys_are_pruned(
    journal: SqliteJournal, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys go with their window, not with their event: a repeat of a forgotten event is still a repeat."""
    monkeypatch.setattr(keys_sql, "MANY", 1)
    await add(journal, clock.now, key="long", window=10 * KEPT_SECONDS)
    await add(journal, clock.now, key="short", window=10)
    clock.now += KEPT_SECONDS + 1
    await journal.upkeep.prune()
    assert await left(journal) == []
    assert await add(journal, clock.now, key="other") != ""
    assert await add(journal, clock.now, key="long", window=10 * KEPT_SECONDS) == "", "its id is forgotten"
    connection = sqlite3.connect(tmp_path / "journal.db")
    assert connection.execute("SELECT key FROM duplicate ORDER BY key").fetchall() == [(b"long",), (b"other",)]
    connection.close()


async def test_pruning_goes_in_slices(journal: SqliteJournal, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several plans of many slices, with appends in between: nothing old is left and all new is there."""
    monkeypatch.setattr(upkeep, "_PRUNE_EVENTS", 200)
    await asyncio.gather(*(add(journal, clock.now, DELIVERED, key=f"k{n}", window=1) for n in range(500)))
    clock.now += KEPT_SECONDS + 1
    pruning = asyncio.ensure_future(journal.upkeep.prune())
    young = [await add(journal, clock.now + n, DELIVERED) for n in range(20)]
    await asyncio.gather(pruning, journal.upkeep.prune())
    assert await left(journal) == young


async def test_freed_pages_are_used_again(journal: SqliteJournal, clock: Clock, tmp_path: Path) -> None:
    """With retention at work the file stops growing."""
    sizes = []
    for _ in range(6):
        await asyncio.gather(*(add(journal, clock.now, DELIVERED, size=8000) for _ in range(40)))
        clock.now += KEPT_SECONDS + 1
        await journal.upkeep.prune()
        await journal.upkeep.checkpoint()
        sizes.append((tmp_path / "journal.db").stat().st_size)
    assert sizes[-1] == sizes[1]


async def test_close_does_not_wait_for_pruning(tmp_path: Path, clock: Clock) -> None:
    """A journal that is closed while it prunes stops at the next slice."""
    journal = await kept(tmp_path / "other.db", clock, retention=1, max_size=10**9)
    await asyncio.gather(*(add(journal, clock.now, DELIVERED) for _ in range(300)))
    clock.now += 10
    pruning = asyncio.ensure_future(journal.upkeep.prune())
    await asyncio.sleep(0)
    await journal.close()
    await asyncio.gather(pruning, return_exceptions=True)
    assert pruning.done()


async def test_cards_are_forgotten_by_age(journal: SqliteJournal, clock: Clock) -> None:
    """A subject's post is remembered for its own age, whatever happens to the events."""
    event_id = await add(journal, clock.now, DEAD)
    (record,) = (await journal.find(Query(event_id=event_id))).records
    await journal.requeue([record.deliveries[0].seq])
    (again,) = await journal.pending(0, 10)
    shown = CardPost("ops", "a subject", "post", clock.now)
    await journal.settle([Settlement(again.seq, DELIVERED, 1, card=shown)])
    clock.now += CARD_AGE - 1
    await journal.upkeep.prune()
    assert (await left(journal), await journal.card("ops", "a subject")) == (
        [],
        msgspec.structs.replace(shown, closed=False),
    )
    clock.now += 2
    await journal.upkeep.prune()
    assert await journal.card("ops", "a subject") is None


async def test_the_log_starts_over(tmp_path: Path) -> None:
    """After a checkpoint the write-ahead log is used from its beginning and does not grow."""
    journal = await opened(tmp_path / "journal.db")
    log = tmp_path / "journal.db-wal"
    sizes = []
    for _ in range(4):
        await asyncio.gather(*(journal.append(entry(b"x", body=bytes(8000))) for _ in range(50)))
        await journal.upkeep.checkpoint()
        sizes.append(log.stat().st_size)
    assert max(sizes) < 1.5 * sizes[0]
    await journal.close()


async def test_a_log_that_grows_is_moved_and_starts_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under load upkeep moves the log into the file piece by piece, and has it start over when it is large."""
    monkeypatch.setattr(upkeep, "_CHECKPOINT_SECONDS", 1e6)
    monkeypatch.setattr(upkeep, "_CHECKPOINT_BYTES", 1_000_000)
    monkeypatch.setattr(upkeep, "_MOVE_BYTES", 250_000)
    monkeypatch.setattr(upkeep, "_UPKEEP_SECONDS", 0.005)
    journal = await opened(tmp_path / "journal.db", deliver=True)
    file = tmp_path / "journal.db"
    async with asyncio.timeout(60):
        while file.stat().st_size < 8_000_000:
            await asyncio.gather(*(journal.append(entry(b"x", body=bytes(8000))) for _ in range(20)))
    # A log that never starts over holds all that ever went through it, index pages many times.
    assert file.with_name("journal.db-wal").stat().st_size < file.stat().st_size
    await journal.close()


@pytest.mark.parametrize("failure", [JournalError("the disk is away"), RuntimeError("a fault of ours")])
async def test_upkeep_runs_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """An open journal prunes what is too old without being asked; trouble is logged and does not end that."""
    for name in ("_UPKEEP_SECONDS", "_CHECKPOINT_SECONDS", "_PRUNE_SECONDS"):
        monkeypatch.setattr(upkeep, name, 0.01)
    journal = await opened(tmp_path / "journal.db", retention=60, deliver=True)
    checkpoint, failures = journal.upkeep.checkpoint, [failure]

    async def failing_once() -> None:
        if failures:
            raise failures.pop()
        await checkpoint()

    with capture_logs() as logs:
        monkeypatch.setattr(journal.upkeep, "checkpoint", failing_once)
        await journal.append(entry(b"x", received=NOW))
        old = await journal.append(entry(received=NOW - 61))
        for _ in range(300):
            if old.event_id not in await ids(journal):
                break
            await asyncio.sleep(0.01)
    assert len(await ids(journal)) == 1
    assert [line["error"] for line in logs] == [str(failure)]
    await journal.close()


async def test_nobody_waits_for_upkeep(tmp_path: Path) -> None:
    """While a checkpoint or a plan keeps its thread busy, events are found and what is kept is told."""
    journal = await opened(tmp_path / "journal.db")
    stored = entry(b"x")
    await journal.append(stored)
    assert (await journal.holdings()).events == 1
    go_on = threading.Event()
    busy = asyncio.ensure_future(journal.upkeep._keeper.read(lambda _: go_on.wait(30)))
    async with asyncio.timeout(10):
        assert await ids(journal) == [stored.event.id]
        assert (await journal.holdings()).events == 1
    assert not busy.done()
    go_on.set()
    await busy
    await journal.close()


def told(lines: Sequence[Any]) -> list[tuple[str, int]]:
    """What the log says about the form of the journal."""
    return [(line["event"], line["events"]) for line in lines if "present form" in line["event"] and "events" in line]


async def test_a_journal_of_an_earlier_schema_is_migrated_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the writing process, also when that is killed meanwhile; begin and end are told."""
    monkeypatch.setattr(upkeep, "_TRY_AGAIN", 0.05)
    path = tmp_path / "journal.db"
    version4.make(path, 3000)
    with capture_logs() as lines:
        journal = await opened(path, deliver=True, clock=lambda: 100.0)
        migration = journal.upkeep._running[1]
        for number in (7, 1234, 3000):
            assert (await journal.append(version4.repeat(number))).event_id == f"e{number}"
        await eventually(lambda: _progress(path) < 2000)
        os.kill(journal._writer._line._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
        await eventually(migration.done)
        migration.result()
    (begun, count), (ended, rest) = told(lines)
    assert (begun, count) == ("the journal is being brought to the present form, in use meanwhile", 3000)
    assert ended == "the journal is in the present form"
    assert 2900 < rest <= 3000
    assert _progress(path) == 0
    assert (await journal.append(version4.repeat(5))).event_id == "e5"
    assert len(await ids(journal)) == 3000
    await journal.close()
    with capture_logs() as lines:
        journal = await opened(path, deliver=True, clock=lambda: 100.0)
        await eventually(journal.upkeep._running[1].done)
        await journal.close()
    assert told(lines) == []


async def test_migration_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    """However often the gateway stops meanwhile."""
    path = tmp_path / "journal.db"
    version4.make(path, 3000)
    seen = [3001]
    while seen[-1]:
        journal = await opened(path, deliver=True, clock=lambda: 100.0)
        await eventually(lambda: _progress(path) < max(1, seen[-1] - 500))
        await journal.close()
        seen.append(_progress(path))
    assert len(seen) > 2
    assert seen == sorted(seen, reverse=True)


def _progress(path: Path) -> int:
    """The number of an event below which the earlier form is left; 0 at the end."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            return int(connection.execute("SELECT below FROM migration").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
