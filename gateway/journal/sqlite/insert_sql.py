"""INSERTs of many rows. Their shapes are few, so that the connection's statement cache holds them all, and small."""

from collections.abc import Sequence
from itertools import chain
from sqlite3 import Connection
from typing import Any, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]

_BIG, _MIDDLE = 256, 32


def insert(connection: Connection, head: str, rows: Sequence[Row], tail: str = "") -> None:
    """Insert rows between the `head` and the `tail` of a statement."""
    for chunk in chunks(rows):
        row = f"({','.join('?' * len(chunk[0]))})"
        connection.execute(f"{head}{','.join([row] * len(chunk))}{tail}", list(chain.from_iterable(chunk)))


def chunks(rows: Sequence[T]) -> Sequence[Sequence[T]]:
    """The rows in chunks of 256, then 32, then up to 31."""
    if len(rows) < _MIDDLE:
        return [rows] if rows else []
    found, at = [], 0
    while at < len(rows):
        left = len(rows) - at
        count = _BIG if left >= _BIG else _MIDDLE if left >= _MIDDLE else left
        found.append(rows[at : at + count])
        at += count
    return found
