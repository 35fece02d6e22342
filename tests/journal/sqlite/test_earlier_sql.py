"""What the writer's connection does with a journal of an earlier schema."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.journal import Query, Settlement
from gateway.journal.sqlite import count_sql, earlier_sql, prune_sql, read_sql, search_sql, write_sql
from gateway.journal.sqlite.file import connect, holds_earlier, prepare
from gateway.journal.sqlite.memory_sql import Memory, recall
from gateway.model import DeliveryState
from tests.journal.sqlite import version4

COUNT = 40


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a journal of version 4, opened by this release."""
    path = tmp_path / "journal.db"
    version4.make(path, COUNT)
    prepare(path)
    made = connect(path)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of a few."""
    monkeypatch.setattr(earlier_sql, "_KEYS_SLICE", 7)
    monkeypatch.setattr(earlier_sql, "_EVENTS_SLICE", 3)


def repeats(connection: sqlite3.Connection, memory: Memory, *numbers: int, received: float = 100.0) -> list[str]:
    """The ids in the answers to requests that repeat the bodies of events."""
    sent = [(version4.repeat(number, received), 0.0, 0) for number in numbers]
    return [answer.event_id for answer in write_sql.store(connection, memory, sent)]


def pages(connection: sqlite3.Connection, query: Query) -> list[Any]:
    """All that matches a query."""
    found: list[Any] = []
    while True:
        page = search_sql.find(connection, query)
        found += page.records
        if not page.next:
            return found
        query = replace(query, before=page.next)


QUERIES = (
    Query(),
    Query(limit=3),
    Query(route="rare"),
    Query(route="route 1", limit=4),
    Query(outcome="broken"),
    Query(outcome="broken", route="route 2"),
    Query(route="nowhere"),
    Query(delivery_state=DeliveryState.DEAD),
    Query(delivery_state=DeliveryState.DISCARDED, route="route 0"),
    Query(event_id="e17"),
    Query(text="subject", service="s"),
)


def seen(connection: sqlite3.Connection, memory: Memory) -> list[Any]:
    """All that is seen of a journal from outside."""
    found: list[Any] = [pages(connection, query) for query in QUERIES]
    found.append(read_sql.pending(connection, 0, 100))
    found.append((read_sql.addresses(connection, "ops"), read_sql.card(connection, "ops", "subject")))
    found.append({address: one.deliveries for address, one in read_sql.strangers(connection, "ops").items()})
    found.append((count_sql.census(connection), count_sql.dead_groups(connection), count_sql.last(connection)))
    found.append(repeats(connection, memory, *range(1, COUNT + 1)))
    return found


def test_no_slice_makes_a_difference(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is in use meanwhile, and a gateway that is killed goes on with the file as it is."""
    monkeypatch.setattr(search_sql, "_NARROW_SLICE", 5)
    memory = recall(connection)
    before = seen(connection, memory)
    assert [len(found) for found in before[:4]] == [COUNT, COUNT, 1, 13]
    assert [record.event.request.body for record in before[0]] == [version4.body(n) for n in range(COUNT, 0, -1)]
    assert before[-1] == [f"e{number}" for number in range(1, COUNT + 1)]
    slices = events = 0
    left = True
    while left:
        connection.execute("BEGIN IMMEDIATE")
        count, left = earlier_sql.move(connection, memory)
        connection.execute("COMMIT")
        slices, events = slices + 1, events + count
        assert seen(connection, memory) == before
        assert earlier_sql.left(connection) == (COUNT - events if left else None)
        recalled = recall(connection)
        recalled.keys.now = memory.keys.now
        assert recalled == memory
    assert (events, slices > COUNT // 3) == (COUNT, True)


def test_after_the_last_slice_all_is_in_the_present_form(connection: sqlite3.Connection) -> None:
    """Nothing of the earlier tables is left; bodies are packed, and an event counts with what it takes."""
    memory = recall(connection)
    assert memory.earlier
    (size,) = connection.execute("SELECT sum(size) FROM event").fetchone()
    while earlier_sql.move(connection, memory)[1]:
        pass
    assert not memory.earlier
    assert not holds_earlier(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    assert not tables & {"duplicate_text", "duplicate_expiry", "migration", "event_kind"}
    rows = connection.execute("SELECT number, length(body), body_size, size FROM event").fetchall()
    for number, stored, inflated, counted in rows:
        whole = len(version4.body(number))
        assert (stored < whole, inflated) == ((True, whole) if whole > 256 else (False, 0))
        assert counted == stored + 300
    assert sum(counted for *_, counted in rows) < size
    assert connection.execute("SELECT keys FROM event WHERE number IN (1, 3) ORDER BY number").fetchall() == [
        ("",),
        (f'["{version4.repeat(3).keys[0].key.hex()}"]',),
    ]
    assert connection.execute("SELECT count(*), count(DISTINCT kind) FROM kind_of_event").fetchone() == (COUNT, 7)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("slices", [0, 3, 8, 100])
def test_a_key_that_has_expired_is_that_of_the_new_event(connection: sqlite3.Connection, slices: int) -> None:
    """Whatever the old one said, and when it is moved."""
    memory = recall(connection)
    for _ in range(slices):
        if memory.earlier:
            earlier_sql.move(connection, memory)
    assert repeats(connection, memory, 5, received=1000.0) == ["r5-1000.0"]
    while memory.earlier:
        earlier_sql.move(connection, memory)
    assert repeats(connection, memory, 5, received=1050.0) == ["r5-1000.0"]


@pytest.mark.parametrize("slices", [0, 3, 8, 12, 100])
def test_the_key_of_a_stranger_goes_with_its_event(connection: sqlite3.Connection, slices: int) -> None:
    """In whichever form it is; the newest event of its kind is then another one."""
    memory = recall(connection)
    for _ in range(slices):
        if memory.earlier:
            earlier_sql.move(connection, memory)
    waiting = [one.seq for one in read_sql.pending(connection, 0, 100) if one.address]
    assert waiting == [6, 21, 36]
    write_sql.settle(connection, memory, [Settlement(seq, DeliveryState.DEAD, 2) for seq in waiting])
    assert repeats(connection, memory, 5, *waiting) == ["e5", "r6-100.0", "r21-100.0", "r36-100.0"]
    while memory.earlier:
        earlier_sql.move(connection, memory)
    assert connection.execute("SELECT count(*) FROM event").fetchone() == (COUNT,)
    assert connection.execute("SELECT count(*) FROM kind_of_event").fetchone() == (COUNT,)
    both = "SELECT key FROM duplicate UNION SELECT key FROM duplicate_new"
    assert connection.execute(f"SELECT count(*) FROM ({both})").fetchone() == (COUNT,)


def test_what_is_pruned_meanwhile_is_gone(connection: sqlite3.Connection) -> None:
    """Also the newest event of a kind, moved or not; the one before it is told when it is moved."""
    memory = recall(connection)
    for _ in range(9):
        earlier_sql.move(connection, memory)
    prune_sql.prune(connection, memory, [number for number in range(1, COUNT + 1) if number > 30 or number < 4])
    while memory.earlier:
        earlier_sql.move(connection, memory)
    newest = {name: last.received for name, last in count_sql.last(connection).items()}
    events = [record.event for record in pages(connection, Query())]
    assert newest == {name: max(one.received for one in events if one.route == name) for name in newest}
    assert {one.route for one in events} == set(newest)
    assert recall(connection) == memory


def test_a_new_journal_holds_nothing_earlier(tmp_path: Path) -> None:
    """Its writing process need not look."""
    prepare(tmp_path / "new.db")
    made = connect(tmp_path / "new.db")
    assert not holds_earlier(made)
    assert earlier_sql.left(made) is None
    made.close()
