"""Handshakes whose answer repeats a value."""

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.echoes import RULES, echo_of
from gateway.verify.handshake import answer


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (Request("GET", {}, {"hub.mode": "subscribe", "hub.challenge": "c1"}), b"c1"),
        (Request("POST", {}, {"validationToken": "c1"}), b"c1"),
        (Request("GET", {}, {"challenge": "c1"}), b"c1"),
        (Request(body=b'{"type": "url_verification", "challenge": "c1"}'), b'{"challenge":"c1"}'),
    ],
)
def test_a_challenge_is_repeated(request_, body):
    """In the place where each sender looks for it; the rule can stand in a service as it is."""
    content = Content(request_)
    assert answer(RULES, content, ()).body == body
    assert echo_of(content) is not None


def test_a_secret_in_a_header_is_sent_back():
    """As Asana wants it."""
    assert answer(RULES, Content(Request(headers={"x-hook-secret": "s1"})), ()).headers["X-Hook-Secret"] == "s1"


def test_an_event_is_no_handshake():
    """A push of a forge asks for nothing."""
    assert echo_of(Content(Request(body=b'{"ref": "main"}'))) is None
    assert echo_of(Content(Request("GET"))) is None
