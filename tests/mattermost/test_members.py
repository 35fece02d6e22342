"""Who may: by what a server says of users, channels, teams and groups, and by what it does not say."""

import asyncio

import pytest
from aiohttp import web

from gateway.mattermost.members import CACHED, Members, faults
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE

ROLES = ["role:channel_admin", "role:team_admin", "role:system_admin"]


class Scene:
    """A stand-in with ann, ben and a channel of theirs; `members` asks as a bot that is in it, by the clock `now`."""

    def __init__(self, standin: StandIn, session: Session) -> None:
        self.standin = standin
        self.now = 0.0
        self.members = Members(session, PATIENCE, lambda: self.now)
        self.ann, self.ben = standin.add_user("ann"), standin.add_user("ben")
        self.ops = standin.add_channel("ops")
        for name in ("ann", "bot"):
            standin.join(name, "ops")

    async def why(self, *allow: str, user: str = "", channel: str = "") -> str:
        """Why a user, ann unless said otherwise, may not."""
        return await self.members.allowed(allow, user or self.ann, channel or self.ops)

    async def may(self, *allow: str, **where: str) -> bool:
        """Whether a user may."""
        return not await self.why(*allow, **where)


@pytest.fixture
async def scene():
    """Give a scene."""
    standin = StandIn()
    token = standin.add_bot("bot")
    async with standin.serve() as url, open_session() as http:
        yield Scene(standin, Session(url, TokenAccount(Secret(token)), http, PATIENCE))


async def test_everybody_may_unless_somebody_is_named(scene):
    """Nothing is asked for it."""
    assert await scene.why() == ""
    assert await scene.why(user="nobody") == ""


async def test_a_user_by_name(scene):
    """In any case; the others are told who may."""
    assert await scene.may("@Ann")
    assert await scene.why("@ann", user=scene.ben) == "Only @ann may do this."
    assert await scene.why("@ann", "@carl", "role:team_admin", user=scene.ben) == (
        "Only @ann, @carl and administrators of this team may do this."
    )
    scene.standin.deactivate("ann")
    scene.now = CACHED
    assert not await scene.may("@ann", "channel")


async def test_members_of_the_channel(scene):
    """Of the channel where it happens, and of no other."""
    assert await scene.may("channel")
    assert await scene.why("channel", user=scene.ben) == "Only members of this channel may do this."
    other = scene.standin.add_channel("other")
    scene.standin.join("bot", "other")
    assert not await scene.may("channel", channel=other)


@pytest.mark.parametrize("role", ROLES)
async def test_roles(scene, role):
    """Each is told apart from the others."""
    assert not await scene.may(*ROLES)
    scene.now = CACHED
    if role == "role:system_admin":
        scene.standin._user("ann").roles = "system_user system_admin"
    else:
        scene.standin.promote("ann", "ops" if role == "role:channel_admin" else "")
    assert [one for one in ROLES if await scene.may(one)] == [role]


async def test_who_has_left_has_no_role(scene):
    """The server still tells the roles that somebody had in a team."""
    scene.standin.promote("ann")
    assert await scene.may("role:team_admin")
    scene.standin.leave_team("ann")
    scene.now = CACHED
    assert not await scene.may("role:team_admin", "role:channel_admin", "channel")


async def test_a_direct_channel_has_no_team(scene):
    """Nobody administers it."""
    direct = scene.standin._world.direct(*map(scene.standin._user, ("ann", "bot"))).id
    scene.standin.promote("ann")
    assert not await scene.may("role:team_admin", channel=direct)
    assert await scene.may("channel", channel=direct)


async def test_groups_need_a_licence(scene):
    """The reason is said; another entry may hold all the same."""
    assert await scene.why("group:ops") == (
        "Only members of the group ops may do this, and whether you are among them is not known "
        "(this Mattermost has no groups: they need a licence)."
    )
    assert await scene.may("group:ops", "channel")


async def test_groups_of_a_licensed_server(aiohttp_server):
    """By the name by which a group is mentioned, and not by the one that is shown; deleted ones are none."""
    groups = [
        {"name": "Ops", "display_name": "x"},
        {"name": None, "display_name": "dev"},
        {"name": "old", "delete_at": 1},
    ]

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(groups if request.path.endswith("/groups") else {"username": "ann"})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    url = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    async with open_session() as http:
        members = Members(Session(url, TokenAccount(Secret("t")), http, PATIENCE))
        told = [await members.allowed([f"group:{name}"], "u" * 26, "c" * 26) for name in ("ops", "dev", "old")]
    assert told == ["", "Only members of the group dev may do this.", "Only members of the group old may do this."]


async def test_what_the_server_hides(scene):
    """An account outside of the channel is told nothing: that is no permission, and the remedy is said."""
    scene.standin.leave("bot", "ops")
    unknown = "may do this, and whether you are among them is not known (Mattermost does not tell the gateway who is in"
    why = await scene.why("channel", "@ben")
    assert why == f"Only members of this channel and @ben {unknown} this channel: add its account to the channel)."
    assert await scene.may("channel", "@ann")
    scene.standin._team("home").members.discard(scene.standin._user("bot").id)
    scene.standin.join("bot", "ops")
    assert f"{unknown} this team: add its account to the team)" in await scene.why("role:team_admin")


async def test_what_is_no_id(scene):
    """It is no part of a path, and nobody's."""
    for user, channel in (("../teams", scene.ops), (scene.ann, "me/../x"), ("", ""), ("n" * 26, scene.ops)):
        assert await scene.members.allowed(["@ann", "channel"], user, channel) == (
            "Only @ann and members of this channel may do this."
        )
    assert await scene.why("everybody") == "Nobody may do this."


async def test_answers_count_for_a_minute(scene):
    """Of many questions at once, too; and not for longer."""
    requests = scene.members._session.call
    asked = []

    async def call(method, path, *given, **more):
        asked.append(path)
        return await requests(method, path, *given, **more)

    scene.members._session.call = call
    assert all(await asyncio.gather(*(scene.may("channel") for _ in range(20))))
    assert len(asked) == len(set(asked)) == 2
    scene.standin.leave("ann", "ops")
    scene.now = CACHED - 1
    assert await scene.may("channel")
    scene.now = CACHED
    assert not await scene.may("channel")


async def test_what_is_remembered_is_bounded(scene, monkeypatch):
    """The oldest answers give way."""
    monkeypatch.setattr("gateway.mattermost.members.KNOWN", 3)
    for number in range(5):
        assert not await scene.may("channel", user=scene.standin.add_user(f"user{number}"))
    assert len(scene.members._answers) == 3


@pytest.mark.parametrize("mode", ["silent", "502", "page"])
async def test_a_server_that_does_not_tell(aiohttp_server, mode):
    """It is asked in vain once by all who wait, and anew by the next."""
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if mode == "silent":
            await asyncio.sleep(3600)
        await asyncio.sleep(0.05)
        return web.Response(status=502 if mode == "502" else 200, text="<html>")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    url = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    async with open_session() as http:
        session = Session(url, TokenAccount(Secret("t")), http, PATIENCE)
        members = Members(session, 0.2 if mode == "silent" else PATIENCE)
        told = await asyncio.gather(*(members.allowed(["@ann"], "u" * 26, "c" * 26) for _ in range(5)))
        assert len(asked) == 1
        await members.allowed(["@ann"], "u" * 26, "c" * 26)
        assert len(asked) == 2
    [why] = set(told)
    assert why.startswith("Only @ann may do this, and whether you are among them is not known (")


def test_entries_that_name_nobody():
    """Each is told with what is expected."""
    fine = ["@ann.b-c_d", "group:Ops", "channel", *ROLES]
    assert faults(fine) == []
    wrong = ["ann", "@", "@a b", "group:", "role:admin", "role:", "channels", "", "@ann\n"]
    assert [fault.partition(" names nobody: expected @NAME")[0] for fault in faults([*fine, *wrong])] == list(
        map(repr, wrong)
    )
