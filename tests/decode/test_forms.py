"""Forms in both encodings, as browsers, libraries and careless senders write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.forms import File, fields, multipart, urlencoded

TYPE = 'multipart/form-data; boundary="X Y"'


def test_urlencoded():
    """Fields keep their order, repeats and empty values."""
    assert urlencoded(b"b=1&a=%C3%A4+x&b=&c\n") == [("b", "1"), ("a", "ä x"), ("b", ""), ("c", "")]


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_multipart(newline):
    """Parts are split at the boundary, with either line ending; preamble, epilogue and nameless parts are left out."""
    lines = [
        b"preamble",
        b"--X Y",
        b'Content-Disposition: form-data; name="a\\"b"',
        b"",
        b"line 1",
        b"line 2",
        b"--X Y",
        b"Content-Type: text/csv",
        b"Content-Disposition: form-data; name=f; filename*=UTF-8''%C3%A4.csv",
        b"",
        b"1;2",
        b"--X Y",
        b"X: y",
        b"",
        b"nameless",
        b"--X Y--",
        b"epilogue",
    ]
    found = multipart(newline.join(lines), TYPE)
    assert found == [('a"b', "line 1" + newline.decode() + "line 2"), ("f", File("ä.csv", "text/csv", 3))]


def test_boundary_from_the_body():
    """Where the Content-Type names no boundary, the first line is it."""
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--'
    assert multipart(body, "multipart/form-data") == [("a", "1")]


def test_fields():
    """Repeated names become arrays; files are described."""
    pairs = [("a", "1"), ("b", "2"), ("a", File("n", "t", 3))]
    assert fields(pairs) == {"a": ["1", {"filename": "n", "content_type": "t", "size": 3}], "b": "2"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [(b"x", "boundary"), (b"--X Y--", "no part"), (b"--X Y\r\n\r\n\r\n" * 1002, "more than 1000")],
)
def test_faults(body, fault):
    """What is not a form says why."""
    with pytest.raises(ValueError, match=fault):
        multipart(body, TYPE)


@given(st.binary(), st.sampled_from([TYPE, "multipart/form-data; boundary=a", "multipart/form-data"]))
def test_hostile_parts(body, content_type):
    """Any bytes are parts or a ValueError."""
    for piece in (body, b"--a\r\n" + body, b'--a\nContent-Disposition: x; name="a"' + body):
        try:
            assert multipart(piece, content_type)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - both endings are right
