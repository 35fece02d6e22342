"""What was received and delivered over the last day, and over the last hour in fine steps: counts in memory.

They begin with what the journal knows, so that they survive a restart. From then on new events are counted in the
journal, and what leaves no event (deliveries, refused and repeated requests) by the gateway's own counters.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gateway.console import gauges
from gateway.console.port import Gateway
from gateway.console.ring import Key, Ring
from gateway.errors import JournalError
from gateway.model import Outcome
from gateway.observe import logs

STEP: Final = 5.0
"""Seconds of one sum of the hour."""

LENGTH: Final = 720
"""Sums that are kept of it."""

DAY: Final = 86_400.0
MINUTE: Final = 60.0
"""Seconds for which counts are summed up, and by which they are forgotten."""

RECEIVED, DELIVERED, REFUSED, REPEATED = "received", "delivered", "refused", "repeated"
"""What is counted, the first part of a key; then come a route and its outcome, a destination, a route, a route."""

_SERIES: Final = {
    gauges.DELIVERIES: ("destination", "result"),
    gauges.REQUESTS: ("route", "outcome"),
    gauges.DUPLICATES: ("route",),
}

_log = logs.get("console")


class Past(Struct, frozen=True):
    """Sums of `step` seconds each, oldest first; the last ends at `ends` (seconds since the epoch)."""

    step: float
    ends: float
    received: tuple[int, ...]
    delivered: tuple[int, ...]


class Day(Struct, frozen=True):
    """Counts from `since` on, a day ago or the beginning of what is known; refused and repeated ones from `started` on.

    `received` is by route and outcome, `delivered` by destination, the others by route.
    """

    since: float
    started: float
    received: Mapping[tuple[str, Outcome], int]
    delivered: Mapping[str, int]
    refused: Mapping[str, int]
    repeated: Mapping[str, int]


class History:
    """Counts while the console runs, also when nobody looks."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._started = self._since = now = time.time()
        self._hour, self._day = Ring(STEP, LENGTH + 1, now), Ring(MINUTE, round(DAY / MINUTE) + 1, now)
        self._counted: int | None = None  # the number of the last event that is counted; None until the past is known
        self._passed = self._read()
        self._taking = asyncio.Lock()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="console history")

    def past(self) -> Past:
        """The last hour, without the step that has not ended yet."""
        now = time.time()
        received, delivered = (self._hour.row(kind, now)[:-1] for kind in (RECEIVED, DELIVERED))
        return Past(self._hour.step, self._hour.ends() - self._hour.step, received, delivered)

    def day(self) -> Day:
        """The last day."""
        now = time.time()
        sums: dict[str, dict[tuple[str, ...], int]] = {kind: {} for kind in (RECEIVED, DELIVERED, REFUSED, REPEATED)}
        for (kind, *rest), count in self._day.sums(now).items():
            sums[kind][tuple(rest)] = count
        delivered, refused, repeated = (
            {name: count for (name,), count in sums[kind].items()} for kind in (DELIVERED, REFUSED, REPEATED)
        )
        received = {(route, Outcome(outcome)): count for (route, outcome), count in sums[RECEIVED].items()}
        return Day(max(self._since, now - DAY), self._started, received, delivered, refused, repeated)

    async def close(self) -> None:
        """Stop counting."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def take(self) -> None:
        """Add what came since the last call, unless that is under way. Raises JournalError; the next adds it then."""
        if self._taking.locked():
            return
        async with self._taking:
            now = time.time()
            passed = self._read()
            for key, count in passed.items():
                self._add(now, key, int(count - self._passed[key]))  # below 0: it went with its counts, and is back
            self._passed = passed
            if self._counted is None:
                await self._begin()
            found, self._counted = await self._gateway.journal.fresh(self._counted or 0)
            for one in found:
                self._add(now, (RECEIVED, one.route, one.outcome), one.count)

    async def _begin(self) -> None:
        """Count what the journal knows of the day before the start."""
        now = time.time()
        step = self._hour.step
        known = await self._gateway.journal.past(self._started - DAY, self._started, step)
        oldest = (await self._gateway.journal.holdings()).oldest
        self._counted = known.newest
        self._since = max(known.since, min(oldest or self._started, self._started))
        for event in known.events:
            self._add(event.at * step, (RECEIVED, event.route, event.outcome), event.count, now)
        for arrived in known.delivered:
            self._add(arrived.at * step, (DELIVERED, arrived.destination), arrived.count, now)

    def _add(self, at: float, key: Key, count: int, now: float | None = None) -> None:
        for ring in (self._hour, self._day):
            ring.add(at, key, count, at if now is None else now)

    def _read(self) -> Counter[Key]:
        """The gateway's own counters, by the keys of what is counted by them."""
        found = gauges.read(self._gateway, _SERIES)
        passed: Counter[Key] = Counter()
        for (destination, result), count in found[gauges.DELIVERIES].items():
            if result == "delivered":
                passed[DELIVERED, destination] = int(count)
        for (route, outcome), count in found[gauges.REQUESTS].items():
            if outcome == Outcome.REFUSED:
                passed[REFUSED, route] = int(count)
        for (route,), count in found[gauges.DUPLICATES].items():
            passed[REPEATED, route] = int(count)
        return passed

    async def _run(self) -> None:
        while True:
            try:
                await self.take()
            except JournalError as error:
                _log.warning("the counts of the console are behind", why=str(error))
            except Exception as error:
                _log.error("the counts of the console failed", exc_info=error)
            await asyncio.sleep(STEP)


def per_second(sums: tuple[int, ...], step: float, seconds: float) -> float:
    """The mean over the last `seconds` of a row of sums."""
    last = sums[-max(1, round(seconds / step)) :]
    return sum(last) / (len(last) * step)
