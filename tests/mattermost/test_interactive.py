"""What one person is shown at one moment: by a server that is well, one that refuses, and one that does not answer."""

import asyncio
import json
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from gateway.mattermost import interactive
from gateway.mattermost.interactive import Told
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.standin.server import StandIn
from tests.conftest import PATIENCE, free_port

DIALOG = {"callback_id": "c", "title": "T", "elements": [], "state": "s"}


class Scene:
    """A stand-in with a command of `owner`, its URL, and sessions of accounts there."""

    def __init__(self, standin: StandIn, url: str, http) -> None:
        self.standin = standin
        self.url = url
        self.http = http
        self.forms: list[dict[str, str]] = []
        self.owner = standin.add_user("ann")

    def session(self, name: str, **more) -> Session:
        """The session of a new bot."""
        return Session(self.url, TokenAccount(Secret(self.standin.add_bot(name, **more))), self.http, PATIENCE)

    async def command(self) -> dict[str, str]:
        """What a service is told of a command that ann gives."""
        await self.standin.execute("ann", "town-square", "/deploy")
        return self.forms[-1]

    async def respond(self, response_url: str, **body) -> Told:
        """Answer a command later."""
        return await interactive.respond(self.http, self.url, response_url, json.dumps(body).encode())


@pytest.fixture
async def scene(aiohttp_server):
    """Give a scene."""
    standin = StandIn()
    async with standin.serve() as url, open_session() as http:
        made = Scene(standin, url, http)

        async def take(request: web.Request) -> web.Response:
            made.forms.append(dict(parse_qsl(await request.text())))
            return web.Response()

        app = web.Application()
        app.router.add_post("/command", take)
        service = await aiohttp_server(app)
        standin.add_command("deploy", f"http://127.0.0.1:{service.port}/command")
        yield made


async def test_a_dialog_opens(scene):
    """For the person of the trigger id, without an account."""
    trigger = (await scene.command())["trigger_id"]
    assert await interactive.open_dialog(scene.http, scene.url, trigger, "http://gate/dialog", DIALOG) == Told()
    [shown] = scene.standin.dialogs
    assert (shown.user, shown.url, shown.dialog["title"], shown.dialog["state"]) == (
        "ann",
        "http://gate/dialog",
        "T",
        "s",
    )


async def test_a_dialog_that_does_not_open(scene):
    """A trigger id of nobody's, or too late."""
    trigger = (await scene.command())["trigger_id"]
    for forged in ("none", "no base64", trigger[:-4]):
        told = await interactive.open_dialog(scene.http, scene.url, forged, "http://gate/dialog", DIALOG)
        assert told == Told(
            "400: Mattermost does not know this command or click, or cannot read the dialog", lasting=True
        )
    scene.standin.settings.service.outgoing_integration_requests_timeout = -1
    told = await interactive.open_dialog(scene.http, scene.url, trigger, "http://gate/dialog", DIALOG)
    assert told.problem.startswith("400: the time for a dialog is over: Mattermost opens it only within seconds of")
    assert not scene.standin.dialogs


async def test_a_command_is_answered_later(scene):
    """Texts are cut and null is left out, for both cost an answer or break the server; the sixth is refused."""
    url = (await scene.command())["response_url"]
    further = {"response_type": "in_channel", "text": "y" * 20_000, "attachments": [None]}
    told = await scene.respond(url, response_type="in_channel", text="x" * 20_000, extra_responses=[None, further])
    assert told == Told()
    assert [(post.user, post.message[:2], len(post.message)) for post in scene.standin.posts] == [
        ("ann", "xx", 16_383),
        ("ann", "yy", 16_383),
    ]
    assert [await scene.respond(url, text=str(number)) for number in range(4)] == [Told()] * 4
    over = "400: Mattermost takes no further answer to this command: five were given, or the command is gone"
    assert (await scene.respond(url, text="6")).problem == f"{over} (web.command_webhook.general.app_error)"
    told = await scene.respond(f"{scene.url}/hooks/commands/{'z' * 26}", text="a")
    assert told.problem.startswith("404: the time for answers to this command is over")


@pytest.mark.parametrize(
    "asked",
    [
        "http://other.example/hooks/commands/{id}",
        "{url}.evil.example/hooks/commands/{id}",
        "{url}/hooks/commands/{id}/../../x",
        "{url}/hooks/{id}",
        "{url}/hooks/commands/{id}?x=y",
        "{url}/hooks/commands/short",
        "{url}:80/hooks/commands/{id}",
        "https{rest}/hooks/commands/{id}",
        "http://ann:pw@{host}/hooks/commands/{id}",
        "http://[::/hooks/commands/{id}",
        "",
    ],
)
async def test_only_the_server_of_the_settings_is_answered(scene, asked):
    """Nothing is asked for any other URL."""
    rest = scene.url.removeprefix("http")
    before = scene.standin.stats.total()
    told = await scene.respond(asked.format(id="a" * 26, url=scene.url, rest=rest, host=rest[3:]), text="a")
    assert told == Told(
        "not answered: the response_url is not of the server in the settings: write its SiteURL there", lasting=True
    )
    assert scene.standin.stats.total() == before


async def test_the_url_may_be_spelled_otherwise(scene):
    """Another case of the scheme, a slash at the end of the server."""
    url = (await scene.command())["response_url"]
    server = f"{scene.url.replace('http', 'HTTP')}/"
    assert await interactive.respond(scene.http, server, url, b'{"text": "a"}') == Told()


async def test_a_text_for_one_person(scene):
    """An administrator's account may show it; the problem of others says so."""
    channel, boss = scene.standin.add_channel("town-square"), scene.session("boss", roles="system_admin system_user")
    told = await interactive.ephemeral(boss, scene.owner, channel, "x" * 20_000, "r" * 26)
    [shown] = scene.standin.whispers
    assert (told.problem, told.id, shown.user) == ("", shown.post.id, "ann")
    assert (len(shown.post.message), shown.post.root_id) == (16_383, "r" * 26)
    told = await interactive.ephemeral(scene.session("bot"), scene.owner, channel, "a")
    assert told.problem.startswith("403: the account may not show something to one person alone")


async def test_a_direct_channel(scene):
    """It is made once; there is none with somebody who is not there."""
    bot = scene.session("bot")
    told = [await interactive.direct(bot, scene.owner) for _ in range(2)]
    assert told == [Told(id=scene.standin._world.direct(*map(scene.standin._user, ("bot", "ann"))).id)] * 2
    told = await interactive.direct(bot, "n" * 26)
    assert told.problem.startswith("400: there is no such user (api.channel.create_direct_channel.")


async def test_typing(scene):
    """Shown where the account may write."""
    bot = scene.session("bot")
    channel = scene.standin.add_channel("town-square")
    assert (await interactive.typing(bot, channel)).problem.startswith("403: the account may not write in this channel")
    scene.standin.join("bot", "town-square")
    assert await interactive.typing(bot, channel, "r" * 26) == Told()


async def test_an_update_of_a_post(scene):
    """Text and attachments change; how it looks, its pin, its marks and its files stay."""
    bot, channel = scene.session("bot"), scene.standin.add_channel("town-square")
    scene.standin.join("bot", "town-square")
    kept = {"override_username": "CI", "override_icon_emoji": "ship", "from_webhook": "true", "mattergate": "m"}
    body = {"channel_id": channel, "message": "old", "props": {**kept, "card": "old", "attachments": [{"text": "old"}]}}
    post_id = json.loads((await bot.call("POST", "/posts", json.dumps(body).encode())).body)["id"]
    [post] = scene.standin.posts
    post.is_pinned, post.file_ids = True, ["f" * 26]
    told = await interactive.update(bot, post_id, "x" * 20_000, {"attachments": [None, {"text": "new"}]})
    assert told == Told(id=post_id)
    assert (len(post.message), post.is_pinned, post.file_ids) == (16_383, True, ["f" * 26])
    assert [one["text"] for one in post.props.pop("attachments")] == ["new"]
    assert post.props == {**kept, "from_bot": "true"}
    assert await interactive.update(bot, "../users/me", "x", {}) == Told("there is no such post")
    other = scene.session("other")
    scene.standin.join("other", "town-square")
    told = await interactive.update(other, post_id, "mine", {})
    assert told.problem.startswith("403: the account may not change this post: it must be its own, in a channel of")
    scene.standin.delete_post(post_id)
    told = await interactive.update(bot, post_id, "again", {})
    assert told.problem.startswith("404: the post is gone (app.post.get.app_error)")


async def test_a_server_that_does_not_answer(scene, aiohttp_server):
    """There is a time for it, and words; whether it was done is unsure where it may have been."""

    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(3600)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hang)
    slow = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    session = Session(slow, TokenAccount(Secret("t")), scene.http, PATIENCE)
    told = await interactive.typing(session, "c" * 26, timeout=0.1)
    assert told == Told("Mattermost did not answer within 0.1 s", unsure=True)
    later = f"{slow}/hooks/commands/{'a' * 26}"
    told = await interactive.respond(scene.http, slow, later, b"{}", timeout=0.1)
    assert (told.unsure, "a" * 26 in told.problem) == (True, False)
    gone = f"http://127.0.0.1:{free_port()}"
    told = await interactive.open_dialog(scene.http, gone, "t", "http://gate", DIALOG)
    assert (told.problem.startswith("cannot connect"), told.unsure) == (True, False)


@pytest.mark.parametrize(
    ("status", "unsure", "problem"),
    [
        (200, True, "200 without Mattermost's answer"),
        (502, True, "502: the server or a proxy before it failed"),
        (403, False, "403: a proxy before Mattermost refuses"),
    ],
)
async def test_somebody_else_answers(scene, aiohttp_server, status, unsure, problem):
    """A proxy or a login page is no success, and no refusal of Mattermost's."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Sign in</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", page)
    url = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    session = Session(url, TokenAccount(Secret("t")), scene.http, PATIENCE)
    later = f"{url}/hooks/commands/{'a' * 26}"
    for told in (
        await interactive.typing(session, "c" * 26),
        await interactive.respond(scene.http, url, later, b"{}"),
        await interactive.open_dialog(scene.http, url, "t", "http://gate", DIALOG),
    ):
        assert (told.problem.startswith(problem), told.unsure) == (True, unsure), told
