"""Answers that come later, where everybody sees them."""

import pytest

from gateway.acts.late import parcels
from gateway.acts.stored import StoredAct
from gateway.acts.tables import Table
from gateway.callbacks.given import Given
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion
from gateway.mattermost import payload
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Message
from gateway.settings.callbacks import CallbackSettings

TABLE = Table(CallbackSettings(name="pager", service="pager", bot="helper"), {}, Given())


@pytest.mark.parametrize(
    ("name", "text"),
    [("ann", "@ann Done."), ("channel", "Done."), ("here", "Done."), ("alls", "@alls Done."), ("x @all", "Done.")],
)
def test_who_asked_alone_is_called_by_name(name, text):
    """Nobody else is, whatever a webhook calls itself."""
    act = StoredAct("ask", Occasion.DIALOG, {"user": {"id": "u", "name": name}, "channel": {"id": "c"}})
    (parcel,) = parcels(TABLE, act, Reply(To.CALLER, tuple(fitted(Message(text="Done.")))), 0.0, bool)
    found = payload.decode(parcel.payload)
    assert (parcel.destination, found.text, found.channel_id) == ("bots.helper", text, "c")
