"""What a test does by names: it sets the scene and lets persons act."""

import pytest


async def test_persons_say_something(standin):
    """They join the channel first; what is said can be a reply."""
    standin.add_user("ann")
    standin.add_channel("room")
    root = standin.say("ann", "room", "hello")
    reply = standin.say("ann", "room", "again", root=root.id)
    assert [(post.user, post.channel, post.root_id) for post in (root, reply)] == [
        ("ann", "room", ""), ("ann", "room", root.id),
    ]  # fmt: skip
    standin.add_bot("gate")
    channel = standin.direct("ann", "gate")
    assert standin.say("ann", channel, "psst").channel == channel == standin.direct("gate", "ann")
    with pytest.raises(KeyError):
        standin.say("nobody", "room", "x")
