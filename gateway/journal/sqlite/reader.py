"""The journal's reading side: a thread with a connection of its own, beside the writer."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gateway.errors import JournalError
from gateway.journal.sqlite.file import as_journal_error, connect, identity

_T = TypeVar("_T")


class ReadConnection:
    """Runs queries one after the other. `cache` is what its connection keeps of the file in memory, in KiB."""

    def __init__(self, path: Path, name: str, cache: int) -> None:
        self._path = path
        self._cache = cache
        self._thread = ThreadPoolExecutor(1, name)
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._closed = False

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run a query. Raises JournalError when the file cannot be read, and when this is closed."""
        if self._closed:
            raise JournalError(f"journal {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._reading, query)

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._forget_connection)
        self._thread.shutdown()

    def _reading(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            found = identity(self._path)
            if found != self._identity:
                self._forget_connection()
            if self._connection is None:
                self._connection, self._identity = connect(self._path), found
                self._connection.execute(f"PRAGMA cache_size = {-self._cache}")
                self._connection.execute("PRAGMA query_only = ON")
            return query(self._connection)
        except sqlite3.Error as error:
            self._forget_connection()
            raise as_journal_error(self._path, error) from error

    def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
