"""The table of routes: it finds the route of a request path through the open doors."""

from collections.abc import Container, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from heapq import nlargest
from importlib import import_module
from itertools import pairwise
from pkgutil import iter_modules
from types import ModuleType
from typing import Final
from urllib.parse import unquote

from gateway.acts.desk import Desk
from gateway.ingress import doors
from gateway.ingress.doors import Call, CallDoor, Door, Match
from gateway.pipeline.route import Route
from gateway.settings import Settings

_LONGEST: Final = 200
"""Characters of an unknown path that are looked at."""

_COMPARED: Final = 20
"""Routes whose names are compared with that in an unknown path: to compare one may take 0.3 ms."""


class RouteTable:
    """The open doors, with the routes behind them, and those by which Mattermost calls."""

    def __init__(self, doors: Sequence[Door], call_doors: Sequence[CallDoor] = ()) -> None:
        self._doors = doors
        self._call_doors = call_doors

    def __iter__(self) -> Iterator[Route]:
        for door in self._doors:
            yield from door.routes

    def find(self, path: str) -> Match | None:
        """The match for a raw request path (without query); None when no door has one."""
        for door in self._doors:
            if match := door.find(path):
                return match
        return None

    def call(self, path: str) -> Call | None:
        """The call for a raw request path (without query) by which Mattermost calls; None when no door has one."""
        return next((call for door in self._call_doors if (call := door.find(path)) is not None), None)

    def named(self, name: str, address: str = "") -> Route | None:
        """The route whose events have this name and address; None when it no longer exists."""
        return next((route for door in self._doors if (route := door.named(name, address)) is not None), None)

    def near(self, path: str) -> str:
        """A hint for a path that no door takes: a route whose name is like the one in it, or what is missing.

        It repeats nothing of the path, which may hold a secret.
        """
        parts = path[:_LONGEST].split("/")
        if parts[1:2] == ["hooks"]:
            open_for_hooks = any(door.pattern.startswith("/hooks/") for door in self._doors)
            wanted = "a hook id of 26 characters, then a service of the catalog: /hooks/{hook}/{service}"
            return wanted if open_for_hooks else "set [passthrough] server to take the paths of incoming webhooks"
        if parts[1:2] != ["in"]:
            return "the path begins with /in/, then the name of a route"
        name = unquote(parts[2]) if len(parts) > 2 else ""
        pairs = set(pairwise(name))
        likeliest = nlargest(
            _COMPARED, [route.name for route in self], lambda one: len(pairs.intersection(pairwise(one)))
        )
        names = get_close_matches(name, likeliest, 1)
        return f"there is a route {names[0]}: its path is /in/{names[0]}" if names else ""

    def takes(self, name: str, service: str) -> bool:
        """Whether a route of this name accepts requests for this service."""
        return any(door.takes(name, service) for door in self._doors)


def open_doors(settings: Settings, services: Container[str], desk: Desk | None = None) -> RouteTable:
    """Open the doors that these settings ask for, one for each module of `doors`; `services` are the catalog's.

    Without a desk, there are none by which Mattermost calls.
    """
    found: list[Door | None] = [one.open_door(settings, services) for one in _modules("open_door")]
    calls: list[CallDoor | None] = []
    if desk is not None:
        calls = [one.open_call_door(settings, desk) for one in _modules("open_call_door")]
    return RouteTable([one for one in found if one is not None], [one for one in calls if one is not None])


@cache
def _modules(opening: str) -> Sequence[ModuleType]:
    """The modules of doors that have a function of this name."""
    every = [import_module(f"{doors.__name__}.{one.name}") for one in iter_modules(doors.__path__)]
    return [one for one in every if hasattr(one, opening)]
