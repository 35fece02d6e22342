"""The gateway's own counters, read by the labels that somebody asks for."""

import pytest

from gateway.console import gauges
from gateway.console.gauges import DEAD, DELIVERIES, REQUESTS
from gateway.observe.metrics import Metrics

OUTCOMES = ["message", "ignored", "refused", "broken"]


class Gateway:
    """A gateway as far as gauges look at it: two routes and two destinations."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        for name in ("a", "b"):
            self.metrics.expect_route(name, "generic")
            self.metrics.expect_destination(name)

    def samples(self, *names):
        """The series of these names."""
        return list(self.metrics.registry.restricted_registry(names).collect())


@pytest.fixture
def gateway():
    """Give a gateway that has counted nothing."""
    return Gateway()


def test_labels_that_are_not_asked_for_are_summed(gateway):
    """By route alone, by outcome alone, or all of it as one."""
    for route, outcome, times in (("a", "message", 2), ("a", "refused", 3), ("b", "message", 5)):
        gateway.metrics.requests.labels(route, "generic", outcome).inc(times)
    assert gauges.read(gateway, {REQUESTS: ("route",)})[REQUESTS] == {("a",): 5, ("b",): 5}
    by_outcome = gauges.read(gateway, {REQUESTS: ("outcome",)})[REQUESTS]
    assert by_outcome == {("message",): 7, ("refused",): 3, ("ignored",): 0, ("broken",): 0}
    assert gauges.read(gateway, {REQUESTS: ()})[REQUESTS] == {(): 10}


def test_gauges_and_counters_are_read_at_once(gateway):
    """A name of no series has no values; what was created when is no value either."""
    gateway.metrics.dead.labels("a").set(4)
    found = gauges.read(gateway, {DEAD: ("destination",), DELIVERIES: ("result",), "mattergate_other": ("x",)})
    assert found[DEAD] == {("a",): 4, ("b",): 0}
    assert set(found[DELIVERIES].values()) == {0}
    assert found["mattergate_other"] == {}
