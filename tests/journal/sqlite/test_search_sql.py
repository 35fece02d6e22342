"""Finding events where there are many of them, and what bounds the work."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.journal import Entry, Query, Settlement
from gateway.journal.sqlite import search_sql
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Note, Outcome, Parcel, Request

DEAD = DeliveryState.DEAD


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """A journal of thirty events, e0 first: three routes by turns, one delivery each, every tenth of them dead."""
    journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, clock=lambda: 0.0)
    for number in range(30):
        event = Event(f"e{number}", 1.0, f"r{number % 3}", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
        (delivery,) = (await journal.append(Entry(event, (Parcel("ops", "l", b"%d." % number),)))).deliveries
        if number % 10 == 0:
            await journal.settle([Settlement(delivery.seq, DEAD, 1, reason="no")])
    yield journal
    await journal.close()


async def pages(journal: SqliteJournal, query: Query) -> list[list[str]]:
    """The ids of each page until the end."""
    found = []
    while True:
        page = await journal.find(query)
        found.append([record.event.id for record in page.records])
        if not page.next:
            return found
        query = replace(query, before=page.next)


QUERIES = [
    (Query(text="9."), ["e29", "e19", "e9"]),
    (Query(text="nothing"), []),
    (Query(text="9.", route="r1"), ["e19"]),
    (Query(destination="nowhere"), []),
    (Query(delivery_state=DEAD, route="r2"), ["e20"]),
    (Query(delivery_state=DEAD, destination="ops", reason="no", text="10."), ["e10"]),
    (Query(delivery_state=DeliveryState.PENDING, text="1."), ["e21", "e11", "e1"]),
]


@pytest.mark.parametrize("number", range(len(QUERIES)))
async def test_a_page_ends_when_its_time_is_up(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Pages that are cut short, or empty, lead on to the end without a gap or a repeat."""
    query, wanted = QUERIES[number]
    monkeypatch.setattr(search_sql, "_SECONDS", -1)
    monkeypatch.setattr(search_sql, "_SLICE", 4)
    found = await pages(journal, replace(query, limit=2))
    assert [event_id for page in found for event_id in page] == wanted
    if query.text == "nothing":
        assert len(found) == 8


@pytest.mark.parametrize("number", range(len(QUERIES)))
async def test_a_page_goes_on_while_there_is_time(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Slices are looked at one after the other until the page is full."""
    query, wanted = QUERIES[number]
    monkeypatch.setattr(search_sql, "_SECONDS", 60)
    monkeypatch.setattr(search_sql, "_SLICE", 4)
    found = await pages(journal, replace(query, limit=2))
    assert found == [wanted[:2], *([wanted[2:]] if wanted[2:] else [])]


async def test_events_with_a_note_are_found_among_the_kinds(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in thirty is found in the narrow list; a page that ends early leads on to it."""
    odd = Event("odd", 1.0, "r0", "s", Outcome.MESSAGE, "n", "generic", "", "why", Request(), Note.UNKNOWN)
    await journal.append(Entry(odd))
    for number in range(30, 60):
        event = Event(f"e{number}", 1.0, "r0", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
        await journal.append(Entry(event))
    assert await pages(journal, Query(note="unknown", limit=20)) == [["odd"]]
    assert await pages(journal, Query(note="unknown", route="r1")) == [[]]
    monkeypatch.setattr(search_sql, "_SECONDS", -1)
    monkeypatch.setattr(search_sql, "_NARROW_SLICE", 10)
    found = await pages(journal, Query(note="unknown", limit=20))
    assert len(found) > 3
    assert [event_id for page in found for event_id in page] == ["odd"]


async def test_a_rare_kind_is_searched_for_slice_by_slice(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page ends when its time is up, however few of the kinds match, and the next goes on there."""
    monkeypatch.setattr(search_sql, "_SECONDS", -1)
    monkeypatch.setattr(search_sql, "_NARROW_SLICE", 10)
    found = await pages(journal, Query(route="r0", limit=20))
    assert len(found) == 4
    assert [event_id for page in found for event_id in page] == [f"e{number}" for number in range(27, -1, -3)]


@pytest.mark.parametrize("few", [0, 26, 27, 100])
async def test_few_or_many_that_wait(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Events with a pending delivery are found whether the queue is short or long."""
    monkeypatch.setattr(search_sql, "_FEW", few)
    (found,) = await pages(journal, Query(delivery_state=DeliveryState.PENDING))
    assert found == [f"e{number}" for number in range(29, -1, -1) if number % 10]


async def test_a_search_in_a_range_of_time_ends_with_it(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events before it are not looked at: there may be a million of them."""
    monkeypatch.setattr(search_sql, "_SECONDS", -1)
    monkeypatch.setattr(search_sql, "_SLICE", 4)
    for number in range(30, 36):
        event = Event(f"e{number}", 1000.0, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
        await journal.append(Entry(event))
    assert [len(page) for page in await pages(journal, Query(since=900.0, text="nothing"))] == [0, 0]
    assert len(await pages(journal, Query(until=100.0, text="nothing"))) == 8


async def test_times_are_found_by_their_index(journal: SqliteJournal) -> None:
    """The range of numbers costs two steps in the index, whatever the size of the journal."""
    for statement in (search_sql._FIRST_SINCE, search_sql._LAST_UNTIL):
        plan = await journal._reader.read(
            lambda connection, sql=statement: connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1.0,)).fetchall()
        )
        assert [step[3] for step in plan] == [
            next(step[3] for step in plan if "USING COVERING INDEX event_age" in step[3])
        ]


async def test_no_filter_reads_more_than_its_index_names(journal: SqliteJournal) -> None:
    """Every search walks an index or the events in their order: none sorts all, none scans the deliveries."""
    values: dict[str, Any] = dict.fromkeys(("route", "service", "outcome", "note"), "")
    values |= {"narrow": 1, "before": 1, "slice": 1, "destination": "", "reason": "", "event_id": ""}
    lasting = [search_sql._IN_STATE[state] for state in (DEAD, DeliveryState.REPLAYED)]
    lasting.append(search_sql._DISCARDED)
    for candidates in (search_sql._EVERY, search_sql._ONE, search_sql._IN_GROUP, search_sql._OF_KINDS, *lasting):
        plan = await journal._reader.read(
            lambda connection, sql=candidates: connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        )
        text = " ".join(step[3] for step in plan)
        assert "SEARCH" in text
        assert "TEMP B-TREE" not in text
