"""The event of an act says who, what and where, and no secret."""

from types import SimpleNamespace

from gateway.acts.events import event_of
from gateway.acts.stored import StoredAct
from gateway.acts.tables import Table
from gateway.callbacks.given import Given
from gateway.callbacks.smoothing import Occasion
from gateway.settings.callbacks import CallbackSettings

TABLE = Table(CallbackSettings(name="pager", service="pager"), {}, Given())
SHAPE = SimpleNamespace(name="pager/callbacks/ack")


def test_it_says_who_and_where():
    """In words, as it is listed; a response_url stands nowhere in it."""
    said = {"text": "status", "user": {"id": "u1", "name": "ann"}, "channel": {"id": "c1", "name": "ops"}}
    act = StoredAct("ack", Occasion.COMMAND, said, "https://chat.example.com/hooks/commands/s3cret")
    found = event_of(TABLE, SHAPE, act)
    assert (found.route, found.name, found.translator) == ("callbacks.pager", "ack", "pager/callbacks/ack")
    assert found.reason == "command by @ann in ~ops"
    assert "s3cret" not in repr(found)


def test_who_has_no_name_is_known_by_the_id():
    """Or is somebody."""
    for user, told in (({"id": "u1"}, "u1"), ({}, "somebody")):
        act = StoredAct("ack", Occasion.MESSAGE, {"user": user})
        assert event_of(TABLE, SHAPE, act, reason="").reason == f"message by @{told}"
