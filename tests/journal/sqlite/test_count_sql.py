"""Counting what the journal keeps."""

import sqlite3
from pathlib import Path

import pytest

from gateway.journal import Entry
from gateway.journal.sqlite import count_sql, memory_sql, prune_sql, upkeep, write_sql
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Event, Outcome, Request


def entry(number: int, received: float) -> Entry:
    """An entry with an event of its own and no parcel."""
    return Entry(Event(f"e{number}", received, "r", "s", Outcome.IGNORED, "n", "t", "", "", Request(body=b"12345")))


@pytest.mark.parametrize("apart", [0.0, 0.4, 1.0])
async def test_slices_make_up_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: float) -> None:
    """Each event is counted once, also where many came in one instant; the count is kept a while, unless it is 0."""
    monkeypatch.setattr(count_sql, "COUNT_SLICE", 3)
    monkeypatch.setattr(upkeep, "_UPKEEP_SECONDS", 1e6)  # upkeep counts, too
    journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, clock=lambda: 0.0)
    assert (await journal.holdings()).events == 0
    for number in range(10):
        await journal.append(entry(number, 1.0 + number * apart // 1))
    holdings = await journal.holdings()
    assert (holdings.events, holdings.oldest) == (10, 1.0)
    await journal.append(entry(10, 99.0))
    again = await journal.holdings()
    assert (again.events, again.last["r"].received) == (10, 99.0)
    monkeypatch.setattr(upkeep, "HOLDINGS_AGE", -1e6)
    last = await journal.holdings()
    assert (last.events, last.size) == (11, holdings.size // 10 * 11)
    await journal.close()


def test_the_newest_event_of_a_route_is_told_whatever_was_stored_as_such(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each event, and after each that is deleted, the newest first: then the one before it, at last none."""
    monkeypatch.setattr(memory_sql, "NEAR", 3)
    monkeypatch.setattr(count_sql, "_LAST", count_sql._LAST.replace("999", "2"))
    monkeypatch.setattr(memory_sql, "_RENEW_KINDS", memory_sql._RENEW_KINDS.replace("1000", "3"))
    memory = memory_sql.recall(connection)
    routes = ["a", "b", "a", "a", "b", "a", "a", "c", "a", "a", "a", "a", "b"]
    for number, route in enumerate(routes, 1):
        event = Event(f"e{number}", float(number), route, "s", Outcome.IGNORED, "n", "t", "", "", Request())
        write_sql.store(connection, memory, [(Entry(event), 0.0, 0)])
        wanted = {each: at for at, each in enumerate(routes[:number], 1)}
        assert {route: last.received for route, last in count_sql.last(connection).items()} == wanted
    left = dict(enumerate(routes, 1))
    for number in (12, 13, 1, 11, 9, 10, 8, 5, 2, 3, 4, 6, 7):
        prune_sql.prune(connection, memory, [number])
        del left[number]
        wanted = {each: at for at, each in left.items()}
        assert {route: last.received for route, last in count_sql.last(connection).items()} == wanted
    assert connection.execute("SELECT count(*) FROM kind_of_event").fetchone() == (0,)
