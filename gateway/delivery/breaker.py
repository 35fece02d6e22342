"""The circuit breaker of a destination: a pure state machine, with the clock as an argument.

    closed --threshold failures in a row--> open --after a wait--> half-open --probe succeeds--> closed
                                              ^                        |
                                              `---- probe fails, longer wait

While the breaker is not closed, only one probe at a time is sent.
"""

from collections.abc import Callable
from enum import StrEnum

from gateway.delivery.retry import backoff

THRESHOLD = 5
"""Failures in a row, over all lanes of the destination, that open the breaker."""

PROBE_BASE = 2.0
PROBE_CAP = 30.0
"""Seconds: the wait before a probe is at least half of its ceiling, which doubles from PROBE_BASE to PROBE_CAP."""


class BreakerState(StrEnum):
    """The state of a breaker: deliveries flow while it is closed."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Counts failures in a row and decides when an attempt is admitted.

    `epoch` changes with every change of state. An attempt keeps the epoch at which it was admitted; a failure from an
    earlier epoch says nothing about the present and is ignored, whereas a success always counts.
    """

    __slots__ = ("_failures", "_probes", "_threshold", "epoch", "state", "until", "why")

    def __init__(self, threshold: int = THRESHOLD) -> None:
        self._threshold = threshold
        self._failures = 0
        self._probes = 0
        self.epoch = 0
        self.state = BreakerState.CLOSED
        self.until = 0.0
        self.why = ""

    def opens_at(self) -> float:
        """The time from which an attempt is admitted: 0 when closed, infinity while a probe is in flight."""
        if self.state is BreakerState.CLOSED:
            return 0.0
        return self.until if self.state is BreakerState.OPEN else float("inf")

    def admit(self) -> None:
        """Record that an attempt starts, at `opens_at` or later; in an open breaker this attempt is the probe."""
        if self.state is BreakerState.OPEN:
            self._become(BreakerState.HALF_OPEN)

    def success(self) -> None:
        """Record that an attempt was answered, and close the breaker."""
        self._failures = self._probes = 0
        if self.state is not BreakerState.CLOSED:
            self.why = ""
            self._become(BreakerState.CLOSED)

    def failure(self, epoch: int, now: float, why: str, random: Callable[[], float]) -> None:
        """Record that an attempt, admitted at `epoch`, failed for the temporary reason `why`."""
        if epoch != self.epoch:
            return
        self._failures += 1
        if self.state is BreakerState.CLOSED and self._failures < self._threshold:
            return
        self._probes += 1
        ceiling = min(PROBE_CAP, PROBE_BASE * 2.0 ** min(self._probes - 1, 30))
        self.until = now + ceiling / 2 + backoff(1, random, base=ceiling / 2)
        self.why = f"{self._failures} failures in a row, last: {why}"
        self._become(BreakerState.OPEN)

    def _become(self, state: BreakerState) -> None:
        self.state = state
        self.epoch += 1
