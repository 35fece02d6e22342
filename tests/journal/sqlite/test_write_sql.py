"""What the writer's connection executes."""

import sqlite3

import pytest
from msgspec.structs import replace

from gateway.journal import DuplicateKey, Entry, Settlement
from gateway.journal.sqlite import keys_sql, prune_sql, write_sql
from gateway.journal.sqlite.memory_sql import recall
from gateway.journal.sqlite.messages import Requeued
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request


def entry(name: str, parcels: int = 1, key: str = "") -> Entry:
    """An entry."""
    event = Event(name, 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
    return Entry(event, (Parcel("ops", "a", b"{}"),) * parcels, (DuplicateKey(key.encode(), 60.0),) if key else ())


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 256, 257, 700])
def test_groups_of_any_size_are_inserted_whole(connection: sqlite3.Connection, count: int) -> None:
    """However many rows a statement takes."""
    stored = write_sql.store(
        connection, recall(connection), [(entry(f"e{number}", parcels=2), 0.0, 0) for number in range(count)]
    )
    assert [one.before for one in stored] == list(range(0, 2 * count, 2))
    assert connection.execute("SELECT count(*), coalesce(max(seq), 0) FROM delivery").fetchone() == (2 * count,) * 2
    assert connection.execute("SELECT count(DISTINCT number) FROM event").fetchone() == (count,)


def test_repeats_within_a_group_are_found(connection: sqlite3.Connection) -> None:
    """The first of them is stored, also when the next is not in the file yet."""
    entries = entry("a", key="k"), entry("b", key="k"), entry("c")
    stored = write_sql.store(connection, recall(connection), [(one, 0.0, 0) for one in entries])
    assert [(one.event_id, one.duplicate) for one in stored] == [("a", False), ("a", True), ("c", False)]


def test_requeue_tells_the_last_of_the_copies(connection: sqlite3.Connection) -> None:
    """Nothing that is sent again has no number."""
    write_sql.store(connection, recall(connection), [(entry("a", parcels=3), 0.0, 0)])
    write_sql.settle(connection, recall(connection), [Settlement(seq, DeliveryState.DEAD, 1) for seq in (1, 3)])
    assert write_sql.newest(connection) == 3
    assert write_sql.requeue(connection, [2, 77], 9.0) == Requeued(0, 0)
    assert write_sql.requeue(connection, [3, 1], 9.0) == Requeued(2, 5)
    assert write_sql.newest(connection) == 5


def test_secrets_are_replaced_or_kept(connection: sqlite3.Connection) -> None:
    """What is remembered replaces, what is adopted does not."""
    write_sql.remember(connection, "a", "1")
    write_sql.remember(connection, "a", "2")
    write_sql.adopt(connection, [("a", "old"), ("b", "old")])
    assert dict(connection.execute("SELECT route, secret FROM secret")) == {"a": "2", "b": "old"}


def test_the_newest_number_outlives_its_delivery(connection: sqlite3.Connection) -> None:
    """A number is never given twice, and so is not told twice."""
    assert write_sql.newest(connection) == 0
    write_sql.store(connection, recall(connection), [(entry("a"), 0.0, 0)])
    write_sql.settle(connection, recall(connection), [Settlement(1, DeliveryState.DELIVERED, 1)])
    connection.execute("UPDATE delivery SET state = 'delivered'")
    prune_sql.prune(connection, recall(connection), [1])
    assert write_sql.newest(connection) == 1


def test_windows_run_by_the_skewed_time(connection: sqlite3.Connection) -> None:
    """What the clock is ahead is taken off both ends."""
    ahead = 1e6
    first, later = (
        entry("a", key="k"),
        replace(entry("b", key="k"), event=replace(entry("b").event, received=1.5 + ahead)),
    )
    write_sql.store(connection, recall(connection), [(first, 0.0, 0)])
    assert write_sql.store(connection, recall(connection), [(later, 59.0 - ahead, 0)])[0].duplicate
    assert not write_sql.store(connection, recall(connection), [(later, 61.0 - ahead, 0)])[0].duplicate
    assert recall(connection).keys.fresh == {b"k": (2, 1.5 + 61 + 60)}


def test_a_window_that_is_shortened_stays_so(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was ahead when it began; that it ended is known also when this is no longer kept by itself."""
    monkeypatch.setattr(keys_sql, "MANY", 1)
    ahead, memory = 1e6, recall(connection)

    def repeats(now: float) -> bool:
        return write_sql.store(connection, memory, [(entry(f"e{now}", key="k"), now, 0)])[0].duplicate

    assert not repeats(ahead)
    keys_sql.merge(connection, memory.keys, 1)
    memory = recall(connection)  # started again, and the clock is right by now
    assert repeats(0.0)
    memory.keys.now = 200.0
    keys_sql.merge(connection, memory.keys, 1)
    assert not repeats(200.0)


def test_only_what_has_an_address_names_its_keys(connection: sqlite3.Connection) -> None:
    """They are looked up when it is dropped; all others would hold theirs for nothing."""
    plain = entry("a", key="k")
    hooked = Entry(entry("b").event, (Parcel("hooks", "a", b"{}", "x" * 26),), (DuplicateKey(b"l", 60.0),))
    write_sql.store(connection, recall(connection), [(plain, 0.0, 0), (hooked, 0.0, 0)])
    assert connection.execute("SELECT keys FROM event ORDER BY number").fetchall() == [("",), ('["6c"]',)]


def test_the_number_of_a_dropped_event_is_not_given_again(connection: sqlite3.Connection) -> None:
    """A duplicate key may still name it, and would be taken for one of the event that came after it."""
    write_sql.store(connection, recall(connection), [(entry("a", key="k"), 0.0, 0)])
    connection.execute("UPDATE delivery SET state = 'delivered'")
    prune_sql.prune(connection, recall(connection), [1])
    write_sql.store(connection, recall(connection), [(entry("b"), 0.0, 0)])
    assert connection.execute("SELECT number FROM event").fetchall() == [(2,)]
    (again,) = write_sql.store(connection, recall(connection), [(entry("c", key="k"), 0.0, 0)])
    assert (again.event_id, again.duplicate) == ("", True)
