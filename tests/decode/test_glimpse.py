"""What may be read of a request before its sender is proven: the same values as of the decoded body."""

import pytest

from gateway import jsonpath
from gateway.decode.decode import decode
from gateway.decode.glimpse import Glimpse
from gateway.model import Request
from tests.cost import bytes_of, seconds_of

FORM = "application/x-www-form-urlencoded"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--'


@pytest.mark.parametrize(
    ("content_type", "body", "path"),
    [
        ("application/json", b'{"a": {"b": 1}}', "a.b"),
        ("application/json", b'{"a": {"b": 1}}', "a.c"),
        (FORM, b"a=1&b=2", "b"),
        (FORM, b"a=1&a=2", "a[1]"),
        (FORM, b"payload=%7B%22a%22%3A+1%7D&x=2", "a"),
        (FORM, b"payload=%7B%22a%22%3A+1%7D&x=2", "form.x"),
        (FORM, b"payload=%7B%22form%22%3A+1%7D&x=2", "form"),
        (FORM, b"payload=%7Bx&x=2", "x"),
        (FORM, b'{"a": "b"}', "a"),
        ("text/xml", b"<a><b>1</b></a>", "a.b"),
        ("multipart/form-data; boundary=x", MULTIPART, "a"),
        ("", b"", "q"),
        ("text/plain", b"words", "a"),
        ("application/json; charset=utf-16", '{"a": 1}'.encode("utf-16"), "a"),
        ("application/cloudevents+json", b'{"id": "1"}', "id"),
    ],
)
@pytest.mark.parametrize("binary", [False, True])
def test_it_shows_what_the_decoded_body_holds(content_type, body, path, binary):
    """In every kind of body, and where the body is the data of a CloudEvent."""
    headers = {"content-type": content_type, **({"ce-specversion": "1.0", "ce-id": "7"} if binary else {})}
    request = Request(headers=headers, query={"q": "1"}, body=body)
    whole = decode(request, body)
    if whole.kind != "text":
        steps = jsonpath.parse(path)
        assert Glimpse(request, body).at(steps) == jsonpath.lookup(whole.value, steps)
        within = ("data", *steps)
        assert Glimpse(request, body).at(within) == jsonpath.lookup(whole.value, within)
        assert Glimpse(request, body).at(("id",)) == jsonpath.lookup(whole.value, ("id",))


HOSTILE = {
    "xml elements": ("text/xml", b"<a>" + b"<b/>" * 1_200_000 + b"</a>"),
    "xml attributes": ("text/xml", b"<a " + b"".join(b"a%d='' " % n for n in range(400_000)) + b"/>"),
    "xml namespaces": ("text/xml", b"<a xmlns='%b'>" % (b"u" * 100_000) + b"<b/><c/><d/>" * 10_000 + b"</a>"),
    "json": ("application/json", b"[" + b"[]," * 1_500_000 + b"0]"),
    "deep json": ("application/json", b"[" * 2_000_000 + b"]" * 2_000_000),
    "parameters": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: a" + b"; n=1" * 600_000),
    "quotes": ("multipart/form-data; boundary=x", (b"--x\r\nContent-Disposition: a" + b';n="' * 1000) * 900),
    "fields": (FORM, b"a=1&" * 1_000_000),
    "percent signs": (FORM, b"a=" + b"%" * 4_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_stranger_gets_little_work_done(name):
    """Of a hostile body of up to 5 MB little is read: generously bounded, and far below what it took to parse it."""
    content_type, body = HOSTILE[name]
    request = Request(headers={"content-type": content_type}, body=body[:100])  # as if it had been compressed
    assert seconds_of(lambda: Glimpse(request, body).at(("token",))) < 0.15
    assert bytes_of(lambda: Glimpse(request, body).at(("token",))) < 3 * len(body) + 6_000_000
