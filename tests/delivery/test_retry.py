"""Decisions after an attempt."""

import pytest
from msgspec.structs import replace

from gateway.delivery.retry import BASE, CAP, LATE, PROBE_CAP, backoff, decide, probe_wait, wait
from gateway.journal import CardPost
from gateway.model import (
    ANSWER_LIMIT,
    Attempt,
    AttemptResult,
    Card,
    CardMode,
    Delivered,
    Delivery,
    DeliveryState,
    Later,
    Never,
    Phase,
)

DELIVERY = Delivery(7, "e", 1000.0, "ops", "lane", b"{}", attempts=2)


def test_delivered_is_final_and_keeps_the_post():
    """A delivered message is settled with its post id and the attempt counted."""
    got = decide(Delivered("p1"), DELIVERY, 1001.0, 4.0)
    assert (got.seq, got.state, got.attempts, got.post_id) == (7, DeliveryState.DELIVERED, 3, "p1")


@pytest.mark.parametrize(
    ("alone", "found", "shown"), [(None, False, "s"), ("", False, "s"), ("", True, None), ("e 1", True, "e 1")]
)
def test_the_journal_remembers_which_subject_a_post_shows(alone, found, shown):
    """A post of the delivery's own shows none; its further parts find it by a name."""
    delivery = replace(DELIVERY, card=Card("s", CardMode.THREAD, Phase.CLOSE, alone=alone))
    card = decide(Delivered("p1", alone=found), delivery, 1001.0, 4.0).card
    closed = None if found else True
    assert card == (CardPost("ops", shown, "p1", 1001.0, closed) if shown else None)


def test_what_is_late_opens_and_closes_nothing():
    """The subject stands as newer news left it, and the delivery says why it stands elsewhere."""
    delivery = replace(DELIVERY, card=Card("s", CardMode.UPDATE, Phase.CLOSE))
    got = decide(Delivered("p1", late=True), delivery, 1001.0, 4.0)
    assert (got.reason, got.card) == (LATE, CardPost("ops", "s", "p1", 1001.0))


def test_never_is_dead_with_its_reason():
    """A refusal waits for a person and says why."""
    got = decide(Never("403: locked"), DELIVERY, 1001.0, 4.0)
    assert (got.state, got.reason, got.attempts) == (DeliveryState.DEAD, "403: locked", 3)


def test_later_waits():
    """A failed attempt is repeated after the wait, for its reason."""
    got = decide(Later("down"), DELIVERY, 1001.0, 4.0)
    assert (got.state, got.not_before, got.reason) == (DeliveryState.PENDING, 1005.0, "down")


def test_the_last_attempt_is_dead_for_the_reason_given():
    """Age and evidence are judged elsewhere; the attempt itself is logged as it was."""
    got = decide(Later("no route"), DELIVERY, 1001.0, 4.0, "gave up after 1 d: last: no route")
    assert (got.state, got.reason) == (DeliveryState.DEAD, "gave up after 1 d: last: no route")
    assert got.attempt == Attempt(1001.0, AttemptResult.LATER, 0, "network", "no route")


@pytest.mark.parametrize(("draw", "seconds"), [(0.0, 0.0), (0.5, 2.0), (0.999, 3.996)])
def test_the_wait_has_full_jitter(draw, seconds):
    """The third failure waits between zero and four seconds, evenly."""
    assert wait(Later("down"), 3, lambda: draw) == pytest.approx(seconds)


@pytest.mark.parametrize("draw", [0.0, 0.999])
def test_what_the_server_asks_for_is_a_lower_bound(draw):
    """Retry-After is waited for in full, with at most a second more."""
    assert 30.0 <= wait(Later("429", 30.0, "429"), 3, lambda: draw) <= 30.0 + BASE


def test_a_lane_lets_others_probe_ever_longer():
    """Up to a limit."""
    assert [probe_wait(n) for n in (1, 2, 3, 6, 100)] == [1.0, 2.0, 4.0, PROBE_CAP, PROBE_CAP]


def test_late_success_still_counts():
    """A delivery that succeeds after its age limit is delivered, not dead."""
    assert decide(Delivered(), DELIVERY, 1e9, 4.0).state is DeliveryState.DELIVERED


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
    assert decide(result, DELIVERY, 1070.0, 4.0).attempt == attempt


@pytest.mark.parametrize("failures", [1, 2, 5, 9, 10, 100, 100_000])
def test_backoff_grows_to_the_cap(failures):
    """The ceiling doubles from the base up to the cap, and no number of failures overflows it."""
    assert backoff(failures, lambda: 1.0) == min(CAP, BASE * 2.0 ** min(failures - 1, 30))
