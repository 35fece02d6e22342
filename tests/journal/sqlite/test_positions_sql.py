"""The positions of listeners, in the file."""

import sqlite3

from gateway.journal.sqlite import positions_sql


def test_a_position_never_goes_back(connection: sqlite3.Connection) -> None:
    """Each listener has its own, to the fraction of a millisecond."""
    assert positions_sql.position(connection, "ask") is None
    for ms in (5.0, 1_800_000_000_123.5, 7.0):
        positions_sql.advance(connection, "ask", ms)
    positions_sql.advance(connection, "other", 3.0)
    assert [positions_sql.position(connection, name) for name in ("ask", "other")] == [1_800_000_000_123.5, 3.0]
