# ruff: noqa: S608 - statements are put together from constants of this module only
"""What the writing connection knows by heart, above all the kinds of events: route, service, outcome and note."""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

import msgspec
from msgspec import Struct

from gateway.journal.sqlite import keys_sql
from gateway.journal.sqlite.file import holds_earlier
from gateway.journal.sqlite.keys_sql import Keys

Kind = tuple[str, str, str, str]
"""Route, service, outcome and note."""

NEAR: Final = 1000
"""The newest event of a kind is less than so many numbers above the one stored as such, which is seldom stored anew."""

_KINDS = "SELECT route, service, outcome, note, number, newest FROM kind"
_NEW_KIND = "INSERT INTO kind (route, service, outcome, note, newest) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_RENEW_KIND = "UPDATE kind SET newest = ? WHERE number = ?"
_DROP_KINDS = """
DELETE FROM kind_of_event WHERE number IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM event WHERE number = kind_of_event.number)"""
# Pruning deletes the oldest events, so that few are left below those that it deletes.
_RENEW_KINDS = f"""
UPDATE kind SET newest = coalesce((SELECT number FROM kind_of_event
                                    WHERE kind = kind.number AND number < kind.newest + {NEAR}
                                    ORDER BY number DESC LIMIT 1), 0)
 WHERE newest IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM event WHERE number = kind.newest)"""

_to_json = msgspec.json.Encoder().encode


class Memory(Struct):
    """What a writing connection knows by heart, until it is closed, as a rollback does, or another one has written.

    The number of each kind of event with its stored newest event; whether something may be kept in the form of an
    earlier schema; and the newest duplicate keys.
    """

    kinds: dict[Kind, tuple[int, int]]
    earlier: bool
    keys: Keys


def recall(connection: Connection) -> Memory:
    """What this connection is to know by heart."""
    return Memory(_kinds(connection), holds_earlier(connection), keys_sql.recall(connection))


def _kinds(connection: Connection) -> dict[Kind, tuple[int, int]]:
    rows = connection.execute(_KINDS)
    return {(route, service, outcome, note): (kind, newest) for route, service, outcome, note, kind, newest in rows}


def kind(connection: Connection, memory: Memory, event: int, named: Kind) -> int:
    """The number of the kind of an event; a new one is inserted, and the newest event of each is kept up."""
    if named not in memory.kinds:
        connection.execute(_NEW_KIND, (*named, event))
        memory.kinds = _kinds(connection)
    number, newest = memory.kinds[named]
    if event - newest >= NEAR:
        connection.execute(_RENEW_KIND, (event, number))
        memory.kinds[named] = number, event
    return number


def drop_kinds(connection: Connection, memory: Memory, numbers: Sequence[int]) -> None:
    """Drop those of these events that were deleted from the lists of kinds."""
    listed = (_to_json(numbers).decode(),)
    connection.execute(_DROP_KINDS, listed)
    if connection.execute(_RENEW_KINDS, listed).rowcount:
        memory.kinds = _kinds(connection)
