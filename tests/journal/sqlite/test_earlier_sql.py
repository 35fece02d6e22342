"""What the writer's connection does with a journal of an earlier schema."""

import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from gateway.journal import DuplicateKey, Entry, Settlement
from gateway.journal.duplicates import key_of
from gateway.journal.sqlite import write_sql
from gateway.journal.sqlite.file import connect, holds_earlier, migrate, prepare, versions
from gateway.model import DeliveryState, Event, Outcome, Request

DIGESTS = [bytes([n]) * 16 for n in range(8)]


def old_journal(path: Path) -> sqlite3.Connection:
    """A connection to an empty journal of version 4."""
    sections = versions(resources.files("gateway.journal.sqlite").joinpath("schema.sql").read_text("utf-8"))
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, sections[:4])
    return connection


def add(connection: sqlite3.Connection, number: int, *, address: str = "", state: str = "delivered") -> None:
    """An event `eN` of the route `r`, with a duplicate key of its body that expires at 100, as version 4 kept it."""
    text = f"r body {DIGESTS[number].hex()}"
    event = (number, f"e{number}", 1.5, 300, "r", "s", "message", "n", "t", "", "", "POST", "", "", "{}", "{}", b"{}")
    connection.execute(f"INSERT INTO event VALUES ({'?,' * 17}?)", (*event, f'["{text}"]' if address else ""))
    delivery = (number, number, 1.5, "hooks", "lane", state, 0, 0.0, "", "", address, "", b"{}", "", "")
    connection.execute(f"INSERT INTO delivery VALUES ({'?,' * 14}?)", delivery)
    connection.execute("INSERT INTO duplicate VALUES (?, ?, 100.0)", (text, f"e{number}"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a journal of version 4 with two events, opened by this release."""
    path = tmp_path / "journal.db"
    made = old_journal(path)
    add(made, 1)
    add(made, 2, address="a", state="pending")
    made.close()
    prepare(path)
    made = connect(path)
    yield made
    made.close()


def repeat(number: int, received: float = 2.0) -> Entry:
    """A request that repeats the body of an event."""
    event = Event(f"again-{number}-{received}", received, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
    return Entry(event, (), (DuplicateKey(key_of("r", "body", DIGESTS[number]), 60.0),))


def store(connection: sqlite3.Connection, *entries: Entry) -> list[str]:
    """The ids in the answers."""
    answers = write_sql.store(connection, write_sql.recall(connection), [(one, 0.0, 0) for one in entries])
    return [one.event_id for one in answers]


def test_a_key_of_an_earlier_schema_makes_a_repeat(connection: sqlite3.Connection) -> None:
    """Until it expires; then the new event has the key, whatever the old one says."""
    assert store(connection, repeat(1), repeat(2), repeat(3)) == ["e1", "e2", "again-3-2.0"]
    assert store(connection, repeat(1, 100.0)) == ["again-1-100.0"]
    assert store(connection, repeat(1, 110.0)) == ["again-1-100.0"]


def test_the_key_of_a_stranger_goes_with_its_event(connection: sqlite3.Connection) -> None:
    """In its earlier form as well."""
    write_sql.settle(connection, write_sql.recall(connection), [Settlement(2, DeliveryState.DEAD, 1)])
    assert store(connection, repeat(2)) == ["again-2-2.0"]


def test_a_new_journal_holds_nothing_earlier(tmp_path: Path) -> None:
    """Its writing process need not look."""
    prepare(tmp_path / "journal.db")
    made = connect(tmp_path / "journal.db")
    assert not holds_earlier(made)
    made.close()
