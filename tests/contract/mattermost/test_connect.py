"""Whether `mattergate connect` sets up at a server what it says, and finds it there again."""

from contextlib import AsyncExitStack

import pytest_asyncio

from gateway.app.connect_desk import Desk
from gateway.app.connecting import plan
from gateway.callbacks.connect_scope import Choice
from gateway.catalog.build import build
from gateway.language.template import Engine
from gateway.secret import Secret
from gateway.settings import tokenfiles
from tests.callbacks.conftest import ASK, texts

TABLES = """
[server]
public_url = "http://127.0.0.1:9"
[bots.{bot}]
server = "{url}"
token_file = "tokens/bot"
[callbacks.{table}]
service = "acme"
bot = "{bot}"
tokens_file = ["tokens/table"]
credentials = ["gate:a password"]
"""


@pytest_asyncio.fixture(loop_scope="session")
async def connect(server, stage, tmp_path):
    """Give a function that connects a bot, a webhook and a command of a team; it gives the steps that were to do."""
    bot, table = stage.name("helper"), stage.name("ask")
    file = tmp_path / "mattergate.toml"
    file.write_text(TABLES.format(bot=bot, table=table, url=server.url))
    file.chmod(0o600)
    document = ASK.replace("answers: command", "answers: [command, outgoing]").replace(
        "trigger: ask", f"trigger: {table}"
    )
    service, faults = build("acme", texts({"ask": document}), Engine())
    assert faults == []

    async def run(**choice):
        desk = Desk(tokenfiles.load(file, {}), Choice(teams=(stage.team["name"],), **choice), tmp_path)
        async with AsyncExitStack() as stack:
            await desk.open(stack, Secret(server.token))
            tasks = [task for task in await plan(desk, {"acme": service}) if task.work is not None]
            for task in tasks:
                await task.work()
        return [task.step.action for task in tasks]

    run.bot, run.table, run.folder = bot, table, tmp_path
    yield run
    found = await server.api("GET", f"/users/username/{bot}")
    if found.status == 200:
        stage.users.append(found.json["id"])


async def test_what_is_set_up_is_found_again(server, stage, connect):
    """Bot, token, permission, memberships, webhook and command at the first run; nothing at the second."""
    place = await stage.place()
    asked = {"channels": (place.name,), "triggers": (connect.table,)}
    done = ["create", "create", "add", "add", "add", "write", "create", "create"]
    assert await connect(role="post:channels", **asked) == done
    assert await connect(role="post:channels", **asked) == []
    assert await connect() == []
    token = (connect.folder / "tokens/bot").read_text().strip()
    me = (await server.api("GET", "/users/me", token=token)).json
    assert (me["username"], me["roles"]) == (connect.bot, "system_user system_post_all_public")
    assert (await place.post(token=token)).status == 201


async def test_what_was_changed_there_is_set_right(server, stage, connect):
    """A hint, a webhook without a token, new tokens, a bot that was turned off."""
    await connect(triggers=(connect.table,))
    (hook,) = [one for one in await server.done("GET", f"/hooks/outgoing?team_id={stage.team['id']}&per_page=200")
               if connect.table in (one["trigger_words"] or ())]  # fmt: skip
    (command,) = [
        one for one in await server.done("GET", f"/commands?team_id={stage.team['id']}&custom_only=true")
        if one["trigger"] == connect.table
    ]  # fmt: skip
    kept = (connect.folder / "tokens/table").read_text().strip()
    assert hook["token"] == command["token"] == kept
    assert hook["callback_urls"] == [f"http://gate:a%20password@127.0.0.1:9/out/{connect.table}"]
    await server.done("PUT", f"/hooks/outgoing/{hook['id']}", {**hook, "token": ""})
    await server.done("PUT", f"/commands/{command['id']}", {**command, "auto_complete_hint": "else"})
    assert await connect() == ["update", "update"]
    assert (await server.done("GET", f"/hooks/outgoing/{hook['id']}"))["token"] == kept
    for method, path in (("POST", f"/hooks/outgoing/{hook['id']}"), ("PUT", f"/commands/{command['id']}")):
        await server.done(method, f"{path}/regen_token")
    bot = (await server.done("GET", f"/users/username/{connect.bot}"))["id"]
    await server.done("POST", f"/bots/{bot}/disable")
    assert await connect() == ["update", "create", "write", "write"]
    assert await connect() == []
