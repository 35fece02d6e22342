"""Who is at fault when a server refuses a message: the message, or the destination? A pure judge, by evidence.

Mattermost's answers do not tell (contract 1.8): a deleted hook, an empty message and an unknown user are all 400
`general`; a sick database and a message that a plugin rejects are both 500. But the fate of other messages does:

- Another passed at the same target since its last refusal: the message is at fault. It counts against nobody else, and
  is dead after MOST_REFUSALS attempts.
- The next messages are refused, too: the target fails. Its messages wait, and one of them goes as a probe at growing
  intervals up to a minute, until one passes. A message of a lane that was not refused yet goes at once, as long as
  fewer than MANY_LANES were refused: it may be a good one behind some bad ones.

A target is what one refusal may concern as a whole: the destination, or one of several channels or hooks behind it.
All times are seconds on one monotonic clock.
"""

from msgspec import Struct

from gateway.delivery.condition import Cause
from gateway.delivery.retry import ceiling

MOST_REFUSALS = 6
"""Attempts after which a message that is at fault is dead, and refusals in a row from which a target fails."""

MANY_LANES = 10
"""Lanes refused in a row, none passing, from which even untried lanes wait."""

PROBE_MOST = 60.0
"""Seconds between the probes of a failing target, at most: they begin with `retry.BASE`, and double."""

MOST_TARGETS = 1000
"""Targets remembered at once: translators may take names of channels from payloads."""

EVERY = "*"
"""The target of a refusal that would meet every message of the destination."""


class Judgement(Struct, frozen=True):
    """What follows from a refusal: the message is dead (`at_fault`), or waits until `probe_at`.

    `probe_at` is 0 while nothing points to the target: then the message waits as after any failure. `refusals` counts
    the refusals of the message.
    """

    at_fault: bool
    probe_at: float
    refusals: int


class _Suspect(Struct):
    """The refused first message of a lane. `passes` is the target's count of passes at its last refusal."""

    passes: int
    refusals: int = 0


class _Target:
    """What is known of one target while a message that it refused waits."""

    def __init__(self) -> None:
        self.passes = 0
        self.suspects: dict[str, _Suspect] = {}
        self.absolve()

    def absolve(self) -> None:
        """Forget the refusals: a message passed. `since` and `why` are those of the first and of the last one."""
        self.lanes: set[str] = set()
        self.refusals = 0
        self.probes = 0
        self.probe_at = 0.0
        self.since = 0.0
        self.why = ""

    def fails(self, *, everybody: bool) -> bool:
        """Whether it fails; with `everybody`, surely enough that even untried lanes have to wait."""
        return len(self.lanes) >= MANY_LANES or (not everybody and self.refusals >= MOST_REFUSALS)

    def put_off(self, now: float) -> None:
        """Set the time of the next probe."""
        self.probes += 1
        self.probe_at = now + ceiling(self.probes, PROBE_MOST)


class _Every(_Target):
    """The target of refusals that would meet every message: one of them is enough."""

    def fails(self, *, everybody: bool) -> bool:  # noqa: ARG002 - it always concerns everybody
        return self.refusals > 0


class Evidence:
    """The evidence about the targets of one destination. `targets` is empty while there is none.

    Otherwise each pass is to be reported, and an attempt may have to wait.
    """

    def __init__(self) -> None:
        self.targets: dict[str, _Target] = {}

    @property
    def failing(self) -> Cause | None:
        """Why a target fails, in the words of its last refusal, and when its next probe is; None when none does."""
        for target in self.targets.values():
            if target.fails(everybody=False):
                return Cause(target.why, target.since, target.probe_at)
        return None

    def gate(self) -> float:
        """The time before which no attempt may start at all; 0 when nothing is known against the whole destination."""
        every = self.targets.get(EVERY)
        return every.probe_at if every is not None and every.fails(everybody=True) else 0.0

    def opens_at(self, target: str, lane: str) -> float:
        """The time from which the first message of a lane may go to a target; 0: at any time.

        Lanes that were refused less often come first.
        """
        found = self.targets.get(target)
        if found is None:
            return 0.0
        suspect = found.suspects.get(lane)
        if not found.fails(everybody=suspect is None):
            return 0.0
        return found.probe_at + (suspect.refusals * 0.001 if suspect is not None else 0.0)

    def admit(self, target: str, lane: str, now: float) -> None:
        """Record that the first message of a lane goes to a target; if the target fails, it is the probe."""
        for name in (target, EVERY):
            found = self.targets.get(name)
            if found is not None and found.fails(everybody=lane not in found.suspects):
                found.put_off(now)

    def passed(self, target: str, lane: str) -> None:
        """Record that a message passed: that ends a failure."""
        for name in (target, EVERY):
            if found := self.targets.get(name):
                found.passes += 1
                found.absolve()
        self.forget(lane)

    def refused(self, target: str, lane: str, why: str, now: float, *, every: bool = False) -> Judgement:
        """Judge the refusal of the first message of a lane; with `every`, the target would refuse every message."""
        found = self._target(EVERY if every else target)
        suspect = found.suspects.setdefault(lane, _Suspect(found.passes))
        suspect.refusals += 1
        if found.passes > suspect.passes and not every:
            suspect.passes = found.passes
            return Judgement(suspect.refusals >= MOST_REFUSALS, 0.0, suspect.refusals)
        if not found.refusals:
            found.since = now
        found.why = why
        found.refusals += 1
        if len(found.lanes) < MANY_LANES:
            found.lanes.add(lane)
        if not found.fails(everybody=False):
            return Judgement(False, 0.0, suspect.refusals)
        if found.probe_at <= now:
            found.put_off(now)
        return Judgement(False, found.probe_at, suspect.refusals)

    def forget(self, lane: str) -> None:
        """Take note that the first message of a lane is delivered or dead. A target without suspects is forgotten."""
        for target, found in list(self.targets.items()):
            found.suspects.pop(lane, None)
            if not found.suspects:
                del self.targets[target]

    def _target(self, name: str) -> _Target:
        found = self.targets.get(name)
        if found is None:
            if len(self.targets) >= MOST_TARGETS:
                del self.targets[next(iter(self.targets))]
            found = self.targets[name] = _Every() if name == EVERY else _Target()
        return found
