"""The gates of a destination."""

from math import inf

import pytest
from msgspec.structs import replace

from gateway.delivery.breaker import BreakerState
from gateway.delivery.destinations import ROUNDING, Destination, recalled
from gateway.delivery.evidence import MOST_REFUSALS
from gateway.journal.standing import Streak
from gateway.model import Blame, Delivered, Delivery, Later, Never, Pause


def half():
    """Draw the middle."""
    return 0.5


class Nowhere:
    """Sends nothing; its target is the payload, `warning` what it lacks."""

    warning = ""

    def target(self, delivery):
        """Name the target."""
        return delivery.payload.decode()


DELIVERY = Delivery(1, "e", 0.0, "ops", "lane", b"")


def destination(**options):
    """Make a destination that sends nowhere."""
    return Destination("ops", Nowhere(), **options)


def admit(gate, now):
    """Admit an attempt at the usual delivery."""
    return gate.admit("lane", DELIVERY, now)


def record(gate, result, epoch, now, delivery=DELIVERY):
    """Record the result of that attempt."""
    return gate.record(result, delivery.lane, delivery, epoch, now, half)


def stands(gate, now):
    """State and reason."""
    found = gate.condition(now)
    return found.state, found.why


def test_a_fresh_destination_is_open():
    """Nothing holds the first attempt."""
    assert destination().opens_at(50.0) <= 50.0
    assert stands(destination(), 50.0) == ("healthy", "")


def test_what_a_sender_lacks_is_the_reason_while_messages_arrive():
    """A destination that holds its messages back says why it does so instead."""
    gate = destination()
    gate.sender.warning = "cards cannot be edited"
    assert stands(gate, 50.0) == ("healthy", "cards cannot be edited")
    record(gate, Later("slow down", 10.0, "429"), 0, 50.0)
    assert "slow down" in stands(gate, 50.0)[1]


@pytest.mark.parametrize("rate", [0.5, 1.0, 5.0])
def test_the_rate_holds_over_time(rate):
    """In any stretch no more leave than one second's worth plus the rate."""
    gate, now, left = destination(rate=rate), 100.0, []
    for _ in range(50):
        now = max(now, gate.opens_at(now))
        admit(gate, now)
        left.append(now)
    for i, start in enumerate(left):
        for j in range(i, len(left)):
            assert j - i + 1 <= max(1.0, rate) + rate * (left[j] - start + 2 * ROUNDING)


def test_no_credit_beyond_one_second_is_saved_up():
    """After a long silence only one second's worth may leave at once."""
    gate = destination(rate=3.0)
    admit(gate, 0.0)
    sent = 0
    while gate.opens_at(10_000.0) <= 10_000.0:
        admit(gate, 10_000.0)
        sent += 1
    assert sent == 3


def test_a_429_pauses_everything_and_says_so():
    """Being told to wait holds the destination for that long, is not a failure, and is shown."""
    gate = destination()
    record(gate, Later("429: rate limit exceeded", 12.0, "429"), admit(gate, 100.0), 100.0)
    assert gate.opens_at(100.0) == 112.0
    assert stands(gate, 100.0) == ("throttled", "429: rate limit exceeded")
    assert stands(gate, 113.0) == ("healthy", "")


def test_a_429_without_a_time_rests_a_moment():
    """A limit that does not say for how long pauses for a second."""
    gate = destination()
    record(gate, Later("429", None, "429"), admit(gate, 100.0), 100.0)
    assert gate.opens_at(100.0) == 101.0


def test_a_shorter_pause_does_not_cut_a_longer_one():
    """Two answers in flight: the longer pause holds."""
    gate = destination()
    record(gate, Later("429", 30.0, "429"), 0, 100.0)
    record(gate, Later("429", 5.0, "429"), 0, 100.0)
    assert gate.opens_at(100.0) == 130.0


def test_no_answer_opens_the_breaker_and_any_answer_closes_it():
    """A failed question for its health is needed to tell; even a refusal shows that the server works."""
    gate = destination()
    record(gate, Later("no route"), admit(gate, 100.0), 100.0)
    assert (gate.flows, gate.opens_at(100.0)) == (True, 100.0)
    gate.breaker.check()
    gate.breaker.checked(False, 100.0, half)
    assert (gate.flows, gate.opens_at(100.0)) == (False, 101.0)
    assert stands(gate, 100.0) == ("held", "no route")
    record(gate, Never("413: too large"), gate.breaker.epoch, 105.0)
    assert (gate.flows, stands(gate, 105.0)) == (True, ("healthy", ""))


def test_a_503_with_a_time_counts_as_both():
    """Retry-After on a failure pauses and opens the breaker."""
    gate = destination()
    record(gate, Later("503", 60.0, "5xx"), admit(gate, 0.0), 100.0)
    assert gate.breaker.state is not BreakerState.CLOSED
    assert gate.opens_at(100.0) == 160.0


def test_delivered_leaves_it_healthy():
    """A success changes nothing of a healthy destination."""
    gate = destination()
    record(gate, Delivered(), admit(gate, 1.0), 1.0)
    assert stands(gate, 1.0) == ("healthy", "")


def test_a_refusal_of_everybody_fails_it_until_a_message_passes():
    """It stands as failing with the remedy, and its gate opens for a probe."""
    gate = destination()
    judgement = record(gate, Later("501: turn hooks on", blame=Blame.DESTINATION), admit(gate, 1.0), 1.0)
    assert judgement.probe_at == gate.opens_at(1.0) == 2.0
    assert (gate.flows, stands(gate, 1.0)) == (False, ("failing", "501: turn hooks on"))
    record(gate, Delivered(), admit(gate, 2.0), 2.0)
    assert (gate.flows, gate.opens_at(2.0)) == (True, 2.0)


def test_refusals_are_judged_by_target():
    """A message to another target, and another lane, need not wait."""
    gate = destination()
    closed, other = replace(DELIVERY, payload=b"closed"), replace(DELIVERY, payload=b"open")
    for _ in range(MOST_REFUSALS):
        record(gate, Later("404", blame=Blame.UNKNOWN), 0, 1.0, closed)
    assert gate.waits_until("lane", closed) > 1.0
    assert (gate.waits_until("lane", other), gate.waits_until("another", closed)) == (0.0, 0.0)
    gate.bury("lane", "404", 1.0, counts=True)
    assert (gate.waits_until("lane", closed), gate.flows) == (0.0, True)


def test_three_dead_messages_in_a_row_are_a_failure():
    """Messages go on being tried; the next that passes ends it. Two are none, nor are strangers'."""
    gate = destination()
    for number in range(3):
        assert stands(gate, 1.0)[0] == "healthy"
        gate.bury("stranger", "400", 1.0, counts=False)
        gate.bury("lane", f"413: {number}", 10.0 + number, counts=True)
    found = gate.condition(20.0)
    assert (found.state, found.why, found.since, found.next_at) == ("failing", "413: 2", 10.0, 0.0)
    assert "tried as they come" in found.next
    assert (gate.flows, gate.opens_at(20.0)) == (False, 20.0)
    record(gate, Delivered(), admit(gate, 21.0), 21.0)
    assert (gate.flows, stands(gate, 21.0)) == (True, ("healthy", ""))
    gate.bury("lane", "413", 22.0, counts=True)
    assert stands(gate, 22.0)[0] == "healthy"


def test_a_message_that_passes_between_deaths_begins_the_count_anew():
    """One bad sender among good ones makes nobody fail."""
    gate = destination()
    for _ in range(5):
        gate.bury("lane", "413", 1.0, counts=True)
        gate.bury("lane", "413", 1.0, counts=True)
        record(gate, Delivered(), admit(gate, 1.0), 1.0)
    assert stands(gate, 1.0)[0] == "healthy"


@pytest.mark.parametrize(
    ("past", "state"),
    [
        (Streak(), "healthy"),
        (Streak(dead=2, refusals=2, why="413", since=5.0), "healthy"),
        (Streak(dead=3, refusals=3, why="413", since=5.0), "failing"),
        (Streak(refusals=MOST_REFUSALS - 1, why="404", since=5.0), "healthy"),
        (Streak(refusals=MOST_REFUSALS, why="404", since=5.0), "failing"),
    ],
)
def test_what_was_refused_before_a_restart_is_recalled(past, state):
    """Dead ones, or a waiting one that was refused often: until a message passes. The journal alone tells the same."""
    gate = destination()
    gate.recall(past)
    assert gate.condition(9.0) == recalled(None, past)
    assert (gate.condition(9.0).state, gate.flows) == (state, state == "healthy")
    record(gate, Delivered(), admit(gate, 9.0), 9.0)
    assert stands(gate, 9.0) == ("healthy", "")


def test_nothing_starts_while_it_is_paused():
    """Afterwards it stands as before."""
    gate = destination()
    record(gate, Later("no route"), admit(gate, 100.0), 100.0)
    gate.pause = Pause(99.0, "ada", "it moves")
    assert gate.opens_at(100.0) == inf
    assert stands(gate, 100.0) == ("paused", "by ada: it moves")
    gate.pause = None
    assert gate.opens_at(100.0) == 100.0


def test_states_say_since_when_and_what_is_next():
    """Since the first of several causes in a row; the time is that of the next attempt or question."""
    gate = destination()
    record(gate, Later("429", 10.0, "429"), 0, 100.0)
    record(gate, Later("429", 10.0, "429"), 0, 105.0)
    found = gate.condition(106.0)
    assert (found.state, found.since, found.next_at) == ("throttled", 100.0, 115.0)
    gate = destination()
    record(gate, Later("501", blame=Blame.DESTINATION), admit(gate, 1.0), 1.0)
    record(gate, Later("501", blame=Blame.DESTINATION), admit(gate, 3.0), 3.0)
    found = gate.condition(3.0)
    assert (found.state, found.since) == ("failing", 1.0)
    assert found.next_at > 3.0
    gate = destination()
    record(gate, Later("no route"), admit(gate, 50.0), 50.0)
    gate.breaker.check()
    gate.breaker.checked(False, 51.0, half)
    found = gate.condition(51.0)
    assert (found.state, found.since, found.next_at) == ("held", 50.0, 0.0)
