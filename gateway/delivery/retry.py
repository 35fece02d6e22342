"""The decisions after an attempt, when to retry and when to give up. Pure.

Exponential backoff with full jitter, after Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog): the
wait is drawn evenly from zero to the ceiling, so that lanes that failed together do not retry together.
"""

from collections.abc import Callable

from gateway.journal import CardPost, Settlement
from gateway.model import (
    ANSWER_LIMIT,
    Attempt,
    AttemptResult,
    Card,
    Delivered,
    Delivery,
    DeliveryState,
    Later,
    Never,
    Phase,
    Result,
)

BASE = 1.0
"""Seconds: the ceiling of the wait after the first failure; it doubles with every further failure."""

CAP = 300.0
"""Seconds: the highest ceiling."""

PROBE_CAP = 30.0
"""Seconds after which the only lane of a destination that fails its probes is tried again, at most."""


LATE = "posted without a change of the card: a newer event of its subject was delivered before"
"""Why what was sent again does not stand where its like stands."""

_CLOSED = {Phase.OPEN: False, Phase.CHANGE: None, Phase.CLOSE: True}


def ceiling(failures: int, cap: float = CAP) -> float:
    """Seconds to wait at most after the `failures`-th failure in a row (from 1): BASE, doubling up to `cap`."""
    doublings = min(max(failures - 1, 0), 30)  # far beyond any cap, and no float overflows after a long outage
    return min(cap, BASE * 2.0**doublings)


def backoff(failures: int, random: Callable[[], float], cap: float = CAP) -> float:
    """Seconds to wait after the `failures`-th failure in a row (from 1); `random` draws from [0, 1)."""
    return random() * ceiling(failures, cap)


def decide(result: Result, delivery: Delivery, now: float, wait: float, dead: str = "") -> Settlement:
    """The settlement of `delivery` after an attempt that ended at `now` (epoch) with `result`.

    A failed attempt is repeated in `wait` seconds, unless `dead` says why it was the last.
    """
    seq, attempts = delivery.seq, delivery.attempts + 1
    if isinstance(result, Delivered):
        attempt = Attempt(now, AttemptResult.DELIVERED, result.status, result.code, result.answer[:ANSWER_LIMIT])
        card = _card_post(result, delivery, delivery.card, now) if delivery.card is not None else None
        reason = LATE if result.late else result.note
        return Settlement(
            seq, DeliveryState.DELIVERED, attempts, 0.0, reason, result.post_id, card=card, attempt=attempt
        )
    kind = AttemptResult.NEVER if isinstance(result, Never) else AttemptResult.LATER
    said = f"{result.reason}: {result.answer}" if isinstance(result, Never) and result.answer else result.reason
    attempt = Attempt(now, kind, result.status, result.code, said[:ANSWER_LIMIT])
    if kind is AttemptResult.NEVER or dead:
        return Settlement(seq, DeliveryState.DEAD, attempts, reason=dead or result.reason, attempt=attempt)
    return Settlement(seq, DeliveryState.PENDING, attempts, now + wait, result.reason, attempt=attempt)


def _card_post(result: Delivered, delivery: Delivery, card: Card, now: float) -> CardPost | None:
    """What the journal remembers of the post of a delivery: the subject that it shows; None when it shows none."""
    if not result.post_id:
        return None
    if not result.alone:
        closed = None if result.late else _CLOSED[card.phase]
        return CardPost(delivery.destination, card.subject, result.post_id, now, closed)
    return CardPost(delivery.destination, card.alone, result.post_id, now) if card.alone else None


def wait(result: Later, failures: int, random: Callable[[], float]) -> float:
    """Seconds to wait after the `failures`-th failed attempt at a delivery.

    A wait that the destination asked for is a lower bound, plus up to a second of jitter.
    """
    if result.after is not None:
        return result.after + random() * BASE
    return backoff(failures, random)


def probe_wait(probes: int) -> float:
    """Seconds that a lane lets others go first as the probe, after `probes` failed ones of its own."""
    return ceiling(probes, PROBE_CAP)
