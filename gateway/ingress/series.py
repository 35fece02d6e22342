"""The metrics series of each route. They start at 0 before its first request, and end with the route."""

from gateway.ingress.table import RouteTable
from gateway.model import Outcome
from gateway.observe.metrics import Metrics
from gateway.pipeline.route import Route


class RouteSeries:
    """The series of one route, looked up once: labels() costs more than counting. `answered` is by outcome."""

    __slots__ = ("answered", "bytes_received", "repeats", "service", "translating", "unstored")

    def __init__(self, metrics: Metrics, name: str, service: str) -> None:
        metrics.expect_route(name, service)
        self.service = service
        self.unstored = metrics.unstored.labels(name)
        self.bytes_received = metrics.request_bytes.labels(name)
        self.repeats = metrics.duplicates.labels(name)
        self.answered = {outcome: metrics.requests.labels(name, service, outcome.value) for outcome in Outcome}
        self.translating = metrics.translate_seconds.labels(service)


class Series:
    """The series of all routes, by name."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._known: dict[str, RouteSeries] = {}

    def of(self, route: Route) -> RouteSeries:
        """The series of a route; they start with its first request if `keep` has not started them."""
        return self._known.get(route.name) or self._start(route)

    def keep(self, table: RouteTable) -> None:
        """Start the series of the routes in a table, and end those of routes that it no longer accepts."""
        for name, series in list(self._known.items()):
            if not table.takes(name, series.service):
                del self._known[name]
                self._metrics.forget(route=name)
        for route in table:
            self.of(route)

    def _start(self, route: Route) -> RouteSeries:
        series = self._known[route.name] = RouteSeries(self._metrics, route.name, route.service_key)
        return series
