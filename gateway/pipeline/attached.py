"""Buttons and menus on the post that shows a subject: who makes them, their room, and where in a message they stand."""

from collections.abc import Container, Sequence
from typing import Final, Protocol

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from gateway.catalog.actions import Offered
from gateway.catalog.everywhere import About
from gateway.mattermost.fit import fits
from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Action, Attachment, Message
from gateway.model import JSON

BUTTON_ROOM: Final = 10_000
"""Bytes and runes that a button may need: its name, its URL, and what comes back with a click."""

_ESCAPED: Final = 6
_OPTION_SKELETON: Final = 30


class Origin(Struct, frozen=True):
    """Where actions come from: the event whose message has them, the destination, and the subject that it shows there.

    `subject` is that of the card, where there is one; "" for none. `now` is when the event was received.
    """

    route: str
    event: str
    destination: str
    subject: str
    now: float


class Buttons(Protocol):
    """Makes the buttons of what is offered. `everywhere` are the routes of which every message may have some."""

    @property
    def everywhere(self) -> Container[str]:
        """Their names."""

    def besides(self, about: About) -> Sequence[Offered]:
        """What is offered below a message of these routes besides the actions of its own documents."""

    def made(self, offered: Sequence[Offered], origin: Origin) -> Sequence[Action]:
        """The buttons, in the order of what is offered, without those that nobody answers."""


def told(offered: Offered) -> dict[str, JSON]:
    """What is offered, for people: its name, its callback, and what that is told."""
    options = {"options": [to_builtins(option) for option in offered.options]} if offered.options else {}
    return {"name": offered.name, "callback": offered.callback, "context": dict(offered.context), **options}


def with_room(limits: Limits, offered: Sequence[Offered]) -> Limits:
    """The limits of a message to which buttons are added, which take half of it at most."""
    room = 0
    for one in offered:
        options = sum(len(option.text) + len(option.value) + _OPTION_SKELETON for option in one.options)
        room += BUTTON_ROOM + _ESCAPED * options
    room = min(room, limits.body // 2)
    return replace(limits, body=limits.body - room, props=limits.props - room)


def with_buttons(message: Message, buttons: Sequence[Action], limits: Limits = DEFAULT) -> Message:
    """The message with buttons below its last attachment, or in one of their own: with as many as fit, the first."""
    *before, last = message.attachments or [Attachment()]
    for count in range(len(buttons), 0, -1):
        shown = replace(message, attachments=[*before, replace(last, actions=list(buttons[:count]))])
        if fits(shown, limits):
            return shown
    return message
