"""Doors: one module for each kind of public URL. A new door is a new module here, and changes no existing line.

A module of this package has `open_door(settings, services)`, which returns its door, or None if the settings have none.
`services` are the keys of the services in the catalog. Or it has `open_call_door(settings, desk)`, for a door through
which Mattermost calls and waits for an answer. Doors are opened again whenever settings or catalog change.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from gateway.ingress.response import Response
from gateway.model import Request
from gateway.pipeline.route import Route


class Accepted(Struct, frozen=True):
    """A request that is stored in the journal. `pending` says whether it has messages to post.

    `outcome` is that of its event, or "duplicate" when the event was already stored. `wanted` is the text that its
    sender has to read in the answer, "" for one that reads none.
    """

    event_id: str
    outcome: str
    translator: str
    pending: bool
    wanted: str = ""


class Rejected(Struct, frozen=True):
    """A request that is not stored, as an HTTP status with a reason; it contains no secret."""

    status: int
    title: str
    detail: str = ""
    headers: Mapping[str, str] | None = None


class Door(Protocol):
    """One kind of public URL: it maps paths to routes, and formats the answers to their requests."""

    @property
    def pattern(self) -> str:
        """The pattern of its paths, with the variable parts in braces: `/in/{route}`."""

    @property
    def routes(self) -> Iterable[Route]:
        """The routes that exist so far; a door may create others at their first request."""

    def find(self, path: str) -> "Match | None":
        """The match for a raw request path (without query); None when the path is not one of this door."""

    def named(self, name: str, address: str) -> Route | None:
        """The route whose events have this name and `address` (`Route.at`); None when it no longer exists."""

    def takes(self, name: str, service: str) -> bool:
        """Whether a route of this name accepts requests for this service."""

    def answer(self, outcome: Accepted | Rejected) -> Response:
        """The response to the sender."""


class Match(Struct, frozen=True):
    """The door and route of a path. `path_secret` is the credential in the path, or "": it is masked when stored."""

    door: Door
    route: Route
    path_secret: str


class Call(Struct, frozen=True):
    """A path by which Mattermost calls: `answer` verifies a request and answers it. Raises Refused, JournalError.

    `name` and `service` are what refusals are recorded under. `path_secret` is the credential in the path, or "".
    """

    name: str
    service: str
    answer: Callable[[Request], Awaitable[Response]]
    path_secret: str = ""


class CallDoor(Protocol):
    """One kind of URL by which Mattermost calls."""

    @property
    def pattern(self) -> str:
        """The pattern of its paths, with the variable parts in braces: `/command/{name}`."""

    def find(self, path: str) -> Call | None:
        """The call of a raw request path (without query); None when the path is not one of this door."""
