"""The file beside a journal in which earlier releases kept the secrets that services sent to routes in handshakes."""

from contextlib import closing
from pathlib import Path

import msgspec

from gateway.errors import JournalError
from gateway.journal.sqlite import write_sql
from gateway.journal.sqlite.file import connect, sync_folder


def take_over(path: Path) -> None:
    """Move the secrets into the journal, and remove the file when they are durable there.

    A secret that the journal already has is newer, and stays. Raises JournalError for a file of another form,
    sqlite3.Error, OSError.
    """
    file = path.with_suffix(".secrets")
    if file == path or not file.is_file():
        return
    with closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        write_sql.adopt(connection, _read(file))
        connection.execute("COMMIT")
    file.unlink()
    sync_folder(file)


def _read(file: Path) -> list[tuple[str, str]]:
    """The newest secret of each route: the last in the route's list in the file."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, list[str]])
    except msgspec.DecodeError:
        raise JournalError(
            f"{file} does not hold the secrets that services sent to this gateway: restore it from a backup, or remove "
            "it and set those services up again"
        ) from None
    return [(route, secrets[-1]) for route, secrets in found.items() if secrets]
