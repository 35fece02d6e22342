"""What schemes read from a request, and how text becomes the bytes that were signed."""

from gateway.jsonpath import MISSING
from gateway.model import Request
from gateway.verify.material import Material, Source, as_text, octets, reach


def test_read():
    """Headers, JSON paths and form fields are read as text; what is not there is None."""
    headers = {"x": "1", "content-type": "application/x-www-form-urlencoded"}
    material = Material(Request(headers=headers, body=b"a=2&b=3"))
    assert material.read(Source("header", "x")) == "1"
    assert material.read(Source("form", "b")) == "3"
    assert material.read(Source("json", path=("a",))) == "2"
    assert material.read(Source("json", path=("z",))) is None
    assert material.read(Source("form", "z")) is None


def test_bodies():
    """A compressed body is there twice; parsing sees the inflated one."""
    material = Material(Request(body=b"wire"), b'{"a": 1}')
    assert material.bodies == (b"wire", b'{"a": 1}')
    assert material.value == {"a": 1}


def test_broken_multipart_has_no_fields():
    """A form that cannot be read has no fields."""
    assert Material(Request(headers={"content-type": "multipart/form-data"}, body=b"x")).form == []


def test_as_text():
    """Strings and numbers are text; booleans, null and structures are not."""
    assert [as_text(value) for value in ("a", 1, 1.5, True, None, [])] == ["a", "1", "1.5", None, None, None]


def test_reach():
    """Every branch yields, also one that leads nowhere."""
    assert list(reach({"a": [{"b": 1}, {}, 2]}, ("a", "*", "b"))) == [1, MISSING, MISSING]
    assert list(reach({"a": {"x": 1}}, ("a", "*"))) == [1]
    assert list(reach({"a": 1}, ("a", "*", "b"))) == []


def test_octets():
    """Bytes that were not UTF-8 on the wire come back as they were; other surrogates do no harm."""
    assert octets(b"\xff\xc3\xa4".decode("utf-8", "surrogateescape")) == b"\xff\xc3\xa4"
    assert octets("\ud800")
