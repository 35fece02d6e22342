"""The event of an act: what people find of it in the journal."""

import random
import time

import msgspec

from gateway.acts import stored
from gateway.acts.stored import StoredAct
from gateway.acts.tables import Table
from gateway.callbacks.document import CallbackShape
from gateway.model import Event, Outcome, Request
from gateway.pipeline.entry import new_id

_random = random.Random()  # noqa: S311 - ids are no secrets


def event_of(table: Table, shape: CallbackShape, act: StoredAct, reason: str = "") -> Event:
    """The event of an act. Its request holds what templates see of it, never a token, a trigger or a URL."""
    now = time.time()
    user, channel = act.input.get("user", {}), act.input.get("channel", {})
    where = f" in ~{channel['name']}" if channel.get("name") else ""
    by = f"{act.occasion} by @{user.get('name') or user.get('id') or 'somebody'}{where}"
    return Event(
        id=new_id(now, _random.getrandbits),
        received=now,
        route=table.settings.route,
        service=table.settings.service,
        outcome=Outcome.MESSAGE,
        name=act.callback,
        translator=shape.name,
        subject=act.ticket.subject if act.ticket is not None else "",
        reason=reason or by,
        request=Request(
            "POST",
            {"content-type": "application/json"},
            {stored.OCCASION: act.occasion.value},
            msgspec.json.encode(act.input),
        ),
    )
