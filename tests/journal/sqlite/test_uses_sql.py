"""Uses that are given back, and the places of tickets, in the file."""

import sqlite3

from gateway.journal import DuplicateKey, Entry
from gateway.journal.sqlite import keys_sql, memory_sql, uses_sql, write_sql
from gateway.journal.sqlite.memory_sql import Memory
from gateway.journal.uses import Pin
from gateway.model import Event, Outcome, Request

KEYS = (DuplicateKey(b"ticket", 600.0), DuplicateKey(b"trigger", 600.0))


def stored(connection: sqlite3.Connection, memory: Memory, name: str, *keys: DuplicateKey) -> str:
    """Store an act with these uses; the id that is answered."""
    event = Event(name, 5.0, "callbacks.a", "a", Outcome.MESSAGE, "", "", "", "", Request())
    (answer,) = write_sql.store(connection, memory, [(Entry(event, (), keys), 0.0, 0)])
    return answer.event_id


def test_a_use_is_given_back_wherever_its_key_is(connection: sqlite3.Connection) -> None:
    """In the list, during a merge, and in the table; the others of the event stay, and so do another event's."""
    memory = memory_sql.recall(connection)
    for number, merged in enumerate((0, 1, 2)):
        assert stored(connection, memory, f"first{number}", *KEYS) == f"first{number}"
        if merged:
            keys_sql.merge(connection, memory.keys, merged)
        assert stored(connection, memory, "again", KEYS[0]) == f"first{number}"
        uses_sql.release(connection, memory.keys, "nobody", [b"ticket"])
        uses_sql.release(connection, memory.keys, f"first{number}", [b"ticket", b"unknown"])
        assert stored(connection, memory, "again", KEYS[1]) == f"first{number}"
        assert stored(connection, memory, f"next{number}", KEYS[0]) == f"next{number}"
        uses_sql.release(connection, memory.keys, f"first{number}", [b"ticket"])
        assert stored(connection, memory, "again", KEYS[0]) == f"next{number}"
        uses_sql.release(connection, memory.keys, f"next{number}", [b"ticket"])
        uses_sql.release(connection, memory.keys, f"first{number}", [b"trigger"])
    assert memory_sql.recall(connection).keys.fresh == {}


def test_places_go_with_their_tickets(connection: sqlite3.Connection) -> None:
    """The first place counts; the oldest go first, as many as are asked for."""
    for number in range(4):
        assert uses_sql.pin(connection, f"t{number}", Pin("c", "p"), float(number)) == Pin("c", "p")
        assert uses_sql.pin(connection, f"t{number}", Pin("other", "p"), 99.0) == Pin("c", "p")
    assert [uses_sql.prune(connection, now, 2) for now in (-1.0, 2.0, 2.0)] == [0, 2, 1]
    assert [uses_sql.pinned(connection, f"t{number}") for number in (2, 3)] == [None, Pin("c", "p")]


def test_notes_of_what_is_settled_go(connection: sqlite3.Connection) -> None:
    """Those of pending deliveries stay."""
    row = "INSERT INTO delivery (seq, event, received, destination, lane, state, attempts, not_before, reason, post_id,"
    row += " address, card, payload) VALUES (?, 1, 0, 'd', 'l', ?, 0, 0, '', '', '', '', x'')"
    connection.executemany(row, [(1, "pending"), (2, "delivered")])
    assert [uses_sql.begin(connection, seq, back=False) for seq in (1, 2, 3, 1)] == [True, True, True, False]
    assert [uses_sql.prune_begun(connection, 1), uses_sql.prune_begun(connection, 9)] == [1, 1]
    assert [uses_sql.begin(connection, seq, back=False) for seq in (1, 2, 3)] == [False, True, True]
