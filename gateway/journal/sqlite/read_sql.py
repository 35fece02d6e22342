# ruff: noqa: S608 - statements are put together from constants of this module only
"""The queries of the reading connection.

A row costs a hand-over of the interpreter lock (see `write_sql`), so many rows are packed into one: a JSON array of the
small columns, and the large columns joined end to end, which are split again by their lengths in the array.
"""

from collections.abc import Iterable, Iterator
from sqlite3 import Connection

import msgspec
from msgspec import Struct

from gateway.journal import FIRST_PAYLOAD, CardPost, Record, Stranger
from gateway.journal.sqlite.audit_sql import ACTS_AT, lines
from gateway.journal.sqlite.bodies import unpack
from gateway.model import Attempt, AttemptResult, Card, Delivery, DeliveryState, Discard, Event, Outcome, Request

_PAGE_ROWS = 256
_PAGE_BYTES = 32_000_000

# SQLite joins bytes unchanged, UTF-8 or not; quote() keeps all digits of a real, JSON would keep 15.
_PACKED_DELIVERIES = """
SELECT json_group_array(json_array(seq, event_id, quote(received), destination, lane, state, attempts,
                                   quote(not_before), reason, post_id, address, card, trace, log, length(payload),
                                   json(discard))),
       CAST(group_concat(payload, '') AS BLOB)
  FROM (SELECT seq, event.id AS event_id, delivery.received, destination, lane, state, attempts, not_before,
               delivery.reason, post_id, address, card, trace, """
_PENDING = (
    _PACKED_DELIVERIES
    + """payload, '' AS log, NULL AS discard
          FROM delivery INDEXED BY delivery_pending JOIN event ON event.number = delivery.event
         WHERE state = 'pending' AND seq > ? ORDER BY seq LIMIT ?)"""
)
_DELIVERIES_OF = (
    _PACKED_DELIVERIES
    + """{payload}, log, (SELECT json_array(quote(at), discard.reason) FROM discard WHERE delivery = seq) AS discard
          FROM delivery JOIN event ON event.number = delivery.event
         WHERE delivery.event IN (SELECT value FROM json_each(?)) ORDER BY seq)"""
)
_FIRST_PAYLOAD = f"""iif(length(payload) <= {FIRST_PAYLOAD} AND seq = (
                     SELECT min(seq) FROM delivery AS other INDEXED BY delivery_event
                      WHERE other.event = delivery.event), payload, x'') AS payload"""
_PACKED_EVENTS = """
SELECT json_group_array(json_array(number, id, quote(received), outcome, route, service, name, translator, subject,
                                   reason, method, path_secret, url, json(query), json(headers), length(body),
                                   body_size, note)),
       CAST(group_concat(body, '') AS BLOB)
  FROM (SELECT number, event.id, received, outcome, route, service, name, translator, subject, reason, method,
               path_secret, url, query, headers, {body},
               coalesce((SELECT note FROM kind_of_event JOIN kind ON kind.number = kind_of_event.kind
                          WHERE kind_of_event.number = event.number), '') AS note
          FROM json_each(?) AS wanted CROSS JOIN event ON event.number = wanted.value ORDER BY wanted.key)"""

NEWS_OF = "coalesce((SELECT number FROM event WHERE id = json_extract(nullif(card, ''), '$.origin')), event)"
"""The number of the event whose news a row of `delivery` tells: its own, or the one that its card names."""

_CARD = f"""
SELECT post_id, used, closed, newest > (SELECT {NEWS_OF} FROM delivery WHERE seq = ?),
       {ACTS_AT.format(post="card.post_id")}
  FROM card WHERE destination = ? AND subject = ?"""

_ADDRESSES = "SELECT address FROM address WHERE destination = ?"
_STRANGERS = """
SELECT address, sum(count), sum(size) FROM (
  SELECT address, event, count(*) AS count FROM delivery INDEXED BY delivery_pending
   WHERE state = 'pending' AND destination = :destination AND address <> ''
     AND NOT EXISTS (SELECT 1 FROM address AS known
                      WHERE known.destination = :destination AND known.address = delivery.address)
   GROUP BY event, address)
  CROSS JOIN event ON number = event GROUP BY address"""

_WAITING = "SELECT event FROM delivery INDEXED BY delivery_pending WHERE state = 'pending'"
_SETTLED = f"""number NOT IN ({_WAITING})
     AND NOT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_dead_event WHERE state = 'dead' AND event = number)"""
_EXPIRED = f"""
SELECT json_group_array(number) FROM (
  SELECT number FROM event INDEXED BY event_age
   WHERE received < :until AND {_SETTLED}
     AND NOT EXISTS (SELECT 1 FROM discard INDEXED BY discard_event WHERE event = number AND at >= :until)
   ORDER BY received LIMIT :limit)"""
_OLDEST_SETTLED = f"""
SELECT json_group_array(json_array(number, size)) FROM (
  SELECT number, size FROM event INDEXED BY event_age
   WHERE {_SETTLED} ORDER BY received, size, number LIMIT ?)"""
# The index has the time, if not in its order: a walk over all of it, which is as small as what is dead.
_EXPIRED_DEAD = f"""
SELECT json_group_array(number) FROM (
  SELECT DISTINCT event AS number FROM delivery INDEXED BY delivery_dead
   WHERE state = 'dead' AND received < :until AND event NOT IN ({_WAITING})
     AND NOT EXISTS (SELECT 1 FROM delivery AS other INDEXED BY delivery_event
                      WHERE other.event = delivery.event AND other.state = 'dead' AND other.received >= :until)
   LIMIT :limit)"""
_OLDEST_DEAD = f"""
SELECT json_group_array(json_array(number, size)) FROM (
  SELECT DISTINCT event AS dead FROM delivery INDEXED BY delivery_dead_event
   WHERE state = 'dead' AND event NOT IN ({_WAITING}) ORDER BY event LIMIT ?)
  CROSS JOIN event ON number = dead"""


class _DeliveryRow(Struct, array_like=True):
    """One element of `_PACKED_DELIVERIES`, in its order."""

    seq: int
    event_id: str
    received: float
    destination: str
    lane: str
    state: DeliveryState
    attempts: int
    not_before: float
    reason: str
    post_id: str
    address: str
    card: str
    trace: str
    log: str
    length: int
    discard: tuple[float, str] | None


class _EventRow(Struct, array_like=True):
    """One element of `_PACKED_EVENTS`, in its order."""

    number: int
    id: str
    received: float
    outcome: Outcome
    route: str
    service: str
    name: str
    translator: str
    subject: str
    reason: str
    method: str
    path_secret: str
    url: str
    query: dict[str, str]
    headers: dict[str, str]
    length: int
    body_size: int
    note: str


_to_json = msgspec.json.Encoder().encode
_delivery_rows = msgspec.json.Decoder(list[_DeliveryRow], strict=False)
_event_rows = msgspec.json.Decoder(list[_EventRow], strict=False)
_card = msgspec.json.Decoder(Card)
_attempt = msgspec.json.Decoder(tuple[float, AttemptResult, int, str, str])
_numbers = msgspec.json.Decoder(list[int])
_sized = msgspec.json.Decoder(list[tuple[int, int]])


def pending(connection: Connection, after: int, limit: int) -> list[Delivery]:
    """Pending deliveries with a number above `after`, in order, at most `limit`."""
    found: list[Delivery] = []
    while len(found) < limit:
        rows = min(_PAGE_ROWS, limit - len(found))
        page = _deliveries(connection.execute(_PENDING, (after, rows)).fetchone())
        found += page
        if len(page) < rows:
            break
        after = page[-1].seq
    return found


def secrets(connection: Connection) -> dict[str, str]:
    """The secret of each route that has learned one."""
    return dict(connection.execute("SELECT route, secret FROM secret"))


def card(connection: Connection, destination: str, subject: str, seq: int = 0) -> CardPost | None:
    """The post that shows a subject at a destination, or None; `seq` is the delivery that is about to be shown."""
    found = connection.execute(_CARD, (seq, destination, subject)).fetchone()
    if found is None:
        return None
    post_id, used, closed, newer, acts = found
    return CardPost(destination, subject, post_id, used, closed > 0, bool(newer), tuple(lines(acts)))


def addresses(connection: Connection, destination: str) -> set[str]:
    """The addresses of a destination that have taken a message."""
    return {address for (address,) in connection.execute(_ADDRESSES, (destination,))}


def strangers(connection: Connection, destination: str) -> dict[str, Stranger]:
    """What waits for the other addresses of a destination."""
    rows = connection.execute(_STRANGERS, {"destination": destination})
    return {address: Stranger(count, size) for address, count, size in rows}


def newest_received(connection: Connection) -> float | None:
    """When the event that was stored last was received; None when there is none."""
    found = connection.execute("SELECT received FROM event ORDER BY number DESC LIMIT 1").fetchone()
    return found[0] if found else None


def expired(connection: Connection, until: float, limit: int) -> list[int]:
    """Numbers of the oldest settled events received, or with a delivery discarded, before `until`, at most `limit`.

    Settled are those without a pending or a dead delivery.
    """
    return _numbers.decode(connection.execute(_EXPIRED, {"until": until, "limit": limit}).fetchone()[0])


def expired_dead(connection: Connection, until: float, limit: int) -> list[int]:
    """Numbers of events without a pending and with dead deliveries, all received before `until`, at most `limit`."""
    return _numbers.decode(connection.execute(_EXPIRED_DEAD, {"until": until, "limit": limit}).fetchone()[0])


def surplus(connection: Connection, excess: int, limit: int) -> list[int]:
    """Numbers of the oldest settled events that take `excess` bytes together, at most `limit`."""
    return _first(connection, _OLDEST_SETTLED, excess, limit)


def surplus_dead(connection: Connection, excess: int, limit: int) -> list[int]:
    """Numbers of the oldest events with a dead and no pending delivery that take `excess` bytes, at most `limit`."""
    return _first(connection, _OLDEST_DEAD, excess, limit)


def _first(connection: Connection, statement: str, excess: int, limit: int) -> list[int]:
    found = []
    for number, size in _sized.decode(connection.execute(statement, (limit,)).fetchone()[0]):
        if excess <= 0:
            break
        found.append(number)
        excess -= size
    return found


def records(
    connection: Connection, sized: Iterable[tuple[int, int]], *, bodies: bool, first_payloads: bool = False
) -> Iterator[Record]:
    """The events of these numbers and sizes, in their order; without `bodies` neither bodies nor payloads are read.

    But for `first_payloads`, see `Query`.
    """
    if bodies:
        body, payload = "body, body_size", "payload"
    else:
        body, payload = "x'' AS body, 0 AS body_size", _FIRST_PAYLOAD if first_payloads else "x'' AS payload"
    for page in _pages(sized) if bodies else [[number for number, _ in sized]]:
        yield from _records(connection, page, body, payload)


def _pages(sized: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    page: list[int] = []
    room = _PAGE_BYTES
    for number, size in sized:
        if page and (size > room or len(page) == _PAGE_ROWS):
            yield page
            page, room = [], _PAGE_BYTES
        page.append(number)
        room -= size
    if page:
        yield page


def _records(connection: Connection, numbers: list[int], body: str, payload: str) -> Iterator[Record]:
    listed = (_to_json(numbers).decode(),)
    rows, joined = connection.execute(_PACKED_EVENTS.format(body=body), listed).fetchone()
    deliveries: dict[str, list[Delivery]] = {}
    for delivery in _deliveries(connection.execute(_DELIVERIES_OF.format(payload=payload), listed).fetchone()):
        deliveries.setdefault(delivery.event_id, []).append(delivery)
    at = 0
    for row in _event_rows.decode(rows):
        whole = unpack(joined[at : at + row.length], row.body_size)
        at += row.length
        yield Record(_event(row, whole), tuple(deliveries.get(row.id, ())))


def _event(row: _EventRow, body: bytes) -> Event:
    return Event(
        id=row.id,
        received=row.received,
        route=row.route,
        service=row.service,
        outcome=row.outcome,
        name=row.name,
        translator=row.translator,
        subject=row.subject,
        reason=row.reason,
        request=Request(row.method, row.headers, row.query, body, row.path_secret, row.url),
        note=row.note,
    )


def _deliveries(packed: tuple[str, bytes]) -> list[Delivery]:
    rows, payloads = packed
    found = []
    at = 0
    for row in _delivery_rows.decode(rows):
        payload = payloads[at : at + row.length]
        at += row.length
        found.append(
            Delivery(
                seq=row.seq,
                event_id=row.event_id,
                received=row.received,
                destination=row.destination,
                lane=row.lane,
                payload=payload,
                state=row.state,
                attempts=row.attempts,
                not_before=row.not_before,
                reason=row.reason,
                post_id=row.post_id,
                address=row.address,
                card=_card.decode(row.card) if row.card else None,
                trace=row.trace,
                log=tuple(Attempt(*line) for line in _attempt.decode_lines(row.log)) if row.log else (),
                discard=Discard(*row.discard) if row.discard else None,
            )
        )
    return found
