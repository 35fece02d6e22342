"""What a callback is given besides what was said: the time, a name for the conversation, where to answer later."""

import time
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from gateway.acts.rings import Ring
from gateway.acts.stored import StoredAct, text_of
from gateway.acts.tables import Table
from gateway.callbacks.conversation import conversation
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.given import Given
from gateway.callbacks.ticket import Place, Ticket, TicketKind, sign
from gateway.secret import Secret

REPLY_DOOR: Final = "reply"
"""The door that later answers of services come to, and the beginning of its path."""

LIFE: Final = 86_400.0
"""Seconds for which a service may answer later."""

_KEPT: Final = (
    ("channel", "id"),
    ("channel", "name"),
    ("post", "id"),
    ("post", "root"),
    ("user", "id"),
    ("user", "name"),
)
_OCCASION: Final = "occasion"


class Giving:
    """Makes it, signed by `ring`. Without a `public_url` no service can answer later."""

    def __init__(self, ring: Ring) -> None:
        self.public_url = ""
        self._ring = ring

    def given(self, table: Table, shape: CallbackShape, act: StoredAct, event_id: str) -> Given:
        """What the callback of a table is given for an act."""
        place = Place(channel=text_of(act, "channel", "id"), user=text_of(act, "user", "id"))
        named = conversation(table.settings.name, place, self._ring.keys[0])
        url = self._reply_url(table, act, event_id) if shape.later is not None and self.public_url else None
        return replace(table.given, now=time.time(), conversation=named, reply_url=url)

    def _reply_url(self, table: Table, act: StoredAct, event_id: str) -> Secret:
        context = {f"{key}.{part}": text for key, part in _KEPT if (text := text_of(act, key, part))}
        ticket = Ticket(
            TicketKind.REPLY,
            event_id,
            f"{table.settings.service}/{act.callback}",
            expires=int(time.time() + LIFE),
            context={**context, _OCCASION: act.occasion.value},
            table=table.settings.name,
            event=event_id,
        )
        return Secret(f"{self.public_url.rstrip('/')}/{REPLY_DOOR}/{sign(ticket, self._ring.keys[0])}")


def answered_by(ticket: Ticket) -> tuple[str, dict[str, dict[str, str]]]:
    """The occasion of the act that a ticket of a later answer belongs to, and as much of its input as is known."""
    found: dict[str, dict[str, str]] = {}
    for key, part in _KEPT:
        if text := ticket.context.get(f"{key}.{part}"):
            found.setdefault(key, {})[part] = text
    return ticket.context.get(_OCCASION, ""), found


def at_place(place: Place) -> Mapping[str, Mapping[str, str]]:
    """The input of an answer that names its conversation."""
    return {"channel": {"id": place.channel}, "user": {"id": place.user}}
