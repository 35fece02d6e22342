"""The last step of accepting an event: it is stored durably, then passed to delivery. Every door uses it."""

import time
from collections.abc import Callable, Sequence

from gateway.errors import JournalError
from gateway.journal import Appended, Entry, Queue
from gateway.model import Delivery, Event

TROUBLE_SECONDS = 15.0
"""Seconds for which the gateway is not ready after an event could not be stored."""

LONG_SECONDS = 10.0
"""Seconds without an answer of the journal after which the gateway is not ready."""

WAITING, WAITING_BYTES = 2000, 64_000_000
"""The most events that may wait for the journal, and their bytes: a disk that stalls must not fill the memory."""


class Acceptance:
    """Stores events.

    `offer` passes their deliveries to the dispatcher; `on_repeat` gets a repeat, with the id of its first event.
    """

    def __init__(
        self,
        journal: Queue,
        offer: Callable[[Sequence[Delivery]], None],
        on_repeat: Callable[[Event, str], None] | None = None,
    ) -> None:
        self._journal = journal
        self._offer = offer
        self._on_repeat = on_repeat
        self._trouble = ("", 0.0)
        self._since: dict[object, float] = {}  # when each waiting event arrived, the oldest first
        self._bytes = 0

    @property
    def trouble(self) -> str:
        """Why the last event could not be stored, for TROUBLE_SECONDS, so that senders then try again; else empty.

        Or that the journal does not answer, for as long as it does not.
        """
        now = time.monotonic()
        waits = now - next(iter(self._since.values()), now)
        if waits >= LONG_SECONDS:
            return f"the journal has not answered for {waits:.0f} s"
        why, since = self._trouble
        return why if now - since < TROUBLE_SECONDS else ""

    async def store(self, entry: Entry) -> Appended:
        """Store an event and have its messages delivered. Raises JournalError when it cannot be stored."""
        size, count = size_of(entry), len(self._since)
        if count >= WAITING or (count and self._bytes + size > WAITING_BYTES):
            why = f"{count} requests already wait for the journal, with {self._bytes:,} bytes"
            self._trouble = (why, time.monotonic())
            raise JournalError(why)
        place = object()
        self._since[place] = time.monotonic()
        self._bytes += size
        try:
            appended = await self._journal.append(entry)
        except JournalError as error:
            self._trouble = (str(error), time.monotonic())
            raise
        finally:
            del self._since[place]
            self._bytes -= size
        self._trouble = ("", 0.0)
        self._offer(appended.deliveries)
        if appended.duplicate and self._on_repeat is not None:
            self._on_repeat(entry.event, appended.event_id)
        return appended


def size_of(entry: Entry) -> int:
    """The bytes that an entry takes in memory and on disk, near enough: its body and its messages."""
    size = len(entry.event.request.body)
    for parcel in entry.parcels:
        size += len(parcel.payload)
    return size
