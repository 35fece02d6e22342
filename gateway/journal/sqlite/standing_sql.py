# ruff: noqa: S608 - statements are put together from constants of this module only
"""The statements about pauses, the newest results of destinations, and places of deliveries in their lanes."""

from sqlite3 import Connection
from typing import Final

import msgspec

from gateway.journal.standing import AHEAD_LIMIT, Ahead, Tried
from gateway.model import Attempt, AttemptResult, DeliveryState, Pause

_FEW: Final = 8
"""Results of a kind that are read of a destination: more than it takes to be failing."""

_NEWEST: Final = 2000
"""The newest deliveries of all destinations, among which those that passed or are dead count."""

_OLDEST: Final = 10_000
"""The oldest pending deliveries of all destinations, among which those that were tried count: 20 ms from memory."""

_PAUSE = "INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?)"
_RESUME = "DELETE FROM pause WHERE destination = ?"

# Few logs are read, which are behind the payload: the rows are chosen by what stands before it. The dead are from the
# same stretch as those that passed, or an old failure would look like the present.
_TRIED = f"""
SELECT destination, state, reason, log FROM (
  SELECT seq FROM (
    SELECT seq, row_number() OVER (PARTITION BY destination, state ORDER BY seq DESC) AS place FROM delivery
     WHERE seq > (SELECT seq FROM sqlite_sequence WHERE name = 'delivery') - {_NEWEST}
       AND state IN ('delivered', 'dead') AND attempts > 0)
   WHERE place <= {_FEW}
   UNION ALL
  SELECT seq FROM (
    SELECT seq, row_number() OVER (PARTITION BY delivery.destination ORDER BY seq) AS place
      FROM (SELECT seq FROM delivery INDEXED BY delivery_pending WHERE state = 'pending' ORDER BY seq LIMIT {_OLDEST})
      CROSS JOIN delivery USING (seq) WHERE attempts > 0)
   WHERE place <= {_FEW})
  CROSS JOIN delivery USING (seq)"""

_PLACE = "SELECT destination, lane FROM delivery WHERE seq = ? AND state = 'pending'"
_AHEAD = f"""
SELECT count(*) FILTER (WHERE lane = :lane), min(seq) FILTER (WHERE lane = :lane), count(*) = {AHEAD_LIMIT}
  FROM (SELECT seq FROM delivery INDEXED BY delivery_pending
         WHERE state = 'pending' AND destination = :destination AND seq < :seq ORDER BY seq DESC LIMIT {AHEAD_LIMIT})
  CROSS JOIN delivery USING (seq)"""
_EVENT = "SELECT id FROM event WHERE number = (SELECT event FROM delivery WHERE seq = ?)"

_attempt = msgspec.json.Decoder(tuple[float, AttemptResult, int, str, str])


def pauses(connection: Connection) -> dict[str, Pause]:
    """The pause of each destination that is paused."""
    rows = connection.execute("SELECT destination, at, person, reason FROM pause")
    return {destination: Pause(at, person, reason) for destination, at, person, reason in rows}


def set_pause(connection: Connection, destination: str, pause: Pause | None) -> None:
    """Store or remove the pause of a destination."""
    if pause is None:
        connection.execute(_RESUME, (destination,))
    else:
        connection.execute(_PAUSE, (destination, pause.at, pause.by, pause.reason))


def tried(connection: Connection) -> dict[str, list[Tried]]:
    """The newest results of destinations; see `standing.Standings`."""
    found: dict[str, list[Tried]] = {}
    for destination, state, reason, log in connection.execute(_TRIED):
        if log:
            attempts = tuple(Attempt(*line) for line in _attempt.decode_lines(log))
            found.setdefault(destination, []).append(Tried(DeliveryState(state), reason, attempts))
    return found


def ahead(connection: Connection, seq: int) -> Ahead:
    """What is before a pending delivery in its lane."""
    place = connection.execute(_PLACE, (seq,)).fetchone()
    if place is None:
        return Ahead()
    values = {"destination": place[0], "lane": place[1], "seq": seq}
    count, first, more = connection.execute(_AHEAD, values).fetchone()
    if more or not count:
        return Ahead(count, more=bool(more))
    (event_id,) = connection.execute(_EVENT, (first,)).fetchone()
    return Ahead(count, first, event_id)
