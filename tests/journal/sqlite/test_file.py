"""The journal's file: what is made, migrated, and refused."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Query, Settlement
from gateway.journal.sqlite.file import as_journal_error, connect, is_environment, migrate, prepare, versions
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Attempt, AttemptResult, Delivery, DeliveryState


def plain(path: Path) -> sqlite3.Connection:
    """A connection without any of the journal's settings."""
    return sqlite3.connect(path, isolation_level=None)


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file holds what senders sent: nobody else may read it."""
    path = tmp_path / "journal.db"
    prepare(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_commits_are_synced(tmp_path: Path) -> None:
    """Accepted means durable: a write-ahead log, synced at every commit."""
    path = tmp_path / "journal.db"
    prepare(path)
    connection = connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def test_an_older_file_is_migrated_section_by_section(tmp_path: Path) -> None:
    """Each section above the file's version runs once, in order, and data stays."""
    path = tmp_path / "journal.db"
    first, second = "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n", "ALTER TABLE a ADD COLUMN y DEFAULT 'new';\n"
    connection = plain(path)
    migrate(connection, path, [first])
    migrate(connection, path, [first, second])
    migrate(connection, path, [first, second])
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, "new")]
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


async def test_a_journal_of_version_1_is_taken_over(tmp_path: Path) -> None:
    """What the first schema kept is found, handed out and settled under the present one."""
    path = tmp_path / "journal.db"
    first, *_ = versions(resources.files("gateway.journal.sqlite").joinpath("schema.sql").read_text("utf-8"))
    connection = plain(path)
    migrate(connection, path, [first])
    event = (7, "e7", 1.5, 300, "build", "github", "message", "push", "d", "s", "", "POST", "", "", "{}", "{}", b"body")
    delivery = (9, 7, 1.5, "ops", "lane", "pending", 4, 2.5, "503", "", "", "", b"{}")
    for table, row in (("event", event), ("delivery", delivery)):
        connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    connection.close()
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**9, clock=lambda: 100.0)
    (waiting,) = await journal.pending(0, 10)
    assert waiting == Delivery(9, "e7", 1.5, "ops", "lane", b"{}", attempts=4, not_before=2.5, reason="503")
    attempt = Attempt(3.25, AttemptResult.DELIVERED, 200, "2xx")
    await journal.settle([Settlement(9, DeliveryState.DELIVERED, 5, attempt=attempt)])
    (record,) = (await journal.find(Query())).records
    assert record.event.request.body == b"body"
    assert [(found.state, found.log) for found in record.deliveries] == [(DeliveryState.DELIVERED, (attempt,))]
    await journal.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    """All sections are one transaction."""
    path = tmp_path / "journal.db"
    connection = plain(path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, ["CREATE TABLE a (x);\n", "CREATE TABLE a (x);\n"])
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()


def test_sections_are_cut_at_their_headings() -> None:
    """A heading is a line of its own; what stands before the first is a comment."""
    assert versions("-- intro\n-- version 1\nA;\n-- version 2\nB;\n") == ["\nA;\n", "\nB;\n"]


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    """The text names both versions and what to do."""
    path = tmp_path / "journal.db"
    prepare(path)
    connection = plain(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match=r"journal\.db has schema version 99, this release knows up to 3: start"):
        prepare(path)
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    """A wrong path in the settings must not cost anybody's data."""
    path = tmp_path / "other.db"
    connection = plain(path)
    connection.execute("CREATE TABLE users (name)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match="another program"):
        prepare(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("code", "name", "kind", "text"),
    [
        (sqlite3.SQLITE_FULL, "SQLITE_FULL", JournalError, "no space is left"),
        (sqlite3.SQLITE_IOERR | 4 << 8, "SQLITE_IOERR_FSYNC", JournalError, "input/output"),
        (sqlite3.SQLITE_READONLY, "SQLITE_READONLY", JournalError, "check the mount"),
        (sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN", JournalError, "its directory must exist"),
        (sqlite3.SQLITE_BUSY, "SQLITE_BUSY", JournalError, "another process"),
        (sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT", JournalDamaged, "move it away together with j.db-wal"),
        (sqlite3.SQLITE_NOTADB, "SQLITE_NOTADB", JournalDamaged, "restore it from a backup"),
    ],
)
def test_troubles_say_which_file_and_what_to_do(code: int, name: str, kind: type, text: str) -> None:
    """Each error that a disk can cause has its remedy, and meets everyone in the group."""
    error = sqlite3.OperationalError("raw text")
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    said = as_journal_error(Path("/var/lib/j.db"), error)
    assert type(said) is kind
    assert text in str(said)
    assert "/var/lib/j.db" in str(said)
    assert name in str(said)
    assert is_environment(error)


def test_a_fault_of_one_entry_is_not_the_environments() -> None:
    """Values that cannot be stored concern their entry alone; an error already put into words stays as it is."""
    error = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    assert not is_environment(error)
    assert "surrogates" in str(as_journal_error(Path("j.db"), error))
    ours = JournalError("known")
    assert as_journal_error(Path("j.db"), ours) is ours


def test_processes_may_start_on_one_new_file_at_once(tmp_path: Path) -> None:
    """Each waits for the other; the schema is made once."""
    path = tmp_path / "journal.db"
    with ThreadPoolExecutor(8) as starters:
        list(starters.map(lambda _: prepare(path), range(8)))
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal.db"]
