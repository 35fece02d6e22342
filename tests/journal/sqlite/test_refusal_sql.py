"""Refused requests in the file: what a search reads, and what goes with time."""

import sqlite3

from msgspec.structs import replace

from gateway.journal.sqlite import refusal_sql
from gateway.model import Cause, Refusal

ONE = Refusal("a", 1.0, "r", "s", Cause.UNSIGNED, 401, "no header")


def test_the_oldest_go_a_slice_at_a_time(connection: sqlite3.Connection) -> None:
    """Only those that were received before a time, the oldest first."""
    refusal_sql.store(connection, [replace(ONE, id=f"{number}", received=float(number)) for number in range(5)])
    assert refusal_sql.prune(connection, 3.0, 2) == 2
    assert refusal_sql.prune(connection, 3.0, 2) == 1
    assert refusal_sql.prune(connection, 3.0, 2) == 0
    assert refusal_sql.count(connection) == {"r": 2}


def test_the_surplus_of_a_route_is_found_by_its_index(connection: sqlite3.Connection) -> None:
    """Storing costs the same with one route and with thousands."""
    steps = connection.execute(f"EXPLAIN QUERY PLAN {refusal_sql._SURPLUS}", {"route": "r"}).fetchall()
    assert all("USING" in step[3] for step in steps if "refusal" in step[3])
    assert "TEMP B-TREE" not in str(steps)


def test_numbers_grow_also_after_the_last_was_deleted(connection: sqlite3.Connection) -> None:
    """A page that was begun does not show what came later."""
    refusal_sql.store(connection, [ONE])
    refusal_sql.prune(connection, 2.0, 10)
    refusal_sql.store(connection, [replace(ONE, id="b")])
    assert connection.execute("SELECT number FROM refusal").fetchall() == [(2,)]
