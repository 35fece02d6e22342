"""The requests that were not accepted, as the journal keeps them for people who look for one that they miss."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from gateway.model import Event, Outcome, Refusal, Request

REFUSED_LIMIT: Final = 200
"""How many refused requests of a route are kept, the newest ones; those that reached no route are one route more."""


class Refusals(Protocol):
    """The part of a journal that keeps refused requests; `Archive.find` finds them."""

    async def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Store refused requests, the oldest first; what is beyond REFUSED_LIMIT of a route goes. Raises JournalError.

        They also go by their age, as settled events do. One that is stored already is not stored again.
        """

    async def refused(self) -> Mapping[str, int]:
        """How many refused requests are kept of each route that has any; "" is none."""


def event_of(refusal: Refusal) -> Event:
    """A refused request as far as an event can say it."""
    named = {"user-agent": refusal.agent, "content-type": refusal.content_type}
    return Event(
        id=refusal.id,
        received=refusal.received,
        route=refusal.route,
        service=refusal.service,
        outcome=Outcome.REFUSED,
        name="",
        translator="",
        subject="",
        reason=refusal.reason,
        request=Request(refusal.method, {name: text for name, text in named.items() if text}),
        note=refusal.cause,
    )
