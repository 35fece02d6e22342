"""A delivery as a line of a list."""

from gateway.console.deliveries import row
from gateway.journal import Record
from gateway.model import Delivery, Event, Outcome, Request


def test_a_row_is_of_one_delivery_and_named_by_the_first_message():
    """A list reads the payload of the first delivery alone; the time is that of the delivery itself."""
    event = Event("e1", 1.0, "github", "github", Outcome.MESSAGE, "push", "github/push", "a/b", "", Request())
    first = Delivery(7, "e1", 1.0, "ops", "ops github", b'{"text": "**Pushed** to main"}')
    again = Delivery(8, "e1", 5.0, "chat", "chat github", b"", attempts=2, not_before=9.0, reason="503: later")
    found = row(Record(event, (first, again)), again)
    assert (found.event, found.seq, found.received, found.destination) == ("e1", 8, 5.0, "chat")
    assert (found.title, found.attempts, found.not_before, found.reason) == ("Pushed to main", 2, 9.0, "503: later")
