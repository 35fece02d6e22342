"""Sums of what was counted lately, in steps of time."""

from collections import Counter, deque

Key = tuple[str, ...]


class Ring:
    """Counts by key in the last `length` steps of `step` seconds; older ones are forgotten.

    Times are seconds since the epoch. A count before the last `length` steps is not taken, one of the future
    counts now.
    """

    def __init__(self, step: float, length: int, now: float) -> None:
        self.step = step
        self.length = length
        self._steps: deque[Counter[Key]] = deque((Counter() for _ in range(length)), length)
        self._sums: Counter[Key] = Counter()
        self._last = int(now / step)

    def add(self, at: float, key: Key, count: int, now: float) -> None:
        """Count something at a time."""
        self._advance(now)
        back = max(0, self._last - int(at / self.step))
        if count > 0 and back < self.length:
            self._steps[-1 - back][key] += count
            self._sums[key] += count

    def sums(self, now: float) -> Counter[Key]:
        """What is counted in all of the steps."""
        self._advance(now)
        return self._sums

    def row(self, kind: str, now: float) -> tuple[int, ...]:
        """The sums of keys that begin with a word, step by step, oldest first."""
        self._advance(now)
        return tuple(sum(count for key, count in one.items() if key[0] == kind) for one in self._steps)

    def ends(self) -> float:
        """When the last step ends."""
        return (self._last + 1) * self.step

    def _advance(self, now: float) -> None:
        """Begin a step for each that passed; a clock that goes back stays in the last step."""
        passed = int(now / self.step) - self._last
        for _ in range(min(passed, self.length)):
            self._sums -= self._steps[0]
            self._steps.append(Counter())
        self._last += max(0, passed)
