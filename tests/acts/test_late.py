"""Answers that come later: where they go, and who is called by name there."""

import json

import msgspec
import pytest

from gateway.acts import late, stored
from gateway.acts.stored import RESPONSE_LIFE, StoredAct, StoredResponse
from gateway.acts.tables import Table
from gateway.callbacks.given import Given
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion
from gateway.callbacks.ticket import Ticket, TicketKind
from gateway.mattermost import payload
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Message
from gateway.settings.callbacks import CallbackSettings

TABLE = Table(CallbackSettings(name="pager", service="pager", bot="helper"), {}, Given())
URL = "https://chat.example/hooks/commands/" + "r" * 26
SAID = {"user": {"id": "u", "name": "ann"}, "channel": {"id": "c", "name": "ops"}, "post": {"id": "p"}}
IN_THREAD = {**SAID, "post": {"id": "p", "root": "r"}}
TICKET = Ticket(TicketKind.BUTTON, "1", "s/c", destination="hook")


def parcels(act, to=To.CHANNEL, age=0.0, **settings):
    """The parcels of two messages."""
    table = Table(CallbackSettings(name="one", service="s", **settings), {}, Given())
    messages = tuple(one for text in ("first", "second") for one in fitted(Message(text=text)))
    return late.parcels(table, act, Reply(to, messages), age, lambda name: name == "rest")


def asked(occasion=Occasion.OUTGOING, said=SAID, **more):
    """An act at an occasion."""
    return StoredAct("ask", occasion, said, **more)


@pytest.mark.parametrize(
    ("act", "settings", "destination"),
    [
        (asked(), {}, ""),
        (asked(), {"bot": "x", "destination": "hook"}, "bots.x"),
        (asked(), {"destination": "hook"}, "hook"),
        (asked(Occasion.ACTION, ticket=TICKET), {}, "hook"),
        (asked(Occasion.ACTION, ticket=TICKET), {"bot": "x"}, "bots.x"),
        (asked(Occasion.COMMAND, response=URL), {"bot": "x"}, "callbacks.one"),
    ],
)
def test_the_way_back(act, settings, destination):
    """The response_url first, then the bot, a destination, and where the button stands."""
    assert {one.destination for one in parcels(act, **settings)} == ({destination} if destination else set())


@pytest.mark.parametrize(
    ("occasion", "said", "to", "root"),
    [
        (Occasion.OUTGOING, SAID, To.CHANNEL, None),
        (Occasion.OUTGOING, SAID, To.THREAD, "p"),
        (Occasion.MESSAGE, IN_THREAD, To.THREAD, "r"),
        (Occasion.MESSAGE, IN_THREAD, To.CHANNEL, "r"),
        (Occasion.ACTION, SAID, To.CALLER, "p"),
        (Occasion.COMMAND, {**SAID, "post": {"root": "r"}}, To.CALLER, "r"),
        (Occasion.COMMAND, {**SAID, "post": {}}, To.CALLER, None),
    ],
)
def test_over_rest_it_stands_in_channel_and_thread(occasion, said, to, root):
    """By their ids; all of an answer stand in one lane, so that they come in order."""
    found = parcels(asked(occasion, said), to, destination="rest")
    messages = [json.loads(one.payload) for one in found]
    assert [(one["channel_id"], one.get("root_id")) for one in messages] == [("c", root)] * 2
    assert len({one.lane for one in found}) == 1
    name = "@ann " if to is To.CALLER else ""
    assert [one["text"] for one in messages] == [f"{name}first", f"{name}second"]


def test_a_webhook_is_told_the_channel_by_its_name():
    """Threads are beyond it."""
    message = json.loads(parcels(asked(), To.THREAD, destination="hook")[0].payload)
    assert (message["channel"], message.get("channel_id"), message.get("root_id")) == ("ops", None, None)


def test_a_command_is_answered_with_one_use_of_its_url():
    """All messages in one body; after half an hour the bot answers instead. No lane shows the URL."""
    act = asked(Occasion.COMMAND, response=URL)
    (one,) = parcels(act, To.CALLER, RESPONSE_LIFE - 1, bot="x")
    response = stored.decode(one.payload)
    assert isinstance(response, StoredResponse)
    assert (response.url, URL in one.lane) == (URL, False)
    body = msgspec.json.decode(response.body)
    assert [body["text"], *(further["text"] for further in body["extra_responses"])] == ["first", "second"]
    assert {one.destination for one in parcels(act, To.CALLER, RESPONSE_LIFE, bot="x")} == {"bots.x"}


@pytest.mark.parametrize(("settings", "reaches"), [({}, False), ({"destination": "hook"}, False),
                                                   ({"destination": "rest"}, True), ({"bot": "x"}, True)])  # fmt: skip
def test_who_reaches_threads(settings, reaches):
    """Bots, and destinations over REST."""
    table = Table(CallbackSettings(name="one", service="s", **settings), {}, Given())
    assert late.reaches_threads(table, lambda name: name == "rest") is reaches


@pytest.mark.parametrize(
    ("name", "text"),
    [("ann", "@ann Done."), ("channel", "Done."), ("here", "Done."), ("alls", "@alls Done."), ("x @all", "Done.")],
)
def test_who_asked_alone_is_called_by_name(name, text):
    """Nobody else is, whatever a webhook calls itself."""
    act = StoredAct("ask", Occasion.DIALOG, {"user": {"id": "u", "name": name}, "channel": {"id": "c"}})
    (parcel,) = late.parcels(TABLE, act, Reply(To.CALLER, tuple(fitted(Message(text="Done.")))), 0.0, bool)
    found = payload.decode(parcel.payload)
    assert (parcel.destination, found.text, found.channel_id) == ("bots.helper", text, "c")
