"""The last step of accepting an event: stored durably, then handed to delivery. Every request ends here."""

import time
from collections.abc import Callable, Sequence

from gateway.errors import JournalError
from gateway.journal import Appended, Entry, Queue
from gateway.model import Delivery

TROUBLE_SECONDS = 15.0
"""How long one event that could not be stored keeps the gateway from being ready."""

LONG_SECONDS = 10.0
"""How long the journal may take to answer before the gateway is not ready: whatever it needs is stuck."""

WAITING, WAITING_BYTES = 2000, 64_000_000
"""How many events may wait for the journal, and with how much in memory: a disk that stalls must not fill it."""


class Acceptance:
    """Stores events. `offer` takes their deliveries to the dispatcher."""

    def __init__(self, journal: Queue, offer: Callable[[Sequence[Delivery]], None]) -> None:
        self._journal = journal
        self._offer = offer
        self._trouble = ("", 0.0)
        self._since: dict[object, float] = {}  # when the events came that wait, the oldest first
        self._bytes = 0

    @property
    def trouble(self) -> str:
        """Why the last event could not be stored; forgotten after a while, so that senders come back and try.

        Also that the journal does not answer, for as long as it does not.
        """
        now = time.monotonic()
        waits = now - next(iter(self._since.values()), now)
        if waits >= LONG_SECONDS:
            return f"the journal has not answered for {waits:.0f} s"
        why, since = self._trouble
        return why if now - since < TROUBLE_SECONDS else ""

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
        size = len(entry.event.request.body) + sum([len(parcel.payload) for parcel in entry.parcels])
        count = len(self._since)
        if count >= WAITING or (count and self._bytes + size > WAITING_BYTES):
            raise JournalError(f"{count} requests wait for the journal already, with {self._bytes:,} bytes")
        place = object()
        self._since[place] = time.monotonic()
        self._bytes += size
        try:
            return await self._journal.append(entry)
        finally:
            del self._since[place]
            self._bytes -= size
