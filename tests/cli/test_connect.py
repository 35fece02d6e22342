"""`mattergate connect`: what it shows, asks and refuses, with a stand-in as the server."""

import asyncio
import stat

import pytest

from gateway.standin.server import StandIn
from tests.callbacks.conftest import ASK, SERVICE

TABLES = """
[bots.helper]
server = "{url}"
token_file = "tokens/helper"
[callbacks.ask]
service = "acme"
bot = "helper"
tokens_file = ["tokens/ask"]
"""
URL = 'public_url = "http://localhost:8080"\n'


@pytest.fixture
async def connected(desk):
    """Give the desk with tables to connect, a stand-in, and a function that runs the command beside it."""
    standin = StandIn()
    desk.write("catalog/acme/service.yaml", SERVICE)
    desk.write("catalog/acme/callbacks/ask.yaml", ASK)
    desk.write("admin.token", standin.add_bot("boss", roles="system_admin system_user"))
    async with standin.serve() as url:
        text = desk.file.read_text().replace("[server]\n", f"[server]\n{URL}") + TABLES.format(url=url)
        desk.write("mattergate.toml", text)

        async def run(*arguments, token=True):
            given = ("--token-file", "admin.token") if token else ()
            return await asyncio.to_thread(desk.run, "connect", *given, *arguments)

        yield standin, run


async def test_the_plan_is_shown_and_nothing_done(desk, connected):
    """Without a terminal the command ends there, and says how to go on; with --dry-run that is all that is wanted."""
    standin, run = connected
    said = await run()
    assert said.code == 2
    rows = [line.split()[:2] for line in said.out.splitlines()]
    assert rows == [["action", "table"], *[["create", "bots.helper"]] * 2, ["add", "bots.helper"],
                    ["write", "callbacks.ask"], ["create", "callbacks.ask"]]  # fmt: skip
    assert "5 changes will be made" in said.err
    assert "fault: Mattermost does not call localhost" not in said.err, "the stand-in allows it"
    planned = await run("--dry-run", "-o", "jsonl")
    assert planned.code == 0
    assert planned.lines[-1] == {
        "action": "create", "table": "callbacks.ask", "what": "slash command /ask", "team": "home",
    }  # fmt: skip
    assert not (desk.folder / "tokens").exists()
    assert not standin._world.commands


async def test_it_is_done_once_and_no_token_is_shown(desk, connected):
    """Tokens go into files that their owner alone may read; the second run finds nothing to do."""
    standin, run = connected
    standin.settings.service.allowed_untrusted_internal_connections = "127.0.0.1"
    said = await run("--yes")
    assert said.code == 0, said.text
    assert "done: 5 changes; reload the gateway" in said.out
    assert "write localhost into its AllowedUntrustedInternalConnections" in said.err
    again = await run("--yes")
    assert (again.code, again.out.splitlines()[-1]) == (0, "nothing is to be done")
    for name in ("ask", "helper"):
        path = desk.folder / "tokens" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() not in said.text + again.text
    assert desk.run("check").code == 0, "the settings are complete now"


async def test_check_proves_what_was_connected(desk, connected, monkeypatch):
    """With the token of an administrator; a fault that it finds is one of `check`."""
    standin, run = connected
    await run("--yes")
    monkeypatch.setenv("MATTERGATE_CONNECT_TOKEN", (desk.folder / "admin.token").read_text())
    text = desk.file.read_text().replace("http://127.0.0.1:9/hooks", f"{standin.url}/hooks")
    desk.write("mattergate.toml", text)
    said = await asyncio.to_thread(desk.run, "check", "--live")
    for line in ("callbacks.ask: ok: the command /ask calls with a known token", "bots.helper: ok: hears over a"):
        assert line in said.out, said.text
    assert said.code == 0
    standin._world.commands.clear()
    said = await asyncio.to_thread(desk.run, "check", "--live", "-o", "jsonl")
    (fault,) = [row for row in said.lines if row["level"] == "fault"]
    assert (said.code, fault["where"]) == (1, "callbacks.ask")


@pytest.mark.parametrize(
    ("change", "arguments", "code", "hint"),
    [
        ((URL, ""), ("--dry-run",), 1, "write public_url ="),
        (("acme", "acne"), ("--dry-run",), 1, "the catalog has no service 'acne'"),
        (("tokens_file", "tokens"), ("--dry-run",), 1, "callbacks.ask.tokens"),
        (("", ""), ("nobody",), 1, "the settings have no [callbacks.nobody] nor [bots.nobody]"),
        (("", ""), ("--team", "lab", "--yes"), 1, "the server has no team 'lab'"),
        (("", ""), ("--channel", "nowhere", "--yes"), 1, "1 thing cannot be done as it is"),
        (("", ""), ("--token-file", "nowhere"), 1, "there is no such file"),
        (("", ""), ("--role", "post:some"), 2, "post:some"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told(desk, connected, change, arguments, code, hint):
    """In one sentence, and with what to do."""
    _, run = connected
    text = desk.file.read_text().replace(*change) if change[0] else desk.file.read_text()
    if change[0] == "tokens_file":
        text = text.replace('["tokens/ask"]', '"tokens/ask"')
    desk.write("mattergate.toml", text)
    said = await run(*arguments)
    assert (said.code, hint in said.text) == (code, True), said.text


async def test_the_token_of_an_administrator_is_needed(desk, connected, monkeypatch):
    """From a file or a variable, which other commands do not take for a setting; that of somebody else does not do."""
    standin, run = connected
    said = await run(token=False)
    assert (said.code, "MATTERGATE_CONNECT_TOKEN" in said.err) == (2, True)
    monkeypatch.setenv("MATTERGATE_CONNECT_TOKEN", standin.add_bot("plain"))
    said = await run(token=False)
    assert (said.code, "take the token of a system administrator" in said.err) == (1, True)
    monkeypatch.setenv("MATTERGATE_CONNECT_TOKEN", "revoked")
    assert "the token is not valid" in (await run(token=False)).err
    assert "unknown setting" not in desk.run("check").text
    desk.write("admin.token", "\n")
    assert "it is empty" in (await run()).err


async def test_what_fails_on_the_way_is_told_with_what_was_done(desk, connected):
    """A folder for tokens that is a file."""
    standin, run = connected
    desk.write("tokens", "")
    said = await run("--yes")
    assert said.code == 1
    assert "bots.helper: create access token of @helper" in said.err
    assert "1 of 5 are done" in said.err
    assert [one for one in standin._world.tokens.values() if one.access] != []
