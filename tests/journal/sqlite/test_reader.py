"""The reading side: a thread with a connection of its own."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import JournalDamaged, JournalError
from gateway.journal.sqlite.file import prepare
from gateway.journal.sqlite.reader import ReadConnection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty journal."""
    prepare(tmp_path / "journal.db")
    return tmp_path / "journal.db"


@pytest.fixture
async def reader(path: Path) -> AsyncIterator[ReadConnection]:
    """Its reader."""
    made = ReadConnection(path, "test-reader", cache=100)
    yield made
    await made.close()


def count(connection: sqlite3.Connection) -> int:
    """How many events there are."""
    [number] = connection.execute("SELECT count(*) FROM event").fetchone()
    return int(number)


async def test_it_reads_and_writes_nothing(reader: ReadConnection) -> None:
    """A statement that would change something is refused."""
    assert await reader.read(count) == 0
    with pytest.raises(JournalError, match="cannot be written"):
        await reader.read(lambda connection: connection.execute("DELETE FROM event"))
    assert await reader.read(count) == 0


async def test_a_file_that_was_replaced_is_read(path: Path, reader: ReadConnection) -> None:
    """Not the one that was there before, nor one that is gone."""
    assert await reader.read(count) == 0
    path.rename(path.with_name("old.db"))
    with pytest.raises(JournalError, match="moved or deleted"):
        await reader.read(count)
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(JournalDamaged):
        await reader.read(count)
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    prepare(path)
    assert await reader.read(count) == 0


async def test_nothing_is_read_after_the_end(path: Path) -> None:
    """Whoever asks is told."""
    reader = ReadConnection(path, "test-reader", cache=100)
    assert await reader.read(count) == 0
    await reader.close()
    with pytest.raises(JournalError, match="is closed"):
        await reader.read(count)
