"""Doors: one module a kind of public URL. A new door is a new module here, and edits no line that is there.

A module of this package has `open_door(settings, services)`: its door, None where the settings do not open it.
`services` are the keys of the services in the catalog. Doors are opened again whenever settings or catalog change.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from aiohttp import web
from msgspec import Struct

from gateway.pipeline.route import Route


class Accepted(Struct, frozen=True):
    """A request that is in the journal. `pending` says whether messages of it are to be posted.

    `outcome` is that of its event, or "duplicate" where that had been accepted before.
    """

    event_id: str
    outcome: str
    translator: str
    pending: bool


class Rejected(Struct, frozen=True):
    """A request that is not in the journal, in the terms of HTTP; nothing in it is a secret."""

    status: int
    title: str
    detail: str = ""
    headers: Mapping[str, str] | None = None


class Door(Protocol):
    """One kind of public URL: which paths lead to which routes, and in which form their requests are answered."""

    @property
    def pattern(self) -> str:
        """The form of its paths, with what differs in braces: `/in/{route}`."""

    @property
    def routes(self) -> Iterable[Route]:
        """The routes that there are before their first request; a door may make others when they are asked for."""

    def find(self, path: str) -> "Match | None":
        """Where a raw request path (without query) leads; None when it is not one of this door."""

    def named(self, name: str, address: str) -> Route | None:
        """The route whose events have this name, None when it is gone; `address` is the one it had (`Route.at`)."""

    def takes(self, name: str, service: str) -> bool:
        """Whether requests for this service may come in by a route of this name."""

    def answer(self, outcome: Accepted | Rejected) -> web.Response:
        """What the sender is told."""


class Match(Struct, frozen=True):
    """Where a path leads. `path_secret` is the credential in the path, "" for none: it is masked where it is kept."""

    door: Door
    route: Route
    path_secret: str
