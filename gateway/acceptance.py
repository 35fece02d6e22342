"""The last step of accepting an event: stored durably, then handed to delivery. Every request ends here."""

import time
from collections.abc import Callable, Sequence

from gateway.errors import JournalError
from gateway.journal import Appended, Entry, Journal
from gateway.model import Delivery

TROUBLE_SECONDS = 15.0
"""How long one event that could not be stored keeps the gateway from being ready."""

WAITING = 2000
"""How many events may wait for the journal, each with its body in memory: a disk that stalls must not fill it."""


class Acceptance:
    """Stores events. `offer` takes their deliveries to the dispatcher."""

    def __init__(self, journal: Journal, offer: Callable[[Sequence[Delivery]], None]) -> None:
        self._journal = journal
        self._offer = offer
        self._trouble = ("", 0.0)
        self._waiting = 0

    @property
    def trouble(self) -> str:
        """Why the last event could not be stored; forgotten after a while, so that senders come back and try."""
        why, since = self._trouble
        return why if time.monotonic() - since < TROUBLE_SECONDS else ""

    async def store(self, entry: Entry) -> Appended:
        """Store an event and have its messages delivered. Raises JournalError when it cannot be stored."""
        try:
            appended = await self._append(entry)
        except JournalError as error:
            self._trouble = (str(error), time.monotonic())
            raise
        self._trouble = ("", 0.0)
        self._offer(appended.deliveries)
        return appended

    async def _append(self, entry: Entry) -> Appended:
        if self._waiting >= WAITING:
            raise JournalError(f"{WAITING} requests wait for the journal already")
        self._waiting += 1
        try:
            return await self._journal.append(entry)
        finally:
            self._waiting -= 1
