"""What the journal counts over time: events by route and outcome, deliveries by destination."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from gateway.model import Outcome


class EventCount(Struct, frozen=True, array_like=True):
    """How many events of a route with one outcome were received in a step of time, the `at`th since the epoch."""

    at: int
    route: str
    outcome: Outcome
    count: int


class DeliveredCount(Struct, frozen=True, array_like=True):
    """How many deliveries arrived at a destination in a step of time, the `at`th since the epoch."""

    at: int
    destination: str
    count: int


class PastCounts(Struct, frozen=True):
    """What was received from `since` on up to the event of number `newest`, and delivered, in steps of time."""

    since: float
    events: Sequence[EventCount]
    delivered: Sequence[DeliveredCount]
    newest: int


PAST_EVENTS, PAST_DELIVERIES = 1_000_000, 200_000
"""How many events, and how many deliveries, are counted for `past` at most, the newest ones."""


class Counts(Protocol):
    """Counts over time."""

    async def past(self, since: float, until: float, step: float) -> PastCounts:
        """What was received since a time, and delivered until another, in steps of seconds.

        It goes less far back where there is very much: the `since` of the answer is where it begins. Takes a while: it
        is for the start, and lets others read meanwhile.
        """

    async def fresh(self, after: int) -> tuple[Sequence[EventCount], int]:
        """How many events are numbered above `after`, all in step 0, and the number up to which they are counted."""
