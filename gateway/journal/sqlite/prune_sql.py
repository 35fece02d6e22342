"""The statements of the writing connection that delete what is too old or too much, inside a transaction."""

from collections.abc import Sequence
from sqlite3 import Connection

import msgspec

from gateway.journal import DeadDiscard
from gateway.journal.sqlite.memory_sql import Memory, drop_kinds
from gateway.journal.sqlite.write_sql import KEEP_NUMBERS
from gateway.model import DiscardCause

_PRUNE_EVENTS = """
DELETE FROM event WHERE number IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = event.number AND state = 'pending')
   AND {} EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_dead_event
                   WHERE event = event.number AND state = 'dead')"""
_DEAD_LEFT = """
SELECT destination, count(*), min(received), max(received) FROM delivery INDEXED BY delivery_event
 WHERE event IN (SELECT value FROM json_each(?)) AND state = 'dead'
   AND NOT EXISTS (SELECT 1 FROM event WHERE number = delivery.event) GROUP BY destination"""
_PRUNE_DISCARDS = """
DELETE FROM discard WHERE event IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM event WHERE number = discard.event)"""
_PRUNE_DELIVERIES = """
DELETE FROM delivery WHERE event IN (SELECT value FROM json_each(?))
   AND NOT EXISTS (SELECT 1 FROM event WHERE number = delivery.event)"""
_PRUNE_KEYS = """
DELETE FROM duplicate WHERE key IN (SELECT key FROM duplicate WHERE expires <= ? ORDER BY expires LIMIT ?)"""

_PRUNE_CARDS = """
DELETE FROM card WHERE (destination, subject) IN (
  SELECT destination, subject FROM card WHERE used < ? ORDER BY used LIMIT ?)"""

_PRUNE_ADDRESSES = """
DELETE FROM address WHERE (destination, address) IN (
  SELECT destination, address FROM address WHERE used < ? ORDER BY used LIMIT ?)"""

_to_json = msgspec.json.Encoder().encode


def prune(
    connection: Connection, memory: Memory, numbers: Sequence[int], cause: DiscardCause | None = None
) -> list[DeadDiscard]:
    """Delete events by number, with their deliveries; those with a pending delivery stay.

    With a cause, only events with a dead delivery go, without one only others; returns what went of the dead.
    """
    listed = (_to_json(numbers).decode(),)
    connection.execute(KEEP_NUMBERS)
    connection.execute(_PRUNE_EVENTS.format("NOT" if cause is None else ""), listed)
    gone = []
    if cause is not None:
        rows = connection.execute(_DEAD_LEFT, listed)
        gone = [DeadDiscard(name, cause, count, oldest, last) for name, count, oldest, last in rows]
    connection.execute(_PRUNE_DELIVERIES, listed)
    connection.execute(_PRUNE_DISCARDS, listed)
    drop_kinds(connection, memory, numbers)
    return gone


def prune_keys(connection: Connection, now: float, limit: int) -> int:
    """Delete at most `limit` duplicate keys that expired before `now`; returns their number."""
    return connection.execute(_PRUNE_KEYS, (now, limit)).rowcount


def prune_cards(connection: Connection, before: float, limit: int) -> int:
    """Delete at most `limit` cards that were last used before a time; returns their number."""
    return connection.execute(_PRUNE_CARDS, (before, limit)).rowcount


def prune_addresses(connection: Connection, before: float, limit: int) -> int:
    """Delete at most `limit` addresses that last took a message received before a time; returns their number."""
    return connection.execute(_PRUNE_ADDRESSES, (before, limit)).rowcount
