"""Forms in both encodings, as browsers, libraries and careless senders write them."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.forms import File, fields, multipart, only_field, urlencoded
from tests.cost import bytes_of, seconds_of

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


ENCODED = st.lists(
    st.sampled_from(
        [*b"& = + % %70 %3D %26 payload p%61yload a \xff %C3%A4".split(b" "), b" ", b"\r\n"],
    ),
    max_size=12,
).map(b"".join)


@given(ENCODED)
def test_fields_are_what_the_library_says(body):
    """The fast reader decodes as the standard library does, whatever the escapes."""
    assert urlencoded(body) == parse_qsl(body.decode("utf-8", "replace").strip(), keep_blank_values=True)


@given(ENCODED)
def test_the_one_field_is_what_the_form_says_or_nothing(body):
    """However its name is written: one of the name is cut out, with a form that holds nothing else."""
    values = [value for name, value in urlencoded(body) if name == "payload"]
    cut = only_field(body, "", "payload")
    assert (cut is not None) == (len(values) == 1)
    if cut is not None:
        value, rest = cut
        assert value.decode("utf-8", "replace") == values[0]
        assert urlencoded(rest) == [("payload", values[0])]
        assert only_field(rest, "", "payload") == cut


PART = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([(b"payload", b"", b"1"), (b"x", b"", b"2")], b"1"),
        ([(b"payload", b"", b"1"), (b"payload", b"", b"1")], None),
        ([(b"payload", b'; filename="f"', b"1")], None),
        ([(b"x", b"", b"2")], None),
    ],
)
def test_the_one_part(parts, found):
    """Of a multipart form: exactly one text part of the name, with a form that holds nothing else."""
    body = b"".join(PART % part for part in parts) + b"--b--"
    cut = only_field(body, "multipart/form-data; boundary=b", "payload")
    assert (cut and cut[0]) == found
    if cut is not None:
        assert multipart(cut[1], "multipart/form-data") == [("payload", "1")]


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\nContent-Disposition: form-data" + b"; n=1" * 600_000,
        b'--b\r\nContent-Disposition: form-data; name="a"' + b'; n="' * 600_000,
        (b"--b\r\nContent-Disposition: form-data" + b';n="' * 1000 + b"\r\n\r\nx\r\n") * 900,
        (b"--b\r\n" + b"a:b\r\n" * 800 + b"\r\nx\r\n") * 900,
    ],
)
def test_parameters_are_read_in_linear_time(body):
    """A header of 600,000 parameters took 1.7 s; those of a part are few, and its headers short."""

    def act():
        multipart(body, "multipart/form-data; boundary=b")

    assert seconds_of(act) < 0.5
    assert bytes_of(act) < 3 * len(body) + 5_000_000


@pytest.mark.parametrize(
    "body", [b"a=" + b"%41" * 1_500_000, b"a=" + b"%" * 4_000_000, b"a&" * 2_000_000, b"&" * 4_000_000]
)
def test_escapes_are_decoded_in_linear_time(body):
    """Nor does a form of 5 MB need a list of its escapes."""
    assert seconds_of(lambda: urlencoded(body)) < 0.2
    assert bytes_of(lambda: urlencoded(body)) < 4 * len(body)
