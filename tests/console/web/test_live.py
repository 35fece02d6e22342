"""The live stream: what pages follow, over real connections."""

import asyncio
import re
import socket
from types import SimpleNamespace

import aiohttp
import msgspec
import pytest
from aiohttp import web

from gateway import settings
from gateway.app import app
from gateway.console.web import live
from gateway.console.web.live import Live
from gateway.console.web.operations import Console, Feed
from tests.conftest import PATIENCE, eventually


async def events(response, count: int) -> list[dict]:
    """The next events of a stream, decoded."""
    found = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            line = (await response.content.readline()).decode()
            if line.startswith("data: "):
                found.append(msgspec.json.decode(line[6:]))
            elif not line:
                break
    return found


async def test_the_stream_begins_with_everything_and_goes_on_with_what_changed(console):
    """A page gets all parts at once, then those that changed by a request that came in."""
    browser = await console()
    async with browser.stream("/live?feed=overview") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert (await response.content.readline()) == b"retry: 1000\n"
        [first] = await events(response, 1)
        assert {"trouble", "totals", "plot", "routes", "destinations"} <= set(first)
        status, _ = await browser.gateway.github("push", {"ref": "x"}, "d1")
        assert status == 202
        seen: dict[str, str] = {}
        while "routes" not in seen or "destinations" not in seen:
            [changed] = await events(response, 1)
            assert "plot" not in changed or changed["plot"] != first["plot"]
            seen |= changed
        assert re.search('data-title="Message" class="number"><a [^>]*>1<', seen["routes"])


async def test_what_is_sent_live_is_what_the_page_shows(console):
    """The parts of the stream are those of the page, so that nothing jumps when it takes over."""
    browser = await console()
    page = await browser.get("/")
    async with browser.stream("/live?feed=overview") as response:
        [first] = await events(response, 1)
    for name in ("routes", "destinations"):
        assert first[name].strip() in page.text


@pytest.mark.parametrize("query", ["", "?feed=nothing", "?feed=overview&feed=nothing", "?other=1"])
async def test_an_unknown_feed_is_told(console, query):
    """The problem lists the feeds that there are."""
    browser = await console()
    answer = await browser.get(f"/live{query}")
    assert answer.status == 400
    assert "overview" in answer.json()["detail"] or "feed" in answer.json()["detail"]


async def test_a_stream_has_no_head(console):
    """Asking for the headers alone is told at once, instead of waiting for a stream without end."""
    browser = await console()
    assert (await browser.ask("HEAD", "/live?feed=overview")).status == 405


async def test_streams_are_bounded(console, monkeypatch):
    """One stream too many is answered 503; when one goes, there is room again."""
    monkeypatch.setattr(live, "MOST", 2)
    for name in ("TICK", "HEARTBEAT"):  # what notices that a listener has gone
        monkeypatch.setattr(live, name, 0.02)
    monkeypatch.setattr(live, "SHARE", 1.0)
    browser = await console()
    async with browser.stream("/live?feed=overview") as first:
        async with browser.stream("/live?feed=overview") as second:
            assert (first.status, second.status) == (200, 200)
            full = await browser.get("/live?feed=overview")
            assert (full.status, full.headers["Retry-After"]) == (503, "10")

        async def room() -> bool:
            async with browser.stream("/live?feed=overview") as again:
                return again.status == 200

        await eventually(room)


async def test_a_page_that_is_open_holds_up_no_stop(tmp_path):
    """The gateway does not wait for it as it would for a request, and the stream ends with it."""
    server = 'listen = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\ngrace = "1h"\n'
    text = f'[server]\n{server}[journal]\nurl = "sqlite:{tmp_path}/test.db"\n'
    known = settings.parse(text, "mattergate.toml", {}, lambda path: path.read_text("utf-8"))
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(PATIENCE):
            async with app.running(known) as running:
                response = await session.get(f"{running.admin}/live?feed=overview")
                await events(response, 1)
            await response.read()


async def test_what_is_about_one_thing_is_sent_to_who_follows_that(console):
    """Two events have parts of the same names; each page gets its own, and nothing of what is not there."""
    browser = await console()
    ids = []
    for number in range(2):
        body = {"ref": "x", "repository": {"full_name": f"a/{number}"}}
        ids.append((await browser.gateway.github("push", body, f"d{number}"))[1]["id"])
    await browser.gateway.posts(2)
    async with (
        browser.stream(f"/live?feed=event:{ids[0]}") as one,
        browser.stream(f"/live?feed=event:{ids[1]}") as other,
        browser.stream("/live?feed=event:unknown&feed=overview") as third,
    ):
        [first], [second] = await events(one, 1), await events(other, 1)
        assert set(first) == set(second) == {"standings", "deliveries"}
        assert first["deliveries"] != second["deliveries"]
        assert "deliveries" not in (await events(third, 1))[0]


@pytest.mark.parametrize("feed", ["event", "event:", "overview:ops", f"event:{'x' * 300}"])
async def test_a_feed_is_followed_as_it_is_meant(console, feed):
    """One about a thing needs to know which, another takes none; the problem shows how it is written."""
    browser = await console()
    answer = await browser.get(f"/live?feed={feed}")
    assert answer.status == 400
    assert answer.json()["detail"].startswith("feed")
    assert "event:..." in (await browser.get("/live?feed=event")).json()["detail"]
    many = "&".join(f"feed=event:{number}" for number in range(live.FEEDS + 1))
    assert (await browser.get(f"/live?{many}")).status == 400


class Taker:
    """A feed that counts how often it is taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.fails = False

    async def take(self, _: Console) -> dict[str, str]:
        """Give two texts, one of which stays the same."""
        self.taken += 1
        if self.fails:
            raise ValueError("a feed that fails")
        return {"count": str(self.taken), "same": "x" * 10}


@pytest.fixture
async def streams(monkeypatch, aiohttp_client):
    """Give a client of a bare stream that ticks quickly, its feed and its Live."""
    monkeypatch.setattr(live, "TICK", 0.02)
    monkeypatch.setattr(live, "SHARE", 1.0)
    taker = Taker()
    made = Live(Console(SimpleNamespace(settings=settings.Settings())), [Feed("counted", taker.take)])
    served = web.Application()
    served.router.add_get("/live", made.stream)

    async def shut(_: web.Application) -> None:
        await made.close()

    served.on_shutdown.append(shut)
    return await aiohttp_client(served), taker, made


async def test_a_feed_is_taken_once_for_all_and_never_for_nobody(streams):
    """Ten listeners cost one look a tick; without any there is none."""
    client, taker, made = streams
    await asyncio.sleep(0.1)
    assert taker.taken == 0
    responses = [await client.get("/live?feed=counted") for _ in range(10)]
    firsts = await asyncio.gather(*(events(response, 3) for response in responses))
    assert all(set(first[0]) == {"count", "same"} and set(first[1]) == {"count"} for first in firsts)
    for first in firsts:
        counts = [int(event["count"]) for event in first]
        assert counts == list(range(counts[0], counts[0] + 3)), "it was taken again for somebody else"
    assert set(made._events) <= {(("counted",), ("count", "same")), (("counted",), ("count",))}, (
        "an event was made more than once"
    )
    for response in responses:
        response.close()
    await eventually(lambda: not made._streams)
    taken = taker.taken
    await asyncio.sleep(0.1)
    assert taker.taken == taken


def test_long_looks_are_further_apart():
    """Once a second, unless looking would take more than half a percent of the time; never too rarely to be live."""
    assert [live.pause(took) for took in (0.0, 0.005, 0.01, 10.0)] == [1.0, 1.0, 2.0, 3.0]


async def test_a_feed_that_fails_once_goes_on(streams):
    """The stream stays open, and tells what is there afterwards."""
    client, taker, _ = streams
    async with client.get("/live?feed=counted") as response:
        [first] = await events(response, 1)
        taker.fails = True
        before = taker.taken
        await eventually(lambda: taker.taken >= before + 3)
        taker.fails = False
        [second] = await events(response, 1)
        assert int(second["count"]) > int(first["count"])


async def test_a_silent_stream_has_a_heartbeat(streams, monkeypatch):
    """A comment now and then shows that it is alive."""
    client, taker, _ = streams
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)
    async with client.get("/live?feed=counted") as response:
        await events(response, 1)
        taker.fails = True  # nothing changes any more
        async with asyncio.timeout(PATIENCE):
            while await response.content.readline() != b":\n":
                pass


async def test_closing_ends_every_stream_at_once(streams):
    """The listeners see the end, and nobody new is let in."""
    client, _, made = streams
    responses = [await client.get("/live?feed=counted") for _ in range(3)]
    await made.close()
    async with asyncio.timeout(PATIENCE):
        for response in responses:
            await response.content.read()
    assert not made._streams


async def test_who_reads_nothing_is_dropped(streams, monkeypatch):
    """A listener that holds up a write is let go of, and holds up nobody else."""
    client, taker, made = streams
    monkeypatch.setattr(live, "PATIENCE", 0.2)

    async def much(_: Console) -> dict[str, str]:
        taker.taken += 1
        return {"count": str(taker.taken), "much": f"{taker.taken}" + "x" * 1_000_000}

    made._feeds["counted"] = Feed("counted", much)
    with socket.create_connection((client.host, client.port)) as silent:
        silent.sendall(b"GET /live?feed=counted HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await eventually(lambda: made._streams > 0)
        await eventually(lambda: not made._streams)
