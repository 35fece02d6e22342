"""Which state a destination is in when several apply, and what is said of it."""

from itertools import combinations

import pytest

from gateway.delivery.condition import GOES_ON, Cause, Condition, condition
from gateway.model import DestinationState, Pause

CAUSES = {
    "pause": Pause(5.0, "ada on desk", "the channel moves"),
    "held": Cause("no route", 6.0, 7.0),
    "failing": Cause("404: gone", 8.0, 9.0),
    "throttled": Cause("429: slow down", 10.0, 11.0),
}
STATES = dict(zip(CAUSES, ("paused", "held", "failing", "throttled"), strict=True))


def test_nothing_is_healthy():
    """A destination of which nothing is known is healthy; what its sender lacks is told beside that."""
    assert condition() == Condition(DestinationState.HEALTHY)
    assert condition(warning="cards are not edited").why == "cards are not edited"


@pytest.mark.parametrize("names", [names for count in (1, 2, 3, 4) for names in combinations(CAUSES, count)])
def test_the_first_that_applies_is_the_state(names):
    """Paused comes before held, held before failing, failing before throttled; a warning is no reason then."""
    found = condition(**{name: CAUSES[name] for name in names}, warning="cards are not edited")
    assert found.state == STATES[names[0]]
    assert "cards" not in found.why
    assert found.next


def test_reason_and_times_are_those_of_the_cause():
    """A pause says by whom and why, and has no time at which it ends."""
    found = condition(failing=CAUSES["failing"])
    assert (found.why, found.since, found.next_at) == ("404: gone", 8.0, 9.0)
    assert condition(failing=Cause("413", 1.0, next=GOES_ON)).next == GOES_ON
    paused = condition(pause=CAUSES["pause"])
    assert (paused.why, paused.since, paused.next_at) == ("by ada on desk: the channel moves", 5.0, 0.0)
    assert condition(pause=Pause(1.0, "", "moves")).why == "moves"
