"""Why a delivery waits: the state of its destination, what is before it in its lane, and when it is tried again."""

import time
from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.console.port import Gateway
from gateway.delivery.condition import Condition
from gateway.journal.standing import Ahead
from gateway.model import Delivery, DeliveryState, DestinationState

PLACED: Final = 5
"""Deliveries of one event whose places in their lanes are looked up."""


class Wait(Struct, frozen=True):
    """Why a delivery waits, in sentences, the nearest cause first; and the facts behind them.

    Times of the destination are epoch seconds, 0 for none. `ahead` deliveries of its lane come first; the next of them
    to be sent is `behind`, of the event `behind_event` (0 and "" where that is not known).
    """

    words: tuple[str, ...]
    state: Annotated[str, Meta(description="The state of the destination; empty when the settings do not have it.")]
    since: float = 0.0
    next_at: float = 0.0
    ahead: int = 0
    more_ahead: Annotated[bool, Meta(description="There may be more than `ahead`: not all were looked at.")] = False
    behind: int = 0
    behind_event: str = ""


async def waits(gateway: Gateway, deliveries: Sequence[Delivery]) -> dict[int, Wait]:
    """Why each of these that is pending waits, by its number."""
    conditions = gateway.destinations()
    found: dict[int, Wait] = {}
    for one in deliveries:
        if one.state is DeliveryState.PENDING:
            ahead = await gateway.journal.ahead(one.seq) if len(found) < PLACED else None
            found[one.seq] = explain(one, conditions.get(one.destination), ahead, time.time())
    return found


def explain(one: Delivery, condition: Condition | None, ahead: Ahead | None, now: float) -> Wait:
    """Why a pending delivery waits at `now`, given how its destination stands (None: it is gone).

    `ahead` is None where its place in the lane is not known.
    """
    words = []
    if condition is None:
        words.append(f"the settings have no destination {one.destination} any more: this will be a dead letter")
    elif condition.state is not DestinationState.HEALTHY:
        words.append(f"{one.destination} is {condition.state}" + (f": {condition.why}" if condition.why else ""))
        words += [condition.next] if condition.next else []
    if ahead is None:
        words += [] if words else ["it waits for its turn in its lane"]
    elif ahead.count:
        words.append(f"it keeps its order behind {_others(ahead)}")
    elif ahead.more:
        words.append(f"very many others wait for {one.destination} before it")
    elif one.attempts and one.not_before > now:
        words.append("it was tried without success, and is tried again")
    elif not words:
        words.append("it is the next in its lane, and is on its way now")
    known, place = condition or Condition(), ahead or Ahead()
    state = "" if condition is None else known.state.value
    return Wait(tuple(words), state, known.since, known.next_at, place.count, place.more, place.seq, place.event_id)


def _others(ahead: Ahead) -> str:
    if ahead.more:
        return f"at least {ahead.count} others"
    if ahead.count == 1:
        return f"one other, delivery {ahead.seq}"
    return f"{ahead.count} others, of which delivery {ahead.seq} is the next"
