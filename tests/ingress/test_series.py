"""The series of routes: there before the first request, gone with their route."""

import pytest

from gateway.ingress.series import Series
from gateway.observe.metrics import Metrics
from gateway.pipeline.route import Route
from gateway.settings.tables import RouteSettings


def route(name, service="github"):
    """A route of this name for this service."""
    return Route(RouteSettings(name=name, service=service, destinations=("ops",), allow_unsigned=True), 1000, 64)


class Table:
    """A table of these routes, and of those that `more` makes at their first request, by name."""

    def __init__(self, *routes, more=()):
        self.routes = routes
        self.services = {one.name: one.service_key for one in (*routes, *more)}

    def __iter__(self):
        return iter(self.routes)

    def takes(self, name, service):
        """Whether there is such a route."""
        return self.services.get(name) == service


@pytest.fixture
def kept():
    """Give the series of no routes yet, and a function that looks at one: its value, None when it is not there."""
    metrics = Metrics()

    def value(name, **labels):
        return metrics.registry.get_sample_value(f"mattergate_{name}", labels)

    return Series(metrics), value


def test_series_start_at_0(kept):
    """Before its first request a route has all of its series; a route that nobody named has none."""
    series, value = kept
    series.keep(Table(route("one")))
    for outcome in ("message", "ignored", "refused", "broken"):
        assert value("requests_total", route="one", service="github", outcome=outcome) == 0
    for name in ("unstored_total", "request_bytes_total", "duplicates_total"):
        assert value(name, route="one") == 0
        assert value(name, route="two") is None
    assert value("translate_seconds_count", service="github") == 0


def test_a_route_counts_in_its_own_series(kept):
    """The series of a route are found again, for each of its addresses, and go on over a reload."""
    series, value = kept
    one = route("one")
    series.of(one).answered["message"].inc()
    series.keep(Table(route("one"), route("two")))
    series.of(one.at("k3yk3yk3yk3yk3yk3yk3yk3yk3")).answered["message"].inc()
    assert value("requests_total", route="one", service="github", outcome="message") == 2
    assert value("requests_total", route="two", service="github", outcome="message") == 0


def test_series_end_with_their_route(kept):
    """A route that is gone has no series; one of the same name for another service begins anew."""
    series, value = kept
    for name in ("one", "two"):
        series.of(route(name)).repeats.inc()
    series.keep(Table(route("two", "gitlab")))
    assert value("duplicates_total", route="one") is None
    assert value("duplicates_total", route="two") == 0
    assert value("requests_total", route="two", service="github", outcome="message") is None
    assert value("requests_total", route="two", service="gitlab", outcome="message") == 0


def test_a_request_under_way_harms_nothing(kept):
    """What still counts for a route that is gone brings nothing back."""
    series, value = kept
    under_way = series.of(route("one"))
    series.keep(Table())
    under_way.repeats.inc()
    assert value("duplicates_total", route="one") is None


def test_routes_that_are_made_at_their_first_request_stay(kept):
    """A route that is not there yet after a reload, but will be at its next request, goes on counting."""
    series, value = kept
    series.of(route("passthrough-slack", "slack")).repeats.inc()
    series.keep(Table(more=(route("passthrough-slack", "slack"),)))
    assert value("duplicates_total", route="passthrough-slack") == 1
