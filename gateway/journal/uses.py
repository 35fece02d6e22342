"""What counts once: the use of a ticket, a trigger or a post, and the place of a ticket's first click."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Pin(Struct, frozen=True):
    """The channel and the post, by their ids, where a ticket was clicked first."""

    channel: str
    post: str


class Uses(Protocol):
    """Uses, which are duplicate keys of the event that they start.

    `Queue.append` stores an act with its `duplicates.use_key`s in one commit, and answers a later use of any of them
    with the id of the first act. So an act happens once, also where the gateway is killed between two of its steps.
    """

    async def release(self, event_id: str, keys: Sequence[bytes]) -> None:
        """Give back uses of this event, whose act came to nothing: who clicks again starts it anew.

        Keys that are another event's stay, and so do all others of this one: what came in twice is still a repeat.
        Raises JournalError.
        """

    async def begin(self, seq: int) -> bool:
        """Note that an attempt at a delivery begins which must not be repeated; False where one has begun before.

        Then nobody knows what became of that: whoever made it ended meanwhile. Raises JournalError.
        """

    async def unbegin(self, seq: int) -> None:
        """Take it back: the attempt certainly came to nothing. Raises JournalError."""


class Pins(Protocol):
    """The places of tickets whose post is not known when they are signed: those that an incoming webhook posts."""

    async def pin(self, ticket: str, channel: str, post: str, expires: float) -> Pin:
        """The place of the first click on a ticket of this id, which is this one if there was none.

        It is kept until about `expires`, the end of the ticket. To be called for a ticket that was verified, and before
        its act: nobody else's click takes its place. Raises JournalError.
        """
