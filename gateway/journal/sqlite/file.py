"""The journal's file: opening it, migrating its schema, and explaining its errors.

This is the only place where exceptions of sqlite3 become JournalErrors.
"""

import os
import re
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Final

from gateway.errors import JournalDamaged, JournalError

BUSY_SECONDS = 10.0
"""Seconds that one process waits for another's commit."""

_APPLICATION = 0x6D67_6A31
"""PRAGMA application_id of a journal ("mgj1"): distinguishes it from another program's database."""

_SHORTEST: Final = 512
"""Bytes: no database is shorter than its smallest page."""

_SETUP = (
    # WAL with FULL: the log is synced at every commit, https://www.sqlite.org/pragma.html#pragma_synchronous
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS: fsync alone does not reach the platter
    # The writer inserts and prunes deliveries with their event in one transaction: checks would only cost time.
    "PRAGMA foreign_keys = OFF",
    "PRAGMA secure_delete = OFF",  # some builds overwrite freed pages with zeros, which triples the cost of pruning
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -8000",  # KiB; there are two connections of this size
    # Upkeep runs the checkpoints, beside the writer; these two bound the log should it fall behind.
    "PRAGMA wal_autocheckpoint = 131072",  # pages of 4 KiB
    "PRAGMA journal_size_limit = 268435456",  # bytes
)

_REMEDIES = {
    sqlite3.SQLITE_FULL: "no space is left on its disk; free some, the journal then resumes by itself",
    sqlite3.SQLITE_IOERR: "the disk reports an input/output error; see the system log",
    sqlite3.SQLITE_READONLY: "it cannot be written; check the mount and the owner of the file and its directory",
    sqlite3.SQLITE_PERM: "access is denied; check the owner of the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; its directory must exist and be writable for this user",
    sqlite3.SQLITE_BUSY: "another process keeps it locked; look for a second mattergate or an open sqlite3 shell",
    sqlite3.SQLITE_LOCKED: "it is locked; try again",
    sqlite3.SQLITE_NOMEM: "memory is exhausted",
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def as_journal_error(path: Path, error: Exception) -> JournalError:
    """Return the JournalError for an error of the database; it says which file, what is wrong, what to do."""
    if isinstance(error, JournalError):
        return error
    if isinstance(error, OSError):
        beside = "" if error.filename in (None, str(path)) else f" {error.filename}:"
        problem = f"journal {path}:{beside} {error.strerror}"
        return JournalError(f"{problem}; its directory must exist and be writable for this user")
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    primary = code & 0xFF if code is not None else None
    if primary in _DAMAGE:
        return JournalDamaged(
            f"journal {path} is damaged or not a journal ({name}): restore it from a backup, or move it away together "
            f"with {path.name}-wal and {path.name}-shm and start again with an empty one"
        )
    if primary in _REMEDIES:
        return JournalError(f"journal {path}: {_REMEDIES[primary]} ({name})")
    return JournalError(f"journal {path}: {name}: {error}")


def is_environment(error: Exception) -> bool:
    """Whether an error is due to the file or the disk, and so affects every job, not to the values of one job."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, JournalError) or (code is not None and code & 0xFF in (*_REMEDIES, *_DAMAGE))


def connect(path: Path) -> sqlite3.Connection:
    """Connect to a journal that is prepared. Raises sqlite3.Error, also when the file is missing."""
    # Room for the 33 shapes of each of eight statements (see `insert_sql`), and all others.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=320,
    )
    try:
        for pragma in _SETUP:
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path, *, create: bool = True) -> bool:
    """Migrate a journal to the current schema; with `create`, a missing one is created, readable by its owner only.

    Returns whether it was missing.
    Raises JournalDamaged for a file that is not a journal or comes from a newer release, JournalError for a missing
    one, sqlite3.Error, OSError.
    """
    sections = versions(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
    missing = not _is_there(path)
    if missing:
        if not create:
            raise JournalError(f"{path}: there is no journal yet; the first `mattergate serve` creates it")
        _make(path, sections)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection, path, sections)
        _use_log(connection, path)
    finally:
        connection.close()
    return missing


def require_writable(path: Path) -> None:
    """Raise sqlite3.Error for a journal that can only be read: what it delivers would be delivered again and again."""
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM delivery WHERE FALSE")


def _is_there(path: Path) -> bool:
    """Whether there is a journal to open. Raises JournalDamaged for remains of one, instead of a silent new start."""
    try:
        found = path.stat()
    except FileNotFoundError:
        log = path.with_name(f"{path.name}-wal")
        if log.exists():
            raise JournalDamaged(
                f"journal {path} is missing, but its log {log.name} is there: put the journal back beside it, or move "
                f"{log.name} and {path.name}-shm away to begin an empty one"
            ) from None
        return False
    if not stat.S_ISREG(found.st_mode):
        raise JournalDamaged(f"journal {path} is not a file but a directory or a device: name a file for the journal")
    if found.st_size < _SHORTEST:
        raise JournalDamaged(
            f"journal {path} is cut short, it has {found.st_size} bytes: restore it from a backup, or move it away "
            f"together with {path.name}-wal and {path.name}-shm to begin an empty one"
        )
    return True


def _make(path: Path, sections: Sequence[str]) -> None:
    """Create an empty journal under a temporary name, and give it its own when its whole schema is on the disk.

    So a file under a journal's name was always complete. Of several processes that create it at once, one wins.
    """
    fresh = path.with_name(f"{path.name}-new-{os.urandom(6).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file, closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
            migrate(memory, path, sections)
            drop_earlier(memory)
            file.write(memory.serialize())
            file.flush()
            os.fsync(file.fileno())
        _give_name(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path)


def _give_name(fresh: Path, path: Path) -> None:
    try:
        path.hardlink_to(fresh)  # unlike a rename, this never replaces a journal that another process just created
    except FileExistsError:
        return
    except OSError:  # a file system without links
        fresh.rename(path)


def sync_folder(path: Path) -> None:
    """Sync a file's folder to the disk, so that the creation or removal of its name is durable."""
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of the file at the path. Raises JournalError when there is none.

    An open file that was moved or deleted still accepts writes, but they would be lost; this check detects it.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise JournalError(
            f"journal {path} was moved or deleted while in use: put it back, or restart to begin an empty one"
        ) from error
    return found.st_dev, found.st_ino


def _use_log(connection: sqlite3.Connection, path: Path) -> None:
    """Switch the file to WAL, for good; a file already in WAL is not changed."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # SQLite's busy timeout does not apply here, when another process opens the same new file.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise JournalError(f"journal {path}: its file system cannot keep a shared log; put it on a local disk")


def versions(sql: str) -> list[str]:
    """Split a schema file into its sections, the one under `-- version 1` first."""
    return re.split(r"^-- version \d+$", sql, flags=re.MULTILINE)[1:]


def migrate(connection: sqlite3.Connection, path: Path, sections: Sequence[str]) -> None:
    """Run the sections above the file's version, all in one transaction.

    Nothing is written to a file that is current, newer, or another program's.
    """
    connection.execute("BEGIN")  # one consistent view: another process may be migrating the file
    try:
        version = _version(connection, path, len(sections))
    finally:
        connection.rollback()
    if version == len(sections):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have migrated it meanwhile.
        for section in sections[_version(connection, path, len(sections)) :]:
            for statement in _statements(section):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(sections)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def holds_earlier(connection: sqlite3.Connection) -> bool:
    """Whether a journal may hold something in the form of an earlier schema: see `earlier_sql`."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'migration'").fetchone()[0])


def drop_earlier(connection: sqlite3.Connection) -> None:
    """Drop the tables of earlier schemas, when everything is moved out of them."""
    connection.execute("DROP TABLE duplicate_text")
    connection.execute("DROP TABLE migration")


def _version(connection: sqlite3.Connection, path: Path, known: int) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != _APPLICATION:
        raise JournalDamaged(f"{path} is a database of another program: name another file for the journal")
    if version > known:
        raise JournalDamaged(
            f"journal {path} has schema version {version}, this release knows up to {known}: start the release that "
            "wrote it, or a newer one, or name another file"
        )
    return int(version)


def _statements(section: str) -> Iterator[str]:
    statement = ""
    for line in section.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
