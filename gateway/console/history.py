"""What was received and delivered over the last hour, in steps of some seconds: a ring in memory."""

import asyncio
import time
from collections import deque
from typing import Final

from msgspec import Struct

from gateway.console import gauges
from gateway.console.port import Gateway

STEP: Final = 5.0
"""Seconds of one sum."""

LENGTH: Final = 720
"""Sums that are kept: an hour."""


class Past(Struct, frozen=True):
    """Sums of `step` seconds each, oldest first; the last ends at `ends` (seconds since the epoch)."""

    step: float
    ends: float
    received: tuple[int, ...]
    delivered: tuple[int, ...]


class History:
    """Reads two counters each step while the console runs, also when nobody looks."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._received: deque[int] = deque([0] * LENGTH, LENGTH)
        self._delivered: deque[int] = deque([0] * LENGTH, LENGTH)
        self._last = (0.0, 0.0)  # the gateway has just started: whatever it counted so far belongs to the first step
        self._at = time.monotonic()
        self._ends = time.time()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="console history")

    def past(self) -> Past:
        """The last hour."""
        return Past(STEP, self._ends, tuple(self._received), tuple(self._delivered))

    async def close(self) -> None:
        """Stop counting."""
        self._task.cancel()
        await asyncio.wait({self._task})

    def take(self) -> None:
        """Add the growth since the last call, spread over all steps since: there are many after the machine slept."""
        received, delivered = gauges.passed(self._gateway)
        now = time.monotonic()
        steps = min(LENGTH, max(1, round((now - self._at) / STEP)))
        for ring, total in ((self._received, received - self._last[0]), (self._delivered, delivered - self._last[1])):
            share, rest = divmod(max(0, int(total)), steps)  # below 0: a route or destination went, with its counts
            ring.extend(share + (number < rest) for number in range(steps))
        self._last, self._at, self._ends = (received, delivered), now, time.time()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(STEP)
            self.take()


def per_second(sums: tuple[int, ...], step: float, seconds: float) -> float:
    """The mean over the last `seconds` of a row of sums."""
    last = sums[-max(1, round(seconds / step)) :]
    return sum(last) / (len(last) * step)
