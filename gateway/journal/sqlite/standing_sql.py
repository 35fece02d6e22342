# ruff: noqa: S608 - statements are put together from constants of this module only
"""The statements about pauses, the newest results of destinations, and places of deliveries in their lanes."""

from sqlite3 import Connection
from typing import Final

import msgspec

from gateway.journal.sqlite import count_sql
from gateway.journal.standing import AHEAD_LIMIT, Ahead, Tried
from gateway.model import Attempt, AttemptResult, DeliveryState, Pause

_FEW: Final = 8
"""Results of a kind that are read of a destination: more than it takes to be failing."""

_NEWEST: Final = 2000
"""The newest deliveries, among which those that passed or are dead count, and the oldest pending ones that are read."""

_PAUSE = "INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?)"
_RESUME = "DELETE FROM pause WHERE destination = ?"

# Each reads few logs, which are behind the payload: the rows are chosen by what stands before it. The dead are from the
# same stretch as those that passed, or an old failure would look like the present.
_RECENT = f"delivery.seq > (SELECT seq FROM sqlite_sequence WHERE name = 'delivery') - {_NEWEST}"
_OF = "SELECT delivery.state, delivery.reason, delivery.log FROM"
_TRIED = (
    f"""{_OF} (SELECT seq FROM delivery
                WHERE {_RECENT} AND destination = :name AND state = 'delivered' ORDER BY seq DESC LIMIT {_FEW})
         CROSS JOIN delivery USING (seq)""",
    f"""{_OF} (SELECT DISTINCT event FROM delivery INDEXED BY delivery_dead_event
                WHERE state = 'dead' AND destination = :name ORDER BY event DESC LIMIT {_FEW}) AS dead
         CROSS JOIN delivery INDEXED BY delivery_event ON delivery.event = dead.event
         WHERE {_RECENT} AND +state = 'dead' AND destination = :name LIMIT {10 * _FEW}""",
    f"""{_OF} (SELECT seq FROM delivery INDEXED BY delivery_pending
                WHERE state = 'pending' AND destination = :name ORDER BY seq LIMIT {_NEWEST}) AS waiting
         CROSS JOIN delivery USING (seq) WHERE attempts > 0 LIMIT {_FEW}""",
)

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
    """The newest results of each destination with pending or dead deliveries; see `standing.Standings`."""
    return {name: _tried(connection, name) for name in count_sql.census(connection)}


def _tried(connection: Connection, name: str) -> list[Tried]:
    return [
        Tried(DeliveryState(state), reason, tuple(Attempt(*line) for line in _attempt.decode_lines(log)))
        for statement in _TRIED
        for state, reason, log in connection.execute(statement, {"name": name})
        if log
    ]


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
