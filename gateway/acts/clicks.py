"""Clicks and submissions: whether they count, and what is answered. Contract 5.

    ours?  still valid?  of this post, channel, person?  may they?  do they mean it?  --> the act, once

Whatever does not count leaves a line in the audit, and the person reads why: Mattermost shows nothing of an error.
"""

import time
from asyncio import get_running_loop
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from gateway.acts.acts import Acts, Taken
from gateway.acts.dialogs import OPENER, Dialogs, submitted
from gateway.acts.lines import audit_line
from gateway.acts.permits import CONFIRM, Permits
from gateway.acts.rings import Ring
from gateway.acts.tables import Table
from gateway.callbacks.answering import whisper
from gateway.callbacks.buttons import TICKET, declared, takes
from gateway.callbacks.smoothing import Occasion, Said
from gateway.callbacks.ticket import Place, Ticket, TicketKind, TicketRefused, foreign, once, pinned, verify
from gateway.catalog.actions import ActionShape
from gateway.errors import JournalError
from gateway.journal.audit import AuditOutcome
from gateway.journal.uses import Pins
from gateway.observe import logs

WORKING: Final = "Working on it: the answer follows."

_DONE: Final = "That was done already, or is under way."
_GONE: Final = "This is not in use any more: the operator of the gateway has taken it out."
_WITHDRAWN: Final = "no document offers this action any more"
_NO_OPTION: Final = "This is none of the options of the menu. Nothing was done."
_UNSTORED: Final = "Nothing was done: the gateway cannot store anything now. Try again in a minute."
_NOTHING: Final = b"{}"

_log = logs.get("acts")


class _NotTaken(Exception):  # noqa: N818 - states a condition
    """What does not count: the outcome for the audit, its text there, and what the person reads."""

    def __init__(self, outcome: AuditOutcome, text: str, told: str, ticket: Ticket | None = None) -> None:
        super().__init__(text)
        self.outcome, self.text, self.told, self.ticket = outcome, text, told, ticket


class Clicks:
    """Judges what is clicked and submitted, and has it done."""

    def __init__(self, acts: Acts, ring: Ring, pins: Pins, permits: Permits, dialogs: Dialogs) -> None:
        self._acts = acts
        self._ring = ring
        self._pins = pins
        self._permits = permits
        self._dialogs = dialogs

    async def clicked(self, said: Said) -> bytes:
        """The answer to a click on a button or in a menu."""
        try:
            return await self._act_on(said)
        except _NotTaken as refused:
            await self._note(said, refused)
            return _whispered(refused.told)
        except JournalError as error:
            return _whispered(unstored(error))

    def is_of_old_key(self, said: Said) -> bool:
        """Whether a click is one on a button that was signed with a key which is not valid any more."""
        text = (said.input.get("context") or {}).get(TICKET)
        found = verify(text, TicketKind.BUTTON, self._ring.keys, Place(), time.time())
        return isinstance(found, TicketRefused) and found.outcome is AuditOutcome.UNKNOWN_KEY

    async def submitted(self, said: Said) -> bytes:
        """The answer to a dialog, or to its question for options."""
        try:
            return await self._act_on_dialog(said)
        except _NotTaken as refused:
            await self._note(said, refused)
            return msgspec.json.encode({"items": []} if said.lookup else {"error": refused.told})
        except JournalError as error:
            return msgspec.json.encode({"error": unstored(error)})

    async def _act_on(self, said: Said) -> bytes:
        began, option = get_running_loop().time(), str(said.input.get("option") or "")
        ticket = await self._ticket_of(said, option)
        table, callback = await self._table_of(ticket, Occasion.ACTION)
        action = await self._declared(ticket)
        if action is None:
            raise _NotTaken(AuditOutcome.FAILED, _WITHDRAWN, _GONE, ticket)
        await self._permit(table, said, action.allow, ticket)
        user = said.input.get("user", {}).get("id", "")
        if action.confirm and not self._permits.confirmed(ticket, option, user, said.id):
            return _whispered(f"{action.confirm}\n\nClick again within {CONFIRM:.0f} s to confirm.")
        meant = _meant(said, dict(ticket.context))
        uses = table.uses(said)
        shape = table.callbacks[callback]
        if shape.dialog is None and not (shape.snoozes or shape.looks):  # which may be done again, at the same post
            uses.append(once(table.settings.route, ticket, time.time(), option))
        done = action.told(option, ticket.context)
        taken = await self._acts.take(table, callback, meant, uses, ticket, done=done, since=began)
        if taken.dialog is not None and shape.dialog is not None:
            why = await self._dialogs.open(table, callback, meant, taken.dialog, ticket)
            return _whispered(why) if why else _NOTHING
        if taken.repeated:
            raise _NotTaken(AuditOutcome.REPEATED, f"it was taken as {taken.event_id}", _DONE, ticket)
        return _answer(taken, _whispered(WORKING))

    async def _act_on_dialog(self, said: Said) -> bytes:
        began, user = get_running_loop().time(), said.input.get("user", {}).get("id", "")
        found = verify(said.input.get("state"), TicketKind.DIALOG, self._ring.keys, Place(user=user), time.time())
        if isinstance(found, TicketRefused):
            raise _NotTaken(found.outcome, found.reason, found.told)
        ticket = found
        table, callback = await self._table_of(ticket, Occasion.DIALOG)
        meant = submitted(said, ticket)
        if said.lookup:
            return await self._look_up(table, ticket, meant)
        action = await self._declared(ticket)
        if action is None and ticket.document:  # nobody knows any more who may
            raise _NotTaken(AuditOutcome.FAILED, _WITHDRAWN, _GONE, ticket)
        await self._permit(table, meant, action.allow if action is not None else (), ticket)
        done = action.told("", ticket.context) if action is not None else ""
        uses = [once(table.settings.route, ticket, time.time())]
        taken = await self._acts.take(table, callback, meant, uses, ticket, done=done, since=began)
        if taken.repeated:
            raise _NotTaken(AuditOutcome.REPEATED, f"it was taken as {taken.event_id}", _DONE, ticket)
        return _answer(taken, _NOTHING)

    async def _look_up(self, table: Table, ticket: Ticket, said: Said) -> bytes:
        """The options for a field of the dialog that was opened."""
        opener = table.callbacks.get(ticket.context.get(OPENER, ""))
        asked = opener.dialog.asks.get(str(said.input.get("field", ""))) if opener and opener.dialog else None
        if asked is None or asked not in table.callbacks:
            return msgspec.json.encode({"items": []})
        return (await self._acts.look_up(table, asked, said)).body

    async def _ticket_of(self, said: Said, option: str) -> Ticket:
        """The ticket of a click, which is ours, of this place, and offers the option. Raises _NotTaken."""
        post, channel, user = (said.input.get(key, {}).get("id", "") for key in ("post", "channel", "user"))
        place, now = Place(channel, post, user), time.time()
        context = said.input.get("context") or {}
        ticket = verify(context.get(TICKET), TicketKind.BUTTON, self._ring.keys, place, now)
        if isinstance(ticket, TicketRefused):
            raise _NotTaken(ticket.outcome, ticket.reason, ticket.told)
        pin = await self._pins.pin(ticket.id, channel, post, ticket.expires)
        if wrong := foreign(TicketKind.BUTTON, pinned(ticket, pin.channel, pin.post).place, place):
            raise _NotTaken(wrong.outcome, wrong.reason, wrong.told, ticket)
        if not takes(ticket, option):
            raise _NotTaken(AuditOutcome.FORGED, f"{option[:100]!r} is not offered", _NO_OPTION, ticket)
        return ticket

    async def _table_of(self, ticket: Ticket, occasion: Occasion) -> tuple[Table, str]:
        """The table of a ticket, and the name of its callback. Raises _NotTaken."""
        table, callback = await self._acts.table(ticket.table), ticket.callback.rpartition("/")[2]
        if table is None or not table.has(ticket) or callback not in table.answering(occasion):
            text = f"[callbacks.{ticket.table}] has no callback {callback} any more"
            raise _NotTaken(AuditOutcome.FAILED, text, _GONE, ticket)
        return table, callback

    async def _declared(self, ticket: Ticket) -> ActionShape | None:
        service = await self._acts.service(ticket.document.partition("/")[0]) if ticket.document else None
        return declared(service, ticket) if service is not None else None

    async def _permit(self, table: Table, said: Said, allow: Sequence[str], ticket: Ticket) -> None:
        """Check that a person may. Raises _NotTaken."""
        if why := await self._permits.denied(table.settings, said.input, allow):
            raise _NotTaken(AuditOutcome.DENIED, why, why, ticket)

    async def _note(self, said: Said, refused: _NotTaken) -> None:
        ticket = refused.ticket
        callback = f"{ticket.table}/{ticket.callback.rpartition('/')[2]}" if ticket is not None else ""
        await self._acts.note(said.occasion, audit_line(said.input, refused.outcome, callback, ticket, refused.text))


def unstored(error: JournalError) -> str:
    """What a person reads whose act the journal does not take, after the operator's line in the log."""
    _log.error("not stored", why=str(error))
    return _UNSTORED


def _meant(said: Said, context: Mapping[str, Any]) -> Said:
    """What is clicked, with what the ticket says in place of the ticket."""
    return msgspec.structs.replace(said, input={**said.input, "context": context})


def _answer(taken: Taken, later: bytes) -> bytes:
    return taken.answer.body if taken.answer is not None else later


def _whispered(text: str) -> bytes:
    return msgspec.json.encode(whisper(text))
