"""A damaged journal is found before it is used."""

import sqlite3
from contextlib import closing

import pytest

from gateway.errors import JournalDamaged
from gateway.journal.sqlite import soundness
from gateway.journal.sqlite.file import as_journal_error, connect, prepare
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.journal.sqlite.soundness import require_sound


@pytest.fixture
def path(tmp_path):
    """A journal of some hundred pages."""
    path = tmp_path / "journal.db"
    prepare(path)
    with closing(connect(path)) as connection:
        connection.executemany(
            "INSERT INTO secret (route, secret) VALUES (?, ?)", [(f"{number:05}", "s" * 500) for number in range(2000)]
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path


def overwrite(path):
    """Put other bytes in the middle of the file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 8192 * 4096)
        file.write(b"\xa5" * 4096)


def test_a_whole_journal_is_sound(path):
    """Nothing is raised."""
    require_sound(path)


def test_a_damaged_one_is_refused_with_the_remedy(path):
    """A page in the middle that no start reads."""
    overwrite(path)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        require_sound(path)
    error = as_journal_error(path, caught.value)
    assert isinstance(error, JournalDamaged)
    assert "restore it from a backup" in str(error)


def test_the_look_ends_in_time(path, monkeypatch):
    """What it has not read by then is not known to be damaged."""
    monkeypatch.setattr(soundness, "_STEPS", 1)
    overwrite(path)
    require_sound(path, seconds=-1.0)


async def test_no_gateway_delivers_from_a_damaged_one(path):
    """It ends at the start; a command line tool may still read what is left."""
    overwrite(path)
    with pytest.raises(JournalDamaged, match="restore it from a backup"):
        await SqliteJournal.open(path, retention=1e6, max_size=10**9, deliver=True)
    await (await SqliteJournal.open(path, retention=1e6, max_size=10**9)).close()
