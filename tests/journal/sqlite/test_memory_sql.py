"""What the writer's connection knows by heart."""

import sqlite3

from gateway.journal.sqlite import memory_sql
from gateway.journal.sqlite.memory_sql import NEAR, kind, recall


def test_a_kind_has_one_number(connection: sqlite3.Connection) -> None:
    """For every connection, also where another one has given it meanwhile."""
    memory, other = recall(connection), recall(connection)
    kinds = [("r", "s", "message", ""), ("r", "s", "ignored", ""), ("q", "s", "message", "")]
    numbers = [kind(connection, memory, event, named) for event, named in enumerate(kinds, 1)]
    assert len(set(numbers)) == 3
    assert [kind(connection, other, 9, named) for named in reversed(kinds)] == numbers[::-1]
    assert recall(connection) == memory == other


def test_the_newest_event_of_a_kind_is_seldom_stored(connection: sqlite3.Connection) -> None:
    """Only when it is far above the one that is stored; what is stored is known by heart."""
    memory = recall(connection)
    changes = connection.total_changes
    for event in range(1, 2 * NEAR + 2):
        kind(connection, memory, event, ("r", "s", "message", ""))
        assert event - NEAR < memory.kinds["r", "s", "message", ""][1] <= event
    assert connection.total_changes - changes == 3
    assert recall(connection) == memory


def test_the_kinds_of_deleted_events_are_forgotten(connection: sqlite3.Connection) -> None:
    """Those that are still there stay; a kind without an event has no newest one."""
    memory = recall(connection)
    number = kind(connection, memory, 1, ("r", "s", "message", ""))
    connection.execute("INSERT INTO kind_of_event VALUES (1, ?)", (number,))
    memory_sql.drop_kinds(connection, memory, [1, 2])
    assert connection.execute("SELECT count(*) FROM kind_of_event").fetchone() == (0,)
    assert memory.kinds == {("r", "s", "message", ""): (number, 0)}
