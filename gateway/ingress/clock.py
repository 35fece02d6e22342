"""The time by which timestamps of signatures are judged, which a jump of the clock must not make useless.

When the clock of the machine jumps, every signed timestamp is stale by it until it is mended, and senders that are
refused for long give up. So for an hour after a jump a timestamp counts as well that is fresh by the clock as it went
before. A recorded request gains little by that: its duplicate key must have expired by the one clock while its
timestamp is fresh by the other.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from gateway.journal.clock import uptime
from gateway.observe import logs

JUMP: Final = 2.0
"""Seconds by which the clock must differ from the steady one: a clock that is only corrected never moves so fast."""
REMEMBERED: Final = 3600.0
"""Seconds after a jump for which the clock as it was before counts, too."""

_log = logs.get("clock")


class Clock:
    """The time, and for a while after a jump also the time by the clock before it."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = uptime) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead = wall() - steady()
        self._before: tuple[float, float] | None = None  # how far it was ahead, until when that counts

    def moments(self) -> Sequence[float]:
        """The times that it may be now, in seconds since the epoch; the first is that of the machine."""
        wall, steady = self._wall(), self._steady()
        ahead = wall - steady
        if abs(ahead - self._ahead) > JUMP:
            _log.warning("the clock jumped", seconds=round(ahead - self._ahead, 1))
            self._before = (self._ahead, steady + REMEMBERED)
        self._ahead = ahead
        if self._before is None:
            return (wall,)
        if steady > self._before[1]:
            self._before = None
            return (wall,)
        return (wall, steady + self._before[0])
