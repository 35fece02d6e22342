"""A post that may have been made is looked for before it is made again, and no other is."""

from time import monotonic, time

import pytest
from aiohttp import web
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway.mattermost import repeats as module
from gateway.mattermost.history import History
from gateway.mattermost.repeats import Repeats
from gateway.model import Card, CardMode, Delivered, Later, Never
from gateway.outbound.exchange import Unsent
from tests.mattermost.conftest import Remembered

POSTS = ("POST", "/posts")
CHANNEL = "alerts".ljust(26, "0")
LISTED = f"GET /channels/{CHANNEL}/posts"


def lose_memory(board):
    """What a crash of the server does to it."""
    board.pending.clear()


def stored_but(board, answer):
    """A function that stores the post that was asked for, and answers something else, or nothing."""

    def store():
        _, _, body = board.asked[-1]
        board._post(body)
        return answer()

    return store


def cut():
    """An answer that is none: its connection breaks."""
    raise ConnectionResetError


UNSURE = [
    cut,
    lambda: web.Response(status=500),
    lambda: web.json_response({"id": "app.post.save.app_error"}, status=500),
    lambda: web.Response(status=502),
    lambda: web.Response(status=504),
    lambda: web.Response(status=408),
    lambda: web.Response(status=201, text='{"id": "cut o'),
    lambda: web.Response(status=200, text="<html>"),
]
SURE = [
    lambda: web.Response(status=429),
    lambda: web.json_response({"id": "api.context.permissions.app_error"}, status=403),
    lambda: web.json_response({"id": "model.post.is_valid.props.app_error"}, status=400),
]


@pytest.mark.parametrize("answer", UNSURE)
async def test_a_post_that_was_made_is_not_made_again(desk, answer):
    """Whatever came in place of its answer: it is found, and delivered with its id."""
    desk.board.next_answer(*POSTS, stored_but(desk.board, answer))
    sender, delivery = desk.sender(), desk.delivery("x")
    assert isinstance(await sender.send(delivery), Later)
    lose_memory(desk.board)
    with capture_logs() as told:
        result = await sender.send(delivery)
    [made] = desk.board.posts
    assert result == Delivered(made, status=200)
    assert [line["seq"] for line in told if "an earlier attempt had arrived" in line["event"]] == [delivery.seq]


@pytest.mark.parametrize("answer", UNSURE)
async def test_a_post_that_was_not_made_is_made(desk, answer):
    """It is looked for, is not there, and is made."""
    desk.board.next_answer(*POSTS, answer)
    sender, delivery = desk.sender(), desk.delivery("x")
    assert isinstance(await sender.send(delivery), Later)
    assert isinstance(await sender.send(delivery), Delivered)
    assert len(desk.board.posts) == 1
    assert desk.board.paths()[-3:] == ["POST /posts", LISTED, "POST /posts"]


@pytest.mark.parametrize("answer", SURE)
async def test_a_refusal_is_no_doubt(desk, answer):
    """What the server did not take is sent again without a look."""
    desk.board.next_answer(*POSTS, answer, answer)
    sender, delivery = desk.sender(), desk.delivery("x")
    assert isinstance(await sender.send(delivery), Later | Never)
    desk.board.answers.clear()
    assert isinstance(await sender.send(delivery), Delivered)
    assert LISTED not in desk.board.paths()


async def test_a_server_that_cannot_be_reached_is_no_doubt(desk):
    """A connection that was refused carried nothing."""
    sender, delivery = desk.sender(), desk.delivery("x")
    await sender.send(desk.delivery("first"))
    desk.board.asked.clear()
    url, sender._session._posts = sender._session._posts, sender._session._posts.with_port(1)
    assert "cannot connect" in (await sender.send(delivery)).reason
    sender._session._posts = url
    assert isinstance(await sender.send(delivery), Delivered)
    assert desk.board.paths() == ["POST /posts"]


async def test_no_answer_in_time_is_a_doubt(desk):
    """The server may be storing it right now."""
    sender, delivery = desk.sender(), desk.delivery("x")
    await sender.send(desk.delivery("first"))
    desk.board.delay, sender._session._timeout = 0.3, 0.05
    assert (await sender.send(delivery)).code == "timeout"
    desk.board.delay, sender._session._timeout = 0.0, 20.0
    assert isinstance(await sender.send(delivery), Delivered)
    assert LISTED in desk.board.paths()
    assert [post["message"] for post in desk.board.posts.values()].count("x") == 1


@pytest.mark.parametrize("trouble", [lambda: web.Response(status=503), cut, lambda: web.Response(status=200)])
async def test_a_look_up_that_fails_makes_no_post(desk, trouble):
    """The message waits until the server tells whether it has it."""
    desk.board.next_answer(*POSTS, stored_but(desk.board, cut))
    desk.board.next_answer("GET", LISTED.removeprefix("GET "), trouble, *[trouble] * (trouble is cut))
    sender, delivery = desk.sender(), desk.delivery("x")
    await sender.send(delivery)
    lose_memory(desk.board)
    result = await sender.send(delivery)
    assert (type(result), result.reason.startswith("looking whether an earlier")) == (Later, True)
    desk.board.answers.clear()
    assert isinstance(await sender.send(delivery), Delivered)
    assert len(desk.board.posts) == 1


@pytest.mark.parametrize("mode", [CardMode.THREAD, CardMode.BOTH])
async def test_a_reply_that_was_made_is_found(desk, mode):
    """A thread is part of its channel; the card stays the one that the journal knows."""
    sender = desk.sender()
    root = (await sender.send(desk.delivery("card"))).post_id
    desk.cards["s"] = Remembered(root)
    desk.board.next_answer(*POSTS, stored_but(desk.board, cut))
    delivery = desk.delivery("reply", Card("s", mode))
    assert isinstance(await sender.send(delivery), Later)
    lose_memory(desk.board)
    assert await sender.send(delivery) == Delivered(root, status=200)
    assert len(desk.board.posts) == 2


async def test_a_card_that_was_made_is_found_and_remembered(desk):
    """Its id is that of the first attempt, so that later events edit it."""
    desk.board.next_answer(*POSTS, stored_but(desk.board, cut))
    sender, delivery = desk.sender(), desk.delivery("card", Card("s", CardMode.UPDATE))
    assert isinstance(await sender.send(delivery), Later)
    lose_memory(desk.board)
    result = await sender.send(delivery)
    assert [result.post_id] == list(desk.board.posts)


async def test_what_waited_when_the_gateway_started_is_looked_for_once(desk):
    """Nobody knows what became of the attempts of an earlier gateway; one request tells for all."""
    earlier, deliveries = desk.sender(), [desk.delivery(str(number)) for number in range(5)]
    for delivery in deliveries[:2]:
        await earlier.send(delivery)
    lose_memory(desk.board)
    sender = desk.sender()
    desk.board.asked.clear()
    for delivery in deliveries:
        assert isinstance(await sender.send(delivery), Delivered)
    await sender.send(desk.delivery("new"))
    assert [post["message"] for post in desk.board.posts.values()] == ["0", "1", "2", "3", "4", "new"]
    assert desk.board.paths().count(LISTED) == 1


async def test_a_second_attempt_is_in_doubt_only_by_itself(desk):
    """An earlier gateway's attempts are looked for once, not before each attempt of this one."""
    delivery = desk.delivery("x")
    sender = desk.sender()
    desk.board.next_answer(*POSTS, *[lambda: web.Response(status=429)] * 3)
    for _ in range(3):
        assert (await sender.send(delivery)).code == "429"
    assert isinstance(await sender.send(delivery), Delivered)
    assert desk.board.paths().count(LISTED) == 1


async def test_the_first_attempt_is_the_one_that_is_looked_back_to(desk):
    """Of several attempts in doubt any may have made the post."""
    asked = []

    class Recorded(History):
        async def find(self, channel_id, marker, since, ended):
            asked.append((since, ended))
            return ""

    now = [100.0]
    repeats = Repeats(Recorded(desk.session(), "ops"), "ops", lambda: now[0], lambda: 1000.0 + now[0])
    delivery = desk.delivery("x")
    repeats.doubt(delivery, "m", 90.0)
    now[0] = 120.0
    repeats.doubt(delivery, "m", 110.0)
    await repeats.find(delivery, "m", CHANNEL)
    old = desk.delivery("y")
    old = type(old)(old.seq, old.event_id, 1030.0, "ops", "lane", b"{}")
    await repeats.find(old, "n", CHANNEL)
    await repeats.find(old, "n", CHANNEL)
    repeats.doubt(old, "o", 115.0)
    await repeats.find(old, "o", CHANNEL)
    assert asked == [(90.0, 120.0), (30.0, 100.0), (30.0, 120.0)]


async def test_doubts_are_bounded(desk, monkeypatch):
    """The oldest give way."""
    monkeypatch.setattr(module, "KNOWN", 3)
    repeats = Repeats(History(desk.session(), "ops"), "ops")
    delivery = desk.delivery("x")
    for number in range(10):
        repeats.doubt(delivery, str(number), monotonic())
    assert list(repeats._doubts) == ["7", "8", "9"]


async def test_a_clock_that_was_set_back_breaks_no_look_up(desk):
    """An event of the future is looked for from now on."""
    repeats = Repeats(History(desk.session(), "ops"), "ops", wall=lambda: time() - 86400)
    assert await repeats.find(desk.delivery("x"), "m", CHANNEL) == ""
    assert desk.board.paths() == [LISTED]


async def test_a_clock_that_was_set_ahead_hides_no_earlier_gateway(desk):
    """The times of what waits are set with it, and lie behind the start as it was then."""
    ahead = 0.0
    delivery, repeats = desk.delivery("x"), Repeats(History(desk.session(), "ops"), "ops", wall=lambda: time() + ahead)
    ahead = 3600.0
    late = replace(desk.delivery("late"), received=time() + ahead)
    assert await repeats.find(late, "late", CHANNEL) == ""
    assert desk.board.paths() == []
    await repeats.find(replace(delivery, received=delivery.received + ahead), "m", CHANNEL)
    assert desk.board.paths() == [LISTED]


async def test_a_failure_before_the_post_is_no_doubt(desk):
    """The look-up of the channel may fail: then there was no attempt."""
    lookup = "/teams/name/acme/channels/name/alerts"
    desk.board.next_answer("GET", lookup, lambda: web.Response(status=500))
    sender, delivery = desk.sender(), desk.delivery("x")
    assert isinstance(await sender.send(delivery), Later)
    assert isinstance(await sender.send(delivery), Delivered)
    assert LISTED not in desk.board.paths()


def test_what_was_not_sent_is_told():
    """A request that failed says whether the server may have it; by itself a failure does not."""
    assert not Unsent(Later("x")).unsure
    assert Unsent(Later("x"), unsure=True).unsure
