"""The events of the stand-in: who gets which, over connections that outlive their sockets for a while.

A connection numbers what it sends, keeps the last 128 of it, and lets 256 more wait while no socket takes them. So a
client that comes back with the connection's id and the number that it expects misses nothing; if too much waited, or
the connection was reaped, it begins anew.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic as clock
from typing import Any

import msgspec

from gateway.standin.records import Channel, User
from gateway.standin.refusal import VERSION, new_id

SENT = 128
WAITING = 256
STALE = 300.0
"""Seconds after the last activity when a closed connection is stale, and between two looks for stale ones."""

Valid = Callable[[str], bool]


class Connection:
    """What a client is sent. `activity` is when its user last did something, not when he was told something."""

    def __init__(self, user: User, token: str) -> None:
        self.id = new_id()
        self.user = user
        self.token = token
        self.active = True
        self.full = False
        self.wake = asyncio.Event()
        self.activity = self.closed = clock()
        self._waiting: deque[dict[str, Any]] = deque()
        self._sent: deque[tuple[int, bytes]] = deque(maxlen=SENT)
        self._sequence = 0

    def put(self, message: dict[str, Any]) -> None:
        """Let an event or a reply wait; when there is no room, the connection is lost."""
        self.full = self.full or len(self._waiting) >= WAITING
        if not self.full:
            self._waiting.append(message)
        self.wake.set()

    def take(self) -> bytes | None:
        """The next message as it is sent, if any; an event gets its number and is kept."""
        if not self._waiting:
            self.wake.clear()
            return None
        message = self._waiting.popleft()
        if "event" not in message:
            return msgspec.json.encode(message)
        raw = msgspec.json.encode(message | {"seq": self._sequence})
        self._sent.append((self._sequence, raw))
        self._sequence += 1
        return raw

    def resume(self, expected: int) -> list[bytes] | None:
        """Take up again at the number that a client expects; None when something before it is lost.

        Gives what was sent already from there on. A lost connection has another id, and says hello again.
        """
        if expected == 0 or not self._sent:
            self._sequence = expected
            return []
        last = self._sent[-1][0]
        if self._sent[0][0] <= expected <= last + 1:
            return [raw for number, raw in self._sent if number >= expected]
        self._sent.clear()
        self.id, self._sequence = new_id(), 0
        self._waiting.appendleft(hello(self))
        return None


def hello(connection: Connection) -> dict[str, Any]:
    """The first event of a connection."""
    data = {
        "connection_id": connection.id,
        "server_hostname": "stand-in",
        "server_version": f"{VERSION}.{VERSION}.stand-in.false",
    }
    return event("hello", data, user=connection.user.id)


def event(name: str, data: Mapping[str, Any], *, user: str = "", channel: str = "", omit: str = "") -> dict[str, Any]:
    """An event without its number, for a user, or for a channel without one user."""
    broadcast = {
        "omit_users": {omit: True} if omit else None,
        "user_id": user,
        "channel_id": channel,
        "team_id": "",
        "connection_id": "",
        "omit_connection_id": "",
    }
    return {"event": name, "data": data, "broadcast": broadcast}


class Hub:
    """All connections, by their ids. `valid` tells whether a token counts: else its connections are told nothing."""

    def __init__(self, valid: Valid) -> None:
        self.valid = valid
        self.connections: dict[str, Connection] = {}
        self._start = clock()

    def connect(
        self, user: User, token: str, connection_id: str = "", expected: int = 0
    ) -> tuple[Connection, list[bytes]]:
        """Give the connection for a new socket, and what is sent again at once.

        It is the old one of an id that is known, closed and of this user; else a new one, which says hello.
        """
        old = self.connections.get(connection_id)
        if old is None or old.active or old.user is not user or self._is_reaped(old):
            made = Connection(user, token)
            made.put(hello(made))
            self.connections[made.id] = made
            return made, []
        del self.connections[old.id]
        replayed = old.resume(expected)
        self.connections[old.id] = old
        old.active, old.token, old.activity = True, token, clock()
        old.wake.set()
        return old, replayed or []

    def leave(self, connection: Connection) -> None:
        """Note that the socket of a connection is gone; one that is full is gone with it."""
        connection.active, connection.closed = False, clock()
        if connection.full:
            self.connections.pop(connection.id, None)

    def forget(self) -> None:
        """Forget all connections, as a restart of the server does."""
        self.connections.clear()

    def reap(self) -> None:
        """Forget closed connections, however fresh."""
        for connection in [one for one in self.connections.values() if not one.active]:
            del self.connections[connection.id]

    def _is_reaped(self, connection: Connection) -> bool:
        """Whether a look for stale connections fell upon this one since it was closed."""
        since = max(connection.closed, connection.activity + STALE) - self._start
        first = (since // STALE + 1) * STALE
        return self._start + first <= clock()

    def touch(self, token: str) -> None:
        """Note that the holder of a token did something."""
        for connection in self.connections.values():
            if connection.active and connection.token == token:
                connection.activity = clock()

    def tell_user(self, user: User, name: str, data: Mapping[str, Any], channel: str = "") -> None:
        """Tell all connections of a user."""
        self._tell(event(name, data, user=user.id, channel=channel), lambda one: one is user, lambda _: {})

    def tell_channel(
        self,
        channel: Channel,
        name: str,
        data: Mapping[str, Any],
        *,
        omit: User | None = None,
        own: Callable[[User], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        """Tell the members of a channel but one; `own` is what is told to one of them alone."""
        told = event(name, data, channel=channel.id, omit=omit.id if omit else "")
        self._tell(told, lambda user: user.id in channel.members and user is not omit, own)

    def _tell(
        self, told: dict[str, Any], wanted: Callable[[User], bool], own: Callable[[User], Mapping[str, Any]]
    ) -> None:
        for connection in list(self.connections.values()):
            if not wanted(connection.user) or not self.valid(connection.token):
                continue
            if not connection.active and self._is_reaped(connection):
                del self.connections[connection.id]
                continue
            more = own(connection.user)
            connection.put(told | {"data": {**told["data"], **more}} if more else told)
            if connection.full and not connection.active:
                del self.connections[connection.id]
