"""`/hooks/{hook}/{service}`: the URL of an incoming webhook with the gateway's host in it and a service appended.

Everyone who knows the id of a hook may post to it, as in Mattermost itself: the id is the credential. It is stored as
the address of the delivery, and never shown.
"""

import re
from collections.abc import Container, Iterable, Sequence
from typing import Final

from gateway.ingress.answers import in_json
from gateway.ingress.doors import Accepted, Door, Match, Rejected
from gateway.ingress.response import Response
from gateway.pipeline.route import Route
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.tables import RouteSettings, Server

NAME: Final = "passthrough"
"""The destination of all these routes, and the prefix of their names."""

_ID = re.compile(r"[a-z0-9]{26}")


class HookDoor:
    """Routes that are created at their first request, one per service. `allowed` services; none: all."""

    pattern = "/hooks/{hook}/{service}"

    def __init__(self, allowed: Sequence[str], services: Container[str], server: Server) -> None:
        self._allowed = frozenset(allowed)
        self._services = services
        self._server = server
        self._routes = {service: self._make_route(service) for service in allowed}

    @property
    def routes(self) -> Iterable[Route]:
        """The routes of the services that the settings name, and of those that have had a request."""
        return self._routes.values()

    def find(self, path: str) -> Match | None:
        """See `Door`."""
        if not path.startswith("/hooks/"):
            return None
        parts = path.rstrip("/").split("/")
        if len(parts) != 4 or parts[3] not in self._services:
            return None
        route = self._route(parts[2], parts[3])
        return Match(self, route, parts[2]) if route else None

    def named(self, name: str, address: str) -> Route | None:
        """See `Door`; the address is the id of a hook."""
        prefix, _, service = name.partition("-")
        return self._route(address, service) if prefix == NAME else None

    def takes(self, name: str, service: str) -> bool:
        """See `Door`."""
        return name == _name(service) and self._allows(service)

    def answer(self, outcome: Accepted | Rejected) -> Response:
        """Answer in JSON."""
        return in_json(outcome)

    def _route(self, hook: str, service: str) -> Route | None:
        """The route for a hook and a service; None for an invalid hook id, or a service that is not allowed."""
        if not _ID.fullmatch(hook) or not self._allows(service):
            return None
        if service not in self._routes:
            self._routes[service] = self._make_route(service)
        return self._routes[service].at(hook)

    def _allows(self, service: str) -> bool:
        return not self._allowed or service in self._allowed

    def _make_route(self, service: str) -> Route:
        settings = RouteSettings(name=_name(service), service=service, destinations=(NAME,), allow_unsigned=True)
        return Route(settings, self._server.body_limit, self._server.depth_limit)


def open_door(settings: Settings, services: Container[str]) -> Door | None:
    """The door to the server of [passthrough]; None without that table."""
    if settings.passthrough is None:
        return None
    return HookDoor(settings.passthrough.services, services, settings.server)


def url(server: str, hook: str) -> Secret:
    """The URL of a hook at the Mattermost server."""
    return Secret(f"{server.rstrip('/')}/hooks/{hook}")


def _name(service: str) -> str:
    return f"{NAME}-{service}"
