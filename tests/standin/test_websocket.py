"""Sockets: those that a test cuts, and those that do not answer a ping."""

import asyncio

import aiohttp
import pytest

from gateway.standin import websocket
from tests.conftest import eventually


async def hello(client, token, query="", **more):
    """Open a socket; gives it and the id of its connection once it said hello."""
    headers = {"Authorization": f"Bearer {token}"}
    socket = await client.session.ws_connect(f"{client.url}/api/v4/websocket{query}", headers=headers, **more)
    return socket, (await socket.receive_json())["data"].get("connection_id")


async def test_cut_sockets_are_resumed_or_forgotten(standin, client):
    """As a test wants it."""
    token = standin.add_bot("gate")
    standin.join("gate", "town-square")
    socket, connection = await hello(client, token)
    assert standin.cut_sockets() == 1
    assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSED
    assert socket.close_code == 1006
    await eventually(lambda: standin.cut_sockets() == 0)
    standin.say("owner", "town-square", "missed")
    way_back = f"?connection_id={connection}&sequence_number=1"
    socket, resumed = await hello(client, token, way_back)
    assert resumed is None
    await socket.close()
    await eventually(lambda: standin.cut_sockets() == 0)
    standin.forget_sockets()
    _, resumed = await hello(client, token, way_back)
    assert resumed not in (None, connection)
    standin.crash()
    await eventually(lambda: standin.cut_sockets() == 0)
    assert not standin._world.hub.connections
    assert standin.stats["sockets"] == 3


async def test_who_comes_back_too_soon_begins_anew(standin, client):
    """The old connection is taken for open yet; it can be resumed when it is not."""
    token, standin.linger = standin.add_bot("gate"), 0.3
    socket, connection = await hello(client, token)
    await socket.close()
    way_back = f"?connection_id={connection}&sequence_number=1"
    socket, other = await hello(client, token, way_back)
    assert other not in (None, connection)
    await eventually(lambda: not standin._world.hub.connections[connection].active)
    standin.join("gate", "town-square")
    socket, resumed = await hello(client, token, way_back)
    assert (resumed, socket.closed) == (None, False)


async def test_pings_of_the_server_want_an_answer(standin, client, monkeypatch):
    """Who gives none is cut; nothing else that he says counts."""
    monkeypatch.setattr(websocket, "PING", 0.02)
    monkeypatch.setattr(websocket, "PONG", 0.3)
    token = standin.add_bot("gate")
    deaf, _ = await hello(client, token, autoping=False)
    alive, _ = await hello(client, token)
    listening = asyncio.ensure_future(alive.receive_json())
    await deaf.send_json({"action": "ping", "seq": 1})
    frames = [frame.type async for frame in deaf]
    assert aiohttp.WSMsgType.PING in frames
    assert deaf.close_code == 1006
    await alive.send_json({"action": "ping", "seq": 5})
    assert (await listening)["seq_reply"] == 5


async def test_trouble_reaches_sockets(standin, client):
    """A server that is down opens none."""
    standin.mode = "down"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await hello(client, standin.add_bot("gate"))
