"""From a request path to its route: `/in/{route}`, `/in/{route}/{secret}`, and `/hooks/{id}/{service}`."""

from collections.abc import Container, Iterator, Mapping
from urllib.parse import unquote

from gateway.ingress.passthrough import Passthrough
from gateway.pipeline.route import Route


class RouteTable:
    """Finds routes; a dictionary look-up each."""

    def __init__(self, routes: Mapping[str, Route], passthrough: Passthrough | None) -> None:
        self.routes = routes
        self.passthrough = passthrough

    def __iter__(self) -> Iterator[Route]:
        yield from self.routes.values()
        if self.passthrough is not None:
            yield from self.passthrough.routes

    def takes(self, name: str, service: str) -> bool:
        """Whether there is a route of this name for this service, configured or passing through."""
        if name in self.routes:
            return self.routes[name].service_key == service
        return self.passthrough is not None and self.passthrough.takes(name, service)

    def named(self, name: str, address: str = "") -> Route | None:
        """The route of this name, None when it is gone; `address` is that of a pass-through."""
        if name in self.routes:
            return self.routes[name]
        return self.passthrough.named(name, address) if self.passthrough is not None else None

    def find(self, path: str, services: Container[str]) -> tuple[Route, str] | None:
        """The route of a raw request path (without query) and the secret in it; None when there is none.

        `services` are those of the catalog: a pass-through URL may name any of them.
        """
        parts = path.rstrip("/").split("/")
        if len(parts) in (3, 4) and parts[1] == "in":
            route = self.routes.get(unquote(parts[2]))
            return (route, unquote(parts[3]) if len(parts) == 4 else "") if route else None
        if len(parts) == 4 and parts[1] == "hooks" and self.passthrough is not None and parts[3] in services:
            route = self.passthrough.route(parts[2], parts[3])
            return (route, parts[2]) if route else None  # the id is a credential, and masked as one
        return None
