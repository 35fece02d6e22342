"""The content of a request: inflated and decoded once, legible to JSON."""

import gzip

import pytest

from gateway.decode import content as module
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request

GZIP = {"content-encoding": "gzip", "content-type": "application/json"}


def test_a_compressed_body_is_there_twice():
    """A signature may cover either form, the wire bytes first; decoding sees the inflated one."""
    wire = gzip.compress(b'{"a": 1}')
    content = Content.of(Request(headers=GZIP, body=wire), 100)
    assert content.bodies == (wire, b'{"a": 1}')
    assert (content.body, content.value) == (b'{"a": 1}', {"a": 1})


def test_a_plain_body_is_there_once():
    """The same bytes are the body on the wire and the inflated one."""
    content = Content.of(Request(body=b"x"), 100)
    assert content.bodies == (b"x",)
    assert content.bodies[0] is content.body


@pytest.mark.parametrize(("headers", "status"), [(GZIP, 400), ({"content-encoding": "br"}, 415)])
def test_what_cannot_be_inflated_is_refused(headers, status):
    """Damaged and unknown encodings are the sender's fault."""
    with pytest.raises(Refused) as raised:
        Content.of(Request(headers=headers, body=b"x"), 100)
    assert raised.value.status == status


def test_a_body_that_inflates_beyond_the_limit_is_refused():
    """The limit is that of the inflated bytes."""
    with pytest.raises(Refused) as raised:
        Content.of(Request(headers=GZIP, body=gzip.compress(bytes(101))), 100)
    assert raised.value.status == 413


def test_it_is_decoded_once_and_only_when_asked_for(monkeypatch):
    """Verification by a header has nothing parsed; all who look at the value see the same object."""
    asked = []
    decode = module.decode
    monkeypatch.setattr(module, "decode", lambda *args, **named: asked.append(1) or decode(*args, **named))
    content = Content(Request(headers={"content-type": "application/json"}, body=b'{"a": []}'))
    assert not asked
    assert content.value is content.decoded.value
    assert asked == [1]


def test_the_depth_bounds_the_value():
    """What nests deeper is text, with the reason."""
    content = Content(Request(headers={"content-type": "application/json"}, body=b"[[[1]]]"), depth=2)
    assert (content.decoded.kind, "2 levels" in content.decoded.fault) == ("text", True)


def test_form_fields():
    """Text fields in the order sent; there are none where a body holds more than these, or too much."""
    form, multipart = ({"content-type": kind} for kind in ("application/x-www-form-urlencoded", "multipart/form-data"))
    assert Content(Request(headers=form, body=b"b=1&a=2&b=3")).form == [("b", "1"), ("a", "2"), ("b", "3")]
    assert Content(Request(headers=form)).form == []
    assert Content(Request(headers=form, body=b"a=1&" * 2000)).form is None
    assert Content(Request(headers=multipart, body=b"x")).form is None
    part = b'--x\r\nContent-Disposition: form-data; name="a"%b\r\n\r\n1\r\n--x--\r\n'
    assert Content(Request(headers=multipart, body=part % b"")).form == [("a", "1")]
    assert Content(Request(headers=multipart, body=part % b'; filename="f"')).form is None


def test_only_one_field():
    """What is left of a request whose one field is proven: nothing that would change its sense."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-16", "ce-id": "1", "x": "y"}
    content = Content(Request(headers=headers, body=b"a=1&payload=%7B%22b%22%3A2%7D&json=[]", url="u"), depth=9)
    assert content.field("payload") == b'{"b":2}'
    assert content.field("b") is None
    only = content.only("payload")
    assert (only.value, only.body, only.depth, only.request.url) == ({"b": 2}, b"payload=%7B%22b%22%3A2%7D", 9, "u")
    assert only.request.headers == {"x": "y", "content-type": "application/x-www-form-urlencoded"}
    assert (only.exact, content.exact, only.legible().exact) == (True, False, True)
    with pytest.raises(ValueError, match="not exactly one"):
        content.only("b")


def test_headers_become_legible():
    """Bytes that are not UTF-8 are replaced in headers and URL; a request without any is the same content."""
    odd = b"h\xff".decode("utf-8", "surrogateescape")
    content = Content(Request(headers={"x": odd, "y": "ä"}, body=b"b", url=f"http://{odd}/"), b"inflated", 7)
    plain = content.legible()
    assert plain.request.headers == {"x": "h\ufffd", "y": "ä"}
    assert plain.request.url == "http://h\ufffd/"
    assert (plain.bodies, plain.depth, plain.exact) == ((b"b", b"inflated"), 7, False)
    usual = Content(Request(headers={"x": "1"}))
    assert usual.legible() is usual
