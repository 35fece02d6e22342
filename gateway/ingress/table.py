"""From a request path to its route, through the doors that are open."""

from collections.abc import Container, Iterator, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from gateway.ingress import doors
from gateway.ingress.doors import Door, Match
from gateway.pipeline.route import Route
from gateway.settings import Settings


class RouteTable:
    """The doors of one moment, and the routes behind them."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors

    def __iter__(self) -> Iterator[Route]:
        for door in self._doors:
            yield from door.routes

    def find(self, path: str) -> Match | None:
        """Where a raw request path (without query) leads; None when no door has it."""
        for door in self._doors:
            if match := door.find(path):
                return match
        return None

    def named(self, name: str, address: str = "") -> Route | None:
        """The route whose events have this name and address, None when it is gone."""
        return next((route for door in self._doors if (route := door.named(name, address)) is not None), None)

    def takes(self, name: str, service: str) -> bool:
        """Whether requests for this service may come in by a route of this name."""
        return any(door.takes(name, service) for door in self._doors)


def open_doors(settings: Settings, services: Container[str]) -> RouteTable:
    """The doors that these settings open, one module of `doors` each; `services` are those of the catalog."""
    found: Iterator[Door | None] = (module.open_door(settings, services) for module in _modules())
    return RouteTable([door for door in found if door is not None])


@cache
def _modules() -> Sequence[ModuleType]:
    return [import_module(f"{doors.__name__}.{one.name}") for one in iter_modules(doors.__path__)]
