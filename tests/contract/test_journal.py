"""The promises of `gateway.journal`, asked of every implementation."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from random import randbytes
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.errors import JournalError
from gateway.journal import (
    FIRST_PAYLOAD,
    GROUPS_LIMIT,
    LOG_LIMIT,
    TEXT_LIMIT,
    CardPost,
    DeadDiscard,
    DeadGroup,
    DuplicateKey,
    Entry,
    Holdings,
    Journal,
    Last,
    Page,
    Query,
    Record,
    Settlement,
    Standing,
    Stranger,
)
from gateway.journal import open as open_journal
from gateway.journal.audit import ACTS_LIMIT, AUDIT_REFUSED_LIMIT, AuditLine, AuditOutcome, AuditQuery
from gateway.journal.duplicates import use_key
from gateway.journal.keyrings import KEY_BYTES
from gateway.journal.past import DeliveredCount, EventCount
from gateway.journal.refusals import REFUSED_LIMIT
from gateway.journal.snoozes import Snooze
from gateway.journal.sqlite import lease
from gateway.journal.sqlite.file import prepare
from gateway.journal.standing import Ahead
from gateway.journal.uses import Pin
from gateway.model import (
    Attempt,
    AttemptResult,
    Card,
    CardMode,
    Cause,
    Delivery,
    DeliveryState,
    Discard,
    DiscardCause,
    Event,
    Note,
    Outcome,
    Parcel,
    Pause,
    Phase,
    Refusal,
    Request,
)
from tests.conftest import eventually

IMPLEMENTATIONS = {"sqlite, written by a thread": False, "sqlite, written by a process": True}
"""Whether it is opened as by a gateway, which delivers; the others are opened as by a command line tool."""

NOW = 1_800_000_000.123456
DELIVERED, DEAD, PENDING = DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.PENDING
DISCARDED = DeliveryState.DISCARDED

Reopen = Callable[[], Awaitable[Journal]]
_ids = count(1)


async def opened_as(folder: Path, *, deliver: bool, **more: Any) -> Journal:
    """The journal in a folder, opened as by a gateway or as by a tool."""
    url = f"sqlite:{folder / 'journal.db'}"
    return await open_journal(url, retention=1e9, max_size=10**9, deliver=deliver, clock=lambda: NOW + 500, **more)


@pytest.fixture(params=IMPLEMENTATIONS)
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopen]:
    """A function that closes the journal, if it is open, and opens it again over the same store."""
    opened: list[Journal] = []

    async def again() -> Journal:
        if opened:
            await opened.pop().close()
        if not IMPLEMENTATIONS[request.param]:
            prepare(tmp_path / "journal.db")  # what a tool never does
        opened.append(await opened_as(tmp_path, deliver=IMPLEMENTATIONS[request.param]))
        return opened[0]

    yield again
    for journal in opened:
        await journal.close()


@pytest.fixture
async def journal(reopen: Reopen) -> Journal:
    """An empty journal."""
    return await reopen()


def entry(*payloads: bytes, keys: tuple[DuplicateKey, ...] = (), lane: str = "ops:a", **event: object) -> Entry:
    """An entry with an event of its own and one parcel a payload."""
    values = {
        "id": f"event-{next(_ids)}",
        "received": NOW,
        "route": "build",
        "service": "github",
        "outcome": Outcome.MESSAGE,
        "name": "push",
        "translator": "github/push",
        "subject": "acme/api@main",
        "reason": "",
        "request": Request(body=b"{}"),
    } | event
    return Entry(Event(**values), tuple(Parcel("ops", lane, payload) for payload in payloads), keys)


def settled(delivery: Delivery, state: DeliveryState, **more: object) -> Settlement:
    """The settlement of a first attempt."""
    return Settlement(**({"seq": delivery.seq, "state": state, "attempts": 1} | more))


async def walk(journal: Journal, query: Query) -> list[str]:
    """The ids of all events that a query asks for, page by page."""
    found = []
    while True:
        page = await journal.find(query)
        assert len(page.records) <= query.limit
        found += [record.event.id for record in page.records]
        if not page.next:
            return found
        query = replace(query, before=page.next)


async def only(journal: Journal, event_id: str) -> tuple[Delivery, ...]:
    """The deliveries of one event."""
    (record,) = (await journal.find(Query(event_id=event_id))).records
    return record.deliveries


async def test_an_event_comes_back_as_it_was_stored(journal: Journal) -> None:
    """Every field survives: raw bytes of the body, text beyond ASCII, all digits of the time, empty values."""
    request = Request(
        method="PUT",
        headers={"x-name": 'Zoë ☃ "quoted"', "x-empty": ""},
        query={"a": "1", "ü": "\n"},
        body=bytes(range(256)) * 40,
        path_secret="***",
        url="https://gate.example.com/in/build",
    )
    stored = entry(
        b"\x00\xff not json", b"", b"third",
        request=request, received=1763634317.1234567, subject="naïve\x00nul", reason="why", outcome=Outcome.BROKEN,
    )  # fmt: skip
    appended = await journal.append(stored)
    (record,) = (await journal.find(Query())).records
    assert record.event == stored.event
    assert record.deliveries == appended.deliveries
    assert [delivery.payload for delivery in await journal.pending(0, 10)] == [b"\x00\xff not json", b"", b"third"]


async def test_append_answers_with_the_deliveries_it_made(journal: Journal) -> None:
    """The answer holds what `pending` will hand out, in the order of the parcels."""
    stored = entry(b"one", b"two")
    appended = await journal.append(stored)
    assert appended.event_id == stored.event.id
    assert not appended.duplicate
    assert [(d.payload, d.event_id, d.lane, d.received) for d in appended.deliveries] == [
        (b"one", stored.event.id, "ops:a", NOW),
        (b"two", stored.event.id, "ops:a", NOW),
    ]
    assert await journal.pending(0, 10) == list(appended.deliveries)


async def test_an_event_without_parcels_is_kept(journal: Journal) -> None:
    """Ignored events are found and make no delivery."""
    stored = entry(outcome=Outcome.IGNORED, reason="on the service's ignore list")
    assert (await journal.append(stored)).deliveries == ()
    (record,) = (await journal.find(Query(outcome="ignored"))).records
    assert record.event == stored.event
    assert await journal.pending(0, 10) == []


async def test_numbers_grow_in_the_order_of_append(journal: Journal) -> None:
    """Appends that are under way together are numbered in the order in which they were asked for."""
    appended = await asyncio.gather(*(journal.append(entry(b"%d" % n, b"again")) for n in range(700)))
    numbers = [delivery.seq for answer in appended for delivery in answer.deliveries]
    assert numbers == sorted(set(numbers))
    handed_out = await journal.pending(0, 10_000)
    assert [delivery.seq for delivery in handed_out] == numbers
    assert [delivery.payload for delivery in handed_out[::2]] == [b"%d" % n for n in range(700)]


async def test_pending_is_paged(journal: Journal) -> None:
    """`after` and `limit` walk the queue without a gap or a repeat."""
    await asyncio.gather(*(journal.append(entry(b"%d" % n)) for n in range(25)))
    walked: list[Delivery] = []
    while page := await journal.pending(walked[-1].seq if walked else 0, 10):
        assert len(page) <= 10
        walked += page
    assert [delivery.payload for delivery in walked] == [b"%d" % n for n in range(25)]
    assert await journal.pending(0, 0) == []


async def test_what_was_stored_is_there_after_a_restart(reopen: Reopen) -> None:
    """Pending deliveries are handed out again in the same order, settled ones are not, and numbers go on growing."""
    journal = await reopen()
    appended = [(await journal.append(entry(b"%d" % n))).deliveries[0] for n in range(4)]
    await journal.settle([settled(appended[1], DELIVERED), settled(appended[3], DEAD)])
    journal = await reopen()
    assert await journal.pending(0, 10) == [appended[0], appended[2]]
    later = (await journal.append(entry(b"later"))).deliveries[0]
    assert later.seq > appended[3].seq


async def test_close_finishes_what_was_asked_for(reopen: Reopen) -> None:
    """Appends under way at `close` are stored and answered; later ones are refused."""
    journal = await reopen()
    under_way = [asyncio.ensure_future(journal.append(entry(b"%d" % n))) for n in range(50)]
    await asyncio.sleep(0)
    await journal.close()
    assert len(await asyncio.gather(*under_way)) == 50
    with pytest.raises(JournalError, match="closed"):
        await journal.append(entry())
    with pytest.raises(JournalError, match="closed"):
        await journal.pending(0, 1)
    await journal.close()
    assert len(await (await reopen()).pending(0, 100)) == 50


async def test_a_cancelled_append_disturbs_nobody(journal: Journal) -> None:
    """The sender that went away may or may not be stored; those beside it are."""
    tasks = [asyncio.ensure_future(journal.append(entry(b"%d" % n))) for n in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, BaseException) for answer in answers] == [n == 4 for n in range(10)]
    assert {d.payload for d in await journal.pending(0, 99)} >= {b"%d" % n for n in range(10) if n != 4}


async def test_settlements_are_kept(journal: Journal) -> None:
    """A delivery shows its state, attempts, reason, post id and the time of its next attempt."""
    stored = entry(b"sent", b"later", b"never")
    sent, later, never = (await journal.append(stored)).deliveries
    again = NOW + 30.25
    await journal.settle(
        [
            settled(sent, DELIVERED, post_id="post"),
            Settlement(later.seq, PENDING, 3, not_before=again, reason="503"),
            settled(never, DEAD, reason="404: unknown hook"),
        ]
    )
    retried = replace(later, attempts=3, not_before=again, reason="503")
    assert await only(journal, stored.event.id) == (
        replace(sent, state=DELIVERED, attempts=1, post_id="post"),
        retried,
        replace(never, state=DEAD, attempts=1, reason="404: unknown hook"),
    )
    assert await journal.pending(0, 10) == [retried]


def failed(delivery: Delivery, number: int) -> Settlement:
    """The settlement of the attempt of that number, which the destination put off."""
    attempt = Attempt(NOW + number / 7, AttemptResult.LATER, 503, "5xx", f'503: "no", \\ not ☃\nthe {number}th')
    return Settlement(delivery.seq, PENDING, number, reason=attempt.answer, attempt=attempt)


async def test_attempts_are_logged(reopen: Reopen) -> None:
    """An event shows every attempt at its deliveries, oldest first, all digits of the time included."""
    journal = await reopen()
    stored = entry(b"x")
    (delivery,) = (await journal.append(stored)).deliveries
    last = Attempt(NOW + 9, AttemptResult.DELIVERED, 200, "2xx")
    said = [failed(delivery, 1), failed(delivery, 2), settled(delivery, DELIVERED, attempts=3, attempt=last)]
    for settlement in said:
        await journal.settle([settlement])
    journal = await reopen()
    assert [d.log for d in await only(journal, stored.event.id)] == [tuple(each.attempt for each in said)]


async def test_what_waits_is_handed_out_without_its_log(journal: Journal) -> None:
    """A queue of deliveries that failed often is not to fill the memory."""
    (delivery,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([failed(delivery, 1)])
    (waiting,) = await journal.pending(0, 10)
    assert (waiting.attempts, waiting.log) == (1, ())


async def test_the_log_keeps_the_newest_attempts(journal: Journal) -> None:
    """However often a delivery is tried, its log stays small."""
    stored = entry(b"x")
    (delivery,) = (await journal.append(stored)).deliveries
    said = [failed(delivery, number) for number in range(1, LOG_LIMIT + 4)]
    for settlement in said:
        await journal.settle([settlement])
    assert [d.log for d in await only(journal, stored.event.id)] == [tuple(e.attempt for e in said[-LOG_LIMIT:])]


async def test_a_settlement_that_is_repeated_is_logged_once(journal: Journal) -> None:
    """What may or may not have been stored is settled again, to the same effect."""
    stored = entry(b"x", b"y")
    deliveries = (await journal.append(stored)).deliveries
    said = [failed(delivery, 1) for delivery in deliveries]
    await journal.settle(said)
    await journal.settle(said)
    assert [d.log for d in await only(journal, stored.event.id)] == [(each.attempt,) for each in said]


async def test_the_trace_stays_with_the_delivery(journal: Journal) -> None:
    """What a parcel says about its trace comes out with the delivery, also when it is sent again."""
    parcels = (Parcel("ops", "l", b"1", trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),)
    (delivery,) = (await journal.append(Entry(entry().event, parcels))).deliveries
    assert delivery.trace == parcels[0].trace
    assert await journal.pending(0, 10) == [delivery]
    await journal.settle([settled(delivery, DEAD)])
    await journal.requeue([delivery.seq])
    (again,) = await journal.pending(0, 10)
    assert (again.trace, again.log) == (delivery.trace, ())


async def test_the_last_settlement_of_a_number_counts(journal: Journal) -> None:
    """Within one call a later word on a delivery replaces an earlier one."""
    (delivery,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([settled(delivery, PENDING, reason="first"), settled(delivery, DELIVERED)])
    assert await journal.pending(0, 10) == []


async def test_settled_stays_settled(journal: Journal) -> None:
    """A late word on a settled delivery, or one on an unknown number, changes nothing."""
    stored = entry(b"x")
    (delivery,) = (await journal.append(stored)).deliveries
    await journal.settle([settled(delivery, DELIVERED, post_id="post")])
    await journal.settle([settled(delivery, PENDING), Settlement(987_654, DEAD, 1)])
    await journal.settle([])
    (after,) = await only(journal, stored.event.id)
    assert (after.state, after.post_id) == (DELIVERED, "post")
    assert await journal.pending(0, 10) == []


async def test_many_settlements_at_once(journal: Journal) -> None:
    """A batch of any size is recorded."""
    appended = await asyncio.gather(*(journal.append(entry(b"x")) for _ in range(400)))
    deliveries = [answer.deliveries[0] for answer in appended]
    await journal.settle([settled(delivery, DELIVERED) for delivery in deliveries[1:]])
    assert await journal.pending(0, 1000) == deliveries[:1]


async def test_a_repeat_within_the_window_is_the_first_event(journal: Journal) -> None:
    """The second request is answered with the first one's id and stores nothing."""
    key = DuplicateKey(b"build:guid-1", 60)
    first = await journal.append(entry(b"x", keys=(key,)))
    second = await journal.append(entry(b"x", keys=(key,), received=NOW + 59))
    assert (second.event_id, second.duplicate, second.deliveries) == (first.event_id, True, ())
    assert len((await journal.find(Query())).records) == 1
    assert len(await journal.pending(0, 10)) == 1


async def test_a_repeat_after_the_window_is_a_new_event(journal: Journal) -> None:
    """The window counts from the first event; a repeat does not lengthen it, and a new event starts its own."""
    key = DuplicateKey(b"build:guid-1", 60)
    await journal.append(entry(keys=(key,)))
    await journal.append(entry(keys=(key,), received=NOW + 50))
    third = await journal.append(entry(keys=(key,), received=NOW + 61))
    assert not third.duplicate
    fourth = await journal.append(entry(keys=(key,), received=NOW + 100))
    assert (fourth.duplicate, fourth.event_id) == (True, third.event_id)


async def test_any_key_makes_a_repeat(journal: Journal) -> None:
    """One common key among several is enough."""
    delivery_id, body, other = (DuplicateKey(key.encode(), 60) for key in ("id:1", "body:1", "id:2"))
    first = await journal.append(entry(keys=(delivery_id, body)))
    second = await journal.append(entry(keys=(other, body)))
    assert (second.duplicate, second.event_id) == (True, first.event_id)
    assert not (await journal.append(entry(keys=(other,)))).duplicate


async def test_repeats_that_arrive_together_are_one_event(journal: Journal) -> None:
    """The first of many concurrent repeats wins, all learn its id."""
    key = DuplicateKey(b"build:guid-1", 60)
    answers = await asyncio.gather(*(journal.append(entry(b"x", keys=(key,))) for _ in range(30)))
    assert [answer.duplicate for answer in answers] == [False] + [True] * 29
    assert {answer.event_id for answer in answers} == {answers[0].event_id}
    assert len(await journal.pending(0, 10)) == 1


async def test_repeats_are_known_after_a_restart(reopen: Reopen) -> None:
    """Duplicate keys are as durable as events."""
    key = DuplicateKey(b"build:guid-1", 60)
    first = await (await reopen()).append(entry(keys=(key,)))
    second = await (await reopen()).append(entry(keys=(key,)))
    assert (second.duplicate, second.event_id) == (True, first.event_id)


async def test_an_id_is_stored_once(journal: Journal) -> None:
    """An event whose id is taken is refused; those that arrive with it are stored."""
    taken = entry(b"first")
    await journal.append(taken)
    answers = await asyncio.gather(
        *(journal.append(e) for e in (entry(b"a"), taken, entry(b"b"))), return_exceptions=True
    )
    assert isinstance(answers[1], JournalError)
    assert [delivery.payload for delivery in await journal.pending(0, 10)] == [b"first", b"a", b"b"]


async def test_what_cannot_be_stored_disturbs_nobody(journal: Journal) -> None:
    """A text that is not Unicode is refused with JournalError; those that arrive with it are stored."""
    bad = entry(b"bad", subject="half a pair \ud800")
    answers = await asyncio.gather(
        *(journal.append(e) for e in (entry(b"a"), bad, entry(b"b"))), return_exceptions=True
    )
    assert isinstance(answers[1], JournalError)
    assert [delivery.payload for delivery in await journal.pending(0, 10)] == [b"a", b"b"]


async def test_find_filters(journal: Journal) -> None:
    """Every given condition must hold."""
    one = entry(b"x", route="build", service="github")
    two = entry(b"x", route="build", service="gitlab", outcome=Outcome.BROKEN)
    three = entry(route="alerts", service="alertmanager", outcome=Outcome.IGNORED)
    for each in (one, two, three):
        await journal.append(each)

    async def found(**conditions: object) -> list[str]:
        return [record.event.id for record in (await journal.find(Query(**conditions))).records]

    ids = [three.event.id, two.event.id, one.event.id]
    assert await found() == ids
    assert await found(route="build") == ids[1:]
    assert await found(service="alertmanager") == ids[:1]
    assert await found(outcome="broken") == ids[1:2]
    assert await found(route="build", outcome="ignored") == []
    assert await found(event_id=ids[1]) == ids[1:2]
    assert await found(event_id=ids[1], route="alerts") == []
    assert await found(event_id="nobody") == []
    assert await found(limit=2) == ids[:2]
    assert await found(limit=0) == []


async def test_find_by_the_state_of_a_delivery(journal: Journal) -> None:
    """An event is found by each state that any of its deliveries has."""
    mixed, waiting, ignored = entry(b"a", b"b"), entry(b"c"), entry()
    sent, dead = (await journal.append(mixed)).deliveries
    await journal.append(waiting)
    await journal.append(ignored)
    await journal.settle([settled(sent, DELIVERED), settled(dead, DEAD)])

    async def found(state: DeliveryState) -> list[str]:
        return [record.event.id for record in (await journal.find(Query(delivery_state=state))).records]

    assert await found(DELIVERED) == await found(DEAD) == [mixed.event.id]
    assert await found(PENDING) == [waiting.event.id]
    assert await found(DeliveryState.REPLAYED) == []
    await journal.requeue([dead.seq])
    assert await found(DeliveryState.REPLAYED) == [mixed.event.id]
    assert await found(PENDING) == [waiting.event.id, mixed.event.id]


async def test_find_is_paged_newest_first(journal: Journal) -> None:
    """`before` goes on where a page ended, also among events of the same instant; an unknown id ends it."""
    entries = [entry(received=NOW + n // 3) for n in range(20)]
    for each in entries:
        await journal.append(each)
    walked: list[str] = []
    while page := (await journal.find(Query(before=walked[-1] if walked else "", limit=6))).records:
        walked += [record.event.id for record in page]
    assert walked == await walk(journal, Query(limit=6)) == [each.event.id for each in reversed(entries)]
    assert await journal.find(Query(before="nobody")) == Page()


@pytest.mark.parametrize("count", [0, 1, 5, 6, 7, 12])
async def test_a_page_says_where_the_next_begins(journal: Journal, count: int) -> None:
    """`next` is empty exactly when nothing is left, whatever the query asks for."""
    entries = [entry(b"x", route=("a", "b", "c")[n % 3], outcome=list(Outcome)[n % 2]) for n in range(count * 3)]
    for each in entries:
        await journal.append(each)
    wanted = [each.event.id for each in reversed(entries) if each.event.route == "b"]
    for query in (Query(route="b", limit=6), Query(route="b", limit=6, text="ACME push", delivery_state=PENDING)):
        assert await walk(journal, query) == wanted
    page = await journal.find(Query(route="b", limit=6))
    assert page.next == (wanted[5] if count > 6 else "")


async def test_newest_first_is_the_order_of_storing(journal: Journal) -> None:
    """A page that is gone on from never misses what was received earlier but stored later."""
    entries = [entry(received=NOW - n, route=str(n % 2)) for n in range(4)]
    for each in entries:
        await journal.append(each)
    assert await walk(journal, Query()) == [each.event.id for each in reversed(entries)]
    assert await walk(journal, Query(service="github")) == [each.event.id for each in reversed(entries)]


async def test_conditions_on_a_delivery_hold_for_the_same_one(journal: Journal) -> None:
    """An event with a dead delivery here and a delivered one there is not one that is dead there."""
    parcels = (Parcel("ops", "l", b"1"), Parcel("dev", "l", b"2"))
    both = Entry(entry().event, parcels)
    ops, dev = (await journal.append(both)).deliveries
    other = entry(b"3")
    (third,) = (await journal.append(other)).deliveries
    await journal.settle([settled(ops, DEAD, reason="403: no"), settled(dev, DELIVERED), settled(third, DEAD)])
    first, second = both.event.id, other.event.id

    async def found(**conditions: object) -> list[str]:
        return await walk(journal, Query(**conditions))

    assert await found(destination="dev") == [first]
    assert await found(destination="ops") == [second, first]
    assert await found(destination="nowhere") == await found(delivery_state=DEAD, destination="nowhere") == []
    assert await found(delivery_state=DEAD, destination="ops") == [second, first]
    assert await found(delivery_state=DEAD, destination="dev") == []
    assert await found(delivery_state=DEAD, destination="ops", reason="403: no") == [first]
    assert await found(delivery_state=DEAD, reason="403: no") == await found(reason="403: no") == [first]
    assert await found(delivery_state=DEAD, reason="403") == []
    assert await found(delivery_state=DELIVERED, destination="dev", event_id=first) == [first]
    assert await found(delivery_state=DEAD, route="nowhere") == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("ACME/API", True),
        ("main push acme", True),
        ("github/push", True),
        ("absent", False),
        ("push absent", False),
        ("it's \\o/ 100%", True),
        ("%", True),
        ("10_%", False),
        ('"quoted"', True),
        ("söndag", True),
        ("SÖNDAG", True),
        ("Söndag", True),
        ("понедельник", True),
        ("☃", True),
        ("second", True),
        ("why", True),
        ("octopus", False),
    ],
)
async def test_find_by_words(journal: Journal, text: str, fits: bool) -> None:
    """Every word must be somewhere in the event or its messages, in any case; nothing in a word has a meaning."""
    first = '{"text": "it\'s \\\\o/ 100% \\"quoted\\" SÖNDAG Понедельник ☃"}'.encode()
    stored = entry(first, b'{"text": "Second"}', reason="why", request=Request(body=b"octopus"))
    await journal.append(stored)
    await journal.append(entry(b"{}", name="ping", translator="", subject="", service="other"))
    assert await walk(journal, Query(text=text, service="github")) == [stored.event.id] * fits


async def test_find_by_the_words_of_a_failure(journal: Journal) -> None:
    """What a destination answered is found, and so is an event by a part of its id."""
    stored = entry(b"{}")
    (delivery,) = (await journal.append(stored)).deliveries
    await journal.append(entry(b"{}"))
    await journal.settle([settled(delivery, DEAD, reason="403: the hook is locked")])
    assert await walk(journal, Query(text="LOCKED hook")) == [stored.event.id]
    assert stored.event.id in await walk(journal, Query(text=stored.event.id[2:]))


async def test_a_text_to_find_has_a_limit(journal: Journal) -> None:
    """A search costs what its words cost: a novel is refused."""
    await journal.append(entry(b"{}"))
    assert await walk(journal, Query(text="a " * (TEXT_LIMIT // 2 - 1) + "é")) == []
    with pytest.raises(JournalError, match="201 characters"):
        await journal.find(Query(text="x" * (TEXT_LIMIT + 1)))


async def test_lists_go_without_bodies(journal: Journal) -> None:
    """Everything but the body and the payloads is as ever."""
    stored = entry(b"one", b"two", request=Request(headers={"a": "b"}, body=b"body"))
    deliveries = (await journal.append(stored)).deliveries
    page = await journal.find(Query(bodies=False))
    event = replace(stored.event, request=replace(stored.event.request, body=b""))
    assert page.records == (Record(event, tuple(replace(delivery, payload=b"") for delivery in deliveries)),)


async def test_find_shows_large_requests(journal: Journal) -> None:
    """Bodies of megabytes come back whole."""
    entries = [entry(request=Request(body=bytes([n]) * 3_000_000)) for n in range(12)]
    await asyncio.gather(*(journal.append(each) for each in entries))
    found = (await journal.find(Query())).records
    assert [record.event for record in found] == [each.event for each in reversed(entries)]


async def test_requeue_sends_again_at_the_end(journal: Journal) -> None:
    """Dead and delivered ones are copied with a clean slate, as received now; the old ones are marked."""
    stored = entry(b"dead", b"sent", b"waits")
    dead, sent, waits = (await journal.append(stored)).deliveries
    await journal.settle([settled(dead, DEAD, reason="404"), settled(sent, DELIVERED, post_id="post")])
    assert await journal.requeue([sent.seq, dead.seq, waits.seq, 987_654]) == 2
    first, second, third = await journal.pending(0, 10)
    assert first == waits
    fresh = {"received": NOW + 500}
    assert second == replace(dead, seq=second.seq, **fresh)
    assert third == replace(sent, seq=third.seq, **fresh)
    assert waits.seq < second.seq < third.seq
    states = [delivery.state.value for delivery in await only(journal, stored.event.id)]
    assert states == ["replayed", "replayed", "pending", "pending", "pending"]


async def test_requeue_is_done_once(journal: Journal) -> None:
    """Asking twice for the same number makes one copy."""
    (delivery,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([settled(delivery, DEAD)])
    assert await journal.requeue([delivery.seq, delivery.seq]) == 1
    assert await journal.requeue([delivery.seq]) == 0
    assert await journal.requeue([]) == 0
    assert len(await journal.pending(0, 10)) == 1


async def test_discarded_ones_are_no_dead_letters_any_more(reopen: Reopen) -> None:
    """They are found by their state, with when and why, and are counted and grouped no more; others are left alone."""
    journal = await reopen()
    stored = entry(b"dead", b"sent", b"waits", b"dead")
    first, sent, waits, second = (await journal.append(stored)).deliveries
    await journal.settle([settled(first, DEAD, reason="404"), settled(second, DEAD), settled(sent, DELIVERED)])
    assert await journal.discard([waits.seq, first.seq, sent.seq, 987_654, first.seq], "söld \x00 ☃") == 1
    assert await journal.discard([first.seq], "again") == 0
    assert await journal.discard([], "nothing") == 0
    journal = await reopen()
    gone, *others = await only(journal, stored.event.id)
    assert gone == replace(first, state=DISCARDED, attempts=1, reason="404", discard=Discard(NOW + 500, "söld \x00 ☃"))
    assert [(one.state, one.discard) for one in others] == [(DELIVERED, None), (PENDING, None), (DEAD, None)]
    assert (await journal.census())["ops"].dead == 1
    assert [group.count for group in await journal.dead_groups()] == [1]
    assert await walk(journal, Query(delivery_state=DISCARDED)) == [stored.event.id]
    assert await walk(journal, Query(delivery_state=DISCARDED, destination="dev")) == []
    assert await journal.pending(0, 10) == [waits]


async def test_a_discard_can_be_taken_back(journal: Journal) -> None:
    """A discarded delivery is sent again as a dead one is, and goes on saying that it was discarded."""
    stored = entry(b"x")
    (delivery,) = (await journal.append(stored)).deliveries
    await journal.settle([settled(delivery, DEAD)])
    await journal.discard([delivery.seq], "a mistake")
    assert await journal.requeue([delivery.seq]) == 1
    before, again = await only(journal, stored.event.id)
    assert (before.state, before.discard) == (DeliveryState.REPLAYED, Discard(NOW + 500, "a mistake"))
    assert (again.state, again.discard) == (PENDING, None)
    assert await walk(journal, Query(delivery_state=DISCARDED)) == []


async def test_a_discard_of_very_many_is_done_in_pieces(journal: Journal) -> None:
    """Every one is counted once, and others are served meanwhile."""
    stored = [entry(*(b"%d" % number for number in range(start, start + 500))) for start in range(0, 2500, 500)]
    deliveries = [one for each in stored for one in (await journal.append(each)).deliveries]
    await journal.settle([settled(delivery, DEAD) for delivery in deliveries])
    discarding = asyncio.ensure_future(journal.discard([d.seq for d in reversed(deliveries)], "sold"))
    await journal.append(entry(b"meanwhile"))
    assert await discarding == 2500
    assert (await journal.census())["ops"].dead == 0


async def test_whoever_counts_the_dead_hears_of_a_discard(journal: Journal) -> None:
    """0 is the number of no delivery."""
    (delivery,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([settled(delivery, DEAD)])
    told: list[int] = []
    journal.listen(told.append)
    await journal.discard([delivery.seq], "sold")
    await eventually(lambda: told == [0])


async def test_a_gateway_hears_of_every_discard(tmp_path: Path) -> None:
    """By itself and by tools, with destination, number, ages and reason."""
    async with AsyncExitStack() as stack:
        told: list[DeadDiscard] = []
        gateway = await closing(stack, await opened_as(tmp_path, deliver=True, on_discard=told.append))
        tool = await closing(stack, await opened_as(tmp_path, deliver=False))
        parcels = tuple(Parcel(name, "l", b"x") for name in ("ops", "dev", "ops", "ops"))
        made = (await gateway.append(Entry(entry().event, parcels))).deliveries
        await gateway.settle([settled(one, DEAD) for one in made])
        counted: list[int] = []
        gateway.listen(counted.append)
        assert await tool.discard([one.seq for one in made[:3]], "sold") == 3
        await eventually(lambda: len(told) == 2)
        assert counted == [0]
        assert await gateway.discard([made[3].seq], "tired") == 1
        person = DiscardCause.PERSON
        assert sorted(told, key=lambda one: (one.reason, one.destination)) == [
            DeadDiscard("dev", person, 1, NOW, NOW, "sold"),
            DeadDiscard("ops", person, 2, NOW, NOW, "sold"),
            DeadDiscard("ops", person, 1, NOW, NOW, "tired"),
        ]


def hooked(*addresses: str, key: str = "", body: bytes = b"{}") -> Entry:
    """An entry with one parcel for each address of the destination `hooks`."""
    parcels = tuple(Parcel("hooks", f"hooks {address}", b"x", address) for address in addresses)
    keys = (DuplicateKey(key.encode(), 60),) if key else ()
    return Entry(entry(request=Request(body=body)).event, parcels, keys)


async def test_an_address_is_known_from_its_first_delivery(reopen: Reopen) -> None:
    """For its destination, and after a restart; a retry, and deliveries without an address make nobody known."""
    journal = await reopen()
    assert await journal.addresses("hooks") == set()
    one, two, three = (await journal.append(hooked("a", "b", ""))).deliveries
    (other,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([settled(one, DELIVERED), settled(two, PENDING), settled(three, DELIVERED)])
    await journal.settle([settled(other, DELIVERED), settled(one, DELIVERED)])
    journal = await reopen()
    assert (await journal.addresses("hooks"), await journal.addresses("ops")) == ({"a"}, set())
    again = (await journal.append(hooked("a", "a", "a"))).deliveries
    await journal.settle([settled(one, DELIVERED) for one in again])
    assert await journal.addresses("hooks") == {"a"}


async def test_what_a_stranger_sent_is_dropped_when_it_is_refused(reopen: Reopen) -> None:
    """Event, body and duplicate keys go with its last delivery: a repeat is a new event. It is no dead letter."""
    journal = await reopen()
    stored = hooked("a", "a", key="k", body=b"secret")
    first, second = (await journal.append(stored)).deliveries
    await journal.settle([settled(first, DEAD, reason="404")])
    assert [one.seq for one in await only(journal, stored.event.id)] == [second.seq]
    assert (await journal.append(hooked("a", key="k"))).duplicate
    await journal.settle([settled(second, DEAD, reason="404")])
    await journal.settle([settled(second, DEAD, reason="404")])
    journal = await reopen()
    assert await journal.find(Query()) == Page()
    assert (await journal.census(), list(await journal.dead_groups())) == ({}, [])
    assert not (await journal.append(hooked("a", key="k"))).duplicate
    (later,) = await journal.pending(0, 10)
    assert later.seq > second.seq


async def test_what_a_known_address_refuses_is_a_dead_letter(journal: Journal) -> None:
    """It has shown that it exists; also when it becomes known in the same call, and whoever else the event went to."""
    mixed = hooked("a", "stranger")
    sent, refused = (await journal.append(mixed)).deliveries
    await journal.settle([settled(sent, DELIVERED), settled(refused, DEAD)])
    assert [one.state for one in await only(journal, mixed.event.id)] == [DELIVERED]
    first, second = hooked("a"), hooked("b", "b")
    (one,) = (await journal.append(first)).deliveries
    two, three = (await journal.append(second)).deliveries
    await journal.settle([settled(one, DEAD), settled(two, DEAD), settled(three, DELIVERED)])
    assert [delivery.state for delivery in await only(journal, first.event.id)] == [DEAD]
    assert [delivery.state for delivery in await only(journal, second.event.id)] == [DEAD, DELIVERED]
    assert (await journal.census())["hooks"].dead == 2


async def test_a_late_word_drops_nothing(journal: Journal) -> None:
    """Only what is pending is settled, and only what is settled as dead is dropped."""
    stored = hooked("a", "a", "b")
    sent, waits, again = (await journal.append(stored)).deliveries
    await journal.settle([settled(sent, DELIVERED), settled(again, PENDING, reason="503")])
    await journal.settle([settled(sent, DEAD), Settlement(987_654, DEAD, 1)])
    assert [one.state for one in await only(journal, stored.event.id)] == [DELIVERED, PENDING, PENDING]
    assert [one.seq for one in await journal.pending(0, 10)] == [waits.seq, again.seq]


async def test_what_waits_for_strangers_is_told(journal: Journal) -> None:
    """By address, with the bytes of their events; neither what is known nor what is settled."""
    assert await journal.strangers("hooks") == {}
    (sent,) = (await journal.append(hooked("known"))).deliveries
    await journal.settle([settled(sent, DELIVERED)])
    await journal.append(hooked("known", "a", "a", body=randbytes(5000)))
    await journal.append(hooked("a", body=randbytes(3000)))
    (refused,) = (await journal.append(hooked("c"))).deliveries
    await journal.append(hooked("b"))
    await journal.append(entry(b"x"))
    await journal.settle([settled(refused, DEAD)])
    found = await journal.strangers("hooks")
    assert {address: one.deliveries for address, one in found.items()} == {"a": 3, "b": 1}
    assert 8000 < found["a"].size < 12_000
    assert found["b"] == Stranger(1, found["b"].size)
    assert await journal.strangers("ops") == {}


async def test_census_counts_what_is_open(journal: Journal) -> None:
    """Waiting and dead deliveries by destination, and since when the oldest waits."""
    assert await journal.census() == {}
    parcels = (Parcel("ops", "l", b"1"), Parcel("dev", "l", b"2"), Parcel("dev", "l", b"3"), Parcel("qa", "l", b"4"))
    made = (await journal.append(Entry(entry().event, parcels))).deliveries
    await journal.append(entry(b"5", received=NOW + 7))
    await journal.settle([settled(made[1], DEAD), settled(made[3], DELIVERED)])
    assert await journal.census() == {"ops": Standing(2, NOW, 0), "dev": Standing(1, NOW, 1)}
    await journal.settle([settled(made[0], DELIVERED), settled(made[2], DEAD)])
    assert await journal.census() == {"ops": Standing(1, NOW + 7, 0), "dev": Standing(0, 0.0, 2)}


async def test_the_dead_are_grouped(journal: Journal) -> None:
    """By destination and reason, the largest group first; what is replayed from a group is gone from it."""
    assert list(await journal.dead_groups()) == []
    appended = []
    for number in range(6):
        parcels = (Parcel("ops", "l", b"1"), Parcel("dev", "l", b"2"))
        appended.append((await journal.append(Entry(entry(received=NOW + number).event, parcels))).deliveries)
    reasons = ["404"] * 3 + ["403: no"] * 3
    await journal.settle(
        [settled(ops, DEAD, reason=reason) for (ops, _), reason in zip(appended, reasons, strict=True)]
    )
    await journal.settle([settled(dev, DEAD, reason="404") for _, dev in appended[:1]])
    await journal.settle([settled(dev, DELIVERED) for _, dev in appended[1:]])
    assert list(await journal.dead_groups()) == [
        DeadGroup("ops", "403: no", 3, NOW + 3, NOW + 5),
        DeadGroup("ops", "404", 3, NOW, NOW + 2),
        DeadGroup("dev", "404", 1, NOW, NOW),
    ]
    query = Query(delivery_state=DEAD, destination="ops", reason="404", limit=2)
    page = await journal.find(query)
    assert await journal.requeue([record.deliveries[0].seq for record in page.records]) == 2
    assert (await journal.dead_groups())[-1] == DeadGroup("ops", "404", 1, NOW, NOW)
    assert await walk(journal, replace(query, before=page.next)) == [appended[0][0].event_id]


async def test_only_the_largest_groups_are_told(journal: Journal) -> None:
    """Reasons of any number make an answer of bounded length."""
    stored = entry(*(b"%d" % number for number in range(GROUPS_LIMIT + 11)))
    deliveries = (await journal.append(stored)).deliveries
    await journal.settle([settled(d, DEAD, reason=f"reason {max(n, 10)}") for n, d in enumerate(deliveries)])
    groups = list(await journal.dead_groups())
    assert len(groups) == GROUPS_LIMIT
    assert (groups[0].reason, groups[0].count) == ("reason 10", 11)


async def test_holdings_tell_what_is_kept(reopen: Reopen) -> None:
    """How many events, since when, how large, and the newest of every route with its outcome."""
    journal = await reopen()
    assert await journal.holdings() == Holdings()
    for number, route in enumerate(("a", "b", "a", "c", "b")):
        outcome = Outcome.BROKEN if number == 2 else Outcome.MESSAGE
        await journal.append(entry(b"{}", received=NOW + number, route=route, outcome=outcome))
    assert (await journal.holdings()).last == {
        "a": Last(NOW + 2, Outcome.BROKEN),
        "b": Last(NOW + 4, Outcome.MESSAGE),
        "c": Last(NOW + 3, Outcome.MESSAGE),
    }
    holdings = await (await reopen()).holdings()
    assert (holdings.events, holdings.oldest, len(holdings.last)) == (5, NOW, 3)
    assert 5 * 4 <= holdings.size < 5 * 2000


async def test_the_past_is_counted_in_steps(reopen: Reopen) -> None:
    """Events by route and outcome when they were received, deliveries by destination when they arrived."""
    journal = await reopen()
    assert (await journal.past(NOW - 100, NOW, 10.0)).newest == 0
    base = NOW - NOW % 10
    for number, (at, route) in enumerate(((1, "a"), (2, "b"), (12, "a"), (13, "a"))):
        outcome = Outcome.BROKEN if number == 3 else Outcome.MESSAGE
        stored = await journal.append(entry(b"{}", received=base + at, route=route, outcome=outcome))
        failed = Attempt(base + at, AttemptResult.LATER, 503, "5xx", '503: "delivered", they say')
        arrived = Attempt(base + at + 5, AttemptResult.DELIVERED, 200, "2xx")
        for attempts, (state, attempt) in enumerate(((PENDING, failed), (DELIVERED, arrived)), 1):
            if number == 2 and state is DELIVERED:
                break
            await journal.settle([Settlement(one.seq, state, attempts, attempt=attempt) for one in stored.deliveries])
    journal = await reopen()
    past, step = await journal.past(base - 100, base + 100, 10.0), int(base // 10)
    assert sorted(past.events, key=str) == [
        EventCount(step, "a", Outcome.MESSAGE, 1),
        EventCount(step, "b", Outcome.MESSAGE, 1),
        EventCount(step + 1, "a", Outcome.BROKEN, 1),
        EventCount(step + 1, "a", Outcome.MESSAGE, 1),
    ]
    assert sorted(past.delivered, key=str) == [DeliveredCount(step, "ops", 2), DeliveredCount(step + 1, "ops", 1)]
    assert (past.since, past.newest) == (base - 100, 4)
    late = await journal.past(base + 10, base + 18, 10.0)
    assert [one.count for one in late.events] == [1, 1]
    assert late.delivered == []
    counts, reached = await journal.fresh(2)
    assert sorted(counts, key=str) == [EventCount(0, "a", Outcome.BROKEN, 1), EventCount(0, "a", Outcome.MESSAGE, 1)]
    assert reached == 4
    assert await journal.fresh(4) == ([], 4)


@pytest.mark.parametrize(
    ("narrowed", "numbers"),
    [
        (Query(since=NOW + 2), [4, 3, 2]),
        (Query(until=NOW + 2), [2, 1, 0]),
        (Query(since=NOW + 1, until=NOW + 3, route="a"), [3, 1]),
        (Query(since=NOW + 1, destination="dev"), []),
        (Query(translator="t/1"), [3, 1]),
        (Query(translator="t/1", since=NOW + 2), [3]),
        (Query(since=NOW + 100), []),
        (Query(until=NOW - 100), []),
        (Query(since=NOW + 3, until=NOW + 2), []),
        (Query(until=NOW + 2, delivery_state=DeliveryState.PENDING, route="b"), [2, 0]),
    ],
)
async def test_events_are_found_by_time_and_translator(reopen: Reopen, narrowed: Query, numbers: Sequence[int]) -> None:
    """Both ends of a range belong to it; it narrows every other condition, and pages go through it."""
    journal = await reopen()
    for number in range(5):
        await journal.append(
            entry(b"{}", id=f"e{number}", received=NOW + number, route="ba"[number % 2], translator=f"t/{number % 2}")
        )
    for limit in (1, 2, 50):
        assert await walk(journal, replace(narrowed, limit=limit)) == [f"e{number}" for number in numbers]


async def test_a_list_has_the_first_payload_of_each_event(reopen: Reopen) -> None:
    """Without bodies, and unless it is long."""
    journal = await reopen()
    await journal.append(entry(b"one", b"two", id="short"))
    await journal.append(entry(b"x" * (FIRST_PAYLOAD + 1), id="long"))
    await journal.append(entry(id="none"))
    found = (await journal.find(Query(bodies=False, first_payloads=True))).records
    payloads = {record.event.id: [one.payload for one in record.deliveries] for record in found}
    assert payloads == {"short": [b"one", b""], "long": [b""], "none": []}
    assert {record.event.request.body for record in found} == {b""}


async def test_a_card_is_remembered_with_its_settlement(reopen: Reopen) -> None:
    """The post of a subject is known once its settlement is durable, also after a restart; the newest counts."""
    journal = await reopen()
    card = Card("github:acme/api#1", CardMode.BOTH, Phase.CLOSE, '{"text":"card"}')
    stored = entry()
    parcels = tuple(Parcel("ops", "ops:a", payload, card=card) for payload in (b"one", b"two", b"three"))
    deliveries = (await journal.append(Entry(stored.event, parcels))).deliveries
    assert [delivery.card for delivery in deliveries] == [card] * 3
    assert await journal.card("ops", card.subject) is None
    for delivery, post, closed in zip(deliveries, ("p1", "p2", "p3"), (None, True, None), strict=True):
        shown = CardPost("ops", card.subject, post, NOW, closed)
        await journal.settle([settled(delivery, DeliveryState.DELIVERED, post_id=post, card=shown)])
    journal = await reopen()
    assert await journal.card("ops", card.subject) == CardPost("ops", card.subject, "p3", NOW, closed=True)
    assert await journal.card("dev", card.subject) is None
    assert [delivery.card for delivery in await only(journal, stored.event.id)] == [card] * 3


async def test_a_card_knows_whether_it_shows_something_newer(reopen: Reopen) -> None:
    """What is sent again is compared by its event, or by the one whose news it is; a mere reply makes nothing newer."""
    journal = await reopen()
    subject, post = "github:acme/api#1", CardPost("ops", "github:acme/api#1", "p", NOW)

    async def added(name: str, **more: str) -> Delivery:
        card = Card(subject, CardMode.UPDATE, **more)
        stored = Entry(entry(id=name).event, (Parcel("ops", "ops:a", b"", card=card),))
        return (await journal.append(stored)).deliveries[0]

    async def end(delivery: Delivery, state: DeliveryState = DeliveryState.DELIVERED) -> None:
        await journal.settle([settled(delivery, state, card=post if state is DeliveryState.DELIVERED else None)])

    async def newer(delivery: Delivery) -> bool | None:
        shown = await journal.card("ops", subject, delivery.seq)
        return shown and shown.newer

    opened, changed, noted = await added("opened"), await added("changed"), await added("noted", alone="")
    assert await newer(opened) is None
    await end(opened)
    await end(changed, DeliveryState.DEAD)
    await end(noted)
    await journal.requeue([opened.seq, changed.seq])
    first, second = await journal.pending(0, 10)
    assert [await newer(first), await newer(second)] == [False, False]
    await end(await added("closed"))
    await end(second)  # late: nothing becomes older for it
    read_again = await added("again", origin="changed")
    journal = await reopen()
    assert [await newer(one) for one in (first, second, read_again)] == [True, True, True]
    assert await newer(await added("next")) is False


async def test_a_card_knows_what_was_done_at_its_post(reopen: Reopen) -> None:
    """Oldest first, the newest of many, and nothing that was not done or was done elsewhere."""
    journal = await reopen()
    delivery = (await journal.append(entry(b"one"))).deliveries[0]
    shown = CardPost("ops", "s", "p1", NOW)
    await journal.settle([settled(delivery, DeliveryState.DELIVERED, card=shown)])
    await journal.record([audited(0, done="Other", post="p2"), audited(0, done="None", post="")])
    assert (await journal.card("ops", "s")).acts == ()
    lines = [audited(n, at=NOW + 0.123456789 * n, done=f"{n}", post="p1") for n in range(ACTS_LIMIT + 3)]
    await journal.record([audited(0, post="p1", outcome=AuditOutcome.FAILED), *lines])
    journal = await reopen()
    acts = (await journal.card("ops", "s")).acts
    assert [replace(act, number=0) for act in acts] == lines[3:]


async def test_secrets_are_remembered_by_route(reopen: Reopen) -> None:
    """What a service told is there after a restart; a later word replaces an earlier one."""
    journal = await reopen()
    assert dict(await journal.secrets()) == {}
    await journal.remember("build", "first")
    await journal.remember("alerts", "söcret \x00 ☃")
    await journal.remember("build", "second")
    assert dict(await journal.secrets()) == {"build": "second", "alerts": "söcret \x00 ☃"}
    assert dict(await (await reopen()).secrets()) == {"build": "second", "alerts": "söcret \x00 ☃"}


async def test_a_pause_is_kept_until_it_is_taken_back(reopen: Reopen) -> None:
    """It has its time, person and reason, also after a restart; another one replaces it."""
    journal = await reopen()
    assert await journal.pauses() == {}
    await journal.set_pause("ops", Pause(NOW, "ada on desk", "it moves"))
    await journal.set_pause("dev", Pause(NOW + 1, "", "söld ☃"))
    await journal.set_pause("ops", Pause(NOW + 2, "", "it still moves"))
    journal = await reopen()
    assert await journal.pauses() == {"ops": Pause(NOW + 2, "", "it still moves"), "dev": Pause(NOW + 1, "", "söld ☃")}
    await journal.set_pause("ops", None)
    await journal.set_pause("unknown", None)
    assert list(await journal.pauses()) == ["dev"]


async def test_a_gateway_hears_that_others_pause(tmp_path: Path) -> None:
    """A command line beside it is heard at once, with the number of no delivery; it needs no telling of its own."""
    async with AsyncExitStack() as stack:
        gateway = await opened_as(tmp_path, deliver=True)
        stack.push_async_callback(gateway.close)
        told: list[int] = []
        gateway.listen(told.append)
        tool = await opened_as(tmp_path, deliver=False)
        stack.push_async_callback(tool.close)
        await gateway.set_pause("dev", Pause(NOW, "", "mine"))
        await tool.set_pause("ops", Pause(NOW, "", "theirs"))
        await eventually(lambda: told == [0])
        assert set(await gateway.pauses()) == {"dev", "ops"}


async def test_the_newest_results_of_destinations_are_told(journal: Journal) -> None:
    """Dead ones, delivered ones, and pending ones that were tried; of a destination without any nothing."""
    attempts = {
        DEAD: Attempt(NOW + 1, AttemptResult.NEVER, 413, "4xx", "413: too large"),
        DELIVERED: Attempt(NOW + 2, AttemptResult.DELIVERED, 200, "2xx"),
        PENDING: Attempt(NOW + 3, AttemptResult.LATER, 404, "4xx", "404: gone"),
    }
    stored = [(await journal.append(entry(b"x", lane=f"ops:{n}"))).deliveries[0] for n in range(4)]
    await journal.settle(
        [
            settled(one, state, attempt=attempt, reason=attempt.answer)
            for one, (state, attempt) in zip(stored, attempts.items(), strict=False)
        ]
    )
    fine = replace(entry(), parcels=(Parcel("dev", "dev:a", b"x"),))
    (passed,) = (await journal.append(fine)).deliveries
    await journal.settle([settled(passed, DELIVERED, attempt=attempts[DELIVERED])])
    await journal.append(replace(fine, event=entry().event, parcels=(Parcel("new", "new:a", b"x"),)))
    found = await journal.tried()
    assert set(found) == {"ops", "dev"}
    assert [one.state for one in found["dev"]] == [DELIVERED]
    assert {one.state: one.log for one in found["ops"]} == {state: (attempt,) for state, attempt in attempts.items()}
    assert {one.reason for one in found["ops"]} == {"413: too large", "404: gone", ""}


async def test_a_few_results_tell_of_many(journal: Journal) -> None:
    """However many are dead, a handful of the newest is told; those that say no word about an attempt are left out."""
    many = [(await journal.append(entry(*[b"x"] * 30, lane=f"ops:{n}"))).deliveries for n in range(3)]
    at = iter(range(1000))
    for deliveries in many:
        await journal.settle(
            [
                settled(one, DEAD, attempt=Attempt(NOW + next(at), AttemptResult.NEVER, 413, "4xx", "413"))
                for one in deliveries
            ]
        )
    (buried,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([settled(buried, DEAD, attempts=0, reason="no such destination")])
    found = (await journal.tried())["ops"]
    assert 3 <= len(found) < 100
    assert max(one.log[-1].at for one in found) == NOW + 89


async def test_a_delivery_knows_its_place_in_its_lane(journal: Journal) -> None:
    """How many go before it, and which is the next; other lanes and destinations do not count, nor what is settled."""
    first, second, third = (await journal.append(entry(b"1", b"2", b"3", id="first"))).deliveries
    (other,) = (await journal.append(entry(b"x", lane="ops:b"))).deliveries
    (last,) = (await journal.append(entry(b"4"))).deliveries
    assert await journal.ahead(last.seq) == Ahead(3, first.seq, "first")
    assert await journal.ahead(first.seq) == await journal.ahead(other.seq) == await journal.ahead(999) == Ahead()
    await journal.settle([settled(first, DELIVERED), settled(second, DEAD)])
    assert await journal.ahead(last.seq) == Ahead(1, third.seq, "first")
    assert await journal.ahead(first.seq) == Ahead()


async def test_a_replay_is_told(journal: Journal) -> None:
    """Whoever listens hears of the numbers that `requeue` has made, not of those that `append` has answered with."""
    told: list[int] = []
    journal.listen(told.append)
    (first,) = (await journal.append(entry(b"x"))).deliveries
    await journal.settle([settled(first, DEAD)])
    assert told == []
    assert await journal.requeue([first.seq]) == 1
    await eventually(lambda: bool(told))
    (again,) = await journal.pending(0, 10)
    assert told[-1] == again.seq
    told.clear()
    assert await journal.requeue([first.seq]) == 0
    assert told == []


async def test_what_was_stored_for_nobody_is_told(journal: Journal) -> None:
    """A sender that went away does not take its message along: its number is told when it is durable."""
    told: list[int] = []
    journal.listen(told.append)
    appending = asyncio.ensure_future(journal.append(entry(b"x")))
    await asyncio.sleep(0)
    appending.cancel()
    (last,) = (await journal.append(entry(b"y"))).deliveries
    waiting = await journal.pending(0, 10)
    assert [delivery.payload for delivery in waiting] in ([b"x", b"y"], [b"y"])
    if len(waiting) == 2:
        await eventually(lambda: bool(told))
        assert told[-1] >= waiting[0].seq
    assert waiting[-1] == last


async def test_a_replay_of_very_many_is_done_in_pieces(journal: Journal) -> None:
    """Every one is sent again once, in the order of the numbers, and others are served meanwhile."""
    stored = [entry(*(b"%d" % number for number in range(start, start + 500))) for start in range(0, 2500, 500)]
    deliveries = [one for each in stored for one in (await journal.append(each)).deliveries]
    await journal.settle([settled(delivery, DEAD) for delivery in deliveries])
    replaying = asyncio.ensure_future(journal.requeue([d.seq for d in reversed(deliveries)]))
    await journal.append(entry(b"meanwhile", lane="ops:b"))
    assert await replaying == 2500
    again = [delivery.payload for delivery in await journal.pending(0, 5000) if delivery.lane == "ops:a"]
    assert again == [delivery.payload for delivery in deliveries]


async def test_several_clients_have_one_journal(tmp_path: Path) -> None:
    """What any of them asks for at once is stored, numbered in one order, answered to it alone, and seen by all."""
    async with AsyncExitStack() as stack:
        clients = [await closing(stack, await opened_as(tmp_path, deliver=number == 0)) for number in range(4)]
        asked = [(client, entry(b"%d" % n)) for n in range(100) for client in clients]
        answers = await asyncio.gather(*(client.append(one) for client, one in asked))
        assert [answer.event_id for answer in answers] == [one.event.id for _, one in asked]
        numbers = [answer.deliveries[0].seq for answer in answers]
        assert sorted(numbers) == list(range(1, 401))
        for first in range(4):
            assert numbers[first::4] == sorted(numbers[first::4])
        await clients[1].settle([settled(answers[7].deliveries[0], DEAD)])
        assert await clients[2].requeue([numbers[7]]) == 1
        await clients[3].remember("build", "secret")
        for client in clients:
            assert len(await client.pending(0, 1000)) == 400
            assert dict(await client.secrets()) == {"build": "secret"}


async def test_what_others_add_is_told_to_everybody_else(tmp_path: Path) -> None:
    """The gateway hears of a replay by a tool, and of what a tool appends; a tool of what the gateway appends."""
    async with AsyncExitStack() as stack:
        gateway = await closing(stack, await opened_as(tmp_path, deliver=True))
        tool = await closing(stack, await opened_as(tmp_path, deliver=False))
        by_gateway: list[int] = []
        by_tool: list[int] = []
        gateway.listen(by_gateway.append)
        tool.listen(by_tool.append)
        (one,) = (await tool.append(entry(b"one"))).deliveries
        await eventually(lambda: by_gateway == [one.seq])
        assert one.seq not in by_tool
        (two,) = (await gateway.append(entry(b"two"))).deliveries
        await eventually(lambda: two.seq in by_tool)
        await gateway.settle([settled(two, DEAD)])
        assert await tool.requeue([two.seq]) == 1
        await eventually(lambda: by_gateway == [one.seq, two.seq + 1])


async def test_a_client_hears_the_newest_number_first(tmp_path: Path) -> None:
    """Nothing that was added before it came is missed by a client that asks what has been added since."""
    async with AsyncExitStack() as stack:
        gateway = await closing(stack, await opened_as(tmp_path, deliver=True))
        (last,) = (await gateway.append(entry(b"x"))).deliveries
        tool = await closing(stack, await opened_as(tmp_path, deliver=False))
        told: list[int] = []
        tool.listen(told.append)
        await eventually(lambda: told == [last.seq])


async def test_one_gateway_delivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one is told who does, and leaves the journal alone; when the first has ended, it may."""
    monkeypatch.setattr(lease, "PATIENCE", 0.2)
    first = await opened_as(tmp_path, deliver=True)
    with pytest.raises(
        JournalError, match=rf"is held by the gateway with process id {os.getpid()} on host \S+, since 2"
    ):
        await opened_as(tmp_path, deliver=True)
    kept = await first.append(entry(b"x"))
    await first.close()
    second = await opened_as(tmp_path, deliver=True)
    assert await second.pending(0, 10) == list(kept.deliveries)
    await second.close()


async def test_a_tool_makes_no_journal(tmp_path: Path) -> None:
    """A wrong path is told, and nothing is left there."""
    with pytest.raises(
        JournalError, match=r"journal\.db: there is no journal yet; the first `mattergate serve` creates it"
    ):
        await opened_as(tmp_path, deliver=False)
    assert list(tmp_path.iterdir()) == []


async def test_a_url_that_names_no_store() -> None:
    """Only what can be opened is taken for a URL."""
    with pytest.raises(ValueError, match="names no store"):
        await open_journal("postgres://db/journal", retention=1.0, max_size=1)


async def closing(stack: AsyncExitStack, journal: Journal) -> Journal:
    """The journal, closed with the stack."""
    stack.push_async_callback(journal.close)
    return journal


def refusal(number: int, route: str = "build", **more: object) -> Refusal:
    """A refused request of a route, the newer the higher its number."""
    values = {
        "id": f"refused-{route}-{number}",
        "received": NOW + number,
        "route": route,
        "service": "github",
        "cause": Cause.WRONG_SECRET,
        "status": 401,
        "reason": f"the header X-Signature fits no secret, try {number}",
    } | more
    return Refusal(**values)


async def test_a_refused_request_comes_back_as_it_was_stored(reopen: Reopen) -> None:
    """Every field survives, also the end of the process; an event says as much of it as it can."""
    journal = await reopen()
    told = refusal(
        1, cause=Cause.STALE, hint="Zoë ☃ set the clock", peer="192.0.2.1", method="PUT", agent="curl/8 \"x\"",
        content_type="text/plain", size=12_345_678_901,
    )  # fmt: skip
    await journal.refuse([told, refusal(2, route="", service="", cause=Cause.NO_ROUTE, status=404)])
    journal = await reopen()
    (record,) = (await journal.find(Query(event_id=told.id))).records
    assert record.refusal == told
    assert record.deliveries == ()
    assert record.event == Event(
        told.id, told.received, "build", "github", Outcome.REFUSED, "", "", "", told.reason,
        Request("PUT", {"user-agent": told.agent, "content-type": "text/plain"}), "stale",
    )  # fmt: skip
    assert await journal.refused() == {"build": 1, "": 1}


async def test_refused_requests_are_found_when_they_are_asked_for(journal: Journal) -> None:
    """They are not among the events; route, service, note and words narrow them, newest first, page by page."""
    await journal.append(entry(id="event"))
    await journal.refuse([refusal(number) for number in range(5)])
    await journal.refuse([refusal(9, route="other", service="gitlab", cause=Cause.UNSIGNED, peer="192.0.2.77")])
    assert await walk(journal, Query()) == ["event"]
    refused = Query(outcome="refused")
    everything = ["refused-other-9", *(f"refused-build-{number}" for number in reversed(range(5)))]
    assert await walk(journal, replace(refused, limit=4)) == everything
    assert await walk(journal, replace(refused, limit=2)) == everything
    for query in ({"route": "other"}, {"service": "gitlab"}, {"note": "unsigned"}, {"text": "192.0.2.77 UNSIGNED"}):
        assert await walk(journal, replace(refused, **query)) == ["refused-other-9"]
    assert await walk(journal, replace(refused, text="try_3")) == []
    assert await walk(journal, replace(refused, text="try fits 3")) == ["refused-build-3"]
    assert await journal.find(replace(refused, before="gone")) == Page()
    assert await journal.find(replace(refused, limit=0)) == Page()
    assert await journal.find(replace(refused, destination="ops")) == Page()
    assert await journal.find(Query(event_id="refused-build-1", outcome="message")) == Page()


async def test_the_newest_refused_requests_of_a_route_are_kept(journal: Journal) -> None:
    """However many come at once or one by one, and whatever other routes have."""
    await journal.refuse([refusal(0, route="quiet")])
    await journal.refuse([refusal(number) for number in range(REFUSED_LIMIT + 30)])
    await journal.refuse([])
    for number in range(REFUSED_LIMIT + 30, REFUSED_LIMIT + 33):
        await journal.refuse([refusal(number)])
    assert await journal.refused() == {"quiet": 1, "build": REFUSED_LIMIT}
    kept = await walk(journal, Query(outcome="refused", route="build"))
    assert kept == [f"refused-build-{number}" for number in range(REFUSED_LIMIT + 32, 32, -1)]


async def test_a_refused_request_is_stored_once(journal: Journal) -> None:
    """Whoever does not know whether it was stored may store it again."""
    await journal.refuse([refusal(1)])
    await journal.refuse([refusal(1), refusal(2)])
    assert await journal.refused() == {"build": 2}


async def test_the_note_of_an_event_is_kept_and_found(reopen: Reopen) -> None:
    """Alone and with the other conditions; most events have none."""
    journal = await reopen()
    await journal.append(entry(id="plain"))
    await journal.append(entry(id="unknown", note=Note.UNKNOWN))
    await journal.append(entry(id="broken", note=Note.BROKEN, outcome=Outcome.BROKEN))
    await journal.append(entry(id="unknown there", note=Note.UNKNOWN, route="other"))
    journal = await reopen()
    notes = {record.event.id: record.event.note for record in (await journal.find(Query())).records}
    assert notes == {"plain": "", "unknown": "unknown", "broken": "broken", "unknown there": "unknown"}
    assert await walk(journal, Query(note="unknown")) == ["unknown there", "unknown"]
    assert await walk(journal, Query(note="unknown", route="build")) == ["unknown"]
    assert await walk(journal, Query(note="broken", outcome="message")) == []
    assert await walk(journal, Query(note="unknown", event_id="broken")) == []
    assert (await journal.holdings()).last["build"].outcome is Outcome.BROKEN


def act(name: str, *uses: DuplicateKey) -> Entry:
    """An act that is stored with these uses."""
    return entry(keys=uses, id=name, route="callbacks.ack")


CLICK = (
    DuplicateKey(use_key("callbacks.ack", "ticket", "ticket1"), 600.0),
    DuplicateKey(use_key("callbacks.ack", "trigger", "trigger1"), 60.0),
)


async def test_what_is_used_once_starts_one_act(reopen: Reopen) -> None:
    """Of clicks at once, and of later ones also after a restart, the first is the act, and all others learn its id."""
    journal = await reopen()
    answers = await asyncio.gather(*(journal.append(act(f"click{n}", *CLICK)) for n in range(30)))
    assert {answer.event_id for answer in answers} == {"click0"}
    assert sum(not answer.duplicate for answer in answers) == 1
    journal = await reopen()
    assert (await journal.append(act("late", CLICK[0]))).event_id == "click0"
    assert not (
        await journal.append(act("other", DuplicateKey(use_key("callbacks.b", "ticket", "ticket1"), 9)))
    ).duplicate


async def test_a_use_that_came_to_nothing_is_given_back(reopen: Reopen) -> None:
    """The button works again, while the click that failed is still the same click; only its own act gives it back."""
    journal = await reopen()
    await journal.append(act("click", *CLICK))
    await journal.release("click of another", [CLICK[0].key])
    assert (await journal.append(act("again", CLICK[0]))).duplicate
    await journal.release("click", [CLICK[0].key])
    journal = await reopen()
    assert (await journal.append(act("again", *CLICK))).event_id == "click"
    assert not (await journal.append(act("anew", CLICK[0]))).duplicate
    await journal.release("click", [CLICK[0].key])
    assert (await journal.append(act("too late", CLICK[0]))).event_id == "anew"


async def test_a_line_of_the_audit_is_stored_with_its_act(reopen: Reopen) -> None:
    """In one commit; a repeat of the act leaves none."""
    journal = await reopen()
    line = AuditLine(NOW, AuditOutcome.DONE, "pager/ack", user="u1", event="click")
    for name in ("click", "again"):
        await journal.append(replace(act(name, CLICK[0]), lines=(line,)))
    (found,) = (await (await reopen()).audit(AuditQuery())).lines
    assert found == replace(line, number=found.number)


async def test_an_attempt_that_began_is_known_after_a_restart(reopen: Reopen) -> None:
    """Whoever would repeat it learns that, unless the attempt certainly came to nothing; each delivery has its own."""
    journal = await reopen()
    assert sorted(await asyncio.gather(*(journal.begin(7) for _ in range(5)))) == [False] * 4 + [True]
    assert await journal.begin(8)
    journal = await reopen()
    assert not await journal.begin(7)
    await journal.unbegin(7)
    assert await journal.begin(7)
    assert not await journal.begin(8)


async def test_the_first_click_pins_a_ticket(reopen: Reopen) -> None:
    """Of clicks at once one wins, and all learn where; that lasts over a restart, and each ticket has its own place."""
    journal = await reopen()
    places = await asyncio.gather(*(journal.pin("t1", "channel", f"post{n}", NOW + 600) for n in range(20)))
    assert set(places) == {Pin("channel", "post0")}
    journal = await reopen()
    assert await journal.pin("t1", "elsewhere", "post9", NOW + 600) == Pin("channel", "post0")
    assert await journal.pin("t2", "elsewhere", "post9", NOW + 600) == Pin("elsewhere", "post9")


async def test_a_listener_goes_on_from_its_position(reopen: Reopen) -> None:
    """It is kept over a restart and never goes back, also when several come at once; each listener has its own."""
    journal = await reopen()
    assert await journal.position("ask") is None
    await asyncio.gather(*(journal.advance("ask", NOW * 1000 + step) for step in (5.0, 9.0, 7.0)))
    await journal.advance("other", 1.0)
    journal = await reopen()
    await journal.advance("ask", NOW * 1000)
    assert [await journal.position(name) for name in ("ask", "other", "nobody")] == [NOW * 1000 + 9.0, 1.0, None]


async def test_a_subject_is_snoozed_until_it_wakes(reopen: Reopen) -> None:
    """One snooze for each subject on a route, the last that was stored, over a restart; what wakes twice is awake."""
    journal = await reopen()
    assert list(await journal.snoozes()) == []
    for until, by in ((NOW + 3600, "ann"), (NOW + 60.5, "ben")):
        await journal.snooze(Snooze("alerts", "db1", until, by))
    others = [Snooze("alerts", "db2", NOW + 3600), Snooze("deploys", "db1", NOW + 3600)]
    for one in others:
        await journal.snooze(one)
    journal = await reopen()
    kept = await journal.snoozes()
    assert sorted(kept, key=lambda one: one.until) == [Snooze("alerts", "db1", NOW + 60.5, "ben"), *others]
    for _ in range(2):
        await journal.wake("alerts", "db1")
    assert list(await (await reopen()).snoozes()) == others


async def test_a_ring_has_a_key_from_its_first_use_on(reopen: Reopen) -> None:
    """Whoever asks at once gets the same, and after a restart; other rings have another one, and none is shown."""
    journal = await reopen()
    rings = await asyncio.gather(*(journal.ring("tickets") for _ in range(20)))
    assert {tuple(key.id for key in ring) for ring in rings} == {(rings[0][0].id,)}
    (key,) = rings[0]
    assert (len(key.key), key.made, key.valid_until) == (KEY_BYTES, NOW + 500, None)
    assert list(await (await reopen()).ring("tickets")) == [key]
    (other,) = await (await reopen()).ring("others")
    assert key.key != other.key
    assert repr(key.key)[2:-1] not in repr(rings)


async def test_a_ring_rotates_with_two_valid_keys(reopen: Reopen) -> None:
    """The former is valid as long as was asked for; a third one goes at once."""
    journal = await reopen()
    (first,) = await journal.ring("tickets")
    second, former = await journal.rotate("tickets", 60.0)
    assert former == replace(first, valid_until=NOW + 560)
    journal = await reopen()
    assert list(await journal.ring("tickets")) == [second, former]
    third, *rest = await journal.rotate("tickets", 60.0)
    assert rest == [replace(second, valid_until=NOW + 560)]
    assert list(await journal.rotate("tickets", 0.0))[1:] == []
    assert third.id not in {key.id for key in await journal.ring("tickets")}
    assert len(await journal.rotate("new", 60.0)) == 1


def audited(number: int, **more: Any) -> AuditLine:
    """A line, the newer the higher its number."""
    values = {"at": NOW + number, "outcome": AuditOutcome.DONE, "callback": "pagerduty/acknowledge"} | more
    return AuditLine(**values)


async def told(journal: Journal, **conditions: Any) -> list[str]:
    """The texts of all lines of a query, page by page."""
    query, found = AuditQuery(**conditions), []
    while True:
        page = await journal.audit(query)
        assert len(page.lines) <= query.limit
        found += [line.text for line in page.lines]
        if page.next is None:
            return found
        query = replace(query, before=page.next)


async def test_a_line_of_the_audit_comes_back_as_it_was_stored(reopen: Reopen) -> None:
    """Every field survives a restart, all digits of the time included."""
    journal = await reopen()
    line = audited(
        1, at=1763634317.1234567, outcome=AuditOutcome.DENIED, action="ack ☃", subject="naïve\x00nul", user="u1",
        user_name="ann", channel="c1", post="p1", text='"quoted"\n', event="e1", done="Acknowledged",
    )  # fmt: skip
    await journal.record([line, audited(2)])
    await journal.record([])
    journal = await reopen()
    (first, second) = (await journal.audit(AuditQuery())).lines[::-1]
    assert replace(first, number=0) == line
    assert second.number > first.number


async def test_the_audit_is_found_by_user_subject_and_callback(journal: Journal) -> None:
    """Newest first, page by page, by each condition and by several; an unknown one finds nothing."""
    people = [("u1", "ann"), ("u2", "ben")]
    await journal.record(
        [
            audited(
                n, text=str(n), user=people[n % 2][0], user_name=people[n % 2][1], subject=f"s{n % 3}", action="ack"
            )
            for n in range(6)
        ]
    )
    await journal.record([audited(9, text="9", callback="other", outcome=AuditOutcome.FAILED)])
    for limit in (1, 3, 50):
        assert await told(journal, limit=limit) == ["9", "5", "4", "3", "2", "1", "0"]
        assert await told(journal, user="ann", limit=limit) == ["4", "2", "0"]
    assert await told(journal, user="u2") == ["5", "3", "1"]
    assert await told(journal, user="u2", subject="s0") == ["3"]
    assert await told(journal, subject="s1") == ["4", "1"]
    assert await told(journal, callback="other") == await told(journal, outcome=AuditOutcome.FAILED) == ["9"]
    assert await told(journal, action="ack", since=NOW + 4, until=NOW + 5) == ["5", "4"]
    assert await told(journal, user="nobody") == []
    assert (await journal.audit(AuditQuery(limit=0))).lines == ()


async def test_what_is_stored_meanwhile_shifts_no_page_of_the_audit(journal: Journal) -> None:
    """The next page begins where the one before ended."""
    await journal.record([audited(n, text=str(n)) for n in range(4)])
    page = await journal.audit(AuditQuery(limit=2))
    await journal.record([audited(9, text="9")])
    rest = await journal.audit(AuditQuery(limit=2, before=page.next))
    assert [line.text for line in rest.lines] == ["1", "0"]
    assert rest.next is None


async def test_forged_lines_are_few(journal: Journal) -> None:
    """Whoever forges fills no disk, and pushes out nobody else's line."""
    await journal.record([audited(1, text="kept")])
    await journal.record([audited(2, outcome=AuditOutcome.FORGED) for _ in range(AUDIT_REFUSED_LIMIT + 30)])
    assert len(await told(journal, outcome=AuditOutcome.FORGED, limit=9000)) == AUDIT_REFUSED_LIMIT
    assert await told(journal, outcome=AuditOutcome.DONE) == ["kept"]
