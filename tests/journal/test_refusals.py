"""A refused request as an event: the same lists show both."""

from gateway.journal.refusals import event_of
from gateway.model import Cause, Outcome, Refusal


def test_a_refused_request_is_an_event_as_far_as_it_goes():
    """What was not kept is empty; its note is the cause."""
    event = event_of(Refusal("a", 1.0, "r", "s", Cause.TOO_LARGE, 413, "why", method="POST", agent="curl"))
    assert (event.outcome, event.note, event.reason) == (Outcome.REFUSED, "too_large", "why")
    assert event.request.headers == {"user-agent": "curl"}
    assert event.request.body == b""
