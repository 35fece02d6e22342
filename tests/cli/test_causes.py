"""Whoever asks "why did my message not arrive" finds the cause with one command, also when the gateway is gone."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tests.console.causes import CASES, ROUTES, happen

SETTINGS = """
[journal]
url = "sqlite:{folder}/test.db"
[destinations.ops]
hook = "http://127.0.0.1:9/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa"
"""


@pytest.fixture
def command(tmp_path):
    """A function that runs a command with the settings of the gateway, and gives what it wrote."""
    file = tmp_path / "cli.toml"
    file.write_text(SETTINGS.format(folder=tmp_path) + ROUTES)
    file.chmod(0o600)

    async def run(*arguments: str, errors: bool = False) -> str:
        got = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "-c", str(file)])
        assert got.exit_code == 0, got.output
        return got.output if errors else got.stdout

    return run


@pytest.mark.parametrize("name", CASES)
async def test_the_cause_is_one_command_away(start, command, name):
    """The list has the reason; the same one is there when the gateway is gone."""
    case = CASES[name]
    gateway = await start(ROUTES)
    await happen(gateway, name)
    said = await command("events", "list", *case.options)
    assert case.words in said
    assert case.badge in said.replace("_", " ")
    await gateway.stop()
    assert await command("events", "list", *case.options) == said


async def test_a_refused_request_is_shown_whole(start, command):
    """By its id or the beginning of it: cause, answer, hint and sender; a replay says that there is nothing to send."""
    gateway = await start(ROUTES)
    await happen(gateway, "wrong secret")
    [row] = map(json.loads, (await command("events", "list", "--outcome", "refused", "-o", "jsonl")).splitlines())
    assert (row["note"], row["refused"]["status"], row["refused"]["peer"]) == ("wrong_secret", 401, "127.0.0.1")
    for wanted in (row["id"], row["id"][:14]):
        said = await command("events", "show", wanted)
        assert "outcome refused  cause wrong_secret  answered 401" in said
        assert "hint    it fits the secret with a line break at its end" in said
        assert "from 127.0.0.1" in said
        assert "calm" not in said
    again = await asyncio.to_thread(_replay, command, row["id"])
    assert "was refused: nothing is kept of such a request but why" in again


def _replay(command, event: str) -> str:
    with pytest.raises(AssertionError) as caught:
        asyncio.run(command("events", "replay", event))
    return str(caught.value)


async def test_what_needs_a_look_is_replayed_by_its_note(start, command):
    """With today's catalog, say: only events with the note that is named."""
    gateway = await start(ROUTES)
    await happen(gateway, "unknown event", "broken JSON")
    said = await command("events", "replay", "--note", "unknown", "--today", "--dry-run", "-o", "jsonl")
    [row] = map(json.loads, said.splitlines())
    assert row["deliveries"] == 1


async def test_a_list_of_events_says_that_requests_were_refused(start, command):
    """Whoever looks for an event there finds the way to what became none; nobody else is told."""
    gateway = await start(ROUTES)
    await happen(gateway, "ignored by a filter")
    assert "were refused" not in await command("events", "list", errors=True)
    await happen(gateway, "wrong secret")
    said = await command("events", "list", errors=True)
    assert "requests were refused, too: mattergate events list --outcome refused\n" in said
    assert "--outcome refused --route github" in await command("events", "list", "--route", "github", errors=True)
    for options in (["--route", "quiet"], ["--outcome", "ignored"], ["-o", "json"], ["--until", "1d"]):
        assert "were refused" not in await command("events", "list", *options, errors=True)
