"""What a journal still holds in the form of an earlier schema: how the writing connection uses and migrates it.

Migration goes in slices beside everything else, from the newest event to the oldest: the progress is in the file.
Nothing is out of reach meanwhile: duplicate keys are looked up in both forms, bodies say whether they are packed, and
searches for kinds go on among the events that are in no list of kinds yet. Most journals hold nothing of an earlier
form, and their writing process does not import this module.
"""

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Final

import msgspec

from gateway.journal import Entry
from gateway.journal.duplicates import as_texts, from_text
from gateway.journal.sqlite import keys_sql, memory_sql
from gateway.journal.sqlite.bodies import pack
from gateway.journal.sqlite.file import drop_earlier, holds_earlier
from gateway.journal.sqlite.keys_sql import Known
from gateway.journal.sqlite.memory_sql import Memory

_LOOK_UP = """
SELECT key, coalesce(number, 0), event_id, expires FROM duplicate_text LEFT JOIN event ON id = event_id
 WHERE key IN (SELECT value FROM json_each(?))"""
_LEFT = "SELECT max(0, below - coalesce((SELECT min(number) FROM event), below)) FROM migration"
_KEYS = """
SELECT key, coalesce(number, 0), expires FROM duplicate_text LEFT JOIN event ON id = event_id ORDER BY key LIMIT ?"""
# What the present table says of a key is newer.
_MOVE_KEY = "INSERT INTO duplicate VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING"
_MOVED_KEYS = "DELETE FROM duplicate_text WHERE key <= ?"
_EVENTS = """
SELECT number, route, service, outcome, body, keys FROM event
 WHERE number < (SELECT below FROM migration) ORDER BY number DESC LIMIT ?"""
_MOVE_EVENT = "UPDATE event SET body = ?, body_size = ?, keys = ?, size = size - ? WHERE number = ?"
_MOVE_KIND = "INSERT INTO kind_of_event VALUES (?, ?)"
# Where the newest event of a kind was deleted meanwhile.
_RENEW_KIND = "UPDATE kind SET newest = ? WHERE number = ? AND newest < ?"
_MOVED_EVENTS = "UPDATE migration SET below = ?"
_DROP_KEY = "DELETE FROM duplicate_text WHERE key = ? AND event_id = ?"

_KEYS_SLICE: Final = 200
_EVENTS_SLICE: Final = 32
_SLICE_BYTES: Final = 1_000_000
"""What one slice takes, until its bodies are more than so many bytes: some ms."""

_to_json = msgspec.json.Encoder().encode

_texts = msgspec.json.Decoder(list[str])


def known_keys(connection: Connection, entries: Iterable[Entry]) -> dict[bytes, Known]:
    """What the duplicate keys of these entries stand for, as far as they are kept as texts."""
    texts = {text: key.key for entry in entries for key in entry.keys for text in as_texts(entry.event.route, key.key)}
    rows = connection.execute(_LOOK_UP, (_to_json(list(texts)).decode(),))
    return {texts[text]: (number, event_id, expires) for text, number, event_id, expires in rows}


def drop_key(connection: Connection, memory: Memory, text: str, number: int, event_id: str) -> None:
    """Delete a key that an event names as a text; it may have been moved already."""
    connection.execute(_DROP_KEY, (text, event_id))
    if (key := from_text(text)) is not None:
        keys_sql.drop(connection, memory.keys, key, number)


def left(connection: Connection) -> int | None:
    """About how many events are in the form of an earlier schema; None when nothing at all is."""
    return int(connection.execute(_LEFT).fetchone()[0]) if holds_earlier(connection) else None


def move(connection: Connection, memory: Memory) -> tuple[int, bool]:
    """Bring a slice to the present form: keys, then events. Returns the number of events, and whether anything is left.

    Keys go first, as each append looks for its own among them.
    """
    if _move_keys(connection):
        return 0, True
    if count := _move_events(connection, memory):
        return count, True
    drop_earlier(connection)
    memory.earlier = False
    return 0, False


def _move_keys(connection: Connection) -> int:
    rows = connection.execute(_KEYS, (_KEYS_SLICE,)).fetchall()
    found = [(from_text(text), number, expires) for text, number, expires in rows]
    connection.executemany(_MOVE_KEY, [row for row in found if row[0] is not None])
    if rows:
        connection.execute(_MOVED_KEYS, (rows[-1][0],))
    return len(rows)


def _move_events(connection: Connection, memory: Memory) -> int:
    rows = _next_events(connection)
    for number, route, service, outcome, body, keys in rows:
        stored, body_size = pack(body)
        if body_size or keys:
            saved = len(body) - len(stored)
            connection.execute(_MOVE_EVENT, (stored, body_size, _present(keys), saved, number))
        named = route, service, outcome, ""
        kind = memory_sql.kind(connection, memory, number, named)
        connection.execute(_MOVE_KIND, (number, kind))
        if connection.execute(_RENEW_KIND, (number, kind, number)).rowcount:
            memory.kinds[named] = kind, number
    if rows:
        connection.execute(_MOVED_EVENTS, (rows[-1][0],))
    return len(rows)


def _next_events(connection: Connection) -> list[tuple[int, str, str, str, bytes, str]]:
    """The rows of the next events, as many as a slice takes."""
    rows, size = [], 0
    cursor = connection.execute(_EVENTS, (_EVENTS_SLICE,))
    for row in cursor:
        rows.append(row)
        size += len(row[4])
        if size > _SLICE_BYTES:
            break
    cursor.close()
    return rows


def _present(keys: str) -> str:
    """The list of an event's duplicate keys in its present form; those of another form are nowhere looked for."""
    if not keys:
        return ""
    found = (from_text(text) for text in _texts.decode(keys))
    return _to_json([key.hex() for key in found if key is not None]).decode()
