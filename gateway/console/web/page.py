"""Pages: the request for one, its content, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct
from multidict import MultiDict, MultiMapping

from gateway.console.port import Gateway
from gateway.console.web.auth import Role, Visitor
from gateway.console.web.operations import Console
from gateway.console.web.params import read_pairs

CSRF_FIELD = "csrf"
"""The form field that proves that a change comes from our own page; scripts send the header instead."""

CSRF_HEADER = "X-CSRF-Token"

T = TypeVar("T", bound=Struct)


class Visit(Struct, frozen=True):
    """One request for a page: `path` has the named segments, `form` is empty unless a form was sent."""

    console: Console
    visitor: Visitor
    request: web.Request
    form: MultiMapping[Any] = MultiDict()

    @property
    def gateway(self) -> Gateway:
        """The gateway that is asked about."""
        return self.console.gateway

    @property
    def path(self) -> Mapping[str, str]:
        """The named segments of the path."""
        return self.request.match_info

    def query(self, table: type[T]) -> T:
        """The query string as a Struct. Raises Refused (400)."""
        return read_pairs(self.request.query, table)

    def fields(self, table: type[T]) -> T:
        """The fields of the form as a Struct. Raises Refused (400)."""
        return read_pairs(MultiDict((name, text) for name, text in self.form.items() if name != CSRF_FIELD), table)


def chosen_by(wanted: Struct) -> dict[str, Any]:
    """What a query asks for, as parameters of a URL; but for `before`, the place in the list."""
    return {name: value for name, value in msgspec.to_builtins(wanted).items() if value and name != "before"}


class Shown(Struct, frozen=True):
    """A page: the template `templates/NAME`, and the facts that it sees by name."""

    template: str
    facts: Mapping[str, Any] = {}
    status: int = 200


class Back(Struct, frozen=True):
    """Go on to another page of ours, which says `notice` at its top; `bad` when it says what could not be done."""

    url: str
    notice: str = ""
    bad: bool = False


class Page(Struct, frozen=True):
    """One page or one action of a page: `act` answers `method` at `path`.

    A GET is open to every role and an action to administrators, unless `role` says otherwise. The form of an action
    holds the CSRF token (`macros.csrf`); that is checked before `act` is called. What it raises as `errors.Refused` is
    shown as a page with that status. A `web.Response` is sent as it is: a download.
    """

    method: str
    path: str
    act: Callable[[Visit], Awaitable[Shown | Back | web.StreamResponse]]
    role: Role | None = None

    @property
    def needed(self) -> Role:
        """Who may ask for it."""
        return self.role or (Role.READER if self.method == "GET" else Role.ADMIN)
