"""Journals as version 4 of the schema left them: texts for duplicate keys, bodies as they came, an index of kinds."""

import sqlite3
from importlib import resources
from pathlib import Path

from gateway.journal import DuplicateKey, Entry
from gateway.journal.duplicates import key_of
from gateway.journal.sqlite.file import migrate, versions
from gateway.model import Event, Outcome, Request

STATES = ("delivered", "pending", "dead", "replayed", "discarded")


def digest(number: int) -> bytes:
    """That of the body of an event."""
    return number.to_bytes(16)


def route(number: int) -> str:
    """The route of an event: one of three, the first event's is rare."""
    return "rare" if number == 1 else f"route {number % 3}"


def body(number: int) -> bytes:
    """The body of an event: a small one, one to be packed, or a large one."""
    return b'{"number": %d}' % number * (1, 100, 1, 100_000)[number % 4 if number < 20 else 1]


def make(path: Path, count: int) -> None:
    """A journal of events numbered from 1, each with a delivery in one of the states by turns.

    Every third delivery is to an address, and names its keys. All keys expire at 1000.
    """
    sections = versions(resources.files("gateway.journal.sqlite").joinpath("schema.sql").read_text("utf-8"))
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, sections[:4])
    connection.execute("BEGIN")
    for number in range(1, count + 1):
        _add(connection, number)
    connection.execute("INSERT INTO card VALUES ('ops', 'subject', 'post', 5.0, 1)")
    connection.execute("INSERT INTO address VALUES ('ops', 'known', 5.0)")
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.close()


def _add(connection: sqlite3.Connection, number: int) -> None:
    state, address = STATES[number % 5], "stranger" if number % 3 == 0 else ""
    text = f"{route(number)} body {digest(number).hex()}"
    outcome = "broken" if number % 7 == 0 else "message"
    event = (number, f"e{number}", float(number), len(body(number)) + 300, route(number), "s", outcome)
    rest = ("name", "t", "subject", "", "POST", "", "", "{}", "{}", body(number), f'["{text}"]' if address else "")
    delivery = (number, number, float(number), "ops", "lane", state, 1, 0.0, "404", "", address, "", b"{}", "", "")
    connection.execute(f"INSERT INTO event VALUES ({'?,' * 17}?)", event + rest)
    connection.execute(f"INSERT INTO delivery VALUES ({'?,' * 14}?)", delivery)
    connection.execute("INSERT INTO duplicate VALUES (?, ?, 1000.0)", (text, f"e{number}"))
    if state == "discarded":
        connection.execute("INSERT INTO discard VALUES (?, ?, 6.0, 'sold')", (number, number))


def repeat(number: int, received: float = 100.0) -> Entry:
    """A request that repeats the body of an event."""
    event = Event(f"r{number}-{received}", received, route(number), "s", Outcome.MESSAGE, "n", "t", "", "", Request())
    return Entry(event, (), (DuplicateKey(key_of(route(number), "body", digest(number)), 60.0),))
