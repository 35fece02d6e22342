"""`mattergate status`: how the running gateway is doing."""

import asyncio
import json

import pytest
from aiohttp import web

from tests.conftest import eventually

TOKENS = '[admin]\ntoken = "an-admin-token-of-the-tests"\nread_token = "a-read-token-of-the-tests"\n'


@pytest.mark.parametrize("tables", ["", TOKENS])
async def test_destinations_and_routes_are_shown(running, desk, tables):
    """Tables for people; the token of the settings opens a guarded console."""
    gateway = await running(tables)
    assert (await gateway.post("/in/any", {"title": "x"}))[0] == 202
    await eventually(lambda: len(gateway.standin.posts) == 1, 60)
    said = await asyncio.to_thread(desk.run, "status")
    assert said.code == 0, said.text
    rows = [line.split() for line in said.out.splitlines()]
    assert ["ops", "healthy", "0"] in [row[:3] for row in rows]
    assert ["any", "generic", "1", "0", "0", "0", "0"] in [row[:7] for row in rows]
    assert "0 deliveries waiting" in said.out


async def test_status_for_programs(running, desk):
    """`json` is one object with the API's names, `jsonl` a line for each destination and route."""
    await running()
    whole = await asyncio.to_thread(desk.run, "status", "-o", "json")
    assert {"totals", "kept", "routes", "destinations", "trouble"} <= set(json.loads(whole.out))
    lines = (await asyncio.to_thread(desk.run, "status", "-o", "jsonl")).lines
    assert [(line["kind"], line["name"]) for line in lines] == [("destination", "ops"), ("route", "any")]


async def test_a_token_that_is_not_its_is_told(running, desk):
    """The error shows neither token."""
    await running(TOKENS, told='[admin]\ntoken = "another-token-of-the-tests"\n')
    said = await asyncio.to_thread(desk.run, "status")
    assert said.code == 1
    assert "does not take the token of these settings" in said.err
    assert "another-token" not in said.text


def test_no_gateway_is_a_clear_line(desk):
    """The error names the address, and what to do; the exit code is 1."""
    said = desk.run("status")
    assert (said.code, said.out) == (1, "")
    assert "no gateway answers at http://127.0.0.1:1 (connection refused): start it" in said.err
    desk.write("mattergate.toml", desk.file.read_text().replace("127.0.0.1:1", "127.0.0.1:0"))
    assert "[server] admin has port 0" in desk.run("status").err


async def _serve(answer: web.Response):
    """Something else that answers; its port, and what ends it."""

    async def handle(_: web.Request) -> web.Response:
        return answer

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner.addresses[0][1], runner.cleanup


BROKEN = {
    "at": 0.0, "version": "9", "trouble": "the disk is full", "routes": [], "counted_from": 0.0, "started": 0.0,
    "totals": {
        "received_rate": 0.0, "delivered_rate": 0.0, "received": 0, "delivered": 0, "waiting": 1, "oldest": 90.0,
        "dead": 0,
    },
    "kept": {"events": 1, "size": 1000, "oldest": 0.0},
    "destinations": [
        {
            "name": "ops", "state": "held", "why": "503: down", "waiting": 1, "oldest": 90.0, "dead": 0,
            "delivered": 0, "something_new": True,
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        ({"status": 404, "text": "what?"}, "is not a gateway of this version: GET /api/v1/overview answered 404"),
        ({"text": "<html>"}, "is not a gateway of this version"),
        ({"text": json.dumps(BROKEN)}, "REQUESTS CANNOT BE STORED: the disk is full"),
        ({"text": json.dumps(BROKEN | {"trouble": ""})}, "503: down"),
    ],
)
async def test_what_else_may_answer(desk, answer, part):
    """Something else is told as such; a gateway in trouble, or with a broken destination, is shown and ends with 1."""
    port, stop = await _serve(web.Response(**answer))
    desk.write("mattergate.toml", desk.file.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}"))
    said = await asyncio.to_thread(desk.run, "status")
    await stop()
    assert said.code == 1
    assert part in said.text


async def test_the_share_of_dead_letters_is_printed(desk):
    """Only where there are any."""
    dead = {"kept": {"events": 3, "size": 3_000_000, "oldest": 0.0, "dead_events": 2, "dead_size": 2_000_000}}
    for found, part in (
        (BROKEN | dead, "3 events (3.0 MB), 2 of them dead (2.0 MB)\n"),
        (BROKEN, "1 event (1.0 kB)\n"),
    ):
        port, stop = await _serve(web.Response(text=json.dumps(found)))
        desk.write("mattergate.toml", desk.file.read_text().replace('127.0.0.1:1"', f'127.0.0.1:{port}"'))
        said = await asyncio.to_thread(desk.run, "status")
        await stop()
        desk.write("mattergate.toml", desk.file.read_text().replace(f'127.0.0.1:{port}"', '127.0.0.1:1"'))
        assert part in said.out
