"""Whether a journal's file is whole, looked at before a gateway uses it: damage shows when a page is read, if ever."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from gateway.journal.sqlite.file import connect

CHECK_SECONDS: Final = 2.0
"""Seconds that the look takes at most; it reads about a gigabyte in this time, from memory."""

_STEPS: Final = 10_000
"""Steps of the database between two looks at the clock."""


def require_sound(path: Path, seconds: float = CHECK_SECONDS) -> None:
    """Raise sqlite3.DatabaseError for a journal that is damaged, as far as `seconds` of looking show.

    See https://www.sqlite.org/pragma.html#pragma_quick_check.
    """
    with closing(connect(path)) as connection:
        end = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode, damage.sqlite_errorname = sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"
        raise damage
