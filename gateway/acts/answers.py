"""Answers that a service posts later: to a URL that it was given for one act, or to one for all conversations.

They are stored, and appear where the question was asked, also after a restart. The same answer twice appears once.
"""

import hashlib
import time
from collections.abc import Sequence
from typing import Final

from gateway.acts.acts import Acts
from gateway.acts.beside import LARGE, beside
from gateway.acts.giving import answered_by, at_place
from gateway.acts.rings import Ring
from gateway.acts.stored import StoredAct
from gateway.callbacks.answer import OutsideAnswer
from gateway.callbacks.conversation import place_of
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.smoothing import Occasion, Said
from gateway.callbacks.ticket import Place, TicketKind, TicketRefused, verify
from gateway.errors import Refused
from gateway.journal import DuplicateKey
from gateway.journal.duplicates import use_key
from gateway.language.template import Context
from gateway.model import Cause, Request

WINDOW: Final = 600.0
"""Seconds within which the same answer is a repeat: a service may say the same again on purpose."""

READING: Final = 4
"""How many large answers are read at once that nothing proves yet."""


class Answers:
    """Takes later answers of services."""

    def __init__(self, acts: Acts, ring: Ring) -> None:
        self._acts = acts
        self._ring = ring
        self._reading = 0

    async def take(self, text: str, request: Request) -> str:
        """Take an answer that came to the URL with a ticket; gives its event id. Raises Refused, JournalError."""
        found = verify(text, TicketKind.REPLY, self._ring.keys, Place(), time.time())
        if isinstance(found, TicketRefused):
            raise _refused(found.reason)
        table = await self._acts.table(found.table)
        name = found.callback.rpartition("/")[2]
        occasion, known = answered_by(found)
        shape = table.callbacks.get(name) if table is not None and table.has(found) else None
        if shape is None or occasion not in shape.answers:
            raise Refused(410, "Gone", "the callback that asked is not in use any more")
        act = StoredAct(name, Occasion(occasion), known)
        return await self._store(found.table, act, request, found.id, found.event)

    async def take_of_conversation(self, name: str, request: Request) -> str:
        """Take an answer that came to the URL of a table, and names its conversation. Raises as `take`."""
        table = await self._acts.require(name)
        found = [(key, one, one.later) for key, one in table.callbacks.items() if one.later]
        found = [(key, one, later) for key, one, later in found if later.of_conversation]
        if not found:
            raise Refused(404, "Not Found", f"no callback of [callbacks.{name}] takes answers here")
        seen = await self._seen(request)
        for callback, shape, later in found:
            text = later.conversation(seen)
            if (place := place_of(text, name, self._ring.keys, time.time())) is not None:
                act = StoredAct(callback, _spoken(shape), at_place(place))
                return await self._store(name, act, request, text)
        raise _refused("the answer names no conversation that this gateway began")

    async def _seen(self, request: Request) -> Context:
        """What templates see of an answer that nothing proves yet. Raises Refused (503)."""
        if len(request.body) < LARGE:
            return _answer(request).seen()
        if self._reading >= READING:
            raise Refused(503, "Service Unavailable", "too many large answers at once")
        self._reading += 1
        try:
            return await beside(len(request.body), _answer(request).seen)
        finally:
            self._reading -= 1

    async def _store(self, table_name: str, act: StoredAct, request: Request, subject: str, asked: str = "") -> str:
        table = await self._acts.require(table_name)
        digest = hashlib.sha256(request.body).hexdigest()
        use = DuplicateKey(use_key(table.settings.route, "reply", f"{subject} {digest}"), WINDOW)
        said, later = Said(act.occasion, dict(act.input)), table.callbacks[act.callback].reply_later
        reply = await beside(len(request.body), later, said, _answer(request), table.given)
        if reply.problem:
            raise Refused(422, "Unprocessable Content", reply.problem, cause=Cause.NOT_UNDERSTOOD)
        return await self._acts.store_later(table, act, reply, use, asked=asked)


def _spoken(shape: CallbackShape) -> Occasion:
    """The occasion for an answer in a conversation: one at which something is said, if it answers any such."""
    said: Sequence[Occasion] = (Occasion.MESSAGE, Occasion.OUTGOING)
    return next((one for one in said if one in shape.answers), shape.answers[0])


def _answer(request: Request) -> OutsideAnswer:
    return OutsideAnswer(200, request.headers, request.body)


def _refused(why: str) -> Refused:
    return Refused(401, "Unauthorized", cause=Cause.WRONG_SECRET, why=why)
