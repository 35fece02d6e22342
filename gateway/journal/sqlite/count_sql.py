# ruff: noqa: S608 - statements are put together from constants of this module only
"""Counts on the reading connection: deliveries by destination, dead ones by reason, and the contents of the journal."""

from sqlite3 import Connection

import msgspec

from gateway.journal import GROUPS_LIMIT, DeadGroup, Last, Standing
from gateway.journal.sqlite.memory_sql import NEAR
from gateway.model import Outcome

COUNT_SLICE = 100_000
"""Events counted in one query: some 10 ms."""

UNSETTLED_SLICE = 500
"""Unsettled events looked up in one query: 2 ms from memory, tens of ms from a disk."""

_CENSUS = """
SELECT json_group_array(json_array(destination, pending, quote(oldest), dead)) FROM (
  SELECT destination, sum(pending) AS pending, max(oldest) AS oldest, sum(dead) AS dead FROM (
    SELECT destination, count(*) AS pending, min(received) AS oldest, 0 AS dead
      FROM delivery INDEXED BY delivery_pending WHERE state = 'pending' GROUP BY destination
    UNION ALL
    SELECT destination, 0, 0.0, count(*)
      FROM delivery INDEXED BY delivery_dead WHERE state = 'dead' GROUP BY destination)
  GROUP BY destination)"""

# Nearly as many steps as there are dead deliveries: each group is contiguous in the index.
_DEAD_GROUPS = f"""
SELECT json_group_array(json_array(destination, reason, number, quote(oldest), quote(newest))) FROM (
  SELECT destination, reason, count(*) AS number, min(received) AS oldest, max(received) AS newest
    FROM delivery INDEXED BY delivery_dead WHERE state = 'dead'
   GROUP BY destination, reason ORDER BY number DESC, destination, reason LIMIT {GROUPS_LIMIT})"""

# Of several rows with one max(), SQLite takes the bare columns from the row that has it. What is not in the narrow list
# yet is the newest event of its kind.
_LAST = f"""
SELECT json_group_array(json_array(route, quote(received), outcome, note)) FROM (
  SELECT event.route, event.received, event.outcome, note, max(event.number)
    FROM kind JOIN event ON event.number = coalesce(
         (SELECT same.number FROM kind_of_event AS same
           WHERE same.kind = kind.number AND same.number BETWEEN kind.newest AND kind.newest + {NEAR - 1}
           ORDER BY same.number DESC LIMIT 1), kind.newest)
   GROUP BY event.route)"""

_OLDEST = "SELECT received FROM event INDEXED BY event_age ORDER BY received LIMIT 1"
_NEXT_SLICE = "SELECT received FROM event INDEXED BY event_age WHERE received > ? ORDER BY received LIMIT 1 OFFSET ?"
_COUNT = """
SELECT count(*), coalesce(sum(size), 0) FROM event INDEXED BY event_age WHERE received > ? AND received <= ?"""

_DEAD = """
SELECT count(*), coalesce(sum(size), 0), max(number)
  FROM (SELECT DISTINCT event AS dead FROM delivery INDEXED BY delivery_dead_event
         WHERE state = 'dead' AND event > ? ORDER BY event LIMIT ?)
  CROSS JOIN event ON number = dead"""
# An event counts at its first pending delivery.
_PENDING = """
SELECT coalesce(sum(size) FILTER (WHERE first AND NOT dead), 0), coalesce(sum(size) FILTER (WHERE first AND dead), 0),
       max(seq)
  FROM (SELECT seq, event AS pending,
               NOT EXISTS (SELECT 1 FROM delivery AS other INDEXED BY delivery_event
                            WHERE other.event = delivery.event AND other.state = 'pending'
                              AND other.seq < delivery.seq) AS first,
               EXISTS (SELECT 1 FROM delivery AS other INDEXED BY delivery_dead_event
                        WHERE other.event = delivery.event AND other.state = 'dead') AS dead
          FROM delivery INDEXED BY delivery_pending WHERE state = 'pending' AND seq > ? ORDER BY seq LIMIT ?)
  CROSS JOIN event ON number = pending"""

_standings = msgspec.json.Decoder(list[tuple[str, int, float, int]], strict=False)
_groups = msgspec.json.Decoder(list[tuple[str, str, int, float, float]], strict=False)
_lasts = msgspec.json.Decoder(list[tuple[str, float, Outcome, str]], strict=False)


def census(connection: Connection) -> dict[str, Standing]:
    """The counts of every destination with pending or dead deliveries."""
    (rows,) = connection.execute(_CENSUS).fetchone()
    return {name: Standing(waiting, oldest, dead) for name, waiting, oldest, dead in _standings.decode(rows)}


def dead_groups(connection: Connection) -> list[DeadGroup]:
    """The dead deliveries by destination and reason, the largest groups first."""
    (rows,) = connection.execute(_DEAD_GROUPS).fetchone()
    return [DeadGroup(*row) for row in _groups.decode(rows)]


def oldest(connection: Connection) -> float:
    """When the oldest event was received; 0 when there is none."""
    found = connection.execute(_OLDEST).fetchone()
    return found[0] if found else 0.0


def last(connection: Connection) -> dict[str, Last]:
    """The newest event of each route that has events: as many steps as there are kinds of events."""
    (rows,) = connection.execute(_LAST).fetchone()
    return {route: Last(received, outcome, note) for route, received, outcome, note in _lasts.decode(rows)}


def count(connection: Connection, after: float) -> tuple[int, int, float | None]:
    """Number and bytes of the next events received `after` a time, and the next `after`, None at the end."""
    found = connection.execute(_NEXT_SLICE, (after, COUNT_SLICE - 1)).fetchone()
    until = found[0] if found else None
    number, size = connection.execute(_COUNT, (after, float("inf") if until is None else until)).fetchone()
    return number, size, until


def dead(connection: Connection, after: int) -> tuple[int, int, int | None]:
    """Number and bytes of the next events with a dead delivery, `after` an event's number, and the next `after`."""
    number, size, reached = connection.execute(_DEAD, (after, UNSETTLED_SLICE)).fetchone()
    return number, size, reached


def pending(connection: Connection, after: int) -> tuple[int, int, int | None]:
    """Bytes of the next events with a pending delivery: of those without a dead one, and of those with one.

    Then the next `after`, the number of a delivery; None at the end.
    """
    size, with_dead, reached = connection.execute(_PENDING, (after, UNSETTLED_SLICE)).fetchone()
    return size, with_dead, reached
