"""A client of WebSockets: it hears what a server tells, without the events that tests do not ask about."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import WSMsgType

EVENTS = frozenset({"hello", "posted", "post_edited", "post_deleted", "ephemeral_message", "open_dialog", "typing"})
"""The events that tests ask about: a server has many others, which come unasked."""


class Ear:
    """One socket. `connection` and `expected` are what it takes to resume it: its id and the next number.

    `hears` are the names of the events that are not passed over.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, connection: str = "", expected: int = 0) -> None:
        self.socket = socket
        self.connection = connection
        self.expected = expected
        self.hears = EVENTS

    async def message(self, seconds: float = 10.0) -> dict[str, Any] | None:
        """The next reply, or event that tests ask about; None when the socket has ended."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.socket.receive()
                if frame.type is not WSMsgType.TEXT:
                    return None
                found: dict[str, Any] = json.loads(frame.data)
                if "event" not in found:
                    return found
                self.expected = found["seq"] + 1
                if found["event"] == "hello":
                    self.connection = found["data"]["connection_id"]
                if found["event"] in self.hears and not is_notice(found):
                    return found

    async def event(self, name: str) -> dict[str, Any]:
        """The next event of a name, which is the next of all that tests ask about."""
        found = await self.message()
        assert found is not None
        assert found.get("event") == name, found
        return found

    async def post(self, name: str = "posted") -> dict[str, Any]:
        """The post of the next event, of which it is a JSON text."""
        found: dict[str, Any] = json.loads((await self.event(name))["data"]["post"])
        return found

    async def ask(self, action: str, seq: int = 1, **data: Any) -> dict[str, Any]:
        """Say something, and give the reply."""
        await self.say({"action": action, "seq": seq, "data": data})
        found = await self.message()
        assert found is not None
        return found

    async def say(self, message: Any) -> None:
        """Send text as it is, all else as JSON."""
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def ended(self) -> int | None:
        """The close code, once the socket has ended; what comes before is not heard."""
        while await self.message() is not None:
            pass
        return self.socket.close_code


def is_notice(event: dict[str, Any]) -> bool:
    """Whether an event is of a post of the server's own, as that somebody has joined."""
    kind = json.loads(event["data"]["post"])["type"] if "post" in event["data"] else ""
    return kind.startswith("system_") and kind != "system_ephemeral"


@asynccontextmanager
async def listening(server: Any, token: str = "", query: str = "", origin: str | None = None) -> AsyncIterator[Ear]:
    """Open a socket until the context ends; with a token in its headers unless it is empty."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{server.url}/api/v4/websocket{query}"
    async with server.session.ws_connect(url, headers=headers, origin=origin, max_msg_size=0) as socket:
        yield Ear(socket)
