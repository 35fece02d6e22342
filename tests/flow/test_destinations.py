"""Operators and destinations: paused and resumed, tested, and the cause found with one command."""

import json
import signal

import pytest

from tests.flow.conftest import Service

PAUSE = ("destinations", "pause", "ops", "--because", "the channel moves")


async def state(service: Service) -> str:
    """The state of the destination `ops`, as the gateway tells it."""
    return json.loads((await service.get("/readyz"))[1])["destinations"]["ops"]["state"]


async def test_a_pause_takes_effect_at_once_and_outlives_a_kill(items):
    """Everything is accepted, nothing delivered, by no life of the gateway; afterwards all arrives, in order."""
    await items.start()
    assert (await items.item("a", 1))[0] == 202
    await items.until(lambda: items.mattermost.texts == ["a 1"])
    code, said = await items.command(*PAUSE)
    assert (code, said) == (0, "ops is paused; 0 messages wait\n")
    assert await state(items) == "paused"
    ids = [(await items.item("a", number))[1]["id"] for number in (2, 3)]
    assert await items.value("destination_state", destination="ops", state="paused") == 1
    assert await items.value("destination_state", destination="ops", state="healthy") == 0
    await items.stop(signal.SIGKILL)
    await items.start()
    assert await state(items) == "paused"
    ids.append((await items.item("a", 4))[1]["id"])
    code, said = await items.command("destinations", "show", "ops")
    assert code == 0
    assert "destination ops: paused since " in said
    assert ": the channel moves\n" in said
    assert said.count("waits: delivery ") == 3
    code, said = await items.command("events", "show", ids[2])
    assert "waits: ops is paused: by " in said
    assert "waits: it keeps its order behind 2 others, of which delivery 2 is the next" in said
    assert f"`mattergate events show {ids[0]}` shows the one that goes first" in said
    assert "paused" in (await items.command("status"))[1]
    assert items.mattermost.texts == ["a 1"]
    assert (await items.command("destinations", "resume", "ops"))[0] == 2, "there is no terminal to ask at"
    code, said = await items.command("destinations", "resume", "ops", "--yes")
    assert (code, said) == (0, "ops is resumed: healthy\n")
    await items.until(lambda: items.mattermost.texts == ["a 1", "a 2", "a 3", "a 4"])


async def test_a_pause_without_a_gateway_is_obeyed_by_the_next(items):
    """It is in the journal, which the first gateway made."""
    await items.start()
    await items.stop()
    assert (await items.command(*PAUSE))[0] == 0
    await items.start()
    assert (await items.item("a", 1))[0] == 202
    assert await state(items) == "paused"
    assert "destination paused, its messages wait" in items.log
    assert (await items.command("destinations", "resume", "ops"))[0] == 0
    await items.until(lambda: items.mattermost.texts == ["a 1"])


async def test_a_test_message_goes_the_real_way(items):
    """The command says what came of it, and ends with 1 unless it arrived."""
    await items.start()
    code, said = await items.command("destinations", "test", "ops")
    assert code == 0, said
    assert said.startswith("test message to ops: it arrived (event ")
    [text] = items.mattermost.texts
    assert text.startswith("Test message from mattergate, sent by `")
    items.mattermost.fail_next(1, 413)
    code, said = await items.command("destinations", "test", "ops", "-o", "jsonl")
    found = json.loads(said)
    assert (code, found["state"], found["words"][:21]) == (1, "dead", "it was given up: 413:")
    assert found["event"] in (await items.command("events", "list"))[1]


@pytest.mark.parametrize(
    ("status", "headers", "state"), [(503, {}, "held"), (429, {"Retry-After": "600"}, "throttled")]
)
async def test_one_command_finds_why_nothing_arrives(items, status, headers, state):
    """`destinations list` for all of them, `events show` for one message: the state, the answer, what happens next."""
    await items.start()
    items.mattermost.fail_next(1000, status, headers=headers)
    _, answer, _ = await items.item("a", 1)

    async def stands() -> bool:
        return await items.value("destination_state", destination="ops", state=state) == 1

    await items.until(stands)
    _, said = await items.command("destinations", "list")
    row = next(line for line in said.splitlines() if line.startswith("ops"))
    assert row.split()[1] == state
    assert f"{status}: " in row
    assert "; " in row, "what happens next"
    _, said = await items.command("events", "show", answer["id"])
    assert f"waits: ops is {state}: " in said
    assert f"  {status}  " in said


async def test_one_command_finds_why_a_message_is_dead(items):
    """The attempts with their answers; and a destination that takes nothing is failing, after a restart, too."""
    await items.start()
    items.mattermost.fail_next(1000, 413)
    ids = [(await items.item(f"b{number}", 1))[1]["id"] for number in range(3)]
    await items.until(lambda: items.dead(3))
    _, said = await items.command("events", "show", ids[0])
    assert ": dead, 1 attempt, 413: too large" in said
    for _ in range(2):
        code, said = await items.command("status")
        assert (code, "failing" in said) == (1, True), said
        await items.stop()
        await items.start()
