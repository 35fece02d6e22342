"""`/reply/{ticket}` and `/reply/{name}`: answers that outside services post later.

Who was given a URL for one act answers there; its ticket is the proof. Who sends all answers to one URL, that of the
table, names the conversation in each, which is signed, too.
"""

from functools import partial

import msgspec

from gateway.acts.answers import Answers
from gateway.acts.desk import Desk
from gateway.acts.giving import REPLY_DOOR
from gateway.errors import Refused
from gateway.ingress.calling import part_of
from gateway.ingress.doors import Call, CallDoor
from gateway.ingress.response import Response
from gateway.model import Request
from gateway.settings import Settings


class ReplyDoor:
    """Takes later answers."""

    pattern = "/reply/{ticket}"

    def __init__(self, answers: Answers, settings: Settings) -> None:
        self._answers = answers
        self._settings = settings

    def find(self, path: str) -> Call | None:
        """See `CallDoor`."""
        text = part_of(path, REPLY_DOOR)
        if not text:
            return None
        if (table := self._settings.callbacks.get(text)) is not None:
            return Call(table.route, table.service, partial(self._take, table.name, named=True))
        return Call(REPLY_DOOR, "", partial(self._take, text, named=False), text)

    async def _take(self, text: str, request: Request, *, named: bool) -> Response:
        if request.method != "POST":
            raise Refused(405, "Method Not Allowed", "an answer is sent by POST")
        take = self._answers.take_of_conversation if named else self._answers.take
        event_id = await take(text, request)
        return Response(200, msgspec.json.encode({"id": event_id}), "application/json")


def open_call_door(settings: Settings, desk: Desk) -> CallDoor | None:
    """The door of these settings; None without callbacks."""
    return ReplyDoor(desk.answers, settings) if settings.callbacks else None
