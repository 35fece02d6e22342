# ruff: noqa: S608 - statements are put together from constants of this module only
"""Counts over time on a reading connection: what was received and delivered, step by step, back from now.

They are read slice by slice, newest first, and no further back than is asked for: the events by their times in the
index of ages and by their kinds in the narrow list, without reading an event; the deliveries by their numbers.
"""

from sqlite3 import Connection

import msgspec

from gateway.journal.past import DeliveredCount, EventCount

EVENTS_SLICE = 5_000
"""Events counted in one query: some 10 ms."""

DELIVERIES_SLICE = 1_000
"""Deliveries read in one query: some ms from memory, tens of ms from a disk."""

FRESH_SLICE = 100_000
"""New events counted in one query."""

_NEWEST = "SELECT coalesce(max(number), 0) FROM kind_of_event"

_SLICE_BEGINS = """
SELECT received FROM event INDEXED BY event_age WHERE received < ? AND received >= ?
 ORDER BY received DESC LIMIT 1 OFFSET ?"""
_EVENTS = """
SELECT json_group_array(json_array(at, route, outcome, amount)) FROM (
  SELECT CAST(received / :step AS INTEGER) AS at, kind.route, kind.outcome, count(*) AS amount
    FROM event INDEXED BY event_age CROSS JOIN kind_of_event USING (number)
    CROSS JOIN kind ON kind.number = kind_of_event.kind
   WHERE received >= :since AND received < :before AND event.number <= :newest
   GROUP BY at, kind.route, kind.outcome)"""

# A log is lines of JSON, each an array: joined by commas they are one array, whose last element says how it went.
_LAST_ATTEMPT = "json('[' || replace(rtrim(log, char(10)), char(10), ',') || ']') -> '$[#-1]'"
_ARRIVED = "last ->> 1 = 'delivered' AND last ->> 0 >= :since AND last ->> 0 < :until"
_DELIVERED = f"""
SELECT json_group_array(json_array(at, destination, amount)) FILTER (WHERE at IS NOT NULL), min(seq), min(received)
  FROM (
  SELECT CAST(delivered / :step AS INTEGER) AS at, destination, count(*) AS amount, min(seq) AS seq,
         min(received) AS received
    FROM (SELECT seq, destination, received, iif({_ARRIVED}, last ->> 0, NULL) AS delivered
            FROM (SELECT seq, destination, received, iif(log = '', NULL, {_LAST_ATTEMPT}) AS last
                    FROM delivery WHERE seq < :before ORDER BY seq DESC LIMIT :slice))
   GROUP BY at, destination)"""

_FRESH = """
SELECT json_group_array(json_array(0, route, outcome, amount)), max(reached) FROM (
  SELECT route, outcome, count(*) AS amount, max(fresh.number) AS reached
    FROM (SELECT number, kind FROM kind_of_event WHERE number > ? ORDER BY number LIMIT ?) AS fresh
    JOIN kind ON kind.number = fresh.kind
   GROUP BY route, outcome)"""

_events = msgspec.json.Decoder(list[EventCount])
_delivered = msgspec.json.Decoder(list[DeliveredCount])


def newest(connection: Connection) -> int:
    """The number of the newest event; 0 when there is none."""
    return int(connection.execute(_NEWEST).fetchone()[0])


def events(
    connection: Connection, since: float, before: float, newest: int, step: float
) -> tuple[list[EventCount], float | None]:
    """Counts of the last events received from `since` until `before`, up to number `newest`.

    And the next `before`, None when all are counted.
    """
    found = connection.execute(_SLICE_BEGINS, (before, since, EVENTS_SLICE - 1)).fetchone()
    begins = found[0] if found else since
    values = {"since": begins, "before": before, "newest": newest, "step": step}
    (rows,) = connection.execute(_EVENTS, values).fetchone()
    return _events.decode(rows), found[0] if found else None


def delivered(
    connection: Connection, since: float, until: float, before: int, step: float
) -> tuple[list[DeliveredCount], int | None, float]:
    """Counts of those of the next deliveries, downwards from number `before`, that arrived between two times.

    Then the next `before`, None at the end, and when the oldest of them was received.
    """
    values = {"since": since, "until": until, "before": before, "step": step, "slice": DELIVERIES_SLICE}
    rows, reached, oldest = connection.execute(_DELIVERED, values).fetchone()
    end = reached is None or oldest < since
    return _delivered.decode(rows or b"[]"), None if end else reached, oldest or since


def fresh(connection: Connection, after: int) -> tuple[list[EventCount], int]:
    """Counts, in step 0, of events numbered above `after`, and the number up to which they are counted."""
    rows, reached = connection.execute(_FRESH, (after, FRESH_SLICE)).fetchone()
    return _events.decode(rows), after if reached is None else reached
