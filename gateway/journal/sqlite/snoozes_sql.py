"""The statements about snoozes: a row for each subject on a route."""

from sqlite3 import Connection

from gateway.journal.snoozes import Snooze

_ALL = "SELECT route, subject, until, by FROM snooze"
_STORE = """
INSERT INTO snooze VALUES (?, ?, ?, ?)
    ON CONFLICT (route, subject) DO UPDATE SET until = excluded.until, by = excluded.by"""
_END = "DELETE FROM snooze WHERE route = ? AND subject = ?"
_PRUNE = """
DELETE FROM snooze WHERE (route, subject) IN (
  SELECT route, subject FROM snooze WHERE until <= ? ORDER BY until LIMIT ?)"""


def snoozes(connection: Connection) -> list[Snooze]:
    """All snoozes."""
    return [Snooze(*row) for row in connection.execute(_ALL)]


def store(connection: Connection, one: Snooze) -> None:
    """Store a snooze in place of an earlier one."""
    connection.execute(_STORE, (one.route, one.subject, one.until, one.by))


def end(connection: Connection, route: str, subject: str) -> None:
    """Delete the snooze of a subject on a route."""
    connection.execute(_END, (route, subject))


def prune(connection: Connection, now: float, limit: int) -> int:
    """Delete at most `limit` snoozes that ended before `now`; returns their number."""
    return connection.execute(_PRUNE, (now, limit)).rowcount
