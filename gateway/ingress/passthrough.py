"""Pass-through hooks: the URL of an incoming webhook with the gateway's host in it and a service behind it.

Whoever knows the id of a hook may post to it, as in Mattermost itself: the id is the credential. It travels as the
address of the delivery, and is shown nowhere.
"""

import re
from collections.abc import Iterable, Sequence

from gateway.pipeline.route import Route
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings, Server

NAME = "passthrough"
_ID = re.compile(r"[a-z0-9]{26}")


class Passthrough:
    """Routes made on the spot, one per service, all to the destination called `passthrough`."""

    def __init__(self, services: Sequence[str], settings: Server) -> None:
        self._services = frozenset(services)
        self._settings = settings
        self._routes = {service: self._make_route(service) for service in services}

    @property
    def routes(self) -> Iterable[Route]:
        """The routes that there are already: those of the services in the settings, and those of past requests."""
        return self._routes.values()

    def takes(self, name: str, service: str) -> bool:
        """Whether requests for this service may come in by a route of this name."""
        return name == _name(service) and (not self._services or service in self._services)

    def route(self, hook: str, service: str) -> Route | None:
        """The route for a hook and a service of the catalog; None for what is no hook id, or a service left out."""
        if not _ID.fullmatch(hook) or (self._services and service not in self._services):
            return None
        if service not in self._routes:
            self._routes[service] = self._make_route(service)
        return self._routes[service].at(hook)

    def named(self, name: str, hook: str) -> Route | None:
        """The route whose events have this name, for a hook; see `route`."""
        prefix, _, service = name.partition("-")
        return self.route(hook, service) if prefix == NAME else None

    def _make_route(self, service: str) -> Route:
        settings = RouteSettings(name=_name(service), service=service, destinations=(NAME,), allow_unsigned=True)
        return Route(settings, self._settings.body_limit, self._settings.depth_limit)


def _name(service: str) -> str:
    return f"{NAME}-{service}"


def url(server: str, hook: str) -> Secret:
    """The URL of a hook at the Mattermost server."""
    return Secret(f"{server.rstrip('/')}/hooks/{hook}")
