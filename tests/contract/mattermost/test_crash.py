"""A Mattermost that is killed in the middle of a burst over REST: the gateway loses no message and posts none twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway import settings
from gateway.app import app
from tests.conftest import eventually

POSTS = 500
SENDERS = 8
KILLS = 3
SECRET = "a secret of the burst"
TEXT = """
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[journal]
url = "sqlite:burst.db"
[catalog]
reload = false
[destinations.ops]
server = "{url}"
channel = "{channel}"
token = "{token}"
[routes.generic]
service = "generic"
destinations = ["ops"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
"""


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(stage, place, tmp_path: Path) -> AsyncIterator[app.App]:
    """A gateway that posts to the channel of this test as the bot."""
    text = TEXT.format(url=stage.server.url, channel=place.id, token=stage.bot_token, secret=SECRET)
    known = settings.parse(text, str(tmp_path / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
    async with app.running(known) as running:
        yield running


async def burst(gateway: app.App, session) -> None:
    """Send POSTS events that are numbered from 0."""

    async def send(numbers: range) -> None:
        for number in numbers:
            url, body = f"{gateway.public}/in/generic", {"title": f"number {number}"}
            async with session.post(url, json=body, headers={"X-Token": SECRET}) as response:
                assert response.status == 202

    await asyncio.gather(*(send(range(first, POSTS, SENDERS)) for first in range(SENDERS)))


async def test_a_burst_through_kills_of_mattermost(stage, place, gateway) -> None:
    """Every message arrives once, although the server forgets at each kill what it was storing."""
    if not stage.server.can_crash:
        pytest.skip("MATTERMOST_CRASH names no command that kills the server and starts it again")
    sending = asyncio.create_task(burst(gateway, stage.server.session))
    for kill in range(1, KILLS + 1):
        await eventually(lambda kill=kill: _delivered(gateway) >= kill * POSTS // (KILLS + 2))
        await stage.server.crash()
    await sending
    await eventually(lambda: _delivered(gateway) >= POSTS)
    arrived = Counter([post["props"]["attachments"][0]["title"] for post in await _all_posts(stage, place)])
    twice = {title: count for title, count in arrived.items() if count > 1}
    assert (twice, len(arrived)) == ({}, POSTS)


def _delivered(gateway: app.App) -> float:
    return gateway.metrics.deliveries.labels("ops", "delivered").value


async def _all_posts(stage, place) -> list[dict]:
    found = []
    for page in range(POSTS):
        listed = await stage.server.done("GET", f"/channels/{place.id}/posts?per_page=200&page={page}")
        if not listed["order"]:
            return [post for post in found if not post["type"].startswith("system_")]
        found += [listed["posts"][post] for post in listed["order"]]
    raise AssertionError("the channel has no end")
