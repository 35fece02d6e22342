"""The parts of the console: topics, each with operations of the JSON API, pages, and feeds that keep pages live.

Both faces of a topic call the same functions of facts; this module holds only what describes them, and what they are
given: an `Ask` is one operation being asked for.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, cast

from msgspec import Struct

from gateway.console.port import Gateway
from gateway.console.web.auth import Role, Visitor

BODY_LIMIT: Final = 1_000_000
"""Bytes that the body of an operation has at most, unless it says otherwise."""


class Part(Protocol):
    """State that a topic keeps while the console runs, such as a replay under way; made by calling its class."""

    async def close(self) -> None:
        """End what is under way; the console stops."""


P = TypeVar("P", bound=Part)


class Console:
    """One console: the gateway that it shows, and the parts that its topics keep."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._parts: dict[Callable[[Gateway], Part], Part] = {}

    def part(self, kind: Callable[[Gateway], P]) -> P:
        """The one part of this class; it is made when it is first asked for, and may start tasks then."""
        if kind not in self._parts:
            self._parts[kind] = kind(self.gateway)
        return cast(P, self._parts[kind])

    async def close(self) -> None:
        """End every part, the last one first."""
        while self._parts:
            _, part = self._parts.popitem()
            await part.close()


class Ask(Struct, frozen=True):
    """One call of an operation: `path` has the named segments, `query` and `body` are its Structs or None."""

    console: Console
    visitor: Visitor
    path: Mapping[str, str] = {}
    query: Any = None
    body: Any = None

    @property
    def gateway(self) -> Gateway:
        """The gateway that is asked about."""
        return self.console.gateway


class Operation(Struct, frozen=True, kw_only=True):
    """One operation of the JSON API, `method` at /api/v1`path`.

    `name` is its `operationId`, `summary` one line for the document; `call` gives its `result`, a Struct that is sent
    as JSON (None: 204, no content). `role` is who may do it: by default all may GET and an administrator the rest.
    `query` and `body` are read into their Structs, a body of at most `limit` bytes. What `call` raises as
    `errors.Refused` becomes a problem (RFC 9457); `problems` lists its statuses beyond those that any operation has.
    """

    method: str
    path: str
    name: str
    summary: str
    call: Callable[[Ask], Awaitable[Struct | None]]
    result: type[Struct] | None = None
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    role: Role | None = None
    limit: int = BODY_LIMIT
    status: int = 200
    problems: Mapping[int, str] = {}

    @property
    def needed(self) -> Role:
        """Who may do it."""
        return self.role or (Role.READER if self.method == "GET" else Role.ADMIN)

    @property
    def segments(self) -> tuple[str, ...]:
        """The names in the path: `/events/{id}` has `id`."""
        return tuple(re.findall(r"\{(\w+)", self.path))


class Feed(Struct, frozen=True):
    """A source of live updates: `take` is called while anybody listens, at most once a second, for all of them.

    It gives named texts; those that changed are sent, and replace the element whose `data-live` is the name. A feed
    `about` one thing, which a page names behind a colon ("event:019a7c"), is taken with it: `take(console, thing)`. For
    an unknown thing it gives nothing.
    """

    name: str
    take: Callable[..., Awaitable[Mapping[str, str]]]
    about: bool = False
