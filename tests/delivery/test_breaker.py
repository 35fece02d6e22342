"""The circuit breaker."""

from math import inf

from gateway.delivery.breaker import MOST_CHECKS, Breaker, BreakerState


def held(now=100.0):
    """A breaker whose server was asked, and did not answer, at `now`."""
    breaker = Breaker()
    breaker.failure(breaker.epoch, now, "no route", lambda: 0.5)
    breaker.check()
    breaker.checked(False, now, lambda: 0.5)
    return breaker


def ready():
    """A breaker whose server answers again, before its probe."""
    breaker = held()
    breaker.check()
    breaker.checked(True, 200.0, lambda: 0.5)
    return breaker


def test_the_first_failure_asks_for_the_health_at_once():
    """It is not known yet whether the server is down, so that nobody is told."""
    breaker = Breaker()
    breaker.failure(breaker.epoch, 100.0, "no route", lambda: 0.5)
    assert (breaker.check_at, breaker.opens_at, breaker.holds) == (100.0, 100.0, False)
    breaker.check()
    assert (breaker.check_at, breaker.opens_at) == (inf, inf)


def test_a_server_that_does_not_answer_is_asked_every_second_with_jitter():
    """It is held then, for the reason of the failed attempt."""
    breaker = held()
    assert (breaker.holds, breaker.why, breaker.opens_at) == (True, "no route", 101.0)
    waits = []
    for draw in (0.0, 0.5, 1.0):
        breaker.check()
        breaker.checked(False, 1000.0, lambda draw=draw: draw)
        waits.append(breaker.check_at - 1000.0)
    assert waits == [0.75, 1.0, 1.25]


def test_a_probe_goes_after_many_questions_without_an_answer():
    """A proxy may let messages pass, but not the question."""
    breaker = held()
    for _ in range(MOST_CHECKS - 1):
        assert breaker.state is BreakerState.HELD
        breaker.check()
        breaker.checked(False, 1000.0, lambda: 0.5)
    assert (breaker.state, breaker.holds) == (BreakerState.READY, True)
    breaker.admit()
    breaker.failure(breaker.epoch, 1000.0, "no route", lambda: 0.5)
    assert breaker.check_at == 1001.0


def test_without_a_message_that_waits_only_an_answer_ends_the_hold():
    """Nothing could be the probe."""
    breaker = held()
    for _ in range(2 * MOST_CHECKS):
        breaker.check()
        breaker.checked(False, 1000.0, lambda: 0.5, waiting=False)
        assert breaker.check_at == 1001.0
    breaker.check()
    breaker.checked(True, 1000.0, lambda: 0.5, waiting=False)
    assert (breaker.state, breaker.holds) == (BreakerState.CLOSED, False)


def test_when_it_answers_one_probe_goes():
    """The probe may go at once, and nothing else before it is answered."""
    breaker = ready()
    assert (breaker.state, breaker.opens_at, breaker.holds) == (BreakerState.READY, 0.0, True)
    breaker.admit()
    assert (breaker.probing, breaker.opens_at) == (True, inf)


def test_a_failed_probe_is_followed_by_another_question():
    """So there is a second between two probes at least, and the reason counts them."""
    breaker = ready()
    breaker.admit()
    breaker.failure(breaker.epoch, 300.0, "timeout", lambda: 0.5)
    assert (breaker.check_at, breaker.holds) == (301.0, True)
    assert breaker.why == "2 failures in a row, last: timeout"


def test_a_good_probe_closes_it():
    """A success lets deliveries flow and forgets the reason."""
    breaker = ready()
    breaker.admit()
    breaker.success()
    assert (breaker.state, breaker.holds, breaker.why) == (BreakerState.CLOSED, False, "")
    assert breaker.opens_at == 0.0


def test_a_success_during_a_question_counts_more_than_its_answer():
    """A post under way that arrives proves more than a question that fails."""
    breaker = held()
    breaker.check()
    breaker.success()
    breaker.checked(False, 100.0, lambda: 0.5)
    assert (breaker.state, breaker.holds) == (BreakerState.CLOSED, False)


def test_stragglers_of_an_earlier_epoch_say_nothing():
    """A failure admitted before the state changed neither holds again, nor ends the probe."""
    breaker = Breaker()
    before = breaker.epoch
    breaker.failure(before, 0.0, "first", lambda: 0.5)
    breaker.failure(before, 50.0, "straggler", lambda: 0.5)
    assert breaker.check_at == 0.0
    breaker.check()
    breaker.checked(True, 51.0, lambda: 0.5)
    breaker.admit()
    breaker.failure(before, 52.0, "straggler", lambda: 0.5)
    assert breaker.state is BreakerState.PROBING
    breaker.success()
    breaker.failure(before, 53.0, "straggler", lambda: 0.5)
    assert breaker.state is BreakerState.CLOSED
