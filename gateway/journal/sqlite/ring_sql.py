"""The statements about rings of keys: a handful of rows."""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

from gateway.journal.keyrings import RingKey

VALID: Final = 2
"""Keys of a ring that are valid at once."""

_RING = "SELECT id, key, made, valid_until FROM ring_key WHERE ring = ? ORDER BY number DESC"
_END = "UPDATE ring_key SET valid_until = ? WHERE ring = ? AND valid_until IS NULL"
_ADD = "INSERT INTO ring_key (ring, id, key, made) VALUES (?, ?, ?, ?)"
_SURPLUS = """
DELETE FROM ring_key WHERE ring = :ring
   AND number NOT IN (SELECT number FROM ring_key WHERE ring = :ring ORDER BY number DESC LIMIT :valid)"""
_PRUNE = "DELETE FROM ring_key WHERE valid_until <= ?"


def ring(connection: Connection, name: str) -> list[RingKey]:
    """The keys of a ring, newest first, also former ones whose time is over."""
    return [RingKey(*row) for row in connection.execute(_RING, (name,))]


def renew(connection: Connection, name: str, fresh: RingKey, former_until: float | None) -> Sequence[RingKey]:
    """Add a key to a ring, where the former is valid until a time; with None only to a ring that has none.

    Returns the keys of the ring, newest first.
    """
    found = ring(connection, name)
    if found and former_until is None:
        return found
    connection.execute(_END, (former_until, name))
    connection.execute(_ADD, (name, fresh.id, fresh.key, fresh.made))
    connection.execute(_SURPLUS, {"ring": name, "valid": VALID})
    return ring(connection, name)


def prune(connection: Connection, now: float) -> int:
    """Delete keys whose time was over at `now`; returns their number, which is small."""
    return connection.execute(_PRUNE, (now,)).rowcount
