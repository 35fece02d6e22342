"""`/out/{name}`: the outgoing webhooks of Mattermost, each proven by its token.

Mattermost posts what is answered, and tells nobody of an error; contract 3. A post calls once, whatever is sent again.
"""

from asyncio import get_running_loop
from functools import partial

from gateway.acts.acts import Acts
from gateway.acts.desk import Desk
from gateway.acts.lines import audit_line
from gateway.acts.permits import Permits
from gateway.acts.proofs import prove_webhook
from gateway.callbacks.answering import answered
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion
from gateway.errors import Refused
from gateway.ingress.calling import in_json, nothing, read_said, table_of
from gateway.ingress.doors import Call, CallDoor
from gateway.ingress.response import Response
from gateway.journal.audit import AuditOutcome
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Message
from gateway.model import Request
from gateway.settings import Settings


class OutDoor:
    """Answers the outgoing webhooks of the tables of callbacks."""

    pattern = "/out/{name}"

    def __init__(self, acts: Acts, permits: Permits) -> None:
        self._acts = acts
        self._permits = permits

    def find(self, path: str) -> Call | None:
        """See `CallDoor`."""
        settings = table_of(self._acts.settings, path, "out")
        return Call(settings.route, settings.service, partial(self._answer, settings.name)) if settings else None

    async def _answer(self, name: str, request: Request) -> Response:
        began = get_running_loop().time()
        table = await self._acts.require(name)
        said = read_said(Occasion.OUTGOING, request)
        prove_webhook(table.settings, request, said.token)
        if (callback := table.hearing(said)) is None:
            raise Refused(404, "Not Found", f"no callback of [callbacks.{name}] answers outgoing webhooks")
        if await self._acts.is_own(table, said):
            return nothing()
        if why := await self._permits.denied(table.settings, said.input):
            line = audit_line(said.input, AuditOutcome.DENIED, f"{name}/{callback}", text=why)
            await self._acts.note(said.occasion, line)
            told = Reply(To.CHANNEL, tuple(fitted(Message(text=why))))  # which notifies nobody of those who may
            return in_json(answered(said.occasion, told).body)
        taken = await self._acts.take(table, callback, said, table.uses(said), since=began)
        return in_json(taken.answer.body) if taken.answer is not None else nothing()


def open_call_door(settings: Settings, desk: Desk) -> CallDoor | None:
    """The door of these settings; None without callbacks."""
    return OutDoor(desk.acts, desk.permits) if settings.callbacks else None
