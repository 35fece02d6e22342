"""Rings of keys in the file."""

import sqlite3

import pytest

from gateway.journal.keyrings import RingKey
from gateway.journal.sqlite import ring_sql


def key(number: int) -> RingKey:
    """A key of its own."""
    return RingKey(f"k{number}", bytes([number]) * 32, float(number))


def test_a_ring_has_two_keys_and_one_of_them_signs(connection: sqlite3.Connection) -> None:
    """The newest has no end; a third one goes, whatever its time; other rings have their own."""
    assert [one.id for one in ring_sql.renew(connection, "a", key(1), None)] == ["k1"]
    assert [one.id for one in ring_sql.renew(connection, "a", key(2), None)] == ["k1"]
    for number in (2, 3):
        found = ring_sql.renew(connection, "a", key(number), 100.0 + number)
        former = key(number - 1)
        assert found == [key(number), RingKey(former.id, former.key, former.made, 100.0 + number)]
    ring_sql.renew(connection, "b", key(1), 50.0)
    assert [one.id for one in ring_sql.ring(connection, "b")] == ["k1"]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO ring_key VALUES (99, 'a', 'other', x'00', 1.0, NULL)")


def test_keys_go_after_their_time(connection: sqlite3.Connection) -> None:
    """The one that signs stays for ever."""
    ring_sql.renew(connection, "a", key(1), None)
    ring_sql.renew(connection, "a", key(2), 50.0)
    assert [ring_sql.prune(connection, now) for now in (49.0, 50.0, 1e12)] == [0, 1, 0]
    assert ring_sql.ring(connection, "a") == [key(2)]
