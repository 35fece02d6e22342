"""The feed brings deliveries from the journal into the lanes: each exactly once, in the order of their numbers.

A delivery that was just appended comes straight through `offer` when its number is the next one. All others (the
backlog at the start, deliveries of other processes, which `added` announces, an offer out of turn) are read from the
journal. `head` is the highest number seen; everything up to it has entered its lanes, is parked (see `lanes`), or is
settled.

The journal makes numbers visible in growing order, so a read behind `head` has no gaps that fill later; an offer that
arrives during a read is skipped when the read returns it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from msgspec.structs import replace

from gateway.delivery.clock import Jumps
from gateway.delivery.outlet import Outlet
from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Queue
from gateway.model import Delivery

CHUNK = 200
"""Deliveries per read: 60 MB, if all have the largest payload that Mattermost accepts."""

RETRY = 1.0
"""Seconds until the next read when the journal cannot be read."""

log = structlog.get_logger("gateway.delivery")


class Feed:
    """Feeds `outlets`. `stray` gets deliveries to unknown destinations; `thinned` waits until few are unsettled.

    `jumps` corrects the times of deliveries from before the wall clock was set.
    """

    def __init__(
        self,
        journal: Queue,
        outlets: Mapping[str, Outlet],
        stray: Callable[[Delivery], None],
        thinned: Callable[[], Awaitable[object]],
        jumps: Jumps,
    ) -> None:
        self._journal = journal
        self._outlets = outlets
        self._stray = stray
        self._thinned = thinned
        self._jumps = jumps
        self._wake = asyncio.Event()
        self._wake.set()
        self._open = True
        self.head = 0
        self.complete = False  # whether the backlog at the start has been read to its end

    def offer(self, deliveries: Sequence[Delivery]) -> None:
        """Take in durable deliveries; those that cannot enter now are read from the journal later."""
        if not self._open:
            return
        for delivery in deliveries:
            if delivery.seq == self.head + 1:
                self._route(delivery)
            elif delivery.seq > self.head:
                self._wake.set()
                return

    def added(self, newest: int) -> None:
        """Take note that the journal has deliveries up to this number; those that were not offered are read from it."""
        if newest > self.head:
            self._wake.set()

    def nudge(self) -> None:
        """Read the journal soon: there may be new deliveries, or room for parked ones."""
        self._wake.set()

    def close(self) -> None:
        """Take in no more deliveries."""
        self._open = False

    async def run(self) -> None:
        """Read after every nudge, until cancelled. Raises JournalDamaged."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._read_new()
                for outlet in list(self._outlets.values()):  # destinations may be added and retired meanwhile
                    await self._read_parked(outlet)
            except JournalError as error:
                await self._rest(error)
                self._wake.set()

    async def sweep(self, destination: str, last: int) -> None:
        """Pass the pending deliveries of a retired destination to `stray`, up to the number `last`.

        `last` is the `head` at which the destination was retired: `run` passes on later ones. Raises JournalDamaged.
        """
        after = 0
        while after < last:
            try:
                chunk = await self._journal.pending(after=after, limit=CHUNK)
            except JournalError as error:
                await self._rest(error)
                continue
            for delivery in chunk:
                if delivery.destination == destination and delivery.seq <= last:
                    self._stray(delivery)
            after = chunk[-1].seq if len(chunk) == CHUNK else last
            await self._thinned()

    async def _rest(self, error: JournalError) -> None:
        """Wait before the next read of the journal. Raises the error when no retry can help."""
        if isinstance(error, JournalDamaged):
            raise error
        log.warning("the journal cannot be read, trying again", seconds=RETRY, reason=str(error))
        await asyncio.sleep(RETRY)

    async def _read_new(self) -> None:
        while True:
            chunk = await self._journal.pending(after=self.head, limit=CHUNK)
            for delivery in chunk:
                if delivery.seq > self.head:
                    self._route(delivery)
            if len(chunk) < CHUNK:
                self.complete = True
                return
            await self._thinned()

    async def _read_parked(self, outlet: Outlet) -> None:
        lanes = outlet.lanes
        while lanes.hungry:
            parked = lanes.parked_up_to()
            chunk = await self._journal.pending(after=lanes.read_to, limit=CHUNK)
            if not outlet.unpark([self._healed(one) for one in chunk], len(chunk) < CHUNK, parked):
                return  # the next settled delivery makes room, and nudges

    def _healed(self, delivery: Delivery) -> Delivery:
        received = self._jumps.healed(delivery.received, delivery.seq)
        return delivery if received == delivery.received else replace(delivery, received=received)

    def _route(self, delivery: Delivery) -> None:
        self.head = delivery.seq
        outlet = self._outlets.get(delivery.destination)
        if outlet is None:
            self._stray(delivery)
        else:
            outlet.accept(delivery)
