"""The duplicate keys: the newest in a list that the writing connection knows by heart, all others in a table.

    remember --> duplicate_new, a page for a hundred keys --MANY--> merge, sorted, slice by slice --> duplicate

Keys are random: each that enters a large table writes a page of its own, 4,096 bytes for thirty, which would be nearly
half of what an event writes. A slice of a merge meets pages that many of its keys share, as long as there are fewer
than a million, and leaves out those whose window has ended.
"""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

from msgspec import Struct

from gateway.journal.clock import JUMP
from gateway.journal.sqlite.insert_sql import chunks, insert

Known = tuple[int, str | None, float]
"""What a key stands for: number and id of an event (None: look for it by the number), and when the key expires."""

MANY: Final = 8192
"""Keys in the list from which it is merged; there may be twice as many, and each takes some 250 bytes of memory."""

SLICE: Final = 512
"""Keys that are merged at once, more after large groups: some 3 ms."""

_NEWEST = "SELECT key, event, expires FROM duplicate_new ORDER BY number"
_LAST = "SELECT coalesce(max(number), 0) FROM duplicate_new"
_ADD = "INSERT INTO duplicate_new (key, event, expires) VALUES "
_LOOK_UP = "SELECT key, event, expires FROM duplicate WHERE key IN "
_MERGE = "INSERT INTO duplicate VALUES "
_LATEST = " ON CONFLICT (key) DO UPDATE SET event = excluded.event, expires = excluded.expires"
_MERGED = "DELETE FROM duplicate_new WHERE number <= ?"
_DROP_NEW = "DELETE FROM duplicate_new WHERE key = ? AND event = ?"
_DROP = "DELETE FROM duplicate WHERE key = ? AND event = ?"


class Keys(Struct):
    """The keys of `duplicate_new`, each with the number of its event and when it expires.

    Those in `merging` are being merged: `rest` are left of them, the last first, up to `last` in the list. `now` is the
    time of the newest event, by the clock of the windows.
    """

    fresh: dict[bytes, tuple[int, float]] = {}
    merging: dict[bytes, tuple[int, float]] = {}
    rest: list[bytes] = []
    last: int = 0
    now: float = 0.0

    @property
    def many(self) -> bool:
        """Whether a slice is to be merged."""
        return bool(self.rest) or len(self.fresh) >= MANY


def recall(connection: Connection) -> Keys:
    """The keys of the list; what is later in it is newer. A merge that was cut short begins anew."""
    return Keys({key: (event, expires) for key, event, expires in connection.execute(_NEWEST)})


def known(connection: Connection, keys: Keys, wanted: Sequence[bytes]) -> dict[bytes, Known]:
    """What these keys stand for."""
    found: dict[bytes, Known] = {}
    others: list[bytes] = []
    for key in wanted:
        by_heart = keys.fresh.get(key) or keys.merging.get(key)
        if by_heart is None:
            others.append(key)
        else:
            found[key] = by_heart[0], None, by_heart[1]
    for chunk in chunks(others):
        for key, event, expires in connection.execute(f"{_LOOK_UP}({','.join('?' * len(chunk))})", chunk):
            found[key] = event, None, expires
    return found


def remember(connection: Connection, keys: Keys, rows: Sequence[tuple[bytes, int, float]], now: float) -> None:
    """Store keys, each with the number of its event and when it expires, in place of what they stood for; at `now`."""
    insert(connection, _ADD, rows)
    for key, event, expires in rows:
        keys.fresh[key] = event, expires
    keys.now = max(keys.now, now)


def drop(connection: Connection, keys: Keys, key: bytes, event: int) -> None:
    """Delete a key, if it is that of this event."""
    for some in (keys.fresh, keys.merging):
        if key in some and some[key][0] == event:
            del some[key]
            connection.execute(_DROP_NEW, (key, event))  # a walk over the list
    connection.execute(_DROP, (key, event))


def merge(connection: Connection, keys: Keys, count: int) -> None:
    """Merge a slice of at most `count` keys into the table."""
    if not keys.rest:
        keys.merging, keys.fresh = keys.fresh, {}
        keys.rest = sorted(keys.merging, reverse=True)
        keys.last = connection.execute(_LAST).fetchone()[0]
    some, keys.rest = keys.rest[: -count - 1 : -1], keys.rest[:-count]
    left = [(key, *keys.merging[key]) for key in some if key in keys.merging]
    insert(connection, _MERGE, [row for row in left if row[2] > keys.now - JUMP], _LATEST)
    if not keys.rest:
        connection.execute(_MERGED, (keys.last,))
        keys.merging = {}
