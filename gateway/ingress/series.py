"""The series that requests of a route count in. They start at 0 before its first request, and end with the route."""

from gateway.ingress.table import RouteTable
from gateway.observe.metrics import Metrics
from gateway.pipeline.route import Route


class RouteSeries:
    """The series of one route: looking them up by labels costs more than counting. `answered` is by outcome."""

    __slots__ = ("answered", "bytes_received", "repeats", "service", "translating", "unstored")

    def __init__(self, metrics: Metrics, name: str, service: str) -> None:
        metrics.expect_route(name, service)
        self.service = service
        self.unstored = metrics.unstored.labels(name)
        self.bytes_received = metrics.request_bytes.labels(name)
        self.repeats = metrics.duplicates.labels(name)
        self.answered = {
            outcome: metrics.requests.labels(name, service, outcome)
            for outcome in ("message", "ignored", "refused", "broken")
        }
        self.translating = metrics.translate_seconds.labels(service)


class Series:
    """The series of all routes that there are, by name."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._known: dict[str, RouteSeries] = {}

    def of(self, route: Route) -> RouteSeries:
        """The series of a route, from its first request on or since `keep`."""
        return self._known.get(route.name) or self._start(route)

    def keep(self, table: RouteTable) -> None:
        """Start those of the routes in a table, and end those of routes that it does not take."""
        for name, series in list(self._known.items()):
            if not table.takes(name, series.service):
                del self._known[name]
                self._metrics.forget(route=name)
        for route in table:
            self.of(route)

    def _start(self, route: Route) -> RouteSeries:
        made = self._known[route.name] = RouteSeries(self._metrics, route.name, route.service_key)
        return made
