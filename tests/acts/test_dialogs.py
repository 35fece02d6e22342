"""Dialogs: opened by buttons and commands, submitted by their own person alone, each once."""

import asyncio
import time
from collections import Counter

import pytest
from aiohttp import web
from msgspec.structs import replace

from gateway.acts.dialogs import LIFE
from gateway.callbacks.ticket import Place, TicketKind, sign, verify
from tests.acts.conftest import TOKEN
from tests.conftest import eventually

NOTE = """
title: Write a note
answers: [command, dialog]
command: {trigger: pager, sub: note}
dialog: {title: A note, on_cancel: true, fields: [{name: text, label: Text, default: "{{ text }}"}]}
request: {url: "{{ settings.url }}/noted", json: {text: "{{ submission.text }}"}}
reply: {message: {text: "Noted: {{ submission.text }}"}}
"""


async def opened(made, server=True, **documents):
    """The dialog of a note that ann has opened at an alert."""
    post = await made.fire()
    await made.standin.click("ann", post, "Note")
    await eventually(lambda: made.standin.dialogs)
    return made.standin.dialogs[-1]


@pytest.fixture
def mattermost_server(world):
    """A function that runs a gateway that knows its server, so that dialogs open."""

    async def make(table: str = "", **documents):
        return await world("rest", f'bot = "helper"\n{table}', **documents)

    return make


async def test_a_button_opens_a_dialog_whose_answer_is_told(mattermost_server) -> None:
    """Wrong fields are shown and it can be sent again; then it counts once, however often it is sent."""
    made = await mattermost_server()
    dialog = await opened(made)
    assert (dialog.dialog["title"], [one["name"] for one in dialog.dialog["elements"]]) == (
        "Add a note", ["text", "kind"],
    )  # fmt: skip
    assert await made.standin.lookup("ann", dialog, "ops", "kind", "re") == [
        {"text": "red", "value": "red"}, {"text": "blue", "value": "blue"},
    ]  # fmt: skip

    async def wrong(_):
        return web.json_response({"wrong": "too short"})

    made.outside.answers["/note/7"] = wrong
    assert await made.standin.submit("ann", dialog, "ops", {"text": "x"}) == {"errors": {"text": "too short"}}
    made.outside.answers.clear()
    sent = [made.standin.submit("ann", dialog, "ops", {"text": "long"}) for _ in range(3)]
    answers = Counter(str(one) for one in await asyncio.gather(*sent))
    assert answers == {"{}": 1, "{'error': 'That was done already, or is under way.'}": 2}
    assert made.outside.paths("/note/7") == [{"text": "x"}, {"text": "long"}]
    await eventually(lambda: made.texts()[-1] == "@ann Noted.")
    outcomes = Counter(line.outcome for line in await made.audit(4))
    assert outcomes == {"failed": 1, "done": 1, "repeated": 2}
    noted = next(line for line in await made.audit(4) if line.outcome == "done")
    assert (noted.callback, noted.action, noted.subject, noted.user_name) == ("pager/note", "Note", "pager:7", "ann")


async def test_a_command_opens_a_dialog_that_can_be_cancelled(mattermost_server) -> None:
    """What is cancelled asks nobody and says nothing."""
    made = await mattermost_server(**{"callbacks/written.yaml": NOTE})
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    told = await made.standin.execute("ann", "ops", "/pager note hello")
    assert not told.get("text")
    (dialog,) = made.standin.dialogs
    assert dialog.dialog["elements"][0]["default"] == "hello"
    assert await made.standin.submit("ann", dialog, "ops", None) == {}
    assert made.outside.asked == []
    assert [line.outcome for line in await made.audit()] == ["cancelled"]
    await made.standin.execute("ann", "ops", "/pager note hello")
    assert await made.standin.submit("ann", made.standin.dialogs[-1], "ops", {"text": "hello"}) == {}
    assert made.outside.paths("/noted") == [{"text": "hello"}]


async def test_states_that_do_not_count(mattermost_server) -> None:
    """Another person's, a changed one, an expired one, a button's, none: told, noted, and nobody is asked."""
    made = await mattermost_server()
    dialog = await opened(made)
    ring = made.running._running._parts.acting.desk.ring
    state, user = dialog.dialog["state"], made.standin._user("ann").id
    ticket = verify(state, TicketKind.DIALOG, ring.keys, Place(user=user), time.time())
    assert 0 < ticket.expires - time.time() <= LIFE
    assert "somebody else" in (await made.standin.submit("ben", dialog, "ops", {"text": "x"}))["error"]
    assert await made.standin.lookup("ben", dialog, "ops", "kind", "x") == []
    button = made.standin.posts[0].attachments[-1]["actions"][0]["integration"]["context"]["ticket"]
    forged = "not made by this gateway"
    cases = {
        f"{state[:-2]}AA": forged, button: forged, "": forged,
        sign(replace(ticket, expires=1), ring.keys[0]): "expired",
    }  # fmt: skip
    for text, told in cases.items():
        dialog.dialog["state"] = text
        assert told in (await made.standin.submit("ann", dialog, "ops", {"text": "x"}))["error"]
    assert made.outside.asked == []
    assert Counter(line.outcome for line in await made.audit(6)) == {"foreign": 2, "forged": 3, "expired": 1}


async def test_a_service_that_fails_keeps_the_dialog_open(mattermost_server) -> None:
    """What was typed is not lost: it can be sent again."""
    made = await mattermost_server()
    dialog = await opened(made)

    async def broken(_):
        return web.Response(status=503)

    made.outside.answers["/note/7"] = broken
    answer = await made.standin.submit("ann", dialog, "ops", {"text": "x"})
    assert "answered 503 Service Unavailable" in answer["error"]
    made.outside.answers.clear()
    assert await made.standin.submit("ann", dialog, "ops", {"text": "x"}) == {}


async def test_what_takes_longer_is_told_in_the_thread(mattermost_server) -> None:
    """The dialog is closed by then: what its fields would have shown is said, and it can be opened again."""
    made = await mattermost_server('patience = "50ms"')
    dialog = await opened(made)
    made.outside.gate.clear()
    assert await made.standin.submit("ann", dialog, "ops", {"text": "x"}) == {}

    async def wrong(_):
        return web.json_response({"wrong": "too short"})

    made.outside.answers["/note/7"] = wrong
    made.outside.gate.set()
    await eventually(lambda: made.texts()[-1] == "@ann Add a note: that did not work: text: too short")
    assert made.standin.posts[-1].root_id == made.standin.posts[0].id
    assert [line.outcome for line in await made.audit()] == ["failed"]


async def test_why_a_dialog_does_not_open(world) -> None:
    """Where the server is not known, or the trigger too old, the person is told."""
    made = await world()
    post = await made.fire()
    await made.standin.click("ann", post, "Note")
    assert "[callbacks.pager] server is not set" in await made.whisper()


async def test_a_dialog_of_an_action_that_is_offered_no_more(mattermost_server, monkeypatch) -> None:
    """Nobody knows any more who may, so nobody does."""
    made = await mattermost_server()
    dialog = await opened(made)

    async def none(_):
        return None

    monkeypatch.setattr(made.running._running._parts.acting.desk.clicks, "_declared", none)
    assert "not in use any more" in (await made.standin.submit("ann", dialog, "ops", {"text": "x"}))["error"]
    assert made.outside.asked == []
