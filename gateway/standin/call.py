"""One call of the stand-in's REST API: request and reply of a handler, and the way from HTTP and back."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from gateway.standin import accounts
from gateway.standin.body import TOO_LARGE, read_body
from gateway.standin.records import Channel, Team, User
from gateway.standin.refusal import RefusedError, answer_headers, bad_address, bad_body, document, is_id, permissions
from gateway.standin.trouble import drop
from gateway.standin.world import ADMIN, World


class CutError(Exception):
    """A real server's handler breaks here: the caller's connection ends without an answer."""


T = TypeVar("T")
SLACK = 512
"""Bytes that a body may have beyond the setting."""


class Call(Struct):
    """A request: who calls (None for nobody), the parts of the path, query, body, content type.

    `site` is the address of the server as the caller knows it.
    """

    world: World
    user: User | None
    token: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    content_type: str
    site: str

    @property
    def caller(self) -> User:
        """Who calls; raises RefusedError for nobody."""
        if self.user is None:
            raise accounts.expired()
        return self.user

    def json(self, kind: type[T], name: str) -> T:
        """The body as a value of a type; raises RefusedError that names what was expected."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise bad_body(name) from error

    def id(self, name: str) -> str:
        """An id in the path; raises RefusedError for what is none."""
        if not is_id(self.path[name]):
            raise bad_address(name)
        return self.path[name]

    def team(self) -> Team:
        """The team in the path; raises RefusedError."""
        return self.world.team(self.id("team"))

    def channel(self) -> Channel:
        """The channel in the path; raises RefusedError."""
        return self.world.channel(self.id("channel"))

    def target(self) -> User:
        """The user in the path; raises RefusedError."""
        return self.caller if self.path["user"] == "me" else self.world.user(self.id("user"))

    def check_admin(self) -> None:
        """Raise RefusedError for who is no administrator."""
        if not self.caller.has(ADMIN):
            raise permissions("manage_system")


class Reply(Struct):
    """The reply of a handler: a value that becomes JSON, its status, and headers."""

    value: Any
    status: int = 200
    headers: dict[str, str] = {}


OK = {"status": "OK"}
Handler = Callable[[Call], Reply | Awaitable[Reply]]
"""What answers a call, at once or when an integration has answered."""


Guard = Callable[[web.Request], Awaitable[web.Response | None]]
"""The failure that a request meets instead of its handler, if any."""


def served(world: World, handler: Handler, guard: Guard) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of aiohttp's kind: reads, asks who calls, answers; a refusal becomes its document."""

    async def handle(request: web.Request) -> web.StreamResponse:
        settings = world.settings
        files = request.path == "/api/v4/files"
        limit = (settings.file.max_file_size if files else settings.service.maximum_payload_size_bytes) + SLACK
        body = await read_body(request.content, limit)
        if (instead := await guard(request)) is not None:
            return instead
        try:
            reply = handler(_call(world, request, body, limit))
            if isawaitable(reply):
                reply = await reply
        except RefusedError as error:
            world.stats["refused"] += 1
            return document(error, developer=settings.service.enable_developer)
        except CutError:
            world.stats["crashes"] += 1
            return drop(request)
        headers = answer_headers() | {"Content-Type": "application/json"} | reply.headers
        return web.Response(status=reply.status, body=msgspec.json.encode(reply.value), headers=headers)

    return handle


def _call(world: World, request: web.Request, body: bytes, limit: int) -> Call:
    """What the handler gets; raises RefusedError."""
    opens = request.path in OPEN
    try:
        known = accounts.caller(world, request.method, request.headers, request.cookies, request.query)
    except RefusedError:
        if not opens:
            raise
        known = None
    if known is None and not opens:
        raise accounts.expired()
    if len(body) > limit:
        raise TOO_LARGE
    user, token = (known[0], known[1].token) if known else (None, "")
    declared = request.headers.get(hdrs.CONTENT_TYPE, "")
    return Call(
        world, user, token, request.match_info, request.query, body, declared, f"{request.scheme}://{request.host}"
    )


OPEN = frozenset(
    f"/api/v4/{path}"
    for path in (
        "users",
        "users/login",
        "users/logout",
        "config/client",
        "license/client",
        "actions/dialogs/open",
    )
)
"""The paths that need no token."""
