"""A small Mattermost that speaks as much of the REST interface as a sender needs, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import count
from time import time
from typing import NamedTuple

import pytest
from aiohttp import web

from gateway.mattermost.acts_shown import DoneAct
from gateway.mattermost.channel import Channels
from gateway.mattermost.editing import Editing
from gateway.mattermost.history import History
from gateway.mattermost.payload import Message, encode
from gateway.mattermost.repeats import Repeats
from gateway.mattermost.rest import Concessions, RestSender
from gateway.mattermost.session import Account, LoginAccount, Session, TokenAccount
from gateway.model import Card, Delivery
from gateway.outbound.sessions import HttpSession, open_session
from gateway.secret import Secret
from tests.conftest import PATIENCE

TOKEN = "t0kent0kent0kent0kent0kent"
PASSWORD = "c0rrect-h0rse"
SESSION_GONE = "api.context.session_expired.app_error"
WRONG = "api.user.login.invalid_credentials_email_username"
FORBIDDEN = "api.context.permissions.app_error"
NO_CHANNEL = "app.channel.get_by_name.missing.app_error"
ROOT = "api.post.create_post.root_id.app_error"
ARCHIVED = "api.post.create_post.can_not_post_to_deleted.error"


def problem(status: int, name: str) -> web.Response:
    """An error document; its message holds what must not be repeated."""
    document = {"id": name, "message": f"{TOKEN} {PASSWORD}", "detailed_error": "", "status_code": status}
    return web.json_response(document, status=status)


def ident(name: str) -> str:
    """A well-formed id that begins with a name."""
    return name.ljust(26, "0")


class Board:
    """What the server holds, what it was asked, and what it is told to answer instead.

    `asked` is (method, path below /api/v4, body); `answers` maps (method, path) to responses that are given first, in
    turn. Each answer takes `delay` seconds. `closed` are channels that the account may not post in, `archived` those
    that nobody may.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str, object]] = []
        self.answers: dict[tuple[str, str], list[Callable[[], web.StreamResponse]]] = {}
        self.tokens = {TOKEN}
        self.passwords = {"gate": PASSWORD}
        self.logins = 0
        self.channels = {"alerts": ident("alerts"), "other": ident("other")}
        self.delay = 0.0
        self.archived: set[str] = set()
        self.closed: set[str] = set()
        self.posts: dict[str, dict] = {}
        self.pending: dict[str, dict] = {}
        self.settings = {"Version": "11.2.0", "MaxPostSize": "16383"}
        self._numbers = count(1)

    def next_answer(self, method: str, path: str, *answers: Callable[[], web.StreamResponse]) -> None:
        """Give these answers to the next requests of that kind."""
        self.answers.setdefault((method, path), []).extend(answers)

    def paths(self) -> list[str]:
        """What was asked, without bodies."""
        return [f"{method} {path}" for method, path, _ in self.asked]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        await asyncio.sleep(self.delay)
        path = request.path.removeprefix("/api/v4")
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, path, body))
        if waiting := self.answers.get((request.method, path)):
            return waiting.pop(0)()
        if path == "/users/login":
            return self._login(body)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return problem(401, SESSION_GONE)
        return self._authentic(request.method, path, body)

    def _login(self, body: dict) -> web.Response:
        self.logins += 1
        if self.passwords.get(body["login_id"]) != body["password"]:
            return problem(401, WRONG)
        token = ident(f"session{self.logins}")
        self.tokens = {TOKEN, token}
        return web.json_response({"id": ident("gate")}, headers={"Token": token})

    def _authentic(self, method: str, path: str, body: dict) -> web.Response:
        match method, path.split("/")[1:]:
            case "POST", ["channels", "direct"]:
                return web.json_response({"id": ident("direct")}, status=201)
            case "POST", ["posts"]:
                return self._post(body)
            case "PUT", ["posts", post, "patch"]:
                return self._patch(post, body)
            case "GET", parts:
                return self._get(parts)
        return problem(404, "api.context.404.app_error")

    def _get(self, parts: list[str]) -> web.Response:
        match parts:
            case ["users", "me"]:
                return web.json_response({"id": ident("me"), "username": "gatebot", "is_bot": True, "email": "x"})
            case ["users", "username", name]:
                return web.json_response({"id": ident(name)}) if name == "ada" else problem(404, "app.user.missing")
            case ["config", "client"]:
                return web.json_response(self.settings)
            case ["teams", "name", "acme", "channels", "name", name]:
                return self._channel(self.channels.get(name.lower(), ""))
            case ["teams", *_]:
                return problem(404, "app.team.get_by_name.missing.app_error")
            case ["channels", channel]:
                return self._channel(channel)
            case ["posts", post]:
                found = self.posts.get(post)
                return web.json_response(found) if found else problem(404, "app.post.get.app_error")
            case ["channels", channel, "posts"]:
                return self._listed(channel)
            case ["channels", channel, "members", "me"]:
                return problem(404, "app.member") if channel in self.closed else web.json_response({})
        return problem(404, "api.context.404.app_error")

    def _channel(self, channel: str) -> web.Response:
        if channel not in self.channels.values():
            return problem(404, NO_CHANNEL)
        return web.json_response({"id": channel, "delete_at": int(channel in self.archived)})

    def _listed(self, channel: str) -> web.Response:
        if channel in self.closed:
            return problem(403, FORBIDDEN)
        found = {key: post for key, post in self.posts.items() if post["channel_id"] == channel}
        return web.json_response({"order": list(reversed(found)), "posts": found})

    def _post(self, body: dict) -> web.Response:
        if body.get("pending_post_id") in self.pending:
            return web.json_response(self.pending[body["pending_post_id"]], status=201)
        channel, root = body["channel_id"], body.get("root_id", "")
        if channel in self.closed or channel not in {*self.channels.values(), ident("direct")}:
            return problem(403, FORBIDDEN)
        if channel in self.archived:
            return problem(400, ARCHIVED)
        if root and (root not in self.posts or self.posts[root]["channel_id"] != channel):
            return problem(400, ROOT)
        post = {
            "id": ident(f"post{next(self._numbers)}n"),
            "user_id": ident("me"),
            "root_id": "",
            "create_at": 1,
            **body,
        }
        self.posts[post["id"]] = post
        if "pending_post_id" in body:
            self.pending[body["pending_post_id"]] = post
        return web.json_response(post, status=201)

    def _patch(self, post: str, body: dict) -> web.Response:
        if post not in self.posts:
            return problem(403, FORBIDDEN)
        self.posts[post].update(body)
        return web.json_response(self.posts[post])


class Done(NamedTuple):
    """An act at a post."""

    at: float
    action: str
    done: str
    user_name: str
    unknown: bool = False


class Remembered:
    """A post that shows a subject."""

    def __init__(self, post_id: str, closed: bool | None = None, newer: bool = False) -> None:
        self.post_id = post_id
        self.closed = closed
        self.newer = newer
        self.acts: list[DoneAct] = []


class Desk:
    """Makes senders to the board; `cards` is what the journal would remember, `now` what their clocks say."""

    def __init__(self, board: Board, http: HttpSession) -> None:
        self.board = board
        self.http = http
        self.cards: dict[str, Remembered] = {}
        self.now = 0.0
        self._seqs = count(1)

    def token(self, text: str = TOKEN) -> TokenAccount:
        """An account with a token."""
        return TokenAccount(Secret(text))

    def login(self, password: str = PASSWORD) -> LoginAccount:
        """An account with a password."""
        return LoginAccount(self.board.url, "gate", Secret(password), self.http, PATIENCE, lambda: self.now)

    def session(self, account: Account | None = None, timeout: float = PATIENCE) -> Session:
        """A session at the board."""
        return Session(self.board.url, account or self.token(), self.http, timeout)

    def sender(
        self, account: Account | None = None, channel: str = "alerts", team: str = "acme", timeout: float = PATIENCE
    ) -> RestSender:
        """A sender to a channel of the board."""
        session = self.session(account, timeout)
        concessions = Concessions("ops", lambda: self.now)
        repeats = Repeats(History(session, "ops"), "ops")
        editing = Editing(session, "ops", lambda: self.now)
        return RestSender(session, Channels(session, team, channel), self._card, concessions, repeats, editing)

    def delivery(self, message: Message | str, card: Card | None = None) -> Delivery:
        """A delivery of a message, or of one with that text."""
        seq = next(self._seqs)
        payload = encode(Message(text=message) if isinstance(message, str) else message)
        return Delivery(seq, f"event{seq}", time(), "ops", "lane", payload, card=card)

    async def _card(self, subject: str, seq: int) -> Remembered | None:
        return self.cards.get(subject)


@pytest.fixture
async def board(aiohttp_server) -> Board:
    """A running server."""
    made = Board()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    made.url = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    return made


@pytest.fixture
async def desk(board: Board) -> AsyncIterator[Desk]:
    """What makes senders to the board."""
    async with AsyncExitStack() as stack:
        yield Desk(board, await stack.enter_async_context(open_session()))
