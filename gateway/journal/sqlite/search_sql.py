# ruff: noqa: S608 - statements are put together from constants of this module only
"""The search for events: newest first, page by page, with bounded work for a page.

An index gives candidates in the order of their numbers, and the conditions are checked on them slice by slice:

    an id                            that event
    a destination and a reason       its dead deliveries
    a rare delivery state            the events with a delivery in it, or once discarded
    route, service, outcome, note    the events of the kinds that match
    anything else                    all events

Refused requests are a table of their own: see `refusal_sql`.

Times are a range of numbers, found by the index over times; the conditions check them exactly. A page that is not full
when its time is up ends short of its limit, and its `next` continues the search.
"""

from sqlite3 import Connection
from time import monotonic
from typing import Any

import msgspec

from gateway.errors import JournalError
from gateway.journal import ORDER, TEXT_LIMIT, Page, Query
from gateway.journal.sqlite import refusal_sql
from gateway.journal.sqlite.read_sql import records
from gateway.model import DeliveryState, Outcome

_SLICE = 500
"""Candidates that one query checks: 1 ms from memory, tens of ms from a disk."""

_SECONDS = 0.02
"""Seconds after which a page takes no further slice: other readers wait."""

_FEW = 20_000
"""Pending deliveries up to which their events are the candidates; with more, a walk over all events soon meets some."""

_NARROW_SLICE = 20_000
"""Rows that one query reads of the narrow list of kinds, in search of a slice of candidates: some ms."""

_EVERY = "SELECT number FROM event WHERE number < :before ORDER BY number DESC"
_ONE = "SELECT number FROM event WHERE id = :event_id AND number < :before"
_NARROW = "SELECT number, kind FROM kind_of_event WHERE number < :before ORDER BY number DESC LIMIT :narrow"
_OF_KINDS = f"""SELECT number FROM ({_NARROW})
 WHERE kind IN (SELECT number FROM kind WHERE (:route = '' OR route = :route)
                   AND (:service = '' OR service = :service) AND (:outcome = '' OR outcome = :outcome)
                   AND (:note = '' OR note = :note))"""
_IN_GROUP = """SELECT DISTINCT event AS number FROM delivery INDEXED BY delivery_dead
 WHERE state = 'dead' AND destination = :destination AND reason = :reason AND event < :before ORDER BY event DESC"""
# SQLite uses a partial index only for a literal state.
_IN_STATE = {
    state: f"""SELECT DISTINCT event AS number FROM delivery INDEXED BY {index}
 WHERE state = '{state}' AND (:destination = '' OR destination = :destination) AND event < :before
 ORDER BY event DESC"""
    for state, index in (
        (DeliveryState.DEAD, "delivery_dead_event"),
        (DeliveryState.REPLAYED, "delivery_replayed"),
        (DeliveryState.PENDING, "delivery_pending"),
    )
}
# Those that were sent again have left the state, and do not match the conditions.
_DISCARDED = (
    "SELECT DISTINCT event AS number FROM discard INDEXED BY discard_event WHERE event < :before ORDER BY event DESC"
)
_FIRST_SINCE = "SELECT number FROM event INDEXED BY event_age WHERE received >= ? ORDER BY received LIMIT 1"
_LAST_UNTIL = "SELECT number FROM event INDEXED BY event_age WHERE received <= ? ORDER BY received DESC LIMIT 1"

_MANY_PENDING = """
SELECT count(*) > :few FROM (
  SELECT 1 FROM delivery INDEXED BY delivery_pending WHERE state = 'pending' LIMIT :few + 1)"""

_OF_KIND = """(:event_id = '' OR id = :event_id) AND (:route = '' OR route = :route)
   AND (:service = '' OR service = :service) AND (:outcome = '' OR outcome = :outcome)
   AND (:translator = '' OR translator = :translator)
   AND (:since IS NULL OR event.received >= :since) AND (:until IS NULL OR event.received <= :until)
   AND (:note = '' OR :note = (SELECT note FROM kind_of_event AS own JOIN kind ON kind.number = own.kind
                                WHERE own.number = event.number))"""
_HAS_DELIVERY = """ AND EXISTS (
   SELECT 1 FROM delivery INDEXED BY delivery_event
    WHERE event = event.number AND (:state = '' OR state = :state)
      AND (:destination = '' OR destination = :destination) AND (:reason = '' OR delivery.reason = :reason))"""
# Words contain no line break, so that none matches across two columns.
_SAYS = """(id || '\n' || name || '\n' || translator || '\n' || subject || '\n' || reason LIKE :{0} ESCAPE '\\'
   OR EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_event
               WHERE event = event.number
                 AND (delivery.reason LIKE :{0} ESCAPE '\\' OR CAST(payload AS TEXT) LIKE :{0}_json ESCAPE '\\')))"""

# The candidates are the outer loop and have a LIMIT of their own, so the result keeps their order.
_FIND = """
SELECT json_group_array(json_array(number, size)) FROM (
  SELECT event.number, size FROM ({candidates} LIMIT :slice) AS candidate
   CROSS JOIN event ON event.number = candidate.number
   WHERE {conditions} LIMIT :limit + 1)"""
# The number below which the candidates go on after a slice; NULL at their end.
_REACHED = "SELECT CASE WHEN count(*) = :slice THEN min(number) END FROM ({candidates} LIMIT :slice)"
_REACHED_OF_KINDS = f"""
SELECT coalesce(({_REACHED.format(candidates=_OF_KINDS)}),
                (SELECT CASE WHEN count(*) = :narrow THEN min(number) END FROM ({_NARROW})))"""
_FIRST_OF_KIND = "SELECT coalesce(min(number), :before) FROM kind_of_event WHERE number < :before"

_sized = msgspec.json.Decoder(list[tuple[int, int]])
_to_json = msgspec.json.Encoder().encode


def find(connection: Connection, query: Query) -> Page:
    """One page of events with their deliveries, newest first. Raises JournalError for a text that is too long."""
    connection.execute("BEGIN")  # one view for all slices: migration moves events between the lists of candidates
    try:
        return _find(connection, query)
    finally:
        connection.rollback()


def _find(connection: Connection, query: Query) -> Page:
    if len(query.text) > TEXT_LIMIT:
        raise JournalError(f"the text to find has {len(query.text)} characters: at most {TEXT_LIMIT} can be searched")
    if query.outcome == Outcome.REFUSED:
        return _refused(connection, query)
    before, floor = _before(connection, query), _floor(connection, query)
    if before is None or before <= floor or query.limit <= 0:
        return Page()
    values = {
        "event_id": query.event_id,
        "route": query.route,
        "service": query.service,
        "outcome": query.outcome,
        "note": query.note,
        "translator": query.translator,
        "since": query.since,
        "until": query.until,
        "state": query.delivery_state or "",
        "destination": query.destination,
        "reason": query.reason,
        "before": before,
        "floor": floor,
        "limit": query.limit,
        "narrow": _NARROW_SLICE,
        "slice": _SLICE if query.text else max(query.limit + 1, _SLICE),
    }
    candidates = _candidates(connection, query)
    conditions = _OF_KIND
    if query.delivery_state or query.destination or query.reason:
        conditions += _HAS_DELIVERY
    conditions += _text_conditions(query.text, values)
    found, end = _walk(connection, candidates, conditions, values)
    if query.event_id and not found and not query.outcome:
        return _refused(connection, query)
    shown = records(connection, found, bodies=query.bodies, first_payloads=query.first_payloads)
    return Page(tuple(shown), _id_of(connection, end))


def _refused(connection: Connection, query: Query) -> Page:
    words = [[_pattern(spelling) for spelling in _spellings(word)] for word in sorted(set(query.text.split()))]
    return refusal_sql.find(connection, query, words)


def _walk(
    connection: Connection, candidates: str, conditions: str, values: dict[str, Any]
) -> tuple[list[tuple[int, int]], int | None]:
    """Number and size of the matching events, at most `limit`, and the number below which to continue (None: end)."""
    find = _FIND.format(candidates=candidates, conditions=conditions)
    reached = _REACHED_OF_KINDS if candidates == _OF_KINDS else _REACHED.format(candidates=candidates)
    found: list[tuple[int, int]] = []
    until = monotonic() + _SECONDS
    while True:
        found += _sized.decode(connection.execute(find, values).fetchone()[0])
        if len(found) > values["limit"]:
            del found[values["limit"] :]
            return found, found[-1][0]
        (end,) = connection.execute(reached, values).fetchone()
        if end is None and candidates == _OF_KINDS:
            # Events of an earlier schema that are not in the narrow list yet are below all that are.
            candidates = _EVERY
            find, reached = (sql.format(candidates=_EVERY, conditions=conditions) for sql in (_FIND, _REACHED))
            (end,) = connection.execute(_FIRST_OF_KIND, values).fetchone()
        elif end is None or end <= values["floor"]:
            return found, None
        elif monotonic() > until:
            return found, end
        values["before"] = end


def _before(connection: Connection, query: Query) -> int | None:
    """The number below which to search; None when the event `before` no longer exists, or all are too new."""
    below = 2**63 - 1
    if query.until is not None:
        newest = connection.execute(_LAST_UNTIL, (query.until + ORDER,)).fetchone()
        if newest is None:
            return None
        below = newest[0] + 1
    if not query.before:
        return below
    found = connection.execute("SELECT number FROM event WHERE id = ?", (query.before,)).fetchone()
    return min(found[0], below) if found else None


def _floor(connection: Connection, query: Query) -> int:
    """The number of the oldest event that can match; all of them are above 0."""
    if query.since is None:
        return 0
    oldest = connection.execute(_FIRST_SINCE, (query.since - ORDER,)).fetchone()
    return oldest[0] if oldest else 2**63 - 1


def _id_of(connection: Connection, number: int | None) -> str:
    found = connection.execute("SELECT id FROM event WHERE number = ?", (number,)).fetchone()
    return found[0] if found else ""


def _candidates(connection: Connection, query: Query) -> str:
    """The SELECT of the candidates."""
    state = query.delivery_state
    if query.event_id:
        return _ONE
    if state is DeliveryState.DEAD and query.destination and query.reason:
        return _IN_GROUP
    if state in (DeliveryState.DEAD, DeliveryState.REPLAYED):
        return _IN_STATE[state]
    if state is DeliveryState.DISCARDED:
        return _DISCARDED
    if state is DeliveryState.PENDING and not connection.execute(_MANY_PENDING, {"few": _FEW}).fetchone()[0]:
        return _IN_STATE[state]
    return _OF_KINDS if query.route or query.service or query.outcome or query.note else _EVERY


def _text_conditions(text: str, values: dict[str, Any]) -> str:
    """The conditions for an event that contains all words of a text; the patterns are put into `values`."""
    conditions = ""
    for number, word in enumerate(sorted(set(text.split()), key=len, reverse=True)):
        spellings: list[str] = []
        for spelling in _spellings(word):
            name = f"word{number}_{len(spellings)}"
            values |= {name: _pattern(spelling), f"{name}_json": _pattern(_to_json(spelling)[1:-1].decode())}
            spellings.append(_SAYS.format(name))
        conditions += f" AND ({' OR '.join(spellings)})"
    return conditions


def _spellings(word: str) -> set[str]:
    """The spellings of a word to search for: LIKE ignores the case of ASCII letters only."""
    return {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}


def _pattern(word: str) -> str:
    for special in "\\%_":
        word = word.replace(special, f"\\{special}")
    return f"%{word}%"
