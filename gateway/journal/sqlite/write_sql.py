# ruff: noqa: S608 - statements are put together from constants of this module only
"""The statements of the writing connection, inside a transaction that the caller opens and commits.

sqlite3 releases the interpreter lock at every step of a statement, and getting it back from a busy event loop takes up
to 5 ms. So a whole group takes few steps: two look-ups, then INSERTs of many rows each.
"""

from collections.abc import Iterable, Sequence
from sqlite3 import Connection

import msgspec
from msgspec import Struct

from gateway.journal import LOG_LIMIT, CardPost, DeadDiscard, Entry, Settlement, deliveries
from gateway.journal.audit import AuditLine
from gateway.journal.clock import JUMP
from gateway.journal.sqlite import audit_sql, keys_sql, memory_sql
from gateway.journal.sqlite.bodies import LIGHT, pack
from gateway.journal.sqlite.insert_sql import Row, insert
from gateway.journal.sqlite.keys_sql import Known
from gateway.journal.sqlite.memory_sql import Kind, Memory
from gateway.journal.sqlite.messages import Discarded, Requeued, Stored
from gateway.journal.sqlite.read_sql import NEWS_OF
from gateway.model import Delivery, DeliveryState, DiscardCause

_EVENT = "INSERT INTO event VALUES "
_DELIVERY = "INSERT INTO delivery VALUES "
_KIND_OF_EVENT = "INSERT INTO kind_of_event VALUES "
_CARD = """
INSERT INTO card (destination, subject, post_id, used, closed, newest)
  WITH shown (destination, subject, post_id, used, closed, seq) AS (VALUES """
# What only replies (it has a name to stand alone by) makes a card no newer.
_NEWEST_CARD = f""")
SELECT destination, subject, post_id, used, closed,
       coalesce((SELECT iif(json_extract(nullif(card, ''), '$.alone') IS NULL, {NEWS_OF}, 0)
                   FROM delivery WHERE delivery.seq = shown.seq), 0)
  FROM shown WHERE true
    ON CONFLICT (destination, subject) DO UPDATE
   SET post_id = excluded.post_id, used = excluded.used, newest = max(newest, excluded.newest),
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

_NEWEST_SEQ = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'delivery'), 0)"
# The sequence of events is only raised when some are deleted: see KEEP_NUMBERS.
_NEWEST = f"""
SELECT max(coalesce((SELECT max(number) FROM event), 0),
           coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)), {_NEWEST_SEQ}"""
_ID = "SELECT id FROM event WHERE number = ?"
KEEP_NUMBERS = """
UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(number), 0) FROM event)) WHERE name = 'event'"""
"""Keeps the numbers of events that are about to be deleted from being given again."""

# Both before the outcomes are recorded: only what is pending is settled.
_LEARN = """
INSERT INTO address SELECT destination, address, received FROM delivery
 WHERE seq IN (SELECT value FROM json_each(?)) AND address <> '' AND +state = 'pending'
    ON CONFLICT (destination, address) DO UPDATE SET used = max(used, excluded.used)"""
_STRANGERS = """
SELECT seq, event FROM delivery
 WHERE seq IN (SELECT value FROM json_each(?)) AND address <> '' AND +state = 'pending'
   AND NOT EXISTS (SELECT 1 FROM address AS known
                    WHERE known.destination = delivery.destination AND known.address = delivery.address)"""
_DROP_DELIVERIES = "DELETE FROM delivery WHERE seq IN (SELECT value FROM json_each(?))"
_EMPTIED = """
SELECT number, id, keys FROM event WHERE number IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = event.number)"""
_DROP_EVENTS = "DELETE FROM event WHERE number IN (SELECT value FROM json_each(?))"

_COPY = """
INSERT INTO delivery (event, received, destination, lane, state, attempts, not_before, reason, post_id, address,
                      card, payload, trace)
SELECT event, ?, destination, lane, 'pending', 0, 0.0, '', '', address, card, payload, trace
  FROM delivery WHERE seq IN (SELECT value FROM json_each(?)) AND state IN ('dead', 'delivered', 'discarded')
 ORDER BY seq"""
_MARK = """
UPDATE delivery SET state = 'replayed'
 WHERE seq IN (SELECT value FROM json_each(?)) AND state IN ('dead', 'delivered', 'discarded')"""

_DEAD = """
SELECT destination, count(*), min(received), max(received) FROM delivery
 WHERE seq IN (SELECT value FROM json_each(?)) AND +state = 'dead' GROUP BY destination"""
_NOTE_DISCARD = """
INSERT OR REPLACE INTO discard SELECT seq, event, ?, ? FROM delivery
 WHERE seq IN (SELECT value FROM json_each(?)) AND +state = 'dead'"""
_DISCARD = """
UPDATE delivery SET state = 'discarded' WHERE seq IN (SELECT value FROM json_each(?)) AND +state = 'dead'"""

_NEWEST_DELIVERY = f"SELECT {_NEWEST_SEQ}"

_REMEMBER = """
INSERT INTO secret VALUES (?, ?) ON CONFLICT (route) DO UPDATE SET secret = excluded.secret"""
_ADOPT = "INSERT INTO secret VALUES (?, ?) ON CONFLICT (route) DO NOTHING"

Sent = tuple[Entry, float, int]
"""An entry, what the windows of its duplicate keys add to its time, and the length of its body if that is packed."""

_ROW_BYTES = 256
"""Approximate bytes of an event or a delivery without its large columns."""

_to_json = msgspec.json.Encoder().encode
_keys = msgspec.json.Decoder(list[str])


class _Group(Struct):
    """The rows of one group, as they are collected, and the last numbers that were assigned."""

    connection: Connection
    number: int
    seq: int
    keys: dict[bytes, Known]
    now: float = 0.0
    events: list[Row] = []
    kinds: list[tuple[int, Kind]] = []
    deliveries: list[Row] = []
    duplicates: dict[bytes, tuple[bytes, int, float]] = {}
    shortened: list[tuple[bytes, int]] = []
    lines: list[AuditLine] = []


def store(connection: Connection, memory: Memory, sent: Sequence[Sent]) -> list[Stored]:
    """Insert the entries that are no duplicates, in their order; the answers are in the same order."""
    number, seq = connection.execute(_NEWEST).fetchone()
    known: dict[bytes, Known] = {}
    if memory.earlier:
        from gateway.journal.sqlite import earlier_sql

        known = earlier_sql.known_keys(connection, (entry for entry, _, _ in sent))
    known |= keys_sql.known(connection, memory.keys, [key.key for entry, _, _ in sent for key in entry.keys])
    group = _Group(connection, number, seq, known)
    answers = [_take(group, *one) for one in sent]
    kinds: list[Row] = [(number, memory_sql.kind(connection, memory, number, kind)) for number, kind in group.kinds]
    insert(connection, _EVENT, group.events)
    insert(connection, _KIND_OF_EVENT, kinds)
    insert(connection, _DELIVERY, group.deliveries)
    for key, event in group.shortened:  # else the longer window, in the table, would count once the shorter has ended
        keys_sql.drop(connection, memory.keys, key, event)
    keys_sql.remember(connection, memory.keys, list(group.duplicates.values()), group.now)
    if group.lines:
        audit_sql.store(connection, group.lines)
    return answers


def _take(group: _Group, entry: Entry, skew: float, body_size: int) -> Stored:
    event = entry.event
    now = group.now = event.received + skew
    for key in entry.keys:
        if (first := group.keys.get(key.key)) is None:
            continue
        number, event_id, expires = first
        if now < expires:
            if event_id is None:
                event_id = _id_of(group.connection, number)
            if expires > now + key.window + JUMP:  # it began when the clock was ahead: it ends a window from now
                group.shortened.append((key.key, number))
                _remember_key(group, key.key, number, event_id, now + key.window)
            return Stored(event_id, duplicate=True)
    number = group.number = group.number + 1
    for key in entry.keys:
        _remember_key(group, key.key, number, event.id, now + key.window)
    group.events.append(_event_row(number, entry, body_size))
    group.kinds.append((number, (event.route, event.service, event.outcome.value, event.note)))
    stored = Stored(event.id, before=group.seq)
    added = deliveries(entry, group.seq)
    group.deliveries += [_delivery_row(number, delivery) for delivery in added]
    group.lines += entry.lines
    group.seq += len(added)
    return stored


def _id_of(connection: Connection, number: int) -> str:
    """The id of an event, empty when it is deleted."""
    found = connection.execute(_ID, (number,)).fetchone()
    return found[0] if found else ""


def _remember_key(group: _Group, key: bytes, number: int, event_id: str, expires: float) -> None:
    group.keys[key] = number, event_id, expires
    group.duplicates[key] = key, number, expires


def _event_row(number: int, entry: Entry, body_size: int) -> Row:
    event, request = entry.event, entry.event.request
    body = request.body
    if len(body) > LIGHT and not body_size:
        body, body_size = pack(body)
    headers = _to_json(request.headers).decode()
    size = len(body) + len(headers) + _ROW_BYTES
    keys = ""
    for parcel in entry.parcels:
        size += len(parcel.payload) + _ROW_BYTES
        if parcel.address and not keys:
            keys = _to_json([key.key.hex() for key in entry.keys]).decode()
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
        body,
        keys,
        body_size,
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


def settle(connection: Connection, memory: Memory, settlements: Iterable[Settlement]) -> None:
    """Record outcomes of pending deliveries; the last one for a number counts, other numbers are ignored.

    Addresses that have delivered are stored, and what is dead at others is deleted.
    """
    last = {settlement.seq: settlement for settlement in settlements}
    if delivered := [seq for seq, one in last.items() if one.state is DeliveryState.DELIVERED]:
        connection.execute(_LEARN, (_listed(delivered),))
    if dead := [seq for seq, one in last.items() if one.state is DeliveryState.DEAD]:
        _drop_strangers(connection, memory, dead)
    rows = [(s.seq, s.state.value, s.attempts, s.not_before, s.reason, s.post_id, _line(s)) for s in last.values()]
    insert(connection, _SETTLE, rows, _SETTLED)
    cards = {(c.destination, c.subject): (c, seq) for seq, s in last.items() if (c := s.card) is not None}
    card_rows = [(c.destination, c.subject, c.post_id, c.used, _closed_flag(c), seq) for c, seq in cards.values()]
    insert(connection, _CARD, card_rows, _NEWEST_CARD)


def _drop_strangers(connection: Connection, memory: Memory, dead: Sequence[int]) -> None:
    """Delete those of these deliveries whose address has never delivered, and their events with their keys if empty."""
    found = connection.execute(_STRANGERS, (_listed(dead),)).fetchall()
    if not found:
        return
    connection.execute(_DROP_DELIVERIES, (_listed([seq for seq, _ in found]),))
    emptied = connection.execute(_EMPTIED, (_listed(sorted({event for _, event in found})),)).fetchall()
    connection.execute(KEEP_NUMBERS)
    dropped = [number for number, _, _ in emptied]
    connection.execute(_DROP_EVENTS, (_listed(dropped),))
    memory_sql.drop_kinds(connection, memory, dropped)
    for number, event_id, keys in emptied:
        for key in _keys.decode(keys or "[]"):
            if " " in key:  # a text of an earlier schema: the present form is hexadecimal
                from gateway.journal.sqlite import earlier_sql

                earlier_sql.drop_key(connection, memory, key, number, event_id)
            else:
                keys_sql.drop(connection, memory.keys, bytes.fromhex(key), number)


def _line(settlement: Settlement) -> str:
    attempt = settlement.attempt
    if attempt is None:
        return ""
    return _to_json((attempt.at, attempt.result, attempt.status, attempt.code, attempt.answer)).decode() + "\n"


def _closed_flag(card: CardPost) -> int:
    """`closed` as 0 or 1; -1 leaves the stored value unchanged, and means 0 when there is none."""
    return -1 if card.closed is None else int(card.closed)


def requeue(connection: Connection, seqs: Sequence[int], now: float) -> Requeued:
    """Append copies of dead, delivered and discarded deliveries, received `now`; the originals become replayed."""
    listed = (_listed(seqs),)
    copies = connection.execute(_COPY, (now, *listed)).rowcount
    connection.execute(_MARK, listed)
    return Requeued(copies, newest(connection) if copies else 0)


def discard(connection: Connection, seqs: Sequence[int], reason: str, now: float) -> Discarded:
    """Make dead deliveries discarded, `now` and for this reason."""
    listed = _listed(seqs)
    found = connection.execute(_DEAD, (listed,)).fetchall()
    connection.execute(_NOTE_DISCARD, (now, reason, listed))
    connection.execute(_DISCARD, (listed,))
    gone = [DeadDiscard(name, DiscardCause.PERSON, count, oldest, last, reason) for name, count, oldest, last in found]
    return Discarded(gone)


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


def _listed(numbers: Sequence[int]) -> str:
    """Numbers as a JSON array, for json_each."""
    return _to_json(numbers).decode()
