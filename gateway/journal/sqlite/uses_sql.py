"""The statements about uses that are given back, and about the places of tickets."""

from collections.abc import Sequence
from sqlite3 import Connection

from gateway.journal.sqlite import keys_sql
from gateway.journal.sqlite.keys_sql import Keys
from gateway.journal.uses import Pin

_EVENT = "SELECT number FROM event WHERE id = ?"
_PIN = "INSERT INTO pin VALUES (?, ?, ?, ?) ON CONFLICT (ticket) DO NOTHING"
_PINNED = "SELECT channel, post FROM pin WHERE ticket = ?"
_PRUNE = "DELETE FROM pin WHERE ticket IN (SELECT ticket FROM pin WHERE expires <= ? ORDER BY expires LIMIT ?)"

_BEGIN = "INSERT INTO begun VALUES (?) ON CONFLICT (seq) DO NOTHING"
_UNBEGIN = "DELETE FROM begun WHERE seq = ?"
_PRUNE_BEGUN = """
DELETE FROM begun WHERE seq IN (
  SELECT begun.seq FROM begun LEFT JOIN delivery ON delivery.seq = begun.seq
   WHERE +delivery.state IS NOT 'pending' LIMIT ?)"""


def begin(connection: Connection, seq: int, *, back: bool) -> bool:
    """Note that an attempt begins, or take it back; whether none had begun before."""
    return connection.execute(_UNBEGIN if back else _BEGIN, (seq,)).rowcount > 0


def prune_begun(connection: Connection, limit: int) -> int:
    """Delete the notes about deliveries that are settled or deleted; returns how many."""
    return connection.execute(_PRUNE_BEGUN, (limit,)).rowcount


def release(connection: Connection, keys: Keys, event_id: str, released: Sequence[bytes]) -> None:
    """Delete duplicate keys of an event."""
    found = connection.execute(_EVENT, (event_id,)).fetchone()
    if found is not None:  # else the event is deleted, and nobody learns what its act came to
        for key in released:
            keys_sql.drop(connection, keys, key, found[0])


def pinned(connection: Connection, ticket: str) -> Pin | None:
    """The place of a ticket; None for one that has none yet."""
    found = connection.execute(_PINNED, (ticket,)).fetchone()
    return Pin(*found) if found else None


def pin(connection: Connection, ticket: str, place: Pin, expires: float) -> Pin:
    """Give a ticket its place unless it has one, and return the one that it has."""
    connection.execute(_PIN, (ticket, place.channel, place.post, expires))
    return Pin(*connection.execute(_PINNED, (ticket,)).fetchone())


def prune(connection: Connection, now: float, limit: int) -> int:
    """Delete at most `limit` places of tickets that ended before `now`; returns their number."""
    return connection.execute(_PRUNE, (now, limit)).rowcount
