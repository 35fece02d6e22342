"""What was said meanwhile, over REST."""

import json
from types import SimpleNamespace

import pytest

from gateway.mattermost.session import Me, Session, TokenAccount
from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.sources import past as module
from gateway.sources.past import Past
from gateway.standin import records, rest
from gateway.standin.server import StandIn


@pytest.fixture
async def stage(monkeypatch):
    """A stand-in whose clock stands still until it is told: `past` reads, `say` says at a millisecond."""
    standin = StandIn()
    moment = [1_800_000_000_000]
    for place in ("gateway.standin.posting", "gateway.standin.world", "gateway.standin.records"):
        if "now" in vars(__import__(place, fromlist=["x"])):
            monkeypatch.setattr(f"{place}.now", lambda: moment[0])
    async with standin.serve() as url, open_session() as http:
        token = standin.add_bot("ask")
        standin.add_user("ann", "secret")
        standin.join("ask", "town-square")
        session = Session(url, TokenAccount(Secret(token)), http)
        me = await session.me()

        def say(ms, text, channel="town-square", **more):
            moment[0] = 1_800_000_000_000 + ms
            return standin.say("ann", channel, text, **more)

        async def texts(start, channel="town-square", page=200):
            reader = Past(session, me, page)
            (found,) = [one for one in await reader.channels() if one.name == channel]
            return [said.post.message async for said in reader.said(found, 1_800_000_000_000 + start)]

        yield SimpleNamespace(standin=standin, past=Past(session, me, 2), say=say, texts=texts, me=me)


async def test_since_a_millisecond_that_counts(stage):
    """What was said in the very millisecond is told, what was edited since and said before is not."""
    for ms in (1, 2, 2, 3):
        stage.say(ms, f"at {ms}")
    assert await stage.texts(2) == ["at 2", "at 2", "at 3"]
    assert await stage.texts(4) == []


async def test_the_channels_of_all_teams(stage):
    """Direct ones too; where nothing was said since long ago, nobody needs to look."""
    stage.standin.add_team("other")
    stage.standin._world.teams[stage.standin._team("other").id].members.add(stage.me.id)
    stage.standin.add_channel("far", team="other")
    stage.standin.join("ask", "far", team="other")
    stage.standin.direct("ann", "ask")
    stage.say(1, "here")
    channels = {one.name.split("__")[0] if one.type != "D" else "direct": one for one in await stage.past.channels()}
    assert set(channels) == {"town-square", "far", "direct"}
    assert channels["town-square"].has_news(1_800_000_000_001)
    assert not channels["far"].has_news(1_800_000_000_001)


@pytest.mark.parametrize("page", [1, 2, 3, 200])
@pytest.mark.parametrize("start", [-5, 0, 4, 30, 31])
async def test_more_than_since_tells_comes_in_pages(stage, monkeypatch, start, page):
    """Nothing is left out between two pages, though posts have the same time; the channel may begin there, too."""
    monkeypatch.setattr(module, "MOST", 5)
    monkeypatch.setattr(rest, "_MOST", 5)
    times = [0, 0, 1, 4, 4, 4, 4, 5, 6, 7, 7, 20, 30, 30]
    texts = [f"{ms} {number}" for number, ms in enumerate(times)]
    for ms, text in zip(times, texts, strict=True):
        stage.say(ms, text)
    found = list(dict.fromkeys(await stage.texts(start, page=page)))
    assert found == [text for ms, text in zip(times, texts, strict=True) if ms >= start]


async def test_what_is_too_large_comes_in_smaller_pages(stage, monkeypatch):
    """As far as a single post fits."""
    texts = [str(number) * 3000 for number in range(5)]
    for number, text in enumerate(texts):
        stage.say(number, text)
    monkeypatch.setattr(module, "LIST_LIMIT", 8000)
    assert list(dict.fromkeys(await stage.texts(0))) == texts


async def test_posts_of_hooks_and_of_who_is_gone(stage):
    """The sender is who is shown, as in an event; an author that is no more has no name."""
    post = stage.say(1, "by a hook")
    post.props = {"from_webhook": "true", "override_username": "CI"}
    stage.say(2, "by nobody").user_id = "y" * 26
    (channel,) = await stage.past.channels()
    data = [said.data async for said in stage.past.said(channel, 0)]
    assert [one["sender_name"] for one in data] == ["CI", "@"]
    assert json.loads(data[0]["post"])["message"] == "by a hook"


async def test_what_is_no_post_is_left_out(stage):
    """The others are told."""
    stage.say(1, "first")
    stage.say(2, "odd").message = 5
    stage.say(3, "last")
    assert await stage.texts(0) == ["first", "last"]


async def test_a_channel_that_was_left_has_nothing(stage):
    """A server that fails is a failure."""
    stage.standin.add_channel("secret", private=True)
    stage.standin.join("ask", "secret")
    (channel,) = [one for one in await stage.past.channels() if one.name == "secret"]
    stage.standin.leave("ask", "secret")
    assert [said async for said in stage.past.said(channel, 0)] == []
    stage.standin.mode = "down"
    with pytest.raises(Unsent, match="503"):
        await stage.past.channels()


async def test_taking_part_is_seen_in_long_threads(stage):
    """Page by page."""
    root = stage.say(0, "root")
    for number in range(7):
        stage.say(1 + number, "reply", root=root.id)
    assert not await stage.past.takes_part(root.id)
    stage.standin.say("ask", "town-square", "own", root=root.id)
    assert not await stage.past.takes_part("y" * 26)
    stage.say(20, "last", root=root.id)
    assert await stage.past.takes_part(root.id)


def test_who_asks_is_known():
    """The account's own id is what counts."""
    assert Past(None, Me("me"))._me.id == "me"
    assert records.now() > 0
