"""Decisions after an attempt."""

import pytest

from gateway.delivery.retry import BASE, CAP, backoff, decide
from gateway.model import ANSWER_LIMIT, Attempt, AttemptResult, Delivered, Delivery, DeliveryState, Later, Never

DELIVERY = Delivery(7, "e", 1000.0, "ops", "lane", b"{}", attempts=2)


def test_delivered_is_final_and_keeps_the_post():
    """A delivered message is settled with its post id and the attempt counted."""
    got = decide(Delivered("p1"), DELIVERY, 1001.0, 60.0, lambda: 0.5)
    assert (got.seq, got.state, got.attempts, got.post_id) == (7, DeliveryState.DELIVERED, 3, "p1")


def test_never_is_dead_with_its_reason():
    """A refusal waits for a person and says why."""
    got = decide(Never("403: locked"), DELIVERY, 1001.0, 60.0, lambda: 0.5)
    assert (got.state, got.reason, got.attempts) == (DeliveryState.DEAD, "403: locked", 3)


@pytest.mark.parametrize(("draw", "wait"), [(0.0, 0.0), (0.5, 2.0), (0.999, 3.996)])
def test_later_waits_with_full_jitter(draw, wait):
    """The third failure waits between zero and four seconds, evenly."""
    got = decide(Later("down"), DELIVERY, 1001.0, 60.0, lambda: draw)
    assert got.state is DeliveryState.PENDING
    assert got.not_before == pytest.approx(1001.0 + wait)
    assert got.reason == "down"


@pytest.mark.parametrize("draw", [0.0, 0.999])
def test_what_the_server_asks_for_is_a_lower_bound(draw):
    """Retry-After is waited for in full, with at most a second more."""
    got = decide(Later("429", 30.0, "429"), DELIVERY, 1001.0, 60.0, lambda: draw)
    assert 1031.0 <= got.not_before <= 1031.0 + BASE


def test_too_old_is_dead_and_tells_the_last_reason():
    """A delivery that fails when it is older than its age limit is given up."""
    got = decide(Later("no route"), DELIVERY, 1000.0 + 86400.0, 86400.0, lambda: 0.5)
    assert got.state is DeliveryState.DEAD
    assert got.reason == "gave up after 1 d: last: no route"


def test_late_success_still_counts():
    """A delivery that succeeds after its age limit is delivered, not dead."""
    assert decide(Delivered(), DELIVERY, 1e9, 60.0, lambda: 0.5).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("result", "attempt"),
    [
        (Delivered("p1", status=201), Attempt(1070.0, AttemptResult.DELIVERED, 201, "2xx")),
        (Never("403: locked", status=403), Attempt(1070.0, AttemptResult.NEVER, 403, "4xx", "403: locked")),
        (Later("no route"), Attempt(1070.0, AttemptResult.LATER, 0, "network", "no route")),
        (Later("x" * 999, None, "5xx", 500), Attempt(1070.0, AttemptResult.LATER, 500, "5xx", "x" * ANSWER_LIMIT)),
    ],
)
def test_the_attempt_is_told_as_it_was(result, attempt):
    """The log has time, result, status and answer of the attempt itself, also when the delivery is given up for age."""
    assert decide(result, DELIVERY, 1070.0, 60.0, lambda: 0.5).attempt == attempt


@pytest.mark.parametrize("failures", [1, 2, 5, 9, 10, 100, 100_000])
def test_backoff_grows_to_the_cap(failures):
    """The ceiling doubles from the base up to the cap, and no number of failures overflows it."""
    assert backoff(failures, lambda: 1.0) == min(CAP, BASE * 2.0 ** min(failures - 1, 30))
