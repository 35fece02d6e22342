"""What the writer's connection deletes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal import CardPost, DuplicateKey, Entry, Settlement
from gateway.journal.sqlite import keys_sql, prune_sql, write_sql
from gateway.journal.sqlite.file import connect, prepare
from gateway.journal.sqlite.memory_sql import recall
from gateway.model import DeliveryState, DiscardCause, Event, Outcome, Parcel, Request


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a journal of five events: delivered, dead, pending, without a delivery, both dead and pending."""
    prepare(tmp_path / "journal.db")
    made = connect(tmp_path / "journal.db")
    for number, parcels in enumerate((1, 1, 1, 0, 2), 1):
        event = Event(f"e{number}", float(number), "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
        keys = (DuplicateKey(b"%d" % number, 10.0),)
        entry = Entry(event, (Parcel("ops", "a", b"{}"),) * parcels, keys)
        write_sql.store(made, recall(made), [(entry, 0.0, 0)])
    card = CardPost("ops", "subject", "post", 5.0)
    states = {1: DeliveryState.DELIVERED, 2: DeliveryState.DEAD, 4: DeliveryState.DEAD}
    write_sql.settle(made, recall(made), [Settlement(seq, state, 1, card=card) for seq, state in states.items()])
    yield made
    made.close()


def events(connection: sqlite3.Connection) -> list[int]:
    """The numbers of all events, which are also those with a kind."""
    found = [number for (number,) in connection.execute("SELECT number FROM event ORDER BY number")]
    assert connection.execute("SELECT number FROM kind_of_event").fetchall() == [(number,) for number in found]
    return found


def test_events_go_with_their_deliveries_but_not_what_waits(connection: sqlite3.Connection) -> None:
    """Without a cause those without a dead delivery, with one those with; and what went of the dead is told."""
    assert prune_sql.prune(connection, recall(connection), [1, 2, 3, 4, 5]) == []
    assert events(connection) == [2, 3, 5]
    (gone,) = prune_sql.prune(connection, recall(connection), [1, 2, 3, 4, 5], DiscardCause.AGE)
    assert (gone.destination, gone.cause, gone.count, gone.oldest) == ("ops", DiscardCause.AGE, 1, 2.0)
    assert events(connection) == [3, 5]
    assert connection.execute("SELECT count(*) FROM delivery").fetchone() == (3,)


def test_keys_cards_and_addresses_go_by_age(connection: sqlite3.Connection) -> None:
    """The oldest first, as many as are asked for."""
    connection.execute("INSERT INTO address VALUES ('ops', 'a', 5.0)")
    keys_sql.merge(connection, recall(connection).keys, 100)
    assert [prune_sql.prune_keys(connection, now, 2) for now in (10.0, 12.5, 99.0, 99.0)] == [0, 2, 2, 1]
    for prune in (prune_sql.prune_cards, prune_sql.prune_addresses):
        assert [prune(connection, before, 2) for before in (5.0, 5.5, 99.0)] == [0, 1, 0]
