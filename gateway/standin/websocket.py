"""WebSockets of the stand-in: authentication, what clients say, pings, and events over the hub's connections."""

import asyncio
from time import monotonic as clock
from typing import Any

import msgspec
from aiohttp import WSMessage, WSMsgType, web
from msgspec import Struct

from gateway.standin import accounts
from gateway.standin.call import Guard
from gateway.standin.events import Connection
from gateway.standin.records import Token, User, now
from gateway.standin.refusal import VERSION, RefusedError, document, is_id
from gateway.standin.trouble import drop
from gateway.standin.world import World

AUTHENTICATION = 5.0
PING = 60.0
PONG = 100.0
"""Seconds: to authenticate in, between two pings of the server, and without a pong before it cuts the connection."""

_LONGEST = 8192
_CLOSING = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR})


class Said(Struct):
    """A message of a client."""

    seq: int = 0
    action: str = ""
    data: dict[str, Any] | None = None


class CutError(Exception):
    """The server ends the connection without a close frame."""


class Sockets:
    """Serves WebSockets. For `linger` seconds the connection of one that has ended is taken for open."""

    def __init__(self, world: World, guard: Guard) -> None:
        self._world = world
        self._guard = guard
        self._open: dict[int, web.Request] = {}
        self.linger = 0.0

    def cut(self) -> int:
        """Cut all sockets, and count them; the connections can be resumed."""
        for request in self._open.values():
            drop(request)
        return len(self._open)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve a socket until it ends."""
        instead = await self._guard(request)
        if instead is not None:
            return instead
        socket = web.WebSocketResponse(autoping=False, max_msg_size=_LONGEST, compress=False)
        own = f"{request.scheme}://{request.host}"
        foreign = request.headers.get("Origin", own) != own
        if foreign or not socket.can_prepare(request):
            error = RefusedError(403 if foreign else 400, "api.web_socket.connect.upgrade.app_error")
            return document(error, developer=self._world.settings.service.enable_developer)
        await socket.prepare(request)
        self._world.stats["sockets"] += 1
        self._open[id(request)] = request
        try:
            await _Served(self._world, request, socket, self.linger).run()
        except CutError:
            drop(request)
        finally:
            del self._open[id(request)]
        return socket


class _Served:
    """One socket. `connection` is there from its authentication on."""

    def __init__(self, world: World, request: web.Request, socket: web.WebSocketResponse, linger: float) -> None:
        self._world = world
        self._linger = linger
        self._request = request
        self._socket = socket
        self._connection: Connection | None = None
        self._writer: asyncio.Task[None] | None = None
        self._deadline = clock() + AUTHENTICATION

    async def run(self) -> None:
        pinger = asyncio.create_task(self._ping())
        try:
            self._greet()
            while True:
                try:
                    async with asyncio.timeout(self._deadline - clock()):
                        message = await self._socket.receive()
                except TimeoutError as error:
                    raise CutError from error
                if message.type in _CLOSING:
                    return
                await self._take(message)
        finally:
            pinger.cancel()
            if self._writer is not None:
                self._writer.cancel()
            self._leave()

    def _leave(self) -> None:
        connection, hub = self._connection, self._world.hub
        if connection is not None and self._linger > 0:
            asyncio.get_running_loop().call_later(self._linger, hub.leave, connection)
        elif connection is not None:
            hub.leave(connection)

    def _greet(self) -> None:
        """Begin with the credentials of the handshake; without valid ones a challenge may follow."""
        request, query = self._request, self._request.query
        try:
            known = accounts.caller(self._world, request.method, request.headers, request.cookies, query)
        except RefusedError:
            known = None
        if known is None:
            return
        connection_id, expected = query.get("connection_id", ""), query.get("sequence_number", "")
        if connection_id and not (is_id(connection_id) and expected.isascii() and expected.isdecimal()):
            raise CutError
        self._begin(*known, connection_id, int(expected[:18]) if connection_id else 0)

    def _begin(self, user: User, token: Token, connection_id: str = "", expected: int = 0) -> None:
        self._connection, again = self._world.hub.connect(user, token.token, connection_id, expected)
        self._deadline = clock() + PONG
        self._writer = asyncio.create_task(self._write(self._connection, again))

    async def _write(self, connection: Connection, again: list[bytes]) -> None:
        """Send what waits; a connection that lost its place is cut."""
        try:
            for raw in again:
                await self._socket.send_str(raw.decode())
            while not connection.full:
                raw_next = connection.take()
                if raw_next is None:
                    await connection.wake.wait()
                else:
                    await self._socket.send_str(raw_next.decode())
        except ConnectionError:
            return
        drop(self._request)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING)
            try:
                await self._socket.ping()
            except ConnectionError:
                return

    async def _take(self, message: WSMessage) -> None:
        """Take one frame; raises CutError for what is no message."""
        if message.type is WSMsgType.PING:
            await self._socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            if self._connection is not None:
                self._deadline = clock() + PONG
        elif message.type is WSMsgType.TEXT:
            try:
                said = msgspec.json.decode(message.data, type=Said)
            except (msgspec.DecodeError, RecursionError) as error:
                raise CutError from error
            self._answer(said)
        else:
            raise CutError

    def _answer(self, said: Said) -> None:
        """Answer a message, once there is somebody to answer."""
        connection = self._connection
        if connection is None:
            if said.action == "authentication_challenge" and said.seq > 0:
                self._challenge(said)
            return
        if not said.action:
            connection.put(_failure(said, 400, "api.web_socket_router.no_action.app_error"))
        elif said.seq <= 0:
            connection.put(_failure(said, 400, "api.web_socket_router.bad_seq.app_error"))
        elif said.action == "authentication_challenge":
            return
        elif not self._world.is_valid(connection.token):
            connection.put(_failure(said, 401, "api.web_socket_router.not_authenticated.app_error"))
        elif said.action == "ping":
            pong = {"node_id": "", "server_time": now(), "text": "pong", "version": VERSION}
            connection.put(_success(said) | {"data": pong})
        elif said.action == "user_typing":
            connection.put(self._typing(connection, said))
        else:
            connection.put(_failure(said, 500, "api.web_socket_router.bad_action.app_error"))

    def _challenge(self, said: Said) -> None:
        """Authenticate by a message; raises CutError for a token that does not count."""
        token = self._world.tokens.get(str((said.data or {}).get("token", "")))
        if token is None or not self._world.is_valid(token.token):
            raise CutError
        self._begin(self._world.users[token.user], token)
        if self._connection is not None:
            self._connection.put(_success(said))

    def _typing(self, connection: Connection, said: Said) -> dict[str, Any]:
        data = said.data or {}
        channel = self._world.channels.get(str(data.get("channel_id", "")))
        if channel is None or connection.user.id not in channel.members:
            return _failure(said, 400, "api.websocket_handler.invalid_param.app_error")
        self._world.hub.touch(connection.token)
        self._world.typing(connection.user, channel, str(data.get("parent_id", "")))
        return _success(said)


def _success(said: Said) -> dict[str, Any]:
    return {"status": "OK", "seq_reply": said.seq}


def _failure(said: Said, status: int, error_id: str) -> dict[str, Any]:
    """The reply of a failure; one without a number names none."""
    error = {
        "id": error_id,
        "message": f"The stand-in refuses: {error_id}.",
        "detailed_error": "",
        "status_code": status,
    }
    return {"status": "FAIL"} | ({"seq_reply": said.seq} if said.seq else {}) | {"error": error}
