# ruff: noqa: S608 - statements are put together from constants of this module only
"""The statements about the lines of the audit."""

from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from gateway.journal.audit import (
    ACTS_LIMIT,
    AUDIT_LIMIT,
    AUDIT_REFUSED_LIMIT,
    NOT_TAKEN,
    AuditLine,
    AuditPage,
    AuditQuery,
    clipped,
)

_COLUMNS: Final = ", ".join(AuditLine.__struct_fields__)
_STORED: Final = [name for name in AuditLine.__struct_fields__ if name != "number"]
_STORE = f"""
INSERT INTO audit ({", ".join(_STORED)}, taken) VALUES ({", ".join(f":{name}" for name in _STORED)}, :taken)"""

_BEYOND = "SELECT number FROM audit INDEXED BY audit_taken WHERE taken = {} ORDER BY number DESC LIMIT 1 OFFSET {}"
_REFUSED_SURPLUS = f"DELETE FROM audit WHERE taken = 0 AND number <= ({_BEYOND.format(0, AUDIT_REFUSED_LIMIT)})"
_SURPLUS = _BEYOND.format(1, AUDIT_LIMIT)
_PRUNE_AGED = "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE at < ? ORDER BY at LIMIT ?)"
_PRUNE_SURPLUS = """
DELETE FROM audit WHERE number IN (
  SELECT number FROM audit WHERE taken = 1 AND number <= ? ORDER BY number LIMIT ?)"""

_PACKED = f"json_group_array(json_array({_COLUMNS.replace('at,', 'quote(at),', 1)}))"
ACTS_AT = f"""
(SELECT {_PACKED} FROM (
  SELECT * FROM (SELECT * FROM audit INDEXED BY audit_post
                  WHERE post = {{post}} AND outcome IN ('done', 'unknown') ORDER BY number DESC LIMIT {ACTS_LIMIT})
   ORDER BY number))"""
"""What was done at the post of an expression, as `lines` reads it."""

_FIND = f"""
SELECT {_PACKED} FROM (
  SELECT * FROM audit WHERE number < :before{{conditions}} ORDER BY number DESC LIMIT :limit + 1)"""
_CONDITIONS: Final[Mapping[str, str]] = {
    "user": "(user = :user OR user_name = :user)",
    "subject": "subject = :subject",
    "shown_at": "post = :shown_at AND outcome IN ('done', 'unknown')",
    "callback": "callback = :callback",
    "action": "action = :action",
    "outcome": "outcome = :outcome",
    "since": "at >= :since",
    "until": "at <= :until",
}


class _Row(AuditLine, frozen=True, array_like=True):
    """One element of `_FIND`, in its order."""


_rows = msgspec.json.Decoder(list[_Row], strict=False)


def store(connection: Connection, fresh: Sequence[AuditLine]) -> None:
    """Insert lines, and delete what is then too much of what was not taken."""
    rows = [asdict(clipped(line)) | {"taken": line.outcome not in NOT_TAKEN} for line in fresh]
    connection.executemany(_STORE, rows)
    if not all(row["taken"] for row in rows):
        connection.execute(_REFUSED_SURPLUS)


def find(connection: Connection, query: AuditQuery) -> AuditPage:
    """One page of lines, newest first."""
    if query.limit <= 0:
        return AuditPage()
    values: dict[str, Any] = {name: value for name, value in asdict(query).items() if value not in ("", None)}
    conditions = "".join(f" AND {text}" for name, text in _CONDITIONS.items() if name in values)
    values.setdefault("before", 2**63 - 1)
    (found,) = connection.execute(_FIND.format(conditions=conditions), values).fetchone()
    every = lines(found)
    shown = every[: query.limit]
    return AuditPage(shown, shown[-1].number if len(every) > len(shown) else None)


def lines(packed: str) -> list[AuditLine]:
    """The lines of a JSON array, in its order."""
    return [AuditLine(**asdict(row)) for row in _rows.decode(packed)]


def surplus(connection: Connection) -> int:
    """The number up to which there are more lines of what was taken than are kept; 0 when there are not."""
    found = connection.execute(_SURPLUS).fetchone()
    return int(found[0]) if found else 0


def prune(connection: Connection, before: float, surplus: int, limit: int) -> int:
    """Delete at most `limit` lines older than a time, and as many up to a number of what was taken.

    Returns the larger of both numbers.
    """
    aged = connection.execute(_PRUNE_AGED, (before, limit)).rowcount
    return max(aged, connection.execute(_PRUNE_SURPLUS, (surplus, limit)).rowcount)
