"""The last hour and the last day in memory."""

import asyncio
import time

import pytest

from gateway.console import history
from gateway.console.history import History, per_second
from gateway.errors import JournalError
from gateway.journal import Holdings
from gateway.journal.past import DeliveredCount, EventCount, PastCounts
from gateway.model import Outcome
from gateway.observe.metrics import Metrics

PUSHED = ("github", Outcome.MESSAGE)


class Journal:
    """A journal as far as the history looks at it: what it knows of the past, and what is new in it."""

    def __init__(self) -> None:
        self.known = PastCounts(0.0, (), (), 0)
        self.new: list[EventCount] = []
        self.failing = False

    async def past(self, since, until, step):
        """What was before the start."""
        assert since < until
        return self.known

    async def fresh(self, after):
        """What came since."""
        if self.failing:
            raise JournalError("the disk is gone")
        found, self.new = self.new, []
        return found, after + len(found)

    async def holdings(self):
        """Nothing that is old."""
        return Holdings()

    def receive(self, outcome: str, count: int) -> None:
        """Store events."""
        self.new.append(EventCount(0, "github", Outcome(outcome), count))


class Gateway:
    """A gateway as far as the history looks at it: its metrics and its journal."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.metrics = Metrics()
        self.metrics.expect_route("github", "github")
        self.metrics.expect_destination("ops")

    def samples(self, *names):
        """The series of these names."""
        return list(self.metrics.registry.restricted_registry(names).collect())

    def deliver(self, times: int, result: str = "delivered") -> None:
        """Count deliveries."""
        self.metrics.deliveries.labels("ops", result).inc(times)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless the test moves it: a list of one time."""
    now = [1_800_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


async def begun(gateway: Gateway) -> History:
    """A history that knows the past and takes only when it is told to."""
    kept = History(gateway)
    await kept.close()
    await kept.take()
    return kept


async def test_what_came_between_two_looks_is_one_sum(clock):
    """Events of every outcome and delivered messages count; failed attempts do not."""
    gateway = Gateway()
    kept = await begun(gateway)
    gateway.journal.receive("message", 3)
    gateway.journal.receive("ignored", 2)
    gateway.deliver(4)
    gateway.deliver(9, "later")
    await kept.take()
    clock[0] += history.STEP
    gateway.journal.receive("broken", 1)
    await kept.take()
    clock[0] += history.STEP
    past = kept.past()
    assert past.received[-2:] == (5, 1)
    assert past.delivered[-2:] == (4, 0)
    assert len(past.received) == len(past.delivered) == history.LENGTH
    assert past.ends == clock[0]
    day = kept.day()
    assert day.received == {PUSHED: 3, ("github", Outcome.IGNORED): 2, ("github", Outcome.BROKEN): 1}
    assert day.delivered == {"ops": 4}


async def test_the_past_survives_a_restart(clock):
    """What the journal knows of the day before stands in the curve and in the counts, and grows old there."""
    gateway = Gateway()
    step = int(clock[0] // history.STEP)
    gateway.journal.known = PastCounts(
        clock[0] - history.DAY,
        [EventCount(step - 2, *PUSHED, 7), EventCount(step - 3000, *PUSHED, 5), EventCount(step - 99999, *PUSHED, 1)],
        [DeliveredCount(step - 2, "ops", 6), DeliveredCount(step - 3000, "old", 1)],
        4,
    )
    kept = await begun(gateway)
    assert (kept.past().received[-3:], kept.past().delivered[-3:]) == ((0, 7, 0), (0, 6, 0))
    assert (kept.day().received, kept.day().delivered) == ({PUSHED: 12}, {"ops": 6, "old": 1})
    clock[0] += history.DAY - 3600
    assert (kept.day().received, kept.day().delivered) == ({PUSHED: 7}, {"ops": 6})
    assert kept.past().received == (0,) * history.LENGTH


async def test_counts_say_where_they_begin(clock):
    """A day ago, or where the journal begins, or at the start of what cannot be known from before."""
    gateway = Gateway()
    kept = await begun(gateway)
    assert kept.day().since == kept.day().started == clock[0]
    clock[0] += 2 * history.DAY
    assert kept.day().since == clock[0] - history.DAY


async def test_what_leaves_no_event_is_counted_since_the_start(clock):
    """Refused and repeated requests, by route."""
    gateway = Gateway()
    gateway.metrics.requests.labels("github", "github", "refused").inc(50)
    kept = await begun(gateway)
    gateway.metrics.requests.labels("github", "github", "refused").inc(2)
    gateway.metrics.duplicates.labels("github").inc(3)
    await kept.take()
    assert (kept.day().refused, kept.day().repeated, kept.day().received) == ({"github": 2}, {"github": 3}, {})


async def test_a_destination_that_goes_with_its_counts_leaves_no_hole(clock):
    """Counters that end with a reload make the sum smaller; what is counted afterwards is seen again."""
    gateway = Gateway()
    kept = await begun(gateway)
    gateway.deliver(5)
    await kept.take()
    gateway.metrics.forget(destination="ops")
    await kept.take()
    gateway.deliver(2)
    await kept.take()
    assert kept.day().delivered == {"ops": 7}


async def test_a_journal_that_cannot_be_read_is_caught_up_with(clock):
    """Nothing is lost, and nothing counted twice."""
    gateway = Gateway()
    kept = await begun(gateway)
    gateway.journal.receive("message", 3)
    gateway.deliver(1)
    gateway.journal.failing = True
    with pytest.raises(JournalError):
        await kept.take()
    gateway.journal.failing = False
    await asyncio.gather(kept.take(), kept.take())
    assert (kept.day().received, kept.day().delivered) == ({PUSHED: 3}, {"ops": 1})


def test_the_present_rate_is_a_mean_of_the_last_sums():
    """Ten seconds are two sums of five."""
    assert per_second((100, 5, 15), 5.0, 10.0) == 2.0
