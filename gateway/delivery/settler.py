"""The settler writes outcomes to the journal in batches; none is lost while the service stops or the journal fails.

What is settled while a batch is written makes the next one. So a single outcome waits for nobody, and many share a
commit.
"""

import asyncio
from contextlib import suppress

import structlog
from msgspec import Struct

from gateway.delivery.lanes import Lane
from gateway.delivery.outlet import Outlet
from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Queue, Settlement

RETRY_FIRST, RETRY_MOST = 0.1, 1.0
"""Seconds between attempts to write a batch that the journal refuses: RETRY_FIRST, doubling up to RETRY_MOST."""

CROWDED = 1000
"""Settlements not yet durable above which `thinned` waits."""

LAST_TRY = 2.0
"""Seconds for the last attempt after a cancellation."""

log = structlog.get_logger("gateway.delivery")


class Outcome(Struct, frozen=True):
    """A settlement, with the outlet and lane that wait for it to be durable; None for a delivery without a lane."""

    settlement: Settlement
    outlet: Outlet | None
    lane: Lane | None


class Settler:
    """Collects settlements, and lets each lane go on once its own is durable.

    `stuck` says that the journal refused the outcomes that it was given last.
    """

    def __init__(self, journal: Queue) -> None:
        self._journal = journal
        self._queue: list[Outcome] = []
        self._batch: list[Outcome] = []
        self._wake = asyncio.Event()
        self._thin = asyncio.Event()
        self._closing = asyncio.Event()
        self._saving: asyncio.Future[None] | None = None
        self.stuck = False

    @property
    def backlog(self) -> int:
        """Settlements that are not durable yet."""
        return len(self._queue) + len(self._batch)

    def put(self, settlement: Settlement, outlet: Outlet | None = None, lane: Lane | None = None) -> None:
        """Queue a settlement to be written soon; then `outlet.settled` is called."""
        self._queue.append(Outcome(settlement, outlet, lane))
        self._wake.set()

    async def thinned(self) -> None:
        """Wait until at most CROWDED settlements are not yet durable."""
        if self.backlog > CROWDED:
            self._thin.clear()
            await self._thin.wait()

    def close(self) -> None:
        """Let `run` return when everything is written; call `put` no more afterwards."""
        self._closing.set()
        self._wake.set()

    async def run(self) -> None:
        """Write until closed. On cancellation it makes one last attempt at the rest. Raises JournalDamaged."""
        try:
            while self._queue or not self._closing.is_set():
                await self._wake.wait()
                self._wake.clear()
                self._batch, self._queue = self._queue, []
                await self._save()
                batch, self._batch = self._batch, []
                if self.backlog <= CROWDED:
                    self._thin.set()
                for outcome in batch:
                    if outcome.outlet is not None and outcome.lane is not None:
                        outcome.outlet.settled(outcome.lane, outcome.settlement)
        finally:
            if self.backlog:
                await self._last_try()

    async def _save(self) -> None:
        settlements = [outcome.settlement for outcome in self._batch]
        wait = RETRY_FIRST
        while settlements:
            try:
                self._saving = asyncio.ensure_future(self._journal.settle(settlements))
                await asyncio.shield(self._saving)
                self.stuck = False
                return
            except JournalDamaged:
                raise
            except JournalError as error:
                self.stuck = True
                log.warning(
                    "outcomes not saved yet, trying again", waiting=self.backlog, seconds=wait, reason=str(error)
                )
                await self._rest(wait)
                wait = min(wait * 2, RETRY_MOST)

    async def _rest(self, seconds: float) -> None:
        """Sleep between attempts; `close` ends a long sleep, and only short ones follow."""
        if self._closing.is_set():
            await asyncio.sleep(RETRY_FIRST)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def _last_try(self) -> None:
        left = [outcome.settlement for outcome in self._batch + self._queue]
        try:
            async with asyncio.timeout(LAST_TRY):
                if self._saving is not None and not self._saving.done():
                    await asyncio.wait({self._saving})
                await self._journal.settle(left)  # idempotent for those that were already saved
        except (JournalError, TimeoutError) as error:
            reason = str(error) or "the journal does not answer"
            log.warning("outcomes lost: these messages are sent again after the start", count=len(left), reason=reason)
