"""What the reading connection executes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journal import CardPost, Entry, Settlement
from gateway.journal.sqlite import read_sql, write_sql
from gateway.journal.sqlite.file import connect, prepare
from gateway.journal.sqlite.memory_sql import recall
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a journal with five events of a delivery each, received a second apart."""
    prepare(tmp_path / "journal.db")
    made = connect(tmp_path / "journal.db")
    for number in range(1, 6):
        event = Event(f"e{number}", float(number), "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
        write_sql.store(made, recall(made), [(Entry(event, (Parcel("ops", "a", bytes([number])),)), 0.0, 0)])
    yield made
    made.close()


def test_pending_is_read_from_a_number_on(connection: sqlite3.Connection) -> None:
    """In order, as many as wanted, none that is settled."""
    write_sql.settle(connection, recall(connection), [Settlement(2, DeliveryState.DELIVERED, 1)])
    assert [delivery.seq for delivery in read_sql.pending(connection, 0, 10)] == [1, 3, 4, 5]
    assert [delivery.payload for delivery in read_sql.pending(connection, 1, 2)] == [b"\x03", b"\x04"]


def test_large_payloads_are_read_in_pieces(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page holds all of them, however few rows come packed together."""
    monkeypatch.setattr(read_sql, "_PAGE_ROWS", 2)
    assert [delivery.seq for delivery in read_sql.pending(connection, 0, 10)] == [1, 2, 3, 4, 5]


def test_what_is_too_old_is_listed(connection: sqlite3.Connection) -> None:
    """Events without a pending delivery, the oldest first."""
    write_sql.settle(connection, recall(connection), [Settlement(seq, DeliveryState.DELIVERED, 1) for seq in (1, 2, 4)])
    assert list(read_sql.expired(connection, until=4.5, limit=10)) == [1, 2, 4]
    assert list(read_sql.expired(connection, until=4.5, limit=1)) == [1]


def test_cards_and_secrets_are_looked_up(connection: sqlite3.Connection) -> None:
    """By destination and subject, and by route."""
    shown = CardPost("ops", "x", "post", 3.0, closed=True)
    write_sql.settle(connection, recall(connection), [Settlement(1, DeliveryState.DELIVERED, 1, card=shown)])
    assert read_sql.card(connection, "ops", "x") == shown
    assert read_sql.card(connection, "ops", "y") is None
    assert read_sql.secrets(connection) == {}
    write_sql.remember(connection, "r", "secret")
    assert read_sql.secrets(connection) == {"r": "secret"}
