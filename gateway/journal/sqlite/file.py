"""The journal's file: opened, brought to the present schema, and its troubles put into words.

The only place where sqlite3's exceptions become ours.
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
"""How long one process waits for another's commit."""

_APPLICATION = 0x6D67_6A31
"""PRAGMA application_id of a journal ("mgj1"): tells it from another program's database."""

_SHORTEST: Final = 512
"""Bytes: no database is shorter than its smallest page."""

_SETUP = (
    # WAL with FULL: the log is synced at every commit, https://www.sqlite.org/pragma.html#pragma_synchronous
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS: fsync alone does not reach the platter
    # The writer inserts deliveries with their event and prunes them with it in one transaction; checks would only cost.
    "PRAGMA foreign_keys = OFF",
    "PRAGMA secure_delete = OFF",  # some builds overwrite freed pages with zeros, which triples the cost of pruning
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -8000",  # KiB; there are two connections of this size
    # Checkpoints are the journal's own, beside the writer; these two bound the log should they fall behind.
    "PRAGMA wal_autocheckpoint = 131072",  # pages of 4 KiB
    "PRAGMA journal_size_limit = 268435456",  # bytes
)

_REMEDIES = {
    sqlite3.SQLITE_FULL: "no space is left on its disk; free some, the journal goes on by itself",
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
    """Return the JournalError to raise for an error of the database: which file, what is wrong, what to do."""
    if isinstance(error, JournalError):
        return error
    if isinstance(error, OSError):
        return JournalError(f"journal {path}: {error.strerror}; its directory must exist and be writable for this user")
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
    """Tell whether an error lies with the file or the disk, and so meets everyone, not with the values of one entry."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, JournalError) or (code is not None and code & 0xFF in (*_REMEDIES, *_DAMAGE))


def connect(path: Path) -> sqlite3.Connection:
    """Connect to a journal that is prepared; raises sqlite3.Error, also when the file is gone."""
    # Every shape of multi-row INSERT stays prepared: see `gateway.journal.sqlite.write_sql`.
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


def prepare(path: Path, *, create: bool = True) -> None:
    """Bring a journal to the present schema; `create` makes one where there is none, readable for its owner only.

    Raises JournalDamaged for what is not a journal or comes from a newer release, JournalError where there is none,
    sqlite3.Error, OSError.
    """
    sections = versions(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
    if not _is_there(path):
        if not create:
            raise JournalError(f"{path}: there is no journal yet; it is made by the first `mattergate serve`")
        _make(path, sections)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection, path, sections)
        _use_log(connection, path)
    finally:
        connection.close()


def _is_there(path: Path) -> bool:
    """Tell whether there is a journal to be opened. Raises JournalDamaged for what must not be taken for a new one."""
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
    """Make an empty journal under another name, and give it its own when its whole schema is on the disk.

    So whatever is found under a journal's name has been one. Of several processes that make it at once, one wins.
    """
    fresh = path.with_name(f"{path.name}-new-{os.urandom(6).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file, closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
            migrate(memory, path, sections)
            file.write(memory.serialize())
            file.flush()
            os.fsync(file.fileno())
        _give_name(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path)


def _give_name(fresh: Path, path: Path) -> None:
    try:
        path.hardlink_to(fresh)  # unlike a renaming, this never replaces what another process has made meanwhile
    except FileExistsError:
        return
    except OSError:  # a file system without links
        fresh.rename(path)


def sync_folder(path: Path) -> None:
    """Put the name of a file on the disk, or its end."""
    folder = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def identity(path: Path) -> tuple[int, int]:
    """Tell which file is at the path: device and inode. Raises JournalError when there is none.

    A file that was moved away or deleted takes writes to the end of the process; none of them would be found again.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise JournalError(
            f"journal {path} was moved or deleted while in use: put it back, or restart to begin an empty one"
        ) from error
    return found.st_dev, found.st_ino


def _use_log(connection: sqlite3.Connection, path: Path) -> None:
    """Switch the file to WAL, which it then stays in; a file already in WAL is not touched."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # SQLite does not wait here for another process that is just starting on the same new file.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise JournalError(f"journal {path}: its file system cannot keep a shared log; put it on a local disk")


def versions(sql: str) -> list[str]:
    """Cut out the sections of a schema file, the one under `-- version 1` first."""
    return re.split(r"^-- version \d+$", sql, flags=re.MULTILINE)[1:]


def migrate(connection: sqlite3.Connection, path: Path, sections: Sequence[str]) -> None:
    """Run the sections above the file's version, all in one transaction.

    Nothing is written to a file that is already there, newer, or another program's.
    """
    connection.execute("BEGIN")  # one look at the file: another process may be at work on it
    try:
        version = _version(connection, path, len(sections))
    finally:
        connection.rollback()
    if version == len(sections):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may have done it meanwhile.
        for section in sections[_version(connection, path, len(sections)) :]:
            for statement in _statements(section):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(sections)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


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
