"""One life of a WebSocket to Mattermost: from its handshake to its end, which is always told by an exception.

    dial(query, token) -> hello, or what was missed -> events and pongs, in order, without a gap -> Ended

Events are numbered by the server. Who comes back with a connection's id and the number that he expects next is told
what he missed, as long as the server remembers it; else a hello begins a new connection. A session that has expired
keeps its socket, and is told nothing: only the answer to a ping says so, and what was said meanwhile is in no number.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

import aiohttp
import msgspec
from aiohttp import ClientWebSocketResponse, WSMsgType
from msgspec import Struct
from yarl import URL

from gateway.errors import MattergateError
from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import HttpSession
from gateway.outbound.unanswered import unanswered

PING: Final = 15.0
PONG: Final = 10.0
"""Seconds from a pong to the next ping, and from a ping to its pong: without one the connection is dead."""

HEARD_LIMIT: Final = 16_000_000
"""Bytes of one message of the server: a post's props may be some MB, and the client's settings come unasked."""

SAID_LIMIT: Final = 8192
"""Bytes of one message to the server, which ends the connection of who says more."""

_CLOSING: Final = 2.0
_EXPIRED: Final = 401

Dial = Callable[[str, str], Awaitable[ClientWebSocketResponse]]
"""Opens a socket, with a query and a token. Raises Unsent."""


class Ended(MattergateError):  # noqa: N818 - states a condition
    """The connection has ended, for a reason in words; `resumable` says whether it makes sense to take it up again."""

    def __init__(self, reason: str, *, resumable: bool = True) -> None:
        super().__init__(reason)
        self.resumable = resumable


class Gap(Ended):
    """The number of an event is not the next one."""


class Expired(Ended):
    """The token counts no more: what was said since is in no number."""

    def __init__(self) -> None:
        super().__init__("401: the session has expired, or the token was revoked", resumable=False)


class Place(Struct):
    """Where a connection is taken up again: its id, the number of its next event, and the token that it belongs to."""

    id: str = ""
    next: int = 0
    token: str = ""


class Event(Struct, frozen=True):
    """An event of a name; `data` is JSON, not looked at yet."""

    name: str
    data: msgspec.Raw


class Listening(Protocol):
    """Who is told what a connection brings."""

    def on_event(self, event: Event) -> None:
        """Take the next event. What it raises ends the connection, and the event comes again."""

    def on_pong(self, ms: float, asked: float) -> None:
        """Take note that all events of before came, at this time of the server's clock in milliseconds.

        It was asked for at a time of the event loop's, in seconds.
        """


class _Problem(Struct):
    status_code: int = 0


class _Message(Struct):
    """A message of the server: an event, or the reply to the message of the number `seq_reply`."""

    event: str = ""
    seq: int = 0
    data: msgspec.Raw = msgspec.Raw(b"{}")
    seq_reply: int = 0
    status: str = ""
    error: _Problem | None = None


class _Hello(Struct):
    connection_id: str


class _Pong(Struct):
    server_time: float = 0.0


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode
_pong = msgspec.json.Decoder(_Pong).decode


def dialler(http: HttpSession, server: str, seconds: float = 10.0) -> Dial:
    """What opens sockets to a server, each within so many seconds."""
    url = URL(f"{server.rstrip('/')}/api/v4/websocket", encoded=True)

    async def dial(query: str, token: str) -> ClientWebSocketResponse:
        try:
            async with asyncio.timeout(seconds):
                return await http.client.ws_connect(
                    url.with_query(query),
                    headers={"Authorization": f"Bearer {token}"},
                    max_msg_size=HEARD_LIMIT,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise Ended(
                f"{error.status}: no WebSocket at /api/v4/websocket of the server: let its proxy pass `Upgrade`"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unsent(unanswered(error)) from None

    return dial


class Connection:
    """An open socket that was greeted. `place` moves on with every event; `is_new` says that nothing was taken up."""

    def __init__(self, socket: ClientWebSocketResponse, token: str) -> None:
        self.place = Place(token=token)
        self.is_new = True
        self._socket = socket
        self._clock = asyncio.get_running_loop().time
        self._first: _Message | None = None
        self._said = 0
        self._pinged = 0
        self._asked = 0.0
        self._due = 0.0

    @classmethod
    async def open(cls, dial: Dial, token: str, place: Place | None = None) -> "Connection":
        """Open a socket, and take up what is at a place, if any. Raises Ended and Unsent."""
        known = place is not None and place.id
        query = f"connection_id={place.id}&sequence_number={place.next}" if place and known else ""
        connection = cls(await dial(query, token), token)
        try:
            await connection._greet(place if known else None)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def listen(self, listening: Listening) -> None:
        """Tell what comes until the connection ends, which raises Ended, or what `listening` raises."""
        first, self._first = self._first, None
        if first is not None:
            self._take(first, listening)
        while True:
            self._take(await self._receive(), listening)

    async def say(self, action: str, data: Mapping[str, Any] | None = None) -> int:
        """Send a message, and return its number. Raises Ended."""
        self._said += 1
        body = _encode({"action": action, "seq": self._said, "data": data or {}})
        if len(body) > SAID_LIMIT:
            raise ValueError("longer than the server takes")
        try:
            await self._socket.send_str(body.decode())
        except (aiohttp.ClientError, OSError):
            raise Ended("the connection broke") from None
        return self._said

    async def close(self) -> None:
        """End the connection."""
        with suppress(aiohttp.ClientError, OSError):
            await self._socket.close()

    async def _greet(self, place: Place | None) -> None:
        """Ping at once: the answer comes after a hello, so the first message tells whether there is one."""
        await self._ping()
        message = await self._receive()
        if message.event == "hello":
            try:
                hello = msgspec.json.decode(message.data, type=_Hello)
            except msgspec.DecodeError:
                raise Ended("the hello is not Mattermost's", resumable=False) from None
            self.place = Place(hello.connection_id, message.seq + 1, self.place.token)
            return
        if message.error is not None and message.error.status_code == _EXPIRED:
            raise Expired
        if place is None:
            raise Ended("the server began without a hello", resumable=False)
        self.place, self.is_new, self._first = place, False, message

    async def _receive(self) -> _Message:
        """The next message; pings when it is time. Raises Ended, also when a ping is not answered in time."""
        while True:
            left = self._due - self._clock()
            if left <= 0:
                if self._pinged:
                    raise Ended(f"no answer to a ping within {PONG:g} s")
                await self._ping()
                continue
            try:
                frame = await self._socket.receive(left)
            except TimeoutError:
                continue
            if frame.type is WSMsgType.TEXT:
                return self._read(frame.data)
            if frame.type is WSMsgType.ERROR and self._socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                raise Ended(f"an event has more than {HEARD_LIMIT:,} bytes", resumable=False)
            if frame.type is not WSMsgType.BINARY:
                code = self._socket.close_code
                raise Ended(f"the connection broke ({code})" if code else "the connection broke")

    def _read(self, text: str) -> _Message:
        try:
            return _decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Ended("a message is not Mattermost's") from None

    def _take(self, message: _Message, listening: Listening) -> None:
        if not message.event:
            self._take_reply(message, listening)
        elif message.event == "hello" or message.seq > self.place.next:
            raise Gap(f"event {message.seq} came after {self.place.next - 1}")
        elif message.seq == self.place.next:  # one before was told again
            listening.on_event(Event(message.event, message.data))
            self.place.next += 1

    def _take_reply(self, message: _Message, listening: Listening) -> None:
        if message.error is not None and message.error.status_code == _EXPIRED:
            raise Expired
        if message.seq_reply != self._pinged or not self._pinged:
            return
        self._pinged, self._due = 0, self._clock() + PING
        with suppress(msgspec.DecodeError):
            listening.on_pong(_pong(message.data).server_time, self._asked)

    async def _ping(self) -> None:
        self._asked = self._clock()
        self._due = self._asked + PONG
        self._pinged = await self.say("ping")
