"""Lines of the audit on their way into the journal.

A line about what was done is stored with its act. Those of what was not taken can be brought about without end: they
are written in batches at a bounded rate, and beyond BATCH of one batch only counted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from gateway.errors import JournalError
from gateway.journal.audit import NOT_TAKEN, AuditLine, clipped
from gateway.observe import logs

INTERVAL: Final = 1.0
"""Seconds between the beginnings of two writes of what was not taken; the first one waits for nothing."""

BATCH: Final = 200
"""The most lines of what was not taken that one write stores."""

_log = logs.get("audit")


class AuditRecorder:
    """Stores lines by `record`."""

    def __init__(self, record: Callable[[Sequence[AuditLine]], Awaitable[None]]) -> None:
        self._record = record
        self._waiting: list[AuditLine] = []
        self._dropped = 0
        self._begun = float("-inf")
        self._writing: asyncio.Task[None] | None = None

    async def add(self, line: AuditLine) -> None:
        """Store a line: of what was taken durably when this returns, else soon. What fails is logged with the line."""
        _log.debug("act", callback=line.callback, action=line.action, user=line.user_name, outcome=line.outcome.value)
        if line.outcome in NOT_TAKEN:
            self._put(line)
            return
        try:
            await self._record([line])
        except JournalError as error:
            _log.error("an act is not in the audit", why=str(error), line=repr(line))

    async def close(self) -> None:
        """Store what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        with suppress(JournalError):
            await self._store()

    def _put(self, line: AuditLine) -> None:
        if len(self._waiting) >= BATCH:
            self._dropped += 1
            return
        self._waiting.append(clipped(line))  # what a stranger says may be as long as a request
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write(), name="audit")

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(self._begun + INTERVAL - loop.time())
            self._begun = loop.time()
            try:
                await self._store()
            except JournalError as error:
                _log.warning("refused acts are not in the audit", why=str(error))
        self._writing = None

    async def _store(self) -> None:
        lines, self._waiting, dropped, self._dropped = self._waiting, [], self._dropped, 0
        if dropped:
            _log.warning("refused acts beyond what the audit takes at once", count=dropped)
        if lines:
            await self._record(lines)
