"""INSERTs of many rows in statements of few shapes."""

import sqlite3

from gateway.journal.sqlite.insert_sql import chunks, insert


def test_there_are_few_shapes():
    """Any number of rows is inserted, in order, by statements of 33 different lengths."""
    lengths = set()
    for count in range(1000):
        found = chunks(list(range(count)))
        assert [row for chunk in found for row in chunk] == list(range(count))
        lengths |= {len(chunk) for chunk in found}
    assert lengths == {*range(1, 33), 256}


def test_rows_stand_between_head_and_tail():
    """The tail decides what becomes of a row that is there already."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    insert(connection, "INSERT INTO t VALUES ", [(number, "x") for number in range(300)])
    insert(connection, "INSERT INTO t VALUES ", [(7, "y"), (300, "y")], " ON CONFLICT (a) DO UPDATE SET b = excluded.b")
    insert(connection, "INSERT INTO t VALUES ", [])
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (301,)
    assert connection.execute("SELECT a FROM t WHERE b = 'y' ORDER BY a").fetchall() == [(7,), (300,)]
