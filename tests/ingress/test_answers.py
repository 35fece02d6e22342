"""What senders are told."""

import msgspec
import pytest

from gateway.ingress.answers import in_json
from gateway.ingress.doors import Accepted, Rejected


@pytest.mark.parametrize(("pending", "status"), [(True, 202), (False, 200)])
def test_an_accepted_request_is_answered_with_its_event(pending, status):
    """202 while messages are to be posted; 200 when nothing more happens, as with a repeat."""
    answer = in_json(Accepted("e1", "message", "github/push", pending))
    assert (answer.status, answer.content_type) == (status, "application/json")
    assert msgspec.json.decode(answer.body) == {"id": "e1", "outcome": "message", "translator": "github/push"}


def test_a_sender_reads_the_text_that_it_wants():
    """Instead of the event, with 200, whether or not messages are to be posted."""
    answer = in_json(Accepted("e1", "message", "dropbox-sign/request", pending=True, wanted="Hello"))
    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain; charset=utf-8", b"Hello")


def test_a_rejected_request_is_answered_with_problem_details():
    """Status and title, the detail if there is one, and the headers that go with the status (RFC 9457)."""
    answer = in_json(Rejected(503, "Service Unavailable", "not now", {"Retry-After": "10"}))
    assert (answer.status, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "10"
    expected = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": "not now"}
    assert msgspec.json.decode(answer.body) == expected
    bare = in_json(Rejected(401, "The request is not authentic"))
    assert msgspec.json.decode(bare.body) == {
        "type": "about:blank", "title": "The request is not authentic", "status": 401,
    }  # fmt: skip
