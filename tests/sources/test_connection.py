"""One life of a connection, against a server that says exactly what a test wants."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import open_session
from gateway.sources import connection as module
from gateway.sources.connection import Connection, Ended, Expired, Gap, Place, dialler

HELLO = {"event": "hello", "seq": 0, "data": {"connection_id": "new"}}
PONG = {"status": "OK", "seq_reply": 1, "data": {"server_time": 5000, "text": "pong"}}
FAIL = {"status": "FAIL", "seq_reply": 1, "error": {"id": "x", "status_code": 401}}


def event(seq, name="posted"):
    """An event of a number."""
    return {"event": name, "seq": seq, "data": {"number": seq}}


class Told:
    """What a connection told."""

    def __init__(self):
        self.all = []

    def on_event(self, event):
        """Note an event."""
        self.all.append((event.name, json.loads(bytes(event.data))["number"]))

    def on_pong(self, ms, asked):
        """Note a time."""
        assert asked
        self.all.append(ms)


@asynccontextmanager
async def served(*messages, then="hold", said=None):
    """Give what opens sockets to a server that says all this; its first message waits for a ping."""
    asked = []

    async def serve(request):
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        asked.append((request.query_string, request.headers["Authorization"]))
        first = await socket.receive_json()
        assert (first["action"], first["seq"]) == ("ping", 1)
        for message in messages:
            await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(
                message if isinstance(message, str) else json.dumps(message)
            ))  # fmt: skip
        if then == "hold":
            async for frame in socket:
                if said is not None and frame.type is WSMsgType.TEXT:
                    said.append(json.loads(frame.data))
        return socket

    app = web.Application()
    app.router.add_get("/api/v4/websocket", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with open_session() as http:
        dial = dialler(http, f"http://127.0.0.1:{runner.addresses[0][1]}/")
        dial.asked = asked
        yield dial
    await runner.cleanup()


async def listened(dial, place=None):
    """What a connection told until it ended, and how."""
    told = Told()
    connection = await Connection.open(dial, "token", place)
    try:
        await connection.listen(told)
    except Ended as ended:
        return told.all, ended, connection
    finally:
        await connection.close()


async def test_a_connection_begins_with_a_hello():
    """It has the token in its header; events of every kind count, and pongs tell the time."""
    async with served(HELLO, event(1), event(2, "config_changed"), PONG, event(3), then="end") as dial:
        told, ended, connection = await listened(dial)
        assert dial.asked == [("", "Bearer token")]
    assert told == [("posted", 1), ("config_changed", 2), 5000.0, ("posted", 3)]
    assert (connection.place, connection.is_new, ended.resumable) == (Place("new", 4, "token"), True, True)


async def test_a_connection_is_taken_up_without_one():
    """What was missed follows, and what is told again is passed over; a pong alone says the same."""
    place = Place("old", 7, "token")
    async with served(event(6), event(7), PONG, event(8), then="end") as dial:
        told, _, connection = await listened(dial, place)
        assert dial.asked[0][0] == "connection_id=old&sequence_number=7"
    assert told == [("posted", 7), 5000.0, ("posted", 8)]
    assert (connection.is_new, connection.place, place.next) == (False, place, 9)
    async with served(PONG, then="end") as dial:
        assert (await listened(dial, Place("old", 9, "token")))[0] == [5000.0]


async def test_a_hello_all_the_same_is_told():
    """The place is not lost by it: who wants tries once more."""
    place = Place("old", 7, "token")
    async with served(HELLO, PONG) as dial:
        connection = await Connection.open(dial, "token", place)
        assert (connection.is_new, connection.place.id, place.next) == (True, "new", 7)
        await connection.close()


@pytest.mark.parametrize(
    ("messages", "kind", "resumable", "text"),
    [
        ([HELLO, PONG, event(1), event(3)], Gap, True, "event 3 came after 1"),
        ([HELLO, PONG, event(1), HELLO], Gap, True, "event 0 came after 1"),
        ([HELLO, FAIL], Expired, False, "401"),
        ([FAIL], Expired, False, "401"),
        ([event(1)], Ended, False, "without a hello"),
        ([HELLO | {"data": {}}], Ended, False, "hello is not"),
        ([HELLO, PONG, "no JSON"], Ended, True, "not Mattermost's"),
        ([HELLO, PONG, "[" * 5000], Ended, True, "not Mattermost's"),
        ([HELLO, PONG, json.dumps(event(1) | {"data": {"x": "y" * 200_000}})], Ended, False, "more than 100,000 bytes"),
    ],
)
async def test_how_a_connection_ends(monkeypatch, messages, kind, resumable, text):
    """Each end has its reason, and says whether it makes sense to go on there."""
    monkeypatch.setattr(module, "HEARD_LIMIT", 100_000)
    async with served(*messages) as dial:
        try:
            ended = (await listened(dial))[1]
        except Ended as error:  # before it was listened to
            ended = error
    assert (type(ended), ended.resumable) == (kind, resumable)
    assert text in str(ended)


async def test_silence_is_an_end(monkeypatch):
    """A ping that nobody answers, at the beginning as later; one that is answered is followed by the next."""
    monkeypatch.setattr(module, "PONG", 0.1)
    monkeypatch.setattr(module, "PING", 0.05)
    said = []
    async with served(HELLO, PONG, b"binary", said=said) as dial:
        told, ended, _ = await listened(dial)
    assert (told, str(ended), ended.resumable) == ([5000.0], "no answer to a ping within 0.1 s", True)
    assert said == [{"action": "ping", "seq": 2, "data": {}}]
    async with served() as dial:
        with pytest.raises(Ended, match="no answer to a ping"):
            await Connection.open(dial, "token")


async def test_other_replies_are_passed_over():
    """As those to typing; one that came without a number, too."""
    refused = {"status": "FAIL", "seq_reply": 2, "error": {"id": "x", "status_code": 400}}
    async with served(HELLO, refused, {"status": "FAIL"}, PONG, PONG, then="end") as dial:
        told, _, _ = await listened(dial)
    assert told == [5000.0]


async def test_what_is_said_is_short():
    """The server ends the connection of who says more; numbers grow; a broken connection is an end."""
    said = []
    async with served(HELLO, said=said) as dial:
        connection = await Connection.open(dial, "token")
        assert await connection.say("user_typing", {"channel_id": "c"}) == 2
        with pytest.raises(ValueError, match="longer"):
            await connection.say("user_typing", {"channel_id": "c" * 9000})
        async with asyncio.timeout(10):
            while not said:
                await asyncio.sleep(0.01)
        await connection.close()
        with pytest.raises(Ended):
            await connection.say("ping")
    assert said == [{"action": "user_typing", "seq": 2, "data": {"channel_id": "c"}}]


async def test_no_socket_at_all():
    """A proxy that passes none is told with the remedy; a server that is away as everywhere."""
    async with open_session() as http:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        with pytest.raises(Ended, match="404: no WebSocket at /api/v4/websocket of the server: let its proxy pass"):
            await dialler(http, url)("", "token")
        await runner.cleanup()
        with pytest.raises(Unsent, match="cannot connect"):
            await dialler(http, url)("", "token")
