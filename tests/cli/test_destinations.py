"""`mattergate destinations`, without a gateway; beside one it is tried in tests/flow/test_destinations.py."""

import asyncio
import json

from msgspec.structs import replace

from gateway.cli.destinations import COLUMNS
from gateway.console.destinations import BotStanding, DestinationStanding

ID = "0199a000001000000000000000a"


async def run(desk, *arguments):
    """Run a command beside the gateway, whose loop goes on meanwhile."""
    return await asyncio.to_thread(desk.run, *arguments)


async def test_destinations_are_listed_as_the_gateway_sees_them(running, desk):
    """Tables for people, the API's names for programs."""
    await running()
    said = await run(desk, "destinations", "list")
    assert (said.code, said.err) == (0, "")
    assert ["ops", "healthy"] in [line.split()[:2] for line in said.out.splitlines()]
    [one, *_] = json.loads((await run(desk, "destinations", "list", "-o", "json")).out)
    assert (one["name"], one["state"], one["next"]) == ("ops", "healthy", "")


def test_one_is_paused_and_resumed_without_a_gateway(desk):
    """The journal keeps it, the next gateway obeys; the list says where it has that from."""
    desk.store(ID, {"ops": "pending"})
    assert desk.run("destinations", "pause", "ops", "--because", "it moves").out == "ops is paused; 1 message waits\n"
    listed = desk.run("destinations", "list")
    assert ["ops", "paused"] in [line.split()[:2] for line in listed.out.splitlines()]
    assert "states are what the journal tells: no gateway answers at" in listed.err
    shown = desk.run("events", "show", ID)
    assert "waits: ops is paused: by " in shown.out
    assert "nothing is delivered now: no gateway answers" in shown.err
    assert desk.run("destinations", "resume", "ops").out == "ops is resumed: healthy\n"
    said = desk.run("destinations", "resume", "ops")
    assert (said.code, said.err) == (1, "ops is not paused: it is healthy\n")


def test_what_is_failing_is_told_without_a_gateway(desk):
    """By the last results in the journal."""
    for number in range(3):
        desk.store(f"0199a00000100000000000000{number:02}", {"ops": "dead"})
    rows = json.loads(desk.run("destinations", "list", "-o", "json").out)
    [ops] = [row for row in rows if row["name"] == "ops"]
    assert (ops["state"], ops["dead"]) == ("failing", 3)
    assert ops["why"].startswith("404: ")


def test_wrong_usage_is_told(desk):
    """An unknown name, a blank reason."""
    desk.store(ID)
    said = desk.run("destinations", "pause", "nowhere", "--because", "x")
    assert (said.code, said.err) == (1, "the settings have no destination nowhere: they have ops, dev\n")
    assert desk.run("destinations", "pause", "ops", "--because", "  ").code == 2
    assert desk.run("destinations", "pause", "ops").code == 2


def test_a_test_message_needs_a_gateway(desk):
    """Nothing is stored that would surprise whoever starts one later."""
    desk.store(ID)
    said = desk.run("destinations", "test", "ops")
    assert said.code == 1
    assert "nothing was sent, as nothing would deliver it: no gateway answers" in said.err
    assert [row["id"] for row in desk.run("events", "list", "-o", "jsonl").lines] == [ID]


def test_a_bot_that_is_not_connected_says_why():
    """In the list, where its state alone tells of posts; one that listens needs no word."""
    why = COLUMNS[-1].text
    bot = DestinationStanding("bots.helper", "healthy", "", 0, 0.0, 0, 0, bot=BotStanding(0.0, 0.0, "401", 0))
    assert why(bot) == "not connected: 401"
    assert why(replace(bot, bot=BotStanding(1.0, 0.0, "", 0))) == ""
