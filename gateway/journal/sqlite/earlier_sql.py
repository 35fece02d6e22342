"""What a journal still holds in the form of an earlier schema: how the writing connection uses it.

Most journals hold nothing of that kind, and their writing process does not import this module.
"""

from collections.abc import Iterable
from sqlite3 import Connection

import msgspec

from gateway.journal import Entry
from gateway.journal.duplicates import as_texts, from_text
from gateway.journal.sqlite import write_sql
from gateway.journal.sqlite.write_sql import Known

_LOOK_UP = """
SELECT key, coalesce(number, 0), event_id, expires FROM duplicate_text LEFT JOIN event ON id = event_id
 WHERE key IN (SELECT value FROM json_each(?))"""
_DROP_KEY = "DELETE FROM duplicate_text WHERE key = ? AND event_id = ?"

_to_json = msgspec.json.Encoder().encode


def known_keys(connection: Connection, entries: Iterable[Entry]) -> dict[bytes, Known]:
    """What the duplicate keys of these entries stand for, as far as they are kept as texts."""
    texts = {text: key.key for entry in entries for key in entry.keys for text in as_texts(entry.event.route, key.key)}
    rows = connection.execute(_LOOK_UP, (_to_json(list(texts)).decode(),))
    return {texts[text]: (number, event_id, expires) for text, number, event_id, expires in rows}


def drop_key(connection: Connection, text: str, number: int, event_id: str) -> None:
    """Delete a key that an event names as a text; it may have been moved already."""
    connection.execute(_DROP_KEY, (text, event_id))
    if (key := from_text(text)) is not None:
        write_sql.drop_key(connection, key, number)
