"""The last hour in memory."""

import pytest

from gateway.console import history
from gateway.console.history import History, per_second
from gateway.observe.metrics import Metrics


class Gateway:
    """A gateway as far as the history looks at it: its metrics."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.metrics.expect_route("github", "github")
        self.metrics.expect_destination("ops")

    def samples(self, *names):
        """The series of these names."""
        return list(self.metrics.registry.restricted_registry(names).collect())

    def receive(self, outcome: str, times: int) -> None:
        """Count requests."""
        self.metrics.requests.labels("github", "github", outcome).inc(times)

    def deliver(self, times: int, result: str = "delivered") -> None:
        """Count deliveries."""
        self.metrics.deliveries.labels("ops", result).inc(times)


@pytest.fixture
async def seen(monkeypatch):
    """Give a gateway and its history, whose clock stands still unless the test moves it."""
    gateway = Gateway()
    kept = History(gateway)
    yield gateway, kept
    await kept.close()


async def test_what_passed_between_two_looks_is_one_sum(seen):
    """Accepted requests of every kind and delivered messages count; refused and failed ones do not."""
    gateway, kept = seen
    gateway.receive("message", 3)
    gateway.receive("ignored", 2)
    gateway.receive("refused", 50)
    gateway.deliver(4)
    gateway.deliver(9, "later")
    kept.take()
    gateway.receive("broken", 1)
    kept.take()
    past = kept.past()
    assert past.received[-2:] == (5, 1)
    assert past.delivered[-2:] == (4, 0)
    assert len(past.received) == len(past.delivered) == history.LENGTH


async def test_a_machine_that_slept_spreads_what_passed_over_the_time(seen):
    """No peak appears that was not there, and nothing is lost."""
    gateway, kept = seen
    kept._at -= 4 * history.STEP
    gateway.receive("message", 10)
    kept.take()
    assert kept.past().received[-5:] == (0, 3, 3, 2, 2)
    kept._at -= 10 * 3600
    kept.take()
    assert set(kept.past().received) == {0}


async def test_a_route_that_goes_with_its_counts_leaves_no_hole_below_zero(seen):
    """Counters that end with a reload make the sum smaller; what is counted afterwards is seen again."""
    gateway, kept = seen
    gateway.receive("message", 5)
    kept.take()
    gateway.metrics.forget(route="github")
    kept.take()
    gateway.receive("message", 2)
    kept.take()
    assert kept.past().received[-3:] == (5, 0, 2)


def test_the_present_rate_is_a_mean_of_the_last_sums():
    """Ten seconds are two sums of five."""
    assert per_second((100, 5, 15), 5.0, 10.0) == 2.0
