"""Why a delivery waits, in words."""

import pytest

from gateway.console.waiting import explain
from gateway.delivery.condition import Condition
from gateway.journal.standing import Ahead
from gateway.model import Delivery, DestinationState

HELD = Condition(DestinationState.HELD, "no route", 5.0, "the server is asked", 20.0)
HEALTHY = Condition()


def delivery(attempts: int = 0, not_before: float = 0.0) -> Delivery:
    """A pending delivery."""
    return Delivery(7, "e7", 1.0, "ops", "lane", b"{}", attempts=attempts, not_before=not_before)


@pytest.mark.parametrize(
    ("one", "condition", "ahead", "words"),
    [
        (delivery(), HEALTHY, Ahead(), ["it is the next in its lane, and is on its way now"]),
        (delivery(), HELD, Ahead(), ["ops is held: no route", "the server is asked"]),
        (
            delivery(),
            HELD,
            Ahead(1, 3, "e3"),
            [
                "ops is held: no route",
                "the server is asked",
                "it keeps its order behind one other, delivery 3",
            ],
        ),
        (
            delivery(),
            HEALTHY,
            Ahead(12, 3, "e3"),
            ["it keeps its order behind 12 others, of which delivery 3 is the next"],
        ),
        (delivery(), HEALTHY, Ahead(12, more=True), ["it keeps its order behind at least 12 others"]),
        (delivery(), HEALTHY, Ahead(more=True), ["very many others wait for ops before it"]),
        (delivery(), HEALTHY, None, ["it waits for its turn in its lane"]),
        (delivery(2, 99.0), HEALTHY, Ahead(), ["it was tried without success, and is tried again"]),
        (delivery(2, 1.0), HEALTHY, Ahead(), ["it is the next in its lane, and is on its way now"]),
        (
            delivery(),
            None,
            Ahead(),
            ["the settings have no destination ops any more: this will be a dead letter"],
        ),
    ],
)
def test_the_nearest_cause_comes_first(one, condition, ahead, words):
    """The destination's state, then its place in the lane, then its own next attempt."""
    assert list(explain(one, condition, ahead, 10.0).words) == words


def test_the_facts_are_beside_the_words():
    """For programs, and for times that a page keeps up to date."""
    found = explain(delivery(), HELD, Ahead(2, 3, "e3", more=True), 10.0)
    assert (found.state, found.since, found.next_at) == ("held", 5.0, 20.0)
    assert (found.ahead, found.more_ahead, found.behind, found.behind_event) == (2, True, 3, "e3")
    assert explain(delivery(), None, Ahead(), 10.0).state == ""
