"""Parts of messages that senders sign; most are tried by their senders in test_verify and test_vectors."""

import base64
import hashlib

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.material import Source
from gateway.verify.message import Part, Stated, message, sent_at, states_body

BODY = b'{"Message": "a\\nb", "Type": "Notification", "Id": 7}'
CONTENT = Content(Request(body=BODY))


def lines(*names: str) -> Part:
    """A part of names and values."""
    return Part("lines", sources=tuple(Source("json", path=(name,)) for name in names))


@pytest.mark.parametrize(
    ("stamp", "unit", "wanted", "written"),
    [
        ("1764417600.987", "s", "s", b"1764417600"),
        ("1764417600.987", "s", "ms", b"1764417600987"),
        ("1764417600", "s", "s", b"1764417600"),
        ("1764417600987", "ms", "s", b"1764417600"),
        ("2025-11-29T12:00:00.987Z", "iso", "s", b"1764417600"),
        ("2025-11-29T13:00:00.987+01:00", "iso", "ms", b"1764417600987"),
        ("Sat, 29 Nov 2025 12:00:00 GMT", "http", "s", b"1764417600"),
        ("soon", "s", "s", None),
        ("soon", "iso", "s", None),
        ("", "http", "s", None),
    ],
)
def test_a_timestamp_in_another_form_than_sent(stamp, unit, wanted, written):
    """Weblate sends decimals and signs whole seconds: what is signed is cut, never rounded up."""
    assert message((Part("stamp", wanted),), unit, CONTENT, BODY, stamp) == written


def test_times():
    """A timestamp has the time of its unit, and text that is none has no time."""
    assert sent_at("Sat, 29 Nov 2025 12:00:00 GMT", "http") == sent_at("1764417600", "s") == 1764417600.0
    for text in ("", "x", "9" * 100, "Sat, 99 Nov 2025 12:00:00 GMT", "Sat" * 1000):
        assert sent_at(text, "http") is None


def test_lines():
    """What is there stands in lines by its name; only the first value may have several lines."""
    found = message((lines("Message", "Subject", "Id", "Type"),), "s", CONTENT, BODY)
    assert found == b"Message\na\nb\nId\n7\nType\nNotification\n"
    assert message((lines("Type", "Message"),), "s", CONTENT, BODY) is None
    assert message((lines("Subject"),), "s", CONTENT, BODY) is None


def test_parts_that_may_be_absent():
    """A part without default is needed."""
    absent = Source("json", path=("absent",))
    assert message((Part("source", source=absent, default=""), Part("secret")), "s", CONTENT, BODY, secret="k") == b"k"
    assert message((Part("source", source=absent), Part("secret")), "s", CONTENT, BODY, secret="k") is None


@pytest.mark.parametrize(
    ("digest", "written"),
    [
        ("sha256-base64", base64.b64encode(hashlib.sha256(BODY).digest())),
        ("md5-hex", hashlib.md5(BODY).hexdigest().encode()),
        ("sha512-base64url", base64.urlsafe_b64encode(hashlib.sha512(BODY).digest())),
    ],
)
def test_digests(digest, written):
    """A digest of the body in any algorithm and encoding."""
    assert message((Part("digest", digest),), "s", CONTENT, BODY) == written


def test_a_stated_digest():
    """The digest that a request states must be that of its body, on the wire or inflated, behind its prefix."""
    stated = Stated("sha256", "base64", "SHA-256=", Source("header", "digest"))
    right = "SHA-256=" + base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert states_body(stated, Content(Request(headers={"digest": right}, body=BODY)))
    assert states_body(stated, Content(Request(headers={"digest": right}, body=b"zipped"), BODY))
    for headers, body in (({"digest": right}, b"x"), ({"digest": right[8:]}, BODY), ({"digest": ""}, BODY), ({}, BODY)):
        assert not states_body(stated, Content(Request(headers=headers, body=body)))
    claimed = Stated(claim=("hash",))
    assert states_body(claimed, CONTENT, {"hash": hashlib.sha256(BODY).hexdigest()})
    assert not states_body(claimed, CONTENT, {"hash": 7})
