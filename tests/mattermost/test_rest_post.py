"""From the payload of a webhook to a post: nothing is added that the message does not ask for."""

import json

import pytest

from gateway.mattermost.payload import Attachment, Message, Priority, encode
from gateway.mattermost.rest_answers import Extra
from gateway.mattermost.rest_post import extras_of, marker_of, patch, post, read
from gateway.model import Delivery


def posted(message, root="", without=()):
    """The body of a post, decoded."""
    return json.loads(post(read(encode(message)), "c", root, "p", without))


def test_a_text_needs_little():
    """The smallest post has its channel, its text and the key of its repeats."""
    assert posted(Message(text="a")) == {
        "channel_id": "c",
        "message": "a",
        "pending_post_id": "mattergate:p",
        "root_id": "",
        "props": {"mattergate": "p"},
    }


def test_attachments_go_as_they_stand():
    """A message without a text has an empty one; its attachments move into the properties."""
    got = posted(Message(attachments=[Attachment(text="é <b> & \u2028")]))
    assert (got["message"], got["props"]) == ("", {"mattergate": "p", "attachments": [{"text": "é <b> & \u2028"}]})


@pytest.mark.parametrize("icon", [{"icon_url": "https://example.com/i.png"}, {"icon_emoji": "tada"}])
def test_an_icon_alone_is_an_override(icon):
    """Each of name and icon marks the post as one that shows others."""
    [(key, value)] = icon.items()
    assert posted(Message(text="a", **icon))["props"] == {
        f"override_{key}": value,
        "from_webhook": "true",
        "mattergate": "p",
    }


@pytest.mark.parametrize(
    ("priority", "without", "got"),
    [
        (Priority("urgent"), (), {"priority": "urgent"}),
        (Priority("", True), (), {"priority": "", "requested_ack": True}),
        (Priority("urgent", True, True), {Extra.RECEIPTS}, {"priority": "urgent"}),
        (Priority("", True), {Extra.RECEIPTS}, None),
        (Priority("urgent", True), {Extra.PRIORITY}, None),
    ],
)
def test_priority(priority, without, got):
    """Label and receipts are left out one by one, and the whole of it when nothing is left."""
    assert posted(Message(text="a", priority=priority), without=without).get("metadata", {}).get("priority") == got


def test_a_reply_has_no_priority():
    """Only root posts may have one."""
    assert "metadata" not in posted(Message(text="a", priority=Priority("urgent")), root="r")


def test_an_edit_replaces_every_property():
    """What the new state has not is cleared; the server would forget that the author is a bot."""
    body = json.loads(patch(read(encode(Message(text="a"))), bot=True))
    assert body == {"message": "a", "props": {"from_bot": "true"}}
    assert json.loads(patch(read(b"{}"), bot=False)) == {"message": "", "props": {}}


def test_what_may_be_left_out():
    """Only what a message has can be left out of it."""
    payload = read(encode(Message(text="a", username="u", priority=Priority("urgent", True))))
    assert extras_of(payload, root=True) == set(Extra)
    assert extras_of(payload, root=False) == {Extra.OVERRIDES}
    assert extras_of(read(b"{}"), root=True) == set()


def test_repeats_have_one_name_and_others_another():
    """Deliveries, their steps, and journals that count alike are told apart."""
    first = Delivery(1, "e1", 0.0, "ops", "l", b"")
    names = {
        marker_of(first, "post"),
        marker_of(first, "reply"),
        marker_of(Delivery(2, "e1", 0.0, "ops", "l", b""), "post"),
        marker_of(Delivery(1, "e2", 0.0, "ops", "l", b""), "post"),
    }
    assert len(names) == 4
    assert marker_of(first, "post") in names
