"""The statements about the positions of listeners: a row each."""

from sqlite3 import Connection

_POSITION = "SELECT at FROM position WHERE name = ?"
_ADVANCE = "INSERT INTO position VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = max(at, excluded.at)"


def position(connection: Connection, name: str) -> float | None:
    """The position of a listener; None for one that has none yet."""
    found = connection.execute(_POSITION, (name,)).fetchone()
    return float(found[0]) if found else None


def advance(connection: Connection, name: str, ms: float) -> None:
    """Set the position of a listener, unless it is further already."""
    connection.execute(_ADVANCE, (name, ms))
