"""Snoozes, in the file."""

import sqlite3

from gateway.journal.snoozes import Snooze
from gateway.journal.sqlite import snoozes_sql


def test_what_has_ended_goes_in_slices(connection: sqlite3.Connection) -> None:
    """The first to end go first, and none that has not."""
    for number in range(5):
        snoozes_sql.store(connection, Snooze("r", f"s{number}", float(number), "ann"))
    assert [snoozes_sql.prune(connection, 2.0, 2) for _ in range(3)] == [2, 1, 0]
    assert [one.subject for one in snoozes_sql.snoozes(connection)] == ["s3", "s4"]
