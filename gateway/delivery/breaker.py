"""The circuit breaker of a destination: a pure state machine, with the clock as an argument.

    closed --no answer--> held --health answers--> ready --a probe starts--> probing --success--> closed
                           ^ `--no answer, a second--^                          |
                           `----------------------- no answer ------------------'

While it is held, the server is asked for its health every second. When that answers, one message goes as the probe. A
single failure is enough to ask: a server that is well loses the time of one question, and one that is down gets no
message that is bound to fail. After MOST_CHECKS questions without an answer a probe goes all the same: what stands
before the server may let messages pass, but not the question.
"""

from collections.abc import Callable
from enum import StrEnum
from math import inf

CHECK_SECONDS = 1.0
"""Seconds between two questions for the health of a server, drawn from 0.75 to 1.25 of it: many gateways may ask."""

MOST_CHECKS = 30
"""Questions in a row without an answer after which a probe goes all the same."""


class BreakerState(StrEnum):
    """The state of a breaker: deliveries flow while it is closed."""

    CLOSED = "closed"
    HELD = "held"
    CHECKING = "checking"
    READY = "ready"
    PROBING = "probing"


class Breaker:
    """Decides when an attempt is admitted. All times are seconds on one monotonic clock.

    `epoch` changes with every change of state. An attempt keeps the epoch at which it was admitted; a failure from an
    earlier epoch says nothing about the present and is ignored, whereas a success always counts. `holds` says that the
    server is known not to answer: it failed a question for its health, or a probe, too.

    `opens_at` is the time from which an attempt or a question may start, infinity while one is under way; `check_at`
    that at which the server is to be asked for its health, infinity when it is not. `probing` says that the last
    admitted attempt is the probe. `since` is the time of the first failure in a row, `why` the last one in words.
    """

    __slots__ = ("_checks", "_failures", "check_at", "epoch", "holds", "opens_at", "probing", "since", "state", "why")

    def __init__(self) -> None:
        self._failures = 0
        self._checks = 0
        self.epoch = 0
        self.holds = False
        self.probing = False
        self.state = BreakerState.CLOSED
        self.opens_at = 0.0
        self.check_at = inf
        self.since = 0.0
        self.why = ""

    def check(self) -> None:
        """Record that the server is being asked."""
        self._become(BreakerState.CHECKING)

    def checked(self, answers: bool, now: float, random: Callable[[], float], *, waiting: bool = True) -> None:
        """Record whether the server answered; ignored when an attempt has succeeded meanwhile.

        While no message is `waiting` that could be the probe, an answer closes the breaker.
        """
        if self.state is not BreakerState.CHECKING:
            return
        self._checks += 1
        self.holds = self.holds or not answers
        if answers and not waiting:
            self.success()
        elif answers or (waiting and self._checks >= MOST_CHECKS):
            self._checks = 0
            self._become(BreakerState.READY, 0.0)
        else:
            self._hold(now + _jittered(random))

    def admit(self) -> None:
        """Record that an attempt starts, at `opens_at` or later; behind a good check this attempt is the probe."""
        if self.state is BreakerState.READY:
            self._become(BreakerState.PROBING)

    def success(self) -> None:
        """Record that an attempt was answered, and close the breaker."""
        self._failures, self.holds = 0, False
        if self.state is not BreakerState.CLOSED:
            self.why = ""
            self._become(BreakerState.CLOSED, 0.0)

    def failure(self, epoch: int, now: float, why: str, random: Callable[[], float]) -> None:
        """Record that an attempt, admitted at `epoch`, got no answer for the reason `why`."""
        if epoch != self.epoch:
            return
        if not self._failures:
            self.since = now
        self._failures += 1
        self.why = f"{self._failures} failures in a row, last: {why}" if self._failures > 1 else why
        if self.probing:
            self.holds = True
            self._hold(now + _jittered(random))
        else:
            self._hold(now)

    def _hold(self, until: float) -> None:
        self._become(BreakerState.HELD, until)
        self.check_at = until

    def _become(self, state: BreakerState, opens_at: float = inf) -> None:
        self.state = state
        self.probing = state is BreakerState.PROBING
        self.opens_at, self.check_at = opens_at, inf
        self.epoch += 1


def _jittered(random: Callable[[], float]) -> float:
    return CHECK_SECONDS * (0.75 + 0.5 * random())
