"""What the newest results of a destination say about it after a restart."""

import pytest

from gateway.journal.standing import UNREFUSED, Streak, Tried, streak
from gateway.model import Attempt, AttemptResult, DeliveryState

DEAD, PENDING, DELIVERED = DeliveryState.DEAD, DeliveryState.PENDING, DeliveryState.DELIVERED


def tried(*at, state=DEAD, status=413, reason="413: too large", answer=None):
    """A delivery whose attempts ended at these times."""
    results = {DEAD: AttemptResult.NEVER, PENDING: AttemptResult.LATER, DELIVERED: AttemptResult.DELIVERED}
    answer = reason if answer is None else answer
    return Tried(state, reason, tuple(Attempt(one, results[state], status, "4xx", answer) for one in at))


def passed(at):
    """A delivery that passed."""
    return tried(at, state=DELIVERED, status=200, reason="")


def test_only_what_was_refused_since_a_message_passed_counts():
    """In the order of time, whatever the order in which they are given."""
    found = [tried(5.0, reason="413: b"), passed(3.0), tried(4.0, reason="413: a"), tried(2.0)]
    assert streak(found) == Streak(2, 2, "413: b", 4.0)
    assert streak([*found, passed(6.0)]) == streak([]) == Streak()


def test_a_message_that_waits_after_refusals_counts_with_each_of_them():
    """One dead message, and one that was refused five times and is tried again."""
    waiting = tried(2.0, 3.0, 4.0, 5.0, 9.0, state=PENDING, status=404, reason="404: gone")
    assert streak([tried(1.0), waiting]) == Streak(1, 6, "404: gone", 1.0)


def test_refusals_between_which_others_passed_do_not_add_up():
    """One bad message among good ones was refused six times: that says little about its destination."""
    bad = tried(
        1.0, 2.0, 3.0, 4.0, 5.0, 9.0, status=400, reason="refused 6 times while others passed: 400", answer="400"
    )
    assert streak([bad, passed(8.0)]) == Streak(1, 1, bad.reason, 9.0)


@pytest.mark.parametrize("status", sorted(UNREFUSED))
def test_no_answer_is_no_refusal(status):
    """What waits for the server, or was told to wait, says nothing about messages."""
    assert streak([tried(*range(1, 20), state=PENDING, status=status, reason="later")]) == Streak()


def test_a_message_that_was_given_up_for_its_age_is_dead_all_the_same():
    """Whatever its last answer was; it is no refusal."""
    old = tried(1.0, status=0, reason="gave up after 24 h: last: no answer", answer="no answer")
    assert streak([old]) == Streak(1, 0, old.reason, 1.0)


def test_a_dead_message_counts_by_the_words_of_its_last_attempt():
    """One refused while others passed repeats them; one of a destination that was removed says something else."""
    judged = tried(1.0, reason="refused 6 times while other messages passed: 400: no", answer="400: no")
    buried = tried(2.0, reason="destination 'ops' is not in the settings any more", answer="400: no")
    assert streak([judged, buried]) == Streak(1, 1, judged.reason, 1.0)
