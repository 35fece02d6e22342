"""The gates of a destination."""

import pytest

from gateway.delivery.breaker import Breaker
from gateway.delivery.destinations import ROUNDING, Destination
from gateway.model import Delivered, Later, Never


def half():
    """Draw the middle."""
    return 0.5


class Nowhere:
    """Sends nothing; `warning` is what it lacks."""

    warning = ""


def destination(**options):
    """Make a destination that sends nowhere."""
    return Destination("ops", Nowhere(), **options)


def test_a_fresh_destination_is_open():
    """Nothing holds the first attempt."""
    assert destination().opens_at(50.0) <= 50.0
    assert destination().state(50.0) == ("open", "")


def test_what_a_sender_lacks_is_the_reason_while_messages_arrive():
    """A destination that holds its messages back says why it does so instead."""
    gate = destination()
    gate.sender.warning = "cards cannot be edited"
    assert gate.state(50.0) == ("open", "cards cannot be edited")
    gate.record(Later("slow down", 10.0, "429"), 0, 50.0, half)
    assert "slow down" in gate.state(50.0)[1]


@pytest.mark.parametrize("rate", [0.5, 1.0, 5.0])
def test_the_rate_holds_over_time(rate):
    """In any stretch no more leave than one second's worth plus the rate."""
    gate, now, left = destination(rate=rate), 100.0, []
    for _ in range(50):
        now = max(now, gate.opens_at(now))
        gate.admit(now)
        left.append(now)
    for i, start in enumerate(left):
        for j in range(i, len(left)):
            assert j - i + 1 <= max(1.0, rate) + rate * (left[j] - start + 2 * ROUNDING)


def test_no_credit_beyond_one_second_is_saved_up():
    """After a long silence only one second's worth may leave at once."""
    gate = destination(rate=3.0)
    gate.admit(0.0)
    sent = 0
    while gate.opens_at(10_000.0) <= 10_000.0:
        gate.admit(10_000.0)
        sent += 1
    assert sent == 3


def test_a_429_pauses_everything_and_says_so():
    """Being told to wait holds the destination for that long, is not a failure, and is shown."""
    gate = destination(breaker=Breaker(1))
    gate.record(Later("429: rate limit exceeded", 12.0, "429"), gate.admit(100.0), 100.0, half)
    assert gate.opens_at(100.0) == 112.0
    assert gate.state(100.0) == ("throttled", "429: rate limit exceeded, for another 12 s")
    assert gate.state(113.0) == ("open", "")


def test_a_429_without_a_time_rests_a_moment():
    """A limit that does not say for how long pauses for a second."""
    gate = destination()
    gate.record(Later("429", None, "429"), gate.admit(100.0), 100.0, half)
    assert gate.opens_at(100.0) == 101.0


def test_a_shorter_pause_does_not_cut_a_longer_one():
    """Two answers in flight: the longer pause holds."""
    gate = destination()
    gate.record(Later("429", 30.0, "429"), 0, 100.0, half)
    gate.record(Later("429", 5.0, "429"), 0, 100.0, half)
    assert gate.opens_at(100.0) == 130.0


def test_failures_break_it_and_any_answer_mends_it():
    """Failures open the breaker; even a refusal shows that the server works."""
    gate = destination(breaker=Breaker(2))
    for _ in range(2):
        gate.record(Later("no route"), gate.admit(100.0), 100.0, half)
    assert gate.broken
    assert gate.state(100.0) == ("broken", "2 failures in a row, last: no route")
    gate.admit(gate.opens_at(100.0))
    assert gate.probing
    gate.record(Never("403: locked"), gate.breaker.epoch, 105.0, half)
    assert gate.state(105.0) == ("open", "")


def test_a_503_with_a_time_counts_as_both():
    """Retry-After on a failure pauses and counts towards the breaker."""
    gate = destination(breaker=Breaker(1))
    gate.record(Later("503", 60.0, "5xx"), gate.admit(0.0), 100.0, half)
    assert gate.broken
    assert gate.opens_at(100.0) == 160.0


def test_delivered_leaves_it_open():
    """A success changes nothing of an open destination."""
    gate = destination()
    gate.record(Delivered(), gate.admit(1.0), 1.0, half)
    assert gate.state(1.0) == ("open", "")
