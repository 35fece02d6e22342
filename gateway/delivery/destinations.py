"""A destination and its gates: rate limit, pause, circuit breaker, evidence. No clock and no task: times are arguments.

All times are seconds on one monotonic clock.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from gateway.delivery.breaker import Breaker
from gateway.delivery.evidence import Evidence, Judgement
from gateway.model import Blame, Delivered, Delivery, Later, Result

PAUSE = 1.0
"""Seconds that a destination pauses after a 429 without Retry-After."""

ROUNDING = 1e-6
"""Tolerance of the rate limit in seconds: sums of floats as large as epoch seconds are not exact."""


class DestinationState(StrEnum):
    """The state of a destination.

    throttled: it asked for a pause; failing: it refuses messages, until somebody mends it; held: it does not answer.
    """

    HEALTHY = "healthy"
    THROTTLED = "throttled"
    FAILING = "failing"
    HELD = "held"


class Sender(Protocol):
    """Sends messages to one destination."""

    @property
    def warning(self) -> str:
        """What it cannot do although messages arrive, with the remedy; empty when all is well."""

    async def send(self, delivery: Delivery) -> Result:
        """Make one attempt at a delivery. Failures of network or server are results, not errors."""

    async def answers(self) -> bool:
        """Whether the server answers a question for its health, without a message. Never raises for the network."""

    def target(self, delivery: Delivery) -> str:
        """What else a refusal of this delivery may concern: a channel or hook behind the destination; "": all of it."""


class Destination:
    """A place in Mattermost, with the gates that decide when the next attempt may start.

    `concurrency` is the number of posts under way, `rate` the deliveries per second (None or 0: no limit; up to one
    second's worth may be sent at once), `max_age` the age in seconds after which a failing delivery is dead.
    """

    def __init__(
        self, name: str, sender: Sender, concurrency: int = 8, rate: float | None = None, max_age: float = 86400.0
    ) -> None:
        self.name = name
        self.sender = sender
        self.concurrency = concurrency
        self.max_age = max_age
        self.breaker = Breaker()
        self._evidence = Evidence()
        self._interval = 1.0 / rate if rate else 0.0
        self._credit = max(1.0, rate) * self._interval + ROUNDING if rate else 0.0
        self._full_at = 0.0  # when the token bucket is full again: the bucket in one number (GCRA)
        self._paused_until = 0.0
        self._paused_why = ""

    def opens_at(self, now: float) -> float:
        """When the next attempt may start: `now` or earlier means at once, infinity means after the probe's answer."""
        rate_at = self._full_at + self._interval - self._credit if self._interval else now
        gate = self._evidence.gate() if self._evidence.targets else 0.0
        return max(self._paused_until, self.breaker.opens_at, rate_at, gate)

    def waits_until(self, lane: str, delivery: Delivery) -> float:
        """The time before which this delivery may not be tried, as its target refuses messages; 0: at any time."""
        return self._evidence.opens_at(self.sender.target(delivery), lane) if self._evidence.targets else 0.0

    def admit(self, lane: str, delivery: Delivery, now: float) -> int:
        """Record that an attempt starts, at `opens_at` or later; returns the epoch that `record` needs."""
        if self._interval:
            self._full_at = max(self._full_at, now) + self._interval
        if self._evidence.targets:
            self._evidence.admit(self.sender.target(delivery), lane, now)
        self.breaker.admit()
        return self.breaker.epoch

    def record(
        self, result: Result, lane: str, delivery: Delivery, epoch: int, now: float, random: Callable[[], float]
    ) -> Judgement | None:
        """Take in the result of an attempt; returns the judgement of a refusal.

        Retry-After or 429 pauses the destination, no answer opens the breaker, a refusal is evidence.
        """
        if not isinstance(result, Later):
            self.breaker.success()
            if self._evidence.targets and isinstance(result, Delivered):
                self._evidence.passed(self.sender.target(delivery), lane)
            return None
        if result.after is not None or result.code == "429":
            self._pause(now + (PAUSE if result.after is None else result.after), result.reason)
        if result.blame is Blame.SERVER and result.code != "429":
            self.breaker.failure(epoch, now, result.reason, random)
            return None
        self.breaker.success()
        if result.blame is Blame.SERVER:
            return None
        every = result.blame is Blame.DESTINATION
        return self._evidence.refused(self.sender.target(delivery), lane, result.reason, now, every=every)

    def forget(self, lane: str) -> None:
        """Take note that the first message of a lane is dead."""
        if self._evidence.targets:
            self._evidence.forget(lane)

    @property
    def flows(self) -> bool:
        """Whether deliveries flow: it is neither held nor failing."""
        return not (self.breaker.holds or (self._evidence.targets and self._evidence.failing))

    def state(self, now: float) -> tuple[DestinationState, str]:
        """The state, and the reason; when healthy, that is the warning of the sender, if any."""
        if self.breaker.holds:
            return DestinationState.HELD, self.breaker.why
        if why := self._evidence.failing:
            return DestinationState.FAILING, why
        if self._paused_until > now:
            return DestinationState.THROTTLED, f"{self._paused_why}, for another {self._paused_until - now:.0f} s"
        return DestinationState.HEALTHY, self.sender.warning

    def _pause(self, until: float, why: str) -> None:
        if until > self._paused_until:
            self._paused_until, self._paused_why = until, why
