"""Requests that the running gateway captures for a draft."""

import asyncio
import json
import re

from gateway.cli import capture
from tests.conftest import eventually

TOKENS = '[admin]\ntoken = "an-admin-token-of-the-tests"\n'


async def test_a_service_is_drafted_from_what_its_sender_sends(running, desk):
    """The URL is shown, then each request as it arrives; the draft is made of them, and the URL is gone."""
    gateway = await running(TOKENS)
    drafting = asyncio.create_task(asyncio.to_thread(desk.run, "new", "acme", "--capture", "--count", "2"))
    captures = gateway.running._running.captures
    await eventually(lambda: bool(captures._captures))
    [begun] = captures._captures.values()
    assert (await gateway.post(begun.path, {"event": "order.paid", "order": {"id": 7}}))[0] == 200
    assert (await gateway.post(begun.path, {"event": "order.lost", "order": {"id": 7}}))[0] == 200
    said = await drafting
    assert said.code == 0, said.text
    assert re.search(rf"send requests to  http://\S+{begun.path}", said.out)
    assert "for 1 h or 2 requests; Ctrl-C drafts" in said.out
    assert "2 of 2: POST, " in said.out
    samples = {path.name for path in (desk.folder / "schemas/acme/samples").iterdir()}
    assert samples == {"order.paid.yaml", "order.lost.yaml"}
    assert (await gateway.post(begun.path, {}))[0] == 404
    assert not gateway.standin.posts
    assert json.loads((await asyncio.to_thread(desk.run, "events", "list", "-o", "json")).out) == []


async def test_what_came_before_the_end_is_drafted_from(running, desk, monkeypatch):
    """Ctrl-C ends a capture; with nothing sent there is nothing to draft."""
    gateway = await running()

    async def interrupted(known, key, most, found):
        captures = gateway.running._running.captures
        assert captures.get(key) is not None
        raise KeyboardInterrupt

    monkeypatch.setattr(capture, "_follow", interrupted)
    said = await asyncio.to_thread(desk.run, "new", "acme", "--capture")
    assert (said.code, "nothing was sent, so nothing is drafted" in said.err) == (1, True)


def test_no_gateway_is_told(desk):
    """With what to do."""
    said = desk.run("new", "acme", "--capture")
    assert (said.code, "no gateway answers at" in said.err) == (1, True)
