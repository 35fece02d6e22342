"""The two clocks of delivery: what waits, waits by the monotonic clock; what is stored, is stored by the wall clock.

The wall clock may be set at any time. `Jumps` remembers by how much, so that a delivery does not look a day older than
it is after the clock was set a day ahead: it would be dead at its next failure.
"""

from collections import deque
from collections.abc import Callable

LEAST = 2.0
"""Seconds that the wall clock must have been set by to count as a jump; less is the usual drift."""

MOST = 16
"""Jumps that are remembered, the newest ones."""


class Jumps:
    """Notices jumps of the wall clock against the monotonic one; both are functions that return seconds."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._offset = wall() - steady()
        self._jumps: deque[tuple[int, float]] = deque(maxlen=MOST)

    def check(self, head: int) -> float:
        """Return how many seconds the wall clock was set ahead (negative: back) since the last call; usually 0.

        `head` is the highest number of a delivery so far: later ones were received by the new time.
        """
        offset = self._wall() - self._steady()
        by, self._offset = offset - self._offset, offset
        if abs(by) < LEAST:
            return 0.0
        self._jumps.append((head, by))
        return by

    def healed(self, received: float, seq: int) -> float:
        """The time at which delivery `seq` was received, by the wall clock as it is set now."""
        for head, by in self._jumps:
            if seq <= head:
                received = heal(received, by, self._wall())
        return received


def heal(received: float, by: float, now: float) -> float:
    """A time from before a jump, by the clock that was set `by` seconds ahead and now shows `now`.

    A time that fits the new clock already is left alone: it was taken between the jump and its discovery. So is a time
    in the past after the clock was set back: the delivery only looks younger. Less than LEAST ahead is no future, as
    sums of floats are not exact.
    """
    if by > 0:
        return received + by if received + by <= now + LEAST else received
    return received + by if received > now + LEAST else received
