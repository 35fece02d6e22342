"""Cards that cannot be edited: the account joins by itself where it may, and is reported where it may not."""

from time import time
from typing import NamedTuple

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.mattermost.channel import Channels
from gateway.mattermost.editing import JOIN_AGAIN, Editing, Verdict
from gateway.mattermost.history import History
from gateway.mattermost.payload import Message, encode
from gateway.mattermost.repeats import Repeats
from gateway.mattermost.rest import Concessions, RestSender
from gateway.mattermost.session import Session, TokenAccount
from gateway.model import Card, CardMode, Delivered, Delivery, Later
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE
from tests.mattermost.conftest import Remembered

ANYWHERE = "system_user system_post_all"


class Site(NamedTuple):
    """A stand-in, a sender to its channel `alerts` as the bot `gate`, and the cards that the journal would know."""

    standin: StandIn
    sender: RestSender
    cards: dict[str, Remembered]
    now: list[float]

    async def say(self, text: str, mode: CardMode = CardMode.UPDATE, seq: int = 0) -> None:
        """Send what happened to the one subject; it must be delivered."""
        seq = seq or len(self.standin.posts) + 1000 * len(self.cards) + len(text)
        card = Card("s", mode, payload=encode(Message(text=text)).decode())
        delivery = Delivery(seq, text, time(), "ops", "lane", encode(Message(text=text)), card=card)
        result = await self.sender.send(delivery)
        assert isinstance(result, Delivered), result
        self.cards["s"] = Remembered(result.post_id)

    @property
    def said(self) -> list[str]:
        """What the posts of the bot say now, oldest first."""
        return [post.message for post in self.standin.posts]


@pytest.fixture
async def made():
    """A function that makes a site: the bot is in no channel, and is in the team or not."""
    standin, now, cards = StandIn(), [0.0], {}
    async with standin.serve() as url, open_session() as http:

        def make(*, private: bool = False, team: str = "home") -> Site:
            channel = standin.add_channel("alerts", private=private)
            standin.add_team("away")
            token = standin.add_bot("gate", roles=ANYWHERE, team=team)
            session = Session(url, TokenAccount(Secret(token)), http, PATIENCE)

            async def card(subject: str, _: int) -> Remembered | None:
                return cards.get(subject)

            sender = RestSender(
                session,
                Channels(session, "", channel),
                card,
                Concessions("ops"),
                Repeats(History(session, "ops"), "ops"),
                Editing(session, "ops", lambda: now[0]),
            )
            return Site(standin, sender, cards, now)

        yield make


def told(lines: list, level: str) -> list[dict]:
    """The lines of a level."""
    return [line for line in lines if line["log_level"] == level]


async def test_it_joins_a_public_channel_and_edits(made):
    """One card, as if the bot had been a member from the start."""
    site = made()
    await site.say("1")
    with capture_logs() as lines:
        await site.say("22")
        await site.say("333")
    assert site.said == ["333"]
    assert site.sender.warning == ""
    assert [line["event"] for line in told(lines, "info")] == ["joined a channel to edit cards there"]


@pytest.mark.parametrize("where", [{"private": True}, {"team": "away"}])
@pytest.mark.parametrize("mode", [CardMode.UPDATE, CardMode.BOTH])
async def test_where_it_may_not_join_that_is_told_once(made, where, mode):
    """By the log once, and by the warning as long as it lasts; every change arrives all the same."""
    site = made(**where)
    await site.say("1", mode)
    with capture_logs() as lines:
        for text in ("22", "333", "4444"):
            await site.say(text, mode)
    assert site.said == ["1", "22", "333", "4444"]
    assert [post.root_id != "" for post in site.standin.posts][1:] == [mode is CardMode.BOTH] * 3
    [line] = told(lines, "warning")
    assert (line["destination"], "add it to the channel" in line["why"]) == ("ops", True)
    assert "cards cannot be edited" in site.sender.warning
    assert "add it to the channel" in site.sender.warning


async def test_who_is_added_by_somebody_edits_again(made):
    """The warning ends with the first edit, and comes again when the bot is removed."""
    site = made(private=True)
    await site.say("1")
    await site.say("22")
    site.standin.join("gate", "alerts")
    with capture_logs() as lines:
        await site.say("333")
    assert (site.said, site.sender.warning) == (["1", "333"], "")
    assert [line["event"] for line in told(lines, "info")] == ["cards can be edited again"]
    site.standin.leave("gate", "alerts")
    with capture_logs() as lines:
        await site.say("4444")
    assert (len(told(lines, "warning")), site.sender.warning != "") == (1, True)


async def test_joining_is_tried_again_after_hours_only(made):
    """What was refused will be refused; who left because he was removed is not back at once."""
    site = made(private=True)
    await site.say("1")
    for text in ("22", "333"):
        await site.say(text)
    before = site.standin.stats["requests"]
    await site.say("4444")
    assert site.standin.stats["requests"] - before == 3  # the edit, the question for membership, the new post
    site.now[0] += JOIN_AGAIN + 1
    before = site.standin.stats["requests"]
    await site.say("55555")
    assert site.standin.stats["requests"] - before == 4


async def test_who_was_removed_joins_again_after_hours(made):
    """A person who removes the bot wins, for a while."""
    site = made()
    await site.say("1")
    await site.say("22")
    site.standin.leave("gate", "alerts")
    await site.say("333")
    assert (site.said, site.sender.warning != "") == (["22", "333"], True)
    site.now[0] += JOIN_AGAIN + 1
    await site.say("4444")
    assert (site.said, site.sender.warning) == (["22", "4444"], "")


@pytest.mark.parametrize("mode", [CardMode.UPDATE, CardMode.BOTH])
async def test_a_deleted_card_is_no_warning(made, mode):
    """A person deleted it: a new card, and nothing is missing."""
    site = made()
    site.standin.join("gate", "alerts")
    await site.say("1", mode)
    site.standin.delete_post(site.cards["s"].post_id)
    with capture_logs() as lines:
        await site.say("22", mode)
    assert (site.said, site.sender.warning, told(lines, "warning")) == (["1", "22"], "", [])


async def test_the_card_of_another_account_is_no_warning(made):
    """After a change of the account the next event makes a card of its own."""
    site = made()
    site.standin.join("gate", "alerts")
    await site.say("1")
    site.standin.posts[0].user_id = site.standin.add_user("other")
    await site.say("22")
    assert (site.said, site.sender.warning) == (["1", "22"], "")


async def test_a_member_without_the_right_to_edit(desk):
    """The post is there and its own, and the edit is refused: the permission is missing."""
    sender = desk.sender()
    root = (await sender.send(desk.delivery("1", Card("s", CardMode.UPDATE)))).post_id
    desk.cards["s"] = Remembered(root)
    forbidden = web.json_response({"id": "api.context.permissions.app_error"}, status=403)
    desk.board.next_answer("PUT", f"/posts/{root}/patch", lambda: forbidden)
    assert isinstance(await sender.send(desk.delivery("2", Card("s", CardMode.UPDATE))), Delivered)
    assert "give it edit_post" in sender.warning


@pytest.mark.parametrize("path", ["members/me", "members"])
@pytest.mark.parametrize("status", [500, 404])
async def test_nobody_knows_why_while_the_server_is_in_trouble(desk, path, status):
    """The edit waits: no card is made anew for a reason that is not certain."""
    channel = desk.board.channels["alerts"]
    sender = desk.sender()
    root = (await sender.send(desk.delivery("1", Card("s", CardMode.UPDATE)))).post_id
    desk.cards["s"] = Remembered(root)
    forbidden = {"id": "api.context.permissions.app_error"}
    desk.board.next_answer("PUT", f"/posts/{root}/patch", lambda: web.json_response(forbidden, status=403))
    method = "POST" if path == "members" else "GET"
    if path == "members":
        desk.board.next_answer(
            "GET", f"/channels/{channel}/members/me", lambda: web.json_response(forbidden, status=403)
        )
    desk.board.next_answer(method, f"/channels/{channel}/{path}", lambda: web.Response(status=status, text="<html>"))
    result = await sender.send(desk.delivery("2", Card("s", CardMode.UPDATE)))
    assert isinstance(result, Later)
    assert result.reason.startswith("looking why a card cannot be edited: ")
    assert len(desk.board.posts) == 1


async def test_only_so_many_channels_are_remembered(desk):
    """A translator may name channels from payloads."""
    editing = Editing(desk.session(), "ops")
    for number in range(250):
        channel = f"c{number}".ljust(26, "0")
        desk.board.closed.add(channel)
        desk.board.next_answer(
            "POST",
            f"/channels/{channel}/members",
            lambda: web.json_response({"id": "api.context.permissions.app_error"}, status=403),
        )
        assert await editing.refused("p" * 26, channel) is Verdict.BARRED
    assert len(editing._barred) <= 100
    assert len(editing._join_at) <= 100
