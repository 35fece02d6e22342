"""The clocks by which the journal forgets. Neither follows the wall clock blindly; both clocks are arguments.

Ages: what a jump back makes young again is kept longer, which harms nothing; what a jump ahead makes old would be
deleted for good. So a jump back is followed at once, and a jump ahead only after the wall clock has gone on from there
for CONFIRM seconds: until then time goes on at the pace of the monotonic clock.

Windows of duplicate keys: too long a one drops a message, too short a one lets a recorded request pass. So they run at
the pace of the monotonic clock for as long as the gateway runs.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

JUMP: Final = 60.0
"""Seconds by which the wall clock may run away from the monotonic one between two looks without being a jump."""

CONFIRM: Final = 86_400.0
"""Seconds for which the wall clock has to go on evenly after a jump ahead: time to set it right."""

PAUSE: Final = 86_400.0
"""Seconds for which nothing may have come in when a gateway starts without being a jump."""


uptime: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic
)
"""Seconds since some moment, which no setting of the clock moves; with those of a suspension on Linux."""


class SteadyClock:
    """Tells the time in epoch seconds; `wall` and `monotonic` are the two clocks."""

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()  # of the time that is told from the monotonic clock
        self._doubted: tuple[float, float] | None = None  # the offset of a jump ahead, and the monotonic time of it

    def begin(self, known: float) -> None:
        """Go on from a time at which the journal is known to have been written, if that is over PAUSE seconds ago.

        A gateway that starts cannot tell a long pause from a clock that is wrong: it treats the pause as a jump ahead.
        """
        if self._wall() - known > PAUSE:
            self._offset = known - self._monotonic()

    def now(self) -> float:
        """The time: that of the wall clock, unless it has jumped ahead and this is not confirmed."""
        now, wall = self._monotonic(), self._wall()
        found = wall - now
        if found <= self._offset + JUMP:
            self._offset, self._doubted = found, None
            return wall
        if self._doubted is None or abs(found - self._doubted[0]) > JUMP:
            self._doubted = found, now
        elif now - self._doubted[1] >= CONFIRM:
            self._offset, self._doubted = found, None
            return wall
        return now + self._offset

    def ahead(self) -> float:
        """Seconds by which the wall clock is ahead of this one: 0 unless a jump is not confirmed."""
        told = self.now()
        return 0.0 if self._doubted is None else self._wall() - told


class WindowClock:
    """Tells the time of windows in epoch seconds: it begins with the wall clock, and follows none of its jumps."""

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def now(self) -> float:
        """The time."""
        return self._wall() + self.skew()

    def skew(self) -> float:
        """Seconds to add to a time of the wall clock to have one of this clock; 0 unless that has jumped."""
        ahead = self._wall() - self._monotonic() - self._offset
        if abs(ahead) > JUMP:
            return -ahead
        self._offset += ahead  # NTP slews the clock, and steps it a little
        return 0.0
