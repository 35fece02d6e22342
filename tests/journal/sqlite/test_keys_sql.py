"""Duplicate keys: known by heart while they are new, then merged into a table, and the same in every state."""

import hashlib
import sqlite3

import pytest

from gateway.journal.sqlite import keys_sql
from gateway.journal.sqlite.keys_sql import Keys, drop, known, merge, recall, remember

EVER = 1e9
COUNT = 40
SLICE = 7


def key(number: int) -> bytes:
    """A key; those of neighbours are far apart."""
    return hashlib.sha256(b"%d" % number).digest()[:16]


def rows(*numbers: int, expires: float = EVER) -> list[tuple[bytes, int, float]]:
    """The keys of these events."""
    return [(key(number), number, expires) for number in numbers]


def events(connection: sqlite3.Connection, keys: Keys, *numbers: int) -> list[int]:
    """The events that these keys stand for."""
    found = known(connection, keys, [key(number) for number in numbers])
    return [found[key(number)][0] if key(number) in found else 0 for number in numbers]


def count(connection: sqlite3.Connection, table: str) -> int:
    """How many rows a table has."""
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the keys are many."""
    monkeypatch.setattr(keys_sql, "MANY", COUNT // 2)


def test_a_key_is_known_in_every_state(connection: sqlite3.Connection):
    """In the list, while it is merged, in the table; also after a start in the middle; others never are."""
    keys = recall(connection)
    everything = range(1, COUNT + 1)
    for number in everything:
        assert events(connection, keys, number, COUNT + number) == [0, 0]
        remember(connection, keys, rows(number), 1.0)
        if keys.many:
            merge(connection, keys, SLICE)
        assert events(connection, keys, *everything) == [*range(1, number + 1), *[0] * (COUNT - number)]
        assert events(connection, recall(connection), *everything) == events(connection, keys, *everything)
    while keys.many:
        merge(connection, keys, SLICE)
        assert events(connection, keys, *everything) == list(everything)
    assert not keys.merging
    assert (
        count(connection, "duplicate") == COUNT // 2 * 2 - len(keys.fresh) == COUNT - count(connection, "duplicate_new")
    )
    assert recall(connection) == Keys(keys.fresh)


def test_the_list_is_bounded(connection: sqlite3.Connection):
    """However many keys come: what is merged leaves it, with the last slice."""
    keys = recall(connection)
    for number in range(1, 10 * COUNT):
        remember(connection, keys, rows(number), 1.0)
        if keys.many:
            merge(connection, keys, SLICE)
        assert count(connection, "duplicate_new") <= COUNT
        assert len(keys.fresh) + len(keys.merging) <= COUNT


def test_the_latest_meaning_counts(connection: sqlite3.Connection):
    """A key that is stored again stands for the new event, wherever the old one is, and whatever is merged when."""
    keys = recall(connection)
    twice = range(1, COUNT // 2 + 1)
    remember(connection, keys, rows(*twice), 1.0)
    while keys.many:
        merge(connection, keys, SLICE)
    remember(connection, keys, [(key(number), 100 + number, EVER) for number in twice], 1.0)
    merge(connection, keys, SLICE)
    remember(connection, keys, [(key(number), 200 + number, EVER) for number in twice[:5]], 1.0)
    expected = [*(200 + number for number in twice[:5]), *(100 + number for number in twice[5:])]
    assert events(connection, keys, *twice) == events(connection, recall(connection), *twice) == expected
    while keys.many:
        merge(connection, keys, SLICE)
    assert events(connection, keys, *twice) == events(connection, recall(connection), *twice) == expected


@pytest.mark.parametrize("slices", range(5))
def test_a_key_goes_with_its_event_alone(connection: sqlite3.Connection, slices: int):
    """Whether it is in the list, being merged or merged; and not when it stands for another event by now."""
    keys = recall(connection)
    many = range(1, COUNT // 2 + 1)
    remember(connection, keys, rows(*many), 1.0)
    for _ in range(slices):
        if keys.many:
            merge(connection, keys, SLICE)
    for number in many:
        drop(connection, keys, key(number), number if number % 2 else 99)
    expected = [0 if number % 2 else number for number in many]
    assert events(connection, keys, *many) == events(connection, recall(connection), *many) == expected
    while keys.rest:
        merge(connection, keys, SLICE)
    assert events(connection, keys, *many) == expected


def test_what_has_expired_is_not_merged(connection: sqlite3.Connection):
    """A minute later at least, since the clock may be set by as much unnoticed."""
    keys = recall(connection)
    remember(connection, keys, rows(*range(1, 11), expires=10.0), 1.0)
    remember(connection, keys, rows(*range(11, 21), expires=50.0), 1.0)
    remember(connection, keys, rows(*range(21, 31)), 100.0)
    while keys.many:
        merge(connection, keys, SLICE)
    assert count(connection, "duplicate") == 20
    assert events(connection, keys, *range(1, 31)) == [*[0] * 10, *range(11, 31)]
