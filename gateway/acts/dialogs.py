"""Dialogs: opened with a signed state, which says to whom, for what and until when a submission counts."""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from gateway.acts.rings import Ring
from gateway.acts.tables import Table
from gateway.callbacks.buttons import path_secrets
from gateway.callbacks.smoothing import Said
from gateway.callbacks.ticket import ID_BITS, Place, Ticket, TicketKind, new_ticket_id, sign

DOOR: Final = "dialog"
"""The door that submissions come to, and the beginning of its path."""

LIFE: Final = 3600.0
"""Seconds for which a dialog may stay open."""

OPENER: Final = "_opener"
"""The key of the context of a dialog's ticket that holds the callback which opened it."""

_PLACE: Final = {
    f"_{key}.{part}": (key, part)
    for key, part in (("channel", "id"), ("channel", "name"), ("post", "id"), ("post", "root"), ("user", "name"))
}
"""The keys that hold where it was opened, and by whom: a submission says neither name, and any channel."""

Open = Callable[[Table, str, str, Mapping[str, Any]], Awaitable[str]]
"""Opens a dialog by the trigger of a command or click, to be submitted to a URL; the answer says why it did not."""


class Dialogs:
    """Opens dialogs that are submitted to `public_url`."""

    def __init__(self, ring: Ring, opened: Open) -> None:
        self.public_url = ""
        self._ring = ring
        self._opened = opened

    async def open(
        self, table: Table, callback: str, said: Said, dialog: Mapping[str, Any], button: Ticket | None = None
    ) -> str:
        """Open a dialog for the person who called or clicked; the answer says why it could not be, "" if it was."""
        if said.trigger is None:
            return "The dialog cannot be opened: Mattermost sent no trigger."
        if not (self.public_url and table.settings.server):
            missing = "[server] public_url" if not self.public_url else f"[callbacks.{table.settings.name}] server"
            return f"The dialog cannot be opened: {missing} is not set."
        url = f"{self.public_url.rstrip('/')}/{DOOR}/{path_secrets(self._ring.keys, DOOR)[0]}"
        shape = table.callbacks[callback]
        answered_by = (shape.dialog.answered_by if shape.dialog is not None else "") or callback
        try:
            state = sign(self._ticket(table, callback, answered_by, said, button), self._ring.keys[0])
        except ValueError as error:
            return f"The dialog cannot be opened: {error}."
        why = await self._opened(table, said.trigger.reveal(), url, {**_asking(dialog, url), "state": state})
        return f"The dialog cannot be opened: {why}" if why else ""

    def _ticket(self, table: Table, opener: str, callback: str, said: Said, button: Ticket | None) -> Ticket:
        context = said.input.get("context") or {}
        user = said.input.get("user", {}).get("id", "")
        place = {name: text for name, (key, part) in _PLACE.items() if (text := said.input.get(key, {}).get(part))}
        return Ticket(
            TicketKind.DIALOG,
            new_ticket_id(secrets.randbits(ID_BITS)),
            f"{table.settings.service}/{callback}",
            button.action if button is not None else "",
            button.subject if button is not None else "",
            button.destination if button is not None else "",
            Place(user=user),
            int(time.time() + LIFE),
            {**{key: str(value) for key, value in context.items()}, **place, OPENER: opener},
            table=table.settings.name,
            document=button.document if button is not None else "",
            event=button.event if button is not None else "",
        )


def submitted(said: Said, ticket: Ticket) -> Said:
    """What is submitted, with what was known when the dialog was opened."""
    found = {key: value for key, value in said.input.items() if key != "state"}
    for name, (key, part) in _PLACE.items():
        if text := ticket.context.get(name):
            found[key] = {**found.get(key, {}), part: text}
    context = {key: value for key, value in ticket.context.items() if key not in _PLACE and key != OPENER}
    return replace(said, input={**found, "context": context})


def _asking(dialog: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    """The dialog, whose dynamic fields ask for their options at the URL that it is submitted to."""
    elements = [
        {**one, "data_source_url": url} if one.get("data_source") == "dynamic" else one for one in dialog["elements"]
    ]
    return {**dialog, "elements": elements}
