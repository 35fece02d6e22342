"""Finding a post by its marker: how far back is read, what serves several look-ups, and who may not look."""

import asyncio
from time import monotonic, time
from typing import NamedTuple

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.mattermost import history
from gateway.mattermost.history import MARGIN, History
from gateway.mattermost.session import Session, TokenAccount
from gateway.model import Later
from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import HttpSession, open_session
from gateway.secret import Secret
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE


class Room(NamedTuple):
    """A channel of a stand-in, of which a bot is a member, and what looks there for the bot."""

    standin: StandIn
    url: str
    http: HttpSession
    session: Session
    token: str
    channel: str

    async def post(self, marker: object = None, message: str = "x", age: float = 0.0, **more: object) -> str:
        """Make a post that is `age` seconds old; gives its id."""
        body = {"channel_id": self.channel, "message": message, "props": {"mattergate": marker} if marker else {}}
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.client.post(f"{self.url}/api/v4/posts", json=body | more, headers=headers) as response:
            made = (await response.json())["id"]
        self.standin.posts[-1].create_at = int((time() - age) * 1000)
        return made

    async def find(self, looking: History, marker: str, age: float = 0.0) -> str:
        """Look for a post of an attempt that began `age` seconds ago and has just ended."""
        now = monotonic()
        return await looking.find(self.channel, marker, now - age, now)

    @property
    def asked(self) -> int:
        """How many requests there were."""
        return self.standin.stats["requests"]


@pytest.fixture
async def room():
    """Give the channel `alerts`, public."""
    standin = StandIn()
    token, channel = standin.add_bot("gate"), standin.add_channel("alerts")
    standin.join("gate", "alerts")
    async with standin.serve() as url, open_session() as http:
        session = Session(url, TokenAccount(Secret(token)), http, PATIENCE)
        yield Room(standin, url, http, session, token, channel)


@pytest.fixture
def small(monkeypatch):
    """Pages of two posts, three at most."""
    monkeypatch.setattr(history, "PAGE", 2)
    monkeypatch.setattr(history, "PAGES", 3)


async def test_a_post_is_found_by_its_marker(room):
    """Among posts of others, in the thread of a post too."""
    root = await room.post("a")
    reply = await room.post("b", root_id=root)
    await room.post()
    looking = History(room.session, "ops")
    assert [await room.find(looking, marker) for marker in ("a", "b", "c")] == [root, reply, ""]


async def test_what_was_deleted_meanwhile_is_not_there(room):
    """A person who deletes a post has seen it: then the message comes again."""
    await room.post("a")
    room.standin.delete_post(room.standin.posts[0].id)
    assert await room.find(History(room.session, "ops"), "a") == ""


@pytest.mark.parametrize("marker", [7, ["a"], {"a": 1}, True])
async def test_what_others_put_in_place_of_a_marker_is_passed_over(room, marker):
    """A stranger's property of any kind hinders no look-up."""
    await room.post(marker)
    made = await room.post("a")
    assert await room.find(History(room.session, "ops"), "a") == made


@pytest.mark.usefixtures("small")
async def test_pages_are_read_back_to_the_attempt_and_no_further(room):
    """Posts from before it, by more than the clocks may differ, end the look-up."""
    old = await room.post("old", age=1000)
    await room.post(age=900)
    for age in (100, 30, 20, 10):
        await room.post(age=age)
    looking = History(room.session, "ops")
    before = room.asked
    assert await room.find(looking, "none", age=50 - MARGIN) == ""
    assert room.asked - before == 2
    assert await room.find(looking, "old", age=950) == old
    assert room.asked - before == 5


@pytest.mark.usefixtures("small")
async def test_what_was_read_serves_further_look_ups_and_is_continued(room):
    """Of many messages that are looked for after an outage the first reads, those behind it read on."""
    made = [await room.post(str(number), age=1000 - number) for number in range(6)]
    looking, ended = History(room.session, "ops"), monotonic()
    before = room.asked

    async def find(marker: str, age: float) -> str:
        return await looking.find(room.channel, marker, ended - age, ended)

    assert await asyncio.gather(*[find("5", 0), find("4", 0), find("none", 0)]) == [made[5], made[4], ""]
    assert room.asked - before == 1
    assert await find("0", 1000) == made[0]
    assert room.asked - before == 3


async def test_a_later_attempt_is_looked_for_anew(room):
    """What was read before an attempt ended tells nothing about it."""
    looking = History(room.session, "ops")
    assert await room.find(looking, "a") == ""
    made = await room.post("a")
    assert await room.find(looking, "a") == made


@pytest.mark.usefixtures("small")
async def test_a_look_up_ends_somewhere(room):
    """A channel that is too busy to be read back is told, once; what was read is used."""
    made = [await room.post(str(number)) for number in range(8)]
    looking = History(room.session, "ops")
    with capture_logs() as told:
        assert await room.find(looking, "0") == ""
        assert await room.find(looking, "2") == made[2]
    assert [line["channel"] for line in told if line["log_level"] == "warning"] == [room.channel]


async def test_the_clock_of_the_server_is_the_one_that_counts(room, monkeypatch, small):
    """With a clock an hour behind ours its posts are found all the same, and not many more are read."""
    for marker in "abc":
        await room.post(marker, age=3600 + 1000)
    made = await room.post("d", age=3600)
    for _ in range(2):
        await room.post(age=3600)
    monkeypatch.setattr(History, "_server_time", lambda *_: time() - 3600)
    before = room.asked
    assert await room.find(History(room.session, "ops"), "d") == made
    assert await room.find(History(room.session, "ops"), "none") == ""
    assert room.asked - before == 4


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 29 Nov 2026 17:28:06 GMT"])
async def test_the_time_of_an_answer(room, date):
    """That of its Date; of an answer without one, ours."""
    looking = History(room.session, "ops", wall=lambda: 5.0)
    assert looking._server_time({"Date": date}) == (1795973286.0 if "2026" in date else 5.0)


async def test_a_channel_that_may_not_be_read(room):
    """Nothing is found and nothing waits: one line says that messages may come twice, and what to do."""
    room.standin.leave("gate", "alerts")
    channel = room.standin.add_channel("secret", private=True)
    looking = History(room.session, "ops")
    with capture_logs() as told:
        for _ in range(3):
            assert await looking.find(channel, "a", monotonic(), monotonic()) == ""
    [line] = [line for line in told if line["log_level"] == "warning"]
    assert (line["destination"], "add the account to the channel" in line["why"]) == ("ops", True)
    room.standin.join("gate", "secret")
    made = await room._replace(channel=channel).post("a")
    assert await looking.find(channel, "a", monotonic(), monotonic()) == made


async def test_a_page_that_is_too_large(room, monkeypatch):
    """It is not waited for: it would never be smaller."""
    monkeypatch.setattr(history, "PAGE_LIMIT", 1000)
    await room.post("a", "x" * 2000)
    assert await room.find(History(room.session, "ops"), "a") == ""


@pytest.mark.parametrize("trouble", ["down", "html", "drop", "revoked"])
async def test_a_look_up_that_fails_is_no_leave_to_post(room, trouble):
    """The message waits, with a reason that says what for."""
    looking = History(room.session, "ops")
    if trouble == "revoked":
        room.standin.revoke(room.token)
    else:
        room.standin.mode = trouble
    with pytest.raises(Unsent) as caught:
        await room.find(looking, "a")
    assert isinstance(caught.value.result, Later)
    assert caught.value.result.reason.startswith("looking whether an earlier attempt arrived: ")
    assert not caught.value.unsure


async def test_those_that_wait_for_a_look_up_fail_with_it(room):
    """A server that hangs costs one time limit, not one for each message that is in doubt; the next look asks again."""
    room.standin.mode, room.standin.delay = "slow", 20.0
    looking = History(Session(room.url, TokenAccount(Secret(room.token)), room.http, 0.2), "ops")
    found = await asyncio.gather(*[room.find(looking, str(number)) for number in range(8)], return_exceptions=True)
    assert {(type(one), one.result.code) for one in found} == {(Unsent, "timeout")}
    assert room.asked == 1
    room.standin.mode = "ok"
    assert await room.find(looking, "a") == ""


async def test_a_page_of_something_else_is_waited_out(desk):
    """A 404 that is not Mattermost's says nothing about the post."""
    path = f"/channels/{desk.board.channels['alerts']}/posts"
    desk.board.next_answer("GET", path, lambda: web.Response(status=404, text="<html>"))
    with pytest.raises(Unsent) as caught:
        await History(desk.session(), "ops").find(desk.board.channels["alerts"], "a", 0.0, 0.0)
    assert isinstance(caught.value.result, Later)


async def test_only_so_many_channels_are_remembered(room):
    """A translator may name channels from payloads."""
    looking, channels = History(room.session, "ops"), [room.standin.add_channel(f"c{n}") for n in range(40)]
    for channel in channels:
        await looking.find(channel, "a", monotonic(), monotonic())
    assert len(looking._readings) == history.CHANNELS
