"""Incoming webhooks: the order of the checks, and how a post is dressed."""

import json

import pytest

from gateway.standin import hooks
from gateway.standin.records import Hook
from gateway.standin.refusal import RefusedError


@pytest.fixture
def hook(world):
    """Give a hook of `owner` to the town square."""
    square = world.channel_named(world.home.id, "town-square")
    made = Hook(id="h", channel=square.id, user=world.owner.id, display_name="Hook")
    world.hooks["h"] = made
    return made


def refusal(world, hook_id: str, **message) -> tuple[int, str]:
    """Status and detail of a refusal."""
    with pytest.raises(RefusedError) as caught:
        hooks.receive(world, hook_id, json.dumps(message).encode())
    return caught.value.status, caught.value.detail


def send(world, **message) -> dict:
    """The props of the post that a message becomes."""
    assert hooks.receive(world, "h", json.dumps(message).encode()) == 1
    return world.posts[-1].props


def test_checks_come_in_the_order_of_the_server(world, hook):
    """The body is read first, then whether hooks are on, whether there is something to show, and which hook it is."""
    world.settings.service.enable_incoming_webhooks = False
    with pytest.raises(RefusedError) as caught:
        hooks.receive(world, "none", b"{")
    assert caught.value.status == 400
    assert refusal(world, "none") == (501, "incoming webhooks are disabled")
    world.settings.service.enable_incoming_webhooks = True
    assert refusal(world, "none") == (400, "no text specified")
    assert refusal(world, "none", text="x") == (400, "no such hook")
    assert refusal(world, "h", text="x", channel="nowhere") == (404, "no such channel")


def test_names_and_icons_are_those_of_the_message_then_of_the_hook(world, hook):
    """Where the settings let them be: otherwise the post shows its author."""
    assert send(world, text="x") == {
        "from_webhook": "true", "webhook_display_name": "Hook", "override_username": "webhook",
    }  # fmt: skip
    hook.username, hook.icon_url = "CI", "https://i"
    assert (send(world, text="x")["override_username"], send(world, text="x")["override_icon_url"]) == (
        "CI",
        "https://i",
    )
    dressed = send(world, text="x", username="Me", icon_url="https://m", icon_emoji="tada")
    assert (dressed["override_username"], dressed["override_icon_url"], dressed["override_icon_emoji"]) == (
        "Me", "https://m", "tada",
    )  # fmt: skip
    world.settings.service.enable_post_username_override = world.settings.service.enable_post_icon_override = False
    assert not [name for name in send(world, text="x", username="Me", icon_emoji="tada") if name.startswith("override")]
    world.owner.bot = True
    assert send(world, text="x")["from_bot"] == "true"


def test_a_message_cannot_dress_itself_by_props(world, hook):
    """What the server says of a post is not the sender's to say."""
    props = {"from_webhook": "no", "override_username": "admin", "webhook_display_name": "Fake", "own": 1}
    assert send(world, text="x", props=props) == {
        "own": 1, "from_webhook": "true", "webhook_display_name": "Hook", "override_username": "webhook",
    }  # fmt: skip


def test_a_locked_hook_stays_in_its_channel(world, hook):
    """Its own channel may be named."""
    hook.locked = True
    assert refusal(world, "h", text="x", channel="off-topic") == (403, "the hook is locked to its channel")
    send(world, text="x", channel="#town-square")


def test_what_notifies_is_counted_among_members(world, hook):
    """A persistent notification needs somebody of the channel; a direct message notifies whom it is for."""
    urgent = {"priority": "urgent", "persistent_notifications": True}
    world.new_user("ann", team=world.home)
    assert refusal(world, "h", text="@ann", priority=urgent) == (
        500, "persistent notifications need one to five recipients",
    )  # fmt: skip
    send(world, text="nobody", channel="@ann", priority=urgent)
    assert world.posts[-1].priority == {"priority": "urgent", "requested_ack": None, "persistent_notifications": True}


def test_a_failure_midway_keeps_what_came_before(world, hook):
    """Pieces are stored one by one."""
    text = "a" * 16_383 + "\0"
    assert refusal(world, "h", text=text) == (500, "the database takes no U+0000")
    assert [len(post.message) for post in world.posts] == [16_383]
