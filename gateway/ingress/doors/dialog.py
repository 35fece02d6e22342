"""`/dialog/{secret}`: submissions of dialogs, and their questions for options, each proven by its state.

The secret in the path is seen by whoever opens a dialog: it only keeps scanners out. Contract 5.2.
"""

from functools import partial

from gateway.acts.clicks import Clicks
from gateway.acts.desk import Desk
from gateway.acts.dialogs import DOOR
from gateway.acts.proofs import prove_path
from gateway.acts.rings import Ring
from gateway.callbacks.smoothing import Occasion
from gateway.ingress.calling import in_json, part_of, read_said
from gateway.ingress.doors import Call, CallDoor
from gateway.ingress.response import Response
from gateway.model import Request
from gateway.settings import Settings


class DialogDoor:
    """Answers dialogs."""

    pattern = "/dialog/{secret}"

    def __init__(self, clicks: Clicks, ring: Ring) -> None:
        self._clicks = clicks
        self._ring = ring

    def find(self, path: str) -> Call | None:
        """See `CallDoor`."""
        secret = part_of(path, DOOR)
        return Call("dialog", "", partial(self._answer, secret), secret) if secret else None

    async def _answer(self, secret: str, request: Request) -> Response:
        prove_path(secret, DOOR, self._ring.keys)
        return in_json(await self._clicks.submitted(read_said(Occasion.DIALOG, request)))


def open_call_door(_: Settings, desk: Desk) -> CallDoor:
    """The door, also of settings without callbacks: posts of before still have their buttons, which say so."""
    return DialogDoor(desk.clicks, desk.ring)
