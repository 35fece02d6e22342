"""What schemes read from a request, and how text becomes the bytes that were signed."""

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.material import Source, as_text, octets, read, text_of


def test_read():
    """Headers, JSON paths and form fields are read as text; what is not there is None."""
    headers = {"x": "1", "content-type": "application/x-www-form-urlencoded"}
    content = Content(Request(headers=headers, body=b"a=2&b=3"))
    assert read(content, Source("header", "x")) == b"1"
    assert read(content, Source("form", "b")) == b"3"
    assert read(content, Source("json", path=("a",))) == b"2"
    assert read(content, Source("json", path=("z",))) is None
    assert read(content, Source("form", "z")) is None


def test_as_text():
    """Strings and numbers are text; booleans, null and structures are not."""
    assert [as_text(value) for value in ("a", 1, 1.5, True, None, [])] == ["a", "1", "1.5", None, None, None]


def test_octets():
    """Bytes that were not UTF-8 on the wire come back as they were; other surrogates do no harm."""
    assert octets(b"\xff\xc3\xa4".decode("utf-8", "surrogateescape")) == b"\xff\xc3\xa4"
    assert octets("\ud800")
    assert text_of(b"\xff\xc3\xa4") == b"\xff\xc3\xa4".decode("utf-8", "surrogateescape")
