# ruff: noqa: S608 - statements are put together from constants of this module only
"""The statements about refused requests: a small table, of which each route has REFUSED_LIMIT rows at most."""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from gateway.journal import Page, Query, Record
from gateway.journal.refusals import REFUSED_LIMIT, event_of
from gateway.model import Refusal

_COLUMNS: Final = ", ".join(Refusal.__struct_fields__)
_STORE = f"""
INSERT OR IGNORE INTO refusal ({_COLUMNS}) VALUES ({", ".join(f":{name}" for name in Refusal.__struct_fields__)})"""
_SURPLUS = f"""
DELETE FROM refusal WHERE route = :route AND number <= (
  SELECT number FROM refusal WHERE route = :route ORDER BY number DESC LIMIT 1 OFFSET {REFUSED_LIMIT})"""
_PRUNE = """
DELETE FROM refusal WHERE number IN (SELECT number FROM refusal WHERE received < ? ORDER BY received LIMIT ?)"""
_COUNT = "SELECT route, count(*) FROM refusal GROUP BY route"

_NUMBER = "SELECT number FROM refusal WHERE id = ?"
_FIND = f"""
SELECT json_group_array(json_array({_COLUMNS.replace("received", "quote(received)")})) FROM (
  SELECT * FROM refusal
   WHERE number < :before AND (:event_id = '' OR id = :event_id) AND (:route = '' OR route = :route)
     AND (:service = '' OR service = :service) AND (:note = '' OR cause = :note)
     AND (:since IS NULL OR received >= :since) AND (:until IS NULL OR received <= :until){{says}}
   ORDER BY number DESC LIMIT :limit + 1)"""
# Words contain no line break, so that none matches across two columns.
_SAYS = """id || '\n' || cause || '\n' || status || '\n' || reason || '\n' || hint || '\n' || peer || '\n' || method
          || '\n' || agent || '\n' || content_type LIKE :{} ESCAPE '\\'"""


class _Row(Refusal, frozen=True, array_like=True):
    """One element of `_FIND`, in its order."""


_rows = msgspec.json.Decoder(list[_Row], strict=False)


def store(connection: Connection, refusals: Sequence[Refusal]) -> None:
    """Insert refused requests, and delete what their routes then have too much."""
    connection.executemany(_STORE, map(asdict, refusals))
    connection.executemany(_SURPLUS, [{"route": route} for route in {one.route for one in refusals}])


def prune(connection: Connection, before: float, limit: int) -> int:
    """Delete at most `limit` refused requests that were received before a time; returns their number."""
    return connection.execute(_PRUNE, (before, limit)).rowcount


def count(connection: Connection) -> dict[str, int]:
    """How many refused requests each route has."""
    return dict(connection.execute(_COUNT))


def find(connection: Connection, query: Query, words: Sequence[Sequence[str]] = ()) -> Page:
    """One page of refused requests, newest first. All of them are so few that each page may look at all.

    `words` are those of the query's text, each as the patterns of its spellings.
    """
    before = _before(connection, query.before)
    delivered = query.delivery_state or query.destination or query.reason or query.translator
    if before is None or query.limit <= 0 or delivered:
        return Page()
    values: dict[str, Any] = {
        "event_id": query.event_id,
        "route": query.route,
        "service": query.service,
        "note": query.note,
        "since": query.since,
        "until": query.until,
        "before": before,
        "limit": query.limit,
    }
    says = ""
    for number, spellings in enumerate(words):
        names = [f"word{number}_{index}" for index in range(len(spellings))]
        says += f" AND ({' OR '.join(map(_SAYS.format, names))})"
        values |= dict(zip(names, spellings, strict=True))
    (found,) = connection.execute(_FIND.format(says=says), values).fetchone()
    all_found = [Refusal(**asdict(row)) for row in _rows.decode(found)]
    shown = all_found[: query.limit]
    records = tuple(Record(event_of(one), (), one) for one in shown)
    return Page(records, shown[-1].id if len(all_found) > len(shown) else "")


def _before(connection: Connection, event_id: str) -> int | None:
    """The number below which to search; None when the refused request of this id no longer exists."""
    if not event_id:
        return 2**63 - 1
    found = connection.execute(_NUMBER, (event_id,)).fetchone()
    return found[0] if found else None
