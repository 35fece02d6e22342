# ruff: noqa: S608 - statements are put together from constants of this module only
"""The statements of the writing connection, inside a transaction that the caller opens and commits.

sqlite3 releases the interpreter lock at every step of a statement, and getting it back from a busy event loop takes up
to 5 ms. So a whole group takes few steps: one look-up, then INSERTs of many rows each. Their shapes are few (every
number of rows up to 63, then 64 and 256), so that the connection's statement cache holds them all.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from sqlite3 import Connection
from typing import Any

import msgspec
from msgspec import Struct

from gateway.journal import LOG_LIMIT, CardPost, Entry, Settlement, deliveries
from gateway.journal.sqlite.messages import Requeued, Stored
from gateway.model import Delivery, Event, Parcel

Row = tuple[Any, ...]

_EVENT = "INSERT INTO event VALUES "
_DELIVERY = "INSERT INTO delivery VALUES "
_DUPLICATE = "INSERT INTO duplicate VALUES "
_LATEST = " ON CONFLICT (key) DO UPDATE SET event_id = excluded.event_id, expires = excluded.expires"
_CARD = "INSERT INTO card VALUES "
_NEWEST = """ ON CONFLICT (destination, subject) DO UPDATE
 SET post_id = excluded.post_id, used = excluded.used,
     closed = iif(excluded.closed < 0, max(closed, 0), excluded.closed)"""
_SETTLE = "WITH settled (seq, state, attempts, not_before, reason, post_id, line) AS (VALUES "
# A log is lines of JSON. A full one loses its first line; nearly all are empty, and skip the search for line breaks.
_SETTLED = f""")
UPDATE delivery
   SET state = settled.state, attempts = settled.attempts, not_before = settled.not_before,
       reason = settled.reason, post_id = settled.post_id,
       log = CASE WHEN settled.attempts <= delivery.attempts THEN log
                  WHEN log = '' THEN settled.line
                  WHEN length(log) - length(replace(log, char(10), '')) < {LOG_LIMIT} THEN log || settled.line
                  ELSE substr(log, instr(log, char(10)) + 1) || settled.line END
  FROM settled WHERE delivery.seq = settled.seq AND +delivery.state = 'pending'"""

# Reals are returned as text: SQLite's JSON keeps 15 digits of a number, quote() all of them.
_NEWEST_SEQ = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'delivery'), 0)"
_LOOK_UP = f"""
SELECT coalesce((SELECT max(number) FROM event), 0), {_NEWEST_SEQ},
       (SELECT json_group_array(json_array(key, event_id, quote(expires)))
          FROM duplicate WHERE key IN (SELECT value FROM json_each(?)))"""

_COPY = """
INSERT INTO delivery (event, received, destination, lane, state, attempts, not_before, reason, post_id, address,
                      card, payload, trace)
SELECT event, ?, destination, lane, 'pending', 0, 0.0, '', '', address, card, payload, trace
  FROM delivery WHERE seq IN (SELECT value FROM json_each(?)) AND state IN ('dead', 'delivered') ORDER BY seq"""
_MARK = """
UPDATE delivery SET state = 'replayed'
 WHERE seq IN (SELECT value FROM json_each(?)) AND state IN ('dead', 'delivered')"""

_NEWEST_DELIVERY = f"SELECT {_NEWEST_SEQ}"

_REMEMBER = """
INSERT INTO secret VALUES (?, ?) ON CONFLICT (route) DO UPDATE SET secret = excluded.secret"""
_ADOPT = "INSERT INTO secret VALUES (?, ?) ON CONFLICT (route) DO NOTHING"

_PRUNE_EVENTS = """
DELETE FROM event WHERE number IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = event.number AND state = 'pending')"""
_PRUNE_DELIVERIES = """
DELETE FROM delivery WHERE event IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM event WHERE number = delivery.event)"""
_PRUNE_KEYS = """
DELETE FROM duplicate WHERE key IN (SELECT key FROM duplicate WHERE expires <= ? ORDER BY expires LIMIT ?)"""

_PRUNE_CARDS = """
DELETE FROM card WHERE (destination, subject) IN (
  SELECT destination, subject FROM card WHERE used < ? ORDER BY used LIMIT ?)"""

_BIG, _MIDDLE = 256, 64
_ROW_BYTES = 256
"""Approximate bytes of an event or a delivery without its large columns."""

_to_json = msgspec.json.Encoder().encode
_known_keys = msgspec.json.Decoder(list[tuple[str, str, float]], strict=False)


class _Group(Struct):
    """The rows of one group, as they are collected, and the last numbers that were assigned."""

    number: int
    seq: int
    keys: dict[str, tuple[str, float]]
    events: list[Row] = []
    deliveries: list[Row] = []
    duplicates: dict[str, Row] = {}


def store(connection: Connection, entries: Sequence[Entry]) -> list[Stored]:
    """Insert the entries that are no duplicates, in their order; the answers are in the same order."""
    keys = [key.key for entry in entries for key in entry.keys]
    number, seq, known = connection.execute(_LOOK_UP, (_to_json(keys).decode(),)).fetchone()
    found = {key: (event_id, expires) for key, event_id, expires in _known_keys.decode(known)}
    group = _Group(number, seq, found)
    answers = [_take(group, entry) for entry in entries]
    _insert(connection, _EVENT, group.events)
    _insert(connection, _DELIVERY, group.deliveries)
    _insert(connection, _DUPLICATE, list(group.duplicates.values()), _LATEST)
    return answers


def _take(group: _Group, entry: Entry) -> Stored:
    event = entry.event
    for key in entry.keys:
        first = group.keys.get(key.key)
        if first is not None and event.received < first[1]:
            return Stored(first[0], duplicate=True)
    for key in entry.keys:
        expires = event.received + key.window
        group.keys[key.key] = event.id, expires
        group.duplicates[key.key] = key.key, event.id, expires
    group.number += 1
    group.events.append(_event_row(group.number, event, entry.parcels))
    stored = Stored(event.id, before=group.seq)
    added = deliveries(entry, group.seq)
    group.deliveries += [_delivery_row(group.number, delivery) for delivery in added]
    group.seq += len(added)
    return stored


def _event_row(number: int, event: Event, parcels: tuple[Parcel, ...]) -> Row:
    request = event.request
    headers = _to_json(request.headers).decode()
    size = len(request.body) + len(headers) + _ROW_BYTES
    for parcel in parcels:
        size += len(parcel.payload) + _ROW_BYTES
    return (
        number,
        event.id,
        event.received,
        size,
        event.route,
        event.service,
        event.outcome.value,
        event.name,
        event.translator,
        event.subject,
        event.reason,
        request.method,
        request.path_secret,
        request.url,
        _to_json(request.query).decode(),
        headers,
        request.body,
    )


def _delivery_row(number: int, delivery: Delivery) -> Row:
    return (
        delivery.seq,
        number,
        delivery.received,
        delivery.destination,
        delivery.lane,
        delivery.state.value,
        delivery.attempts,
        delivery.not_before,
        delivery.reason,
        delivery.post_id,
        delivery.address,
        "" if delivery.card is None else _to_json(delivery.card).decode(),
        delivery.payload,
        "",
        delivery.trace,
    )


def settle(connection: Connection, settlements: Iterable[Settlement]) -> None:
    """Record outcomes of pending deliveries; the last one for a number counts, other numbers are ignored."""
    last = {settlement.seq: settlement for settlement in settlements}
    rows = [(s.seq, s.state.value, s.attempts, s.not_before, s.reason, s.post_id, _line(s)) for s in last.values()]
    _insert(connection, _SETTLE, rows, _SETTLED)
    cards = {(c.destination, c.subject): c for s in last.values() if (c := s.card) is not None}
    card_rows = [(c.destination, c.subject, c.post_id, c.used, _closed_flag(c)) for c in cards.values()]
    _insert(connection, _CARD, card_rows, _NEWEST)


def _line(settlement: Settlement) -> str:
    attempt = settlement.attempt
    if attempt is None:
        return ""
    return _to_json((attempt.at, attempt.result, attempt.status, attempt.code, attempt.answer)).decode() + "\n"


def _closed_flag(card: CardPost) -> int:
    """`closed` as 0 or 1; -1 leaves the stored value unchanged, and means 0 when there is none."""
    return -1 if card.closed is None else int(card.closed)


def requeue(connection: Connection, seqs: Sequence[int], now: float) -> Requeued:
    """Append copies of dead and delivered deliveries, received `now`, and mark the originals as replayed."""
    listed = (_to_json(seqs).decode(),)
    copies = connection.execute(_COPY, (now, *listed)).rowcount
    connection.execute(_MARK, listed)
    return Requeued(copies, newest(connection) if copies else 0)


def newest(connection: Connection) -> int:
    """The number of the newest delivery ever stored; 0 when there was none."""
    (seq,) = connection.execute(_NEWEST_DELIVERY).fetchone()
    return int(seq)


def remember(connection: Connection, route: str, secret: str) -> None:
    """Store the secret of a route, replacing an earlier one."""
    connection.execute(_REMEMBER, (route, secret))


def adopt(connection: Connection, secrets: Iterable[tuple[str, str]]) -> None:
    """Store the secrets of routes that have none yet."""
    connection.executemany(_ADOPT, secrets)


def prune(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete events by number, with their deliveries; those with a pending delivery stay."""
    listed = (_to_json(numbers).decode(),)
    connection.execute(_PRUNE_EVENTS, listed)
    connection.execute(_PRUNE_DELIVERIES, listed)


def prune_keys(connection: Connection, now: float, limit: int) -> int:
    """Delete at most `limit` duplicate keys that expired before `now`; returns their number."""
    return connection.execute(_PRUNE_KEYS, (now, limit)).rowcount


def prune_cards(connection: Connection, before: float, limit: int) -> int:
    """Delete at most `limit` cards that were last used before a time; returns their number."""
    return connection.execute(_PRUNE_CARDS, (before, limit)).rowcount


def _insert(connection: Connection, head: str, rows: Sequence[Row], tail: str = "") -> None:
    for chunk in _chunks(rows):
        row = f"({','.join('?' * len(chunk[0]))})"
        connection.execute(f"{head}{','.join([row] * len(chunk))}{tail}", list(chain.from_iterable(chunk)))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    at = 0
    while at < len(rows):
        left = len(rows) - at
        count = _BIG if left >= _BIG else _MIDDLE if left >= _MIDDLE else left
        yield rows[at : at + count]
        at += count
