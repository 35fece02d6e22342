"""The reading side of the journal: a thread with a connection of its own, beside the writer."""

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
    """Runs queries one after the other. `cache` is the size of its connection's page cache in KiB."""

    def __init__(self, path: Path, name: str, cache: int) -> None:
        self._path = path
        self._cache = cache
        self._thread = ThreadPoolExecutor(1, name)
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._closed = False

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run a query. Raises JournalError when the file cannot be read, and after `close`."""
        if self._closed:
            raise JournalError(f"journal {self._path} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, query)

    async def close(self) -> None:
        """Finish all queries, then close the connection."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    def _run(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            found = identity(self._path)
            if found != self._identity:
                self._disconnect()
            if self._connection is None:
                self._connection, self._identity = connect(self._path), found
                self._connection.execute(f"PRAGMA cache_size = {-self._cache}")
                self._connection.execute("PRAGMA query_only = ON")
            return query(self._connection)
        except sqlite3.Error as error:
            self._disconnect()
            raise as_journal_error(self._path, error) from error

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
