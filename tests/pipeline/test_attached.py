"""Buttons stand below the last attachment of a message, which has room for them."""

import msgspec

from gateway.catalog.actions import Offered
from gateway.mattermost.fit import fits, fitted
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Action, Attachment, Integration, Message, Option, encode
from gateway.pipeline.attached import BUTTON_ROOM, told, with_buttons, with_room

BUTTON = Action(id="a1", name="Close", type="button", integration=Integration("https://g.example/a", {"ticket": "t"}))
OFFERED = Offered("Close", "acme/one", "acme/close", context={"id": "7"})
MENU = msgspec.structs.replace(OFFERED, options=(Option("1 hour", "1h"),))


def test_the_last_attachment_has_the_buttons():
    """One is made where there is none; the message itself stays as it is."""
    message = Message(text="t", attachments=[Attachment(title="a"), Attachment(title="b")])
    shown = with_buttons(message, [BUTTON])
    assert [one.actions for one in shown.attachments] == [[], [BUTTON]]
    assert message.attachments[1].actions == []
    assert with_buttons(Message(text="t"), [BUTTON]).attachments == [Attachment(actions=[BUTTON])]
    assert msgspec.json.decode(encode(shown))["attachments"][1]["actions"] == [
        {"id": "a1", "name": "Close", "type": "button",
         "integration": {"url": "https://g.example/a", "context": {"ticket": "t"}}},
    ]  # fmt: skip


def test_a_message_that_was_fitted_has_room_for_its_buttons():
    """As large as it may be; without the room that was kept, it has the first of them, as many as fit."""
    huge = Message(attachments=[Attachment(text="<&é" * 3000) for _ in range(60)])
    button = msgspec.structs.replace(BUTTON, integration=Integration("u", {"ticket": "x" * (BUTTON_ROOM - 200)}))
    for limits, most in ((Limits(), DEFAULT), (Limits(body=60_000, props=90_000), Limits(body=60_000, props=90_000))):
        for one in fitted(huge, with_room(limits, [OFFERED, MENU])):
            shown = with_buttons(one.message, [button, button], most)
            assert shown.attachments[-1].actions
            assert fits(shown, most)
    many = [msgspec.structs.replace(button, id=f"b{number}") for number in range(40)]
    [few] = with_buttons(Message(text="t"), many).attachments
    assert (20 < len(few.actions) < 40, few.actions) == (True, many[: len(few.actions)])
    assert with_buttons(Message(text="t"), [button], Limits(body=1000)) == Message(text="t")


def test_what_is_offered_is_told_to_people():
    """The choices of a menu, too."""
    assert told(OFFERED) == {"name": "Close", "callback": "acme/close", "context": {"id": "7"}}
    assert told(MENU)["options"] == [{"text": "1 hour", "value": "1h"}]
