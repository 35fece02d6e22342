"""The circuit breaker."""

from math import inf

from gateway.delivery.breaker import PROBE_CAP, Breaker, BreakerState


def opened(threshold=3, now=100.0):
    """Make a breaker that has just opened."""
    breaker = Breaker(threshold)
    for _ in range(threshold):
        breaker.failure(breaker.epoch, now, "no route", lambda: 0.0)
    return breaker


def test_it_opens_after_failures_in_a_row_and_says_why():
    """The failure that reaches the threshold opens it; the text counts and quotes the last."""
    breaker = opened()
    assert breaker.state is BreakerState.OPEN
    assert breaker.opens_at() == 101.0
    assert breaker.why == "3 failures in a row, last: no route"


def test_a_success_between_starts_the_count_again():
    """Failures that are not in a row never open it."""
    breaker = Breaker(2)
    for _ in range(5):
        breaker.failure(breaker.epoch, 0.0, "x", lambda: 0.0)
        breaker.success()
    assert breaker.state is BreakerState.CLOSED
    assert breaker.opens_at() == 0.0


def test_one_probe_at_a_time():
    """Once a probe is admitted nothing else is until it is answered."""
    breaker = opened()
    breaker.admit()
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.opens_at() == inf


def test_a_failed_probe_waits_longer_up_to_a_limit():
    """Every failed probe doubles the ceiling of the next wait, up to the cap."""
    breaker = opened()
    waits = []
    for _ in range(8):
        breaker.admit()
        breaker.failure(breaker.epoch, 1000.0, "still", lambda: 0.0)
        waits.append(breaker.until - 1000.0)
    assert waits == [2.0, 4.0, 8.0, PROBE_CAP / 2, PROBE_CAP / 2, PROBE_CAP / 2, PROBE_CAP / 2, PROBE_CAP / 2]


def test_a_good_probe_closes_it():
    """A success lets deliveries flow and forgets the reason."""
    breaker = opened()
    breaker.admit()
    breaker.success()
    assert (breaker.state, breaker.why, breaker.opens_at()) == (BreakerState.CLOSED, "", 0.0)


def test_stragglers_of_an_earlier_epoch_say_nothing():
    """A failure admitted before the state changed neither reopens, nor prolongs, nor ends the probe."""
    breaker = Breaker(1)
    before = breaker.epoch
    breaker.failure(before, 0.0, "first", lambda: 0.0)
    until = breaker.until
    breaker.failure(before, 50.0, "straggler", lambda: 0.0)
    assert breaker.until == until
    breaker.admit()
    breaker.failure(before, 50.0, "straggler", lambda: 0.0)
    assert breaker.state is BreakerState.HALF_OPEN
    breaker.success()
    breaker.failure(before, 50.0, "straggler", lambda: 0.0)
    assert breaker.state is BreakerState.CLOSED
