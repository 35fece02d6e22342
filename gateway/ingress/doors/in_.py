"""`/in/{route}`, and `/in/{route}/{secret}` for senders that can only call a URL: the routes of the settings."""

from collections.abc import Container, Iterable, Mapping
from urllib.parse import unquote

from gateway.ingress.answers import in_json
from gateway.ingress.doors import Accepted, Door, Match, Rejected
from gateway.ingress.response import Response
from gateway.pipeline import route as routes
from gateway.pipeline.route import Route
from gateway.settings import Settings


class RouteDoor:
    """Maps names to the routes of the settings."""

    pattern = "/in/{route}"

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes

    @property
    def routes(self) -> Iterable[Route]:
        """All routes of the settings."""
        return self._routes.values()

    def find(self, path: str) -> Match | None:
        """See `Door`."""
        if not path.startswith("/in/"):
            return None
        parts = path.rstrip("/").split("/")
        if len(parts) not in (3, 4):
            return None
        route = self._routes.get(unquote(parts[2]))
        return Match(self, route, unquote(parts[3]) if len(parts) == 4 else "") if route else None

    def named(self, name: str, address: str) -> Route | None:  # noqa: ARG002 - these routes have no addresses
        """See `Door`."""
        return self._routes.get(name)

    def takes(self, name: str, service: str) -> bool:
        """See `Door`."""
        return name in self._routes and self._routes[name].service_key == service

    def answer(self, outcome: Accepted | Rejected) -> Response:
        """Answer in JSON."""
        return in_json(outcome)


def open_door(settings: Settings, services: Container[str]) -> Door:  # noqa: ARG001 - a route names its service
    """The door of these settings; it is always open."""
    return RouteDoor(routes.build(settings))
