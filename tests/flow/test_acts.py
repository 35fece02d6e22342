"""A gateway killed with SIGKILL between a click and its outcome: nothing runs twice, nothing is lost, all is told."""

import asyncio
import json
from contextlib import suppress

import pytest
from aiohttp import web

from gateway.standin.refusal import RefusedError
from tests.acts.conftest import DOCUMENTS, HOOK_SECRET, TOKEN, Outside, _application
from tests.conftest import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-acts")]

TABLES = """
[routes.alerts]
service = "pager"
destinations = ["{destination}"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
[catalog]
folders = ["catalog"]
[destinations.rest]
server = "{mattermost}"
team = "home"
channel = "town-square"
token = "{bot}"
[callbacks.pager]
service = "pager"
url = "http://127.0.0.1:{port}"
private = true
tokens = ["{token}"]
secrets = {{key = "the key of the pager"}}
server = "{mattermost}"
concurrency = 1
"""


@pytest.fixture
async def pager(service, request):
    """A gateway whose alerts have buttons, and `outside`, the service behind them; the destination is a parameter."""
    outside = service.outside = Outside()
    runner = web.AppRunner(_application(outside), shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    for name, text in DOCUMENTS.items():
        service.document(f"pager/{name}", text)
    bot = service.mattermost.add_bot("helper")
    service.mattermost.join("helper", "town-square")
    tables = TABLES.format(
        secret=HOOK_SECRET, port=port, token=TOKEN, mattermost=service.mattermost_url, bot=bot,
        destination=request.param,
    )  # fmt: skip
    service.configure(tables, server=f'public_url = "http://127.0.0.1:{service.port}"')
    service.mattermost.settings.service.outgoing_integration_requests_timeout = 30
    await service.start()
    for name in ("ann", "ben"):
        service.mattermost.add_user(name)
        service.mattermost.join(name, "town-square")
    yield service
    outside.gate.set()
    await runner.cleanup()


async def fire(pager, number):
    """The post of a new alert."""
    before = len(pager.mattermost.posts)
    body = {"type": "fired", "id": number, "title": "Disk full"}
    assert (await pager.post("/in/alerts", body, {"X-Token": HOOK_SECRET}))[0] in (200, 202)
    await pager.until(lambda: len(pager.mattermost.posts) > before)
    return pager.mattermost.posts[-1]


async def click(pager, name, post, action, choice=""):
    """Click; a gateway that is killed meanwhile answers nothing."""
    with suppress(RefusedError):
        await pager.mattermost.click(name, post, action, choice=choice)


async def audit(pager, count):
    """The outcomes and lines of the audit, the oldest first, once there are so many."""
    found = []

    async def there():
        code, text = await pager.command("audit", "--output", "json")
        assert code == 0, text
        found[:] = json.loads(text)
        return len(found) >= count

    await pager.until(there)
    return list(reversed(found))


async def killed_within(pager, *clicks):
    """Have clicks begin, of which the first one is asked of the service, and kill the gateway then."""
    pager.outside.gate.clear()
    tasks = []
    for name, post, action, choice in clicks:
        tasks.append(asyncio.ensure_future(click(pager, name, post, action, choice)))
        await pager.until(lambda: pager.outside.asked)
    await pager.until(lambda: stored(pager, len(clicks)))
    await pager.running.kill()
    pager.outside.gate.set()
    await asyncio.gather(*tasks)
    await pager.start()


async def stored(pager, count):
    """Whether so many acts are in the journal."""
    return (await pager.value("queue_depth", destination="callbacks.pager") or 0) >= count


@pytest.mark.parametrize("pager", ["ops", "rest"], indirect=True)
async def test_what_must_not_be_repeated_has_an_unknown_outcome(pager):
    """The person is told, and may try again; a click that waited behind it is done after the restart."""
    first, second = await fire(pager, "1"), await fire(pager, "2")
    await killed_within(pager, ("ann", first, "Ack", ""), ("ben", second, "Ack", ""))
    lines = await audit(pager, 2)
    assert sorted((line["user_name"], line["outcome"]) for line in lines) == [("ann", "unknown"), ("ben", "done")]
    assert [path for _, path, _ in pager.outside.asked] == ["/ack/1", "/ack/2"]
    await pager.until(lambda: len(pager.mattermost.posts) == 4)
    told = " ".join(pager.mattermost.texts)
    assert "@ann Acknowledge: outcome not known: the gateway was stopped between the request and its answer" in told
    assert "@ben Done: as you wish" in told
    if first.user_id != pager.mattermost._world.owner.id:  # over REST
        await pager.until(lambda: "Ack: outcome unknown, clicked by @ann" in first.attachments[-1]["text"])
        await pager.until(lambda: "Acknowledged by @ben" in second.attachments[-1]["text"])
        assert sorted(post.root_id for post in pager.mattermost.posts)[2:] == sorted([first.id, second.id])
    await click(pager, "ann", first, "Ack")
    assert [path for _, path, _ in pager.outside.asked][2:] == ["/ack/1"]
    assert [line["outcome"] for line in await audit(pager, 3)][-1] == "done"
    assert "Acknowledged by @ann" in first.attachments[-1]["text"].splitlines()[-1]


@pytest.mark.parametrize("pager", ["rest"], indirect=True)
async def test_what_may_be_repeated_is_done(pager):
    """Its request is sent again after the restart, and the click counts once."""
    post = await fire(pager, "1")
    await killed_within(pager, ("ann", post, "Mute", "1h"))
    (line,) = await audit(pager, 1)
    assert (line["outcome"], line["user_name"]) == ("done", "ann")
    assert [path for _, path, _ in pager.outside.asked] == ["/mute/1"] * 2
    await click(pager, "ann", post, "Mute", "1h")
    assert len(pager.outside.asked) == 2
    assert "Muted for 1h by @ann" in post.attachments[-1]["text"]
    assert "done already" in pager.mattermost.whispers[-1].post.message
