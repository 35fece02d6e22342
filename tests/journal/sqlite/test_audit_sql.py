"""Lines of the audit in the file: what a search reads, and what goes with time and number."""

import sqlite3

import pytest
from msgspec.structs import replace

from gateway.journal.audit import AuditLine, AuditOutcome, AuditQuery
from gateway.journal.sqlite import audit_sql

LINE = AuditLine(1.0, AuditOutcome.DONE, "pagerduty/acknowledge", user="u1", user_name="ann")


def numbers(connection: sqlite3.Connection) -> list[int]:
    """The numbers of all lines."""
    return [number for (number,) in connection.execute("SELECT number FROM audit ORDER BY number")]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three lines are kept of what was taken, and two of the others."""
    beyond = audit_sql._BEYOND
    monkeypatch.setattr(audit_sql, "_SURPLUS", beyond.format(1, 3))
    monkeypatch.setattr(
        audit_sql, "_REFUSED_SURPLUS", f"DELETE FROM audit WHERE taken = 0 AND number <= ({beyond.format(0, 2)})"
    )


def test_the_oldest_go_a_slice_at_a_time(connection: sqlite3.Connection, few: None) -> None:
    """By age, and by the number of those that are kept; numbers go on growing."""
    audit_sql.store(connection, [replace(LINE, at=float(at)) for at in (9, 1, 2, 3, 4, 5, 6)])
    assert [audit_sql.prune(connection, 3.0, 0, 1) for _ in range(3)] == [1, 1, 0]
    assert numbers(connection) == [1, 4, 5, 6, 7]
    beyond = audit_sql.surplus(connection)
    assert [audit_sql.prune(connection, 0.0, beyond, 1) for _ in range(3)] == [1, 1, 0]
    assert numbers(connection) == [5, 6, 7]
    assert audit_sql.surplus(connection) == 0
    audit_sql.prune(connection, 99.0, 0, 9)
    audit_sql.store(connection, [LINE])
    assert numbers(connection) == [8]


def test_a_stranger_pushes_out_no_line_of_others(connection: sqlite3.Connection, few: None) -> None:
    """What is not taken has a limit of its own, which holds at once."""
    audit_sql.store(connection, [LINE])
    for outcome in (AuditOutcome.FORGED, AuditOutcome.REPEATED, AuditOutcome.DENIED, AuditOutcome.EXPIRED):
        audit_sql.store(connection, [replace(LINE, outcome=outcome)])
    assert numbers(connection) == [1, 4, 5]
    assert audit_sql.surplus(connection) == 0


@pytest.mark.parametrize("condition", ["subject", "callback", "user"])
def test_a_search_walks_over_no_other_lines(connection: sqlite3.Connection, condition: str) -> None:
    """It costs what it finds, not what is there."""
    text = audit_sql._FIND.format(conditions=f" AND {audit_sql._CONDITIONS[condition]}")
    steps = connection.execute(f"EXPLAIN QUERY PLAN {text}", {condition: "x", "before": 9, "limit": 9}).fetchall()
    assert any(f"USING INDEX audit_{condition} " in step[3] for step in steps)
    assert audit_sql.find(connection, AuditQuery(user="u1")).lines == []
