"""A destination and its gates: rate limit, pauses, circuit breaker, evidence. No clock, no task: times are arguments.

All times are seconds on one monotonic clock.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol

from gateway.delivery.breaker import Breaker
from gateway.delivery.condition import GOES_ON, Cause, Condition, condition
from gateway.delivery.evidence import MOST_REFUSALS, Evidence, Judgement
from gateway.journal.standing import Streak
from gateway.model import Blame, Delivered, Delivery, Later, Pause, Result

THROTTLE = 1.0
"""Seconds for which a destination is throttled after a 429 without Retry-After."""

MOST_DEAD = 3
"""Messages that are dead in a row, none passing between them, from which a destination is failing."""

ROUNDING = 1e-6
"""Tolerance of the rate limit in seconds: sums of floats as large as epoch seconds are not exact."""


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
    second's worth may be sent at once), `max_age` the age in seconds after which a failing delivery is dead. While
    there is a `pause` of a person, no attempt starts; its time is on the clock of all others.
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
        self.pause: Pause | None = None
        self._throttled_until = 0.0
        self._throttled = Cause("", 0.0)
        self._dead = 0  # messages that are dead since one has passed
        self._dead_cause = Cause("", 0.0)

    def opens_at(self, now: float) -> float:
        """When the next attempt may start: `now` or earlier means at once.

        Infinity means after the probe's answer, or when somebody ends the pause.
        """
        if self.pause is not None:
            return inf
        rate_at = self._full_at + self._interval - self._credit if self._interval else now
        gate = self._evidence.gate() if self._evidence.targets else 0.0
        return max(self._throttled_until, self.breaker.opens_at, rate_at, gate)

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

        Retry-After or 429 throttles the destination, no answer opens the breaker, a refusal is evidence.
        """
        if not isinstance(result, Later):
            self.breaker.success()
            if isinstance(result, Delivered):
                self._dead = 0
                if self._evidence.targets:
                    self._evidence.passed(self.sender.target(delivery), lane)
            return None
        if result.after is not None or result.code == "429":
            self._throttle(now, THROTTLE if result.after is None else result.after, result.reason)
        if result.blame is Blame.SERVER and result.code != "429":
            self.breaker.failure(epoch, now, result.reason, random)
            return None
        self.breaker.success()
        if result.blame is Blame.SERVER:
            return None
        every = result.blame is Blame.DESTINATION
        return self._evidence.refused(self.sender.target(delivery), lane, result.reason, now, every=every)

    def bury(self, lane: str, why: str, now: float, *, counts: bool) -> None:
        """Take note that the first message of a lane is dead; whether it counts against the destination.

        What somebody sends to an address that was never known to take a message counts not: anybody can invent some.
        """
        if self._evidence.targets:
            self._evidence.forget(lane)
        if counts:
            self._dead_cause = Cause(why, self._dead_cause.since if self._dead else now, next=GOES_ON)
            self._dead += 1

    def recall(self, past: Streak) -> None:
        """Take note of what it refused before a restart: it is failing, if it was, until a message passes."""
        if (cause := _recalled_cause(past)) is not None:
            self._dead, self._dead_cause = MOST_DEAD, cause

    @property
    def flows(self) -> bool:
        """Whether messages pass as far as it is known: it is neither held nor failing."""
        if self.breaker.holds or self._dead >= MOST_DEAD:
            return False
        return not (self._evidence.targets and self._evidence.failing)

    def condition(self, now: float) -> Condition:
        """The state with its reason and times; see `condition.condition`."""
        breaker = self.breaker
        failing = self._evidence.failing or (self._dead_cause if self._dead >= MOST_DEAD else None)
        return condition(
            pause=self.pause,
            held=Cause(breaker.why, breaker.since) if breaker.holds else None,
            failing=failing,
            throttled=self._throttled if self._throttled_until > now else None,
            warning=self.sender.warning,
        )

    def _throttle(self, now: float, seconds: float, why: str) -> None:
        if now + seconds > self._throttled_until:
            since = self._throttled.since if self._throttled_until > now else now
            self._throttled_until = now + seconds
            self._throttled = Cause(why, since, self._throttled_until)


def recalled(pause: Pause | None, past: Streak) -> Condition:
    """The condition of a destination as the journal alone tells; times are those of the journal."""
    return condition(pause=pause, failing=_recalled_cause(past))


def _recalled_cause(past: Streak) -> Cause | None:
    """Why a destination is failing after these refusals, since which no message passed; None when it is not."""
    if past.dead < MOST_DEAD and past.refusals < MOST_REFUSALS:
        return None
    return Cause(past.why, past.since, next=GOES_ON)
