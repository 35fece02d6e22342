"""`/action/{secret}`: clicks on the buttons and menus of the gateway's messages, each proven by its ticket.

The secret in the path keeps those out who read the context of a button: users do not see the URL. Every answer to a
person has status 200, as Mattermost shows nothing of a click that fails; contract 5.1. So it has where a button is
older than the keys, or than a journal that was lost: its path is not known any more, either.
"""

from functools import partial

from gateway.acts.clicks import Clicks
from gateway.acts.desk import Desk
from gateway.acts.proofs import prove_path
from gateway.acts.rings import Ring
from gateway.callbacks.buttons import ACTION_DOOR
from gateway.callbacks.smoothing import Occasion
from gateway.errors import Refused
from gateway.ingress.calling import in_json, part_of, read_said
from gateway.ingress.doors import Call, CallDoor
from gateway.ingress.response import Response
from gateway.model import Request
from gateway.settings import Settings


class ActionDoor:
    """Answers clicks."""

    pattern = "/action/{secret}"

    def __init__(self, clicks: Clicks, ring: Ring) -> None:
        self._clicks = clicks
        self._ring = ring

    def find(self, path: str) -> Call | None:
        """See `CallDoor`."""
        secret = part_of(path, ACTION_DOOR)
        return Call("action", "", partial(self._answer, secret), secret) if secret else None

    async def _answer(self, secret: str, request: Request) -> Response:
        try:
            prove_path(secret, ACTION_DOOR, self._ring.keys)
        except Refused:
            if not self._clicks.is_of_old_key(read_said(Occasion.ACTION, request)):
                raise
        return in_json(await self._clicks.clicked(read_said(Occasion.ACTION, request)))


def open_call_door(_: Settings, desk: Desk) -> CallDoor:
    """The door, also of settings without callbacks: posts of before still have their buttons, which say so."""
    return ActionDoor(desk.clicks, desk.ring)
