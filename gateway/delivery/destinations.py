"""A destination and its gates: rate limit, pause and circuit breaker. No clock and no task: times are arguments."""

from collections.abc import Callable
from typing import Protocol

from gateway.delivery.breaker import Breaker, BreakerState
from gateway.model import Delivery, Later, Result

PAUSE = 1.0
"""Seconds that a destination pauses after a 429 without Retry-After."""

ROUNDING = 1e-6
"""Tolerance of the rate limit in seconds: sums of floats as large as epoch seconds are not exact."""


class Sender(Protocol):
    """Sends messages to one destination."""

    @property
    def warning(self) -> str:
        """What it cannot do although messages arrive, with the remedy; empty when all is well."""

    async def send(self, delivery: Delivery) -> Result:
        """Make one attempt at a delivery. Failures of network or server are results, not errors."""


class Destination:
    """A place in Mattermost, with the gates that decide when the next attempt may start.

    `concurrency` is the number of deliveries in flight, each until its outcome is durable, `rate` the deliveries per
    second (None or 0: no limit; up to one second's worth may be sent at once), `max_age` the age in seconds after which
    a failing delivery is dead.
    """

    def __init__(
        self,
        name: str,
        sender: Sender,
        concurrency: int = 8,
        rate: float | None = None,
        max_age: float = 86400.0,
        *,
        breaker: Breaker | None = None,
    ) -> None:
        self.name = name
        self.sender = sender
        self.concurrency = concurrency
        self.max_age = max_age
        self.breaker = breaker or Breaker()
        self._interval = 1.0 / rate if rate else 0.0
        self._credit = max(1.0, rate) * self._interval + ROUNDING if rate else 0.0
        self._full_at = 0.0  # when the token bucket is full again: the bucket in one number (GCRA)
        self._paused_until = 0.0
        self._paused_why = ""

    def opens_at(self, now: float) -> float:
        """When the next attempt may start: `now` or earlier means at once, infinity means after the probe's answer."""
        rate_at = self._full_at + self._interval - self._credit if self._interval else now
        return max(self._paused_until, self.breaker.opens_at(), rate_at)

    def admit(self, now: float) -> int:
        """Record that an attempt starts, at `opens_at` or later; returns the epoch that `record` needs."""
        if self._interval:
            self._full_at = max(self._full_at, now) + self._interval
        self.breaker.admit()
        return self.breaker.epoch

    def record(self, result: Result, epoch: int, now: float, random: Callable[[], float]) -> None:
        """Take in the result of an attempt: Retry-After or 429 pauses the destination, failures open the breaker."""
        if not isinstance(result, Later):
            self.breaker.success()
            return
        if result.after is not None or result.code == "429":
            until = now + (PAUSE if result.after is None else result.after)
            if until > self._paused_until:
                self._paused_until, self._paused_why = until, result.reason
        if result.code == "429":  # a server that limits its clients works
            self.breaker.success()
        else:
            self.breaker.failure(epoch, now, result.reason, random)

    @property
    def probing(self) -> bool:
        """Whether the last admitted attempt is the breaker's probe."""
        return self.breaker.state is BreakerState.HALF_OPEN

    @property
    def broken(self) -> bool:
        """Whether the breaker holds deliveries back."""
        return self.breaker.state is not BreakerState.CLOSED

    def state(self, now: float) -> tuple[str, str]:
        """`open`, `throttled` or `broken`, and the reason; when open, that is the warning of the sender, if any."""
        if self.broken:
            return "broken", self.breaker.why
        if self._paused_until > now:
            return "throttled", f"{self._paused_why}, for another {self._paused_until - now:.0f} s"
        return "open", self.sender.warning
