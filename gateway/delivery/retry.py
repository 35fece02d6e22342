"""The decisions after an attempt, when to retry and when to give up. Pure.

Exponential backoff with full jitter, after Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog): the
wait is drawn evenly from zero to the ceiling, so that lanes that failed together do not retry together.
"""

from collections.abc import Callable

from gateway import units
from gateway.journal import CardPost, Settlement
from gateway.model import ANSWER_LIMIT, Attempt, AttemptResult, Delivered, Delivery, DeliveryState, Never, Phase, Result

BASE = 1.0
"""Seconds: the ceiling of the wait after the first failure; it doubles with every further failure."""

CAP = 300.0
"""Seconds: the highest ceiling."""


_CLOSED = {Phase.OPEN: False, Phase.CHANGE: None, Phase.CLOSE: True}


def backoff(failures: int, random: Callable[[], float], base: float = BASE, cap: float = CAP) -> float:
    """Seconds to wait after the `failures`-th failure in a row (from 1); `random` draws from [0, 1)."""
    doublings = min(max(failures - 1, 0), 30)  # far beyond any cap, and no float overflows after a long outage
    return random() * min(cap, base * 2.0**doublings)


def decide(result: Result, delivery: Delivery, now: float, max_age: float, random: Callable[[], float]) -> Settlement:
    """The settlement of `delivery` after an attempt that ended at `now` with `result`.

    A wait that the destination asked for is a lower bound, plus up to a second of jitter. A delivery that is older than
    `max_age` seconds when an attempt fails is dead.
    """
    seq, attempts, attempt = delivery.seq, delivery.attempts + 1, _attempt(result, now)
    if isinstance(result, Delivered):
        card = None
        if delivery.card is not None and result.post_id:
            closed = _CLOSED[delivery.card.phase]
            card = CardPost(delivery.destination, delivery.card.subject, result.post_id, now, closed)
        return Settlement(seq, DeliveryState.DELIVERED, attempts, post_id=result.post_id, card=card, attempt=attempt)
    if isinstance(result, Never):
        return Settlement(seq, DeliveryState.DEAD, attempts, reason=result.reason, attempt=attempt)
    if now - delivery.received >= max_age:
        reason = f"gave up after {units.written(max_age)}: last: {result.reason}"
        return Settlement(seq, DeliveryState.DEAD, attempts, reason=reason, attempt=attempt)
    wait = backoff(attempts, random) if result.after is None else result.after + random() * BASE
    return Settlement(seq, DeliveryState.PENDING, attempts, now + wait, result.reason, attempt=attempt)


def _attempt(result: Result, now: float) -> Attempt:
    if isinstance(result, Delivered):
        return Attempt(now, AttemptResult.DELIVERED, result.status, result.code)
    kind = AttemptResult.NEVER if isinstance(result, Never) else AttemptResult.LATER
    return Attempt(now, kind, result.status, result.code, result.reason[:ANSWER_LIMIT])
