"""Forms whose field holds JSON that nobody percent-encoded."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.decode import decode
from gateway.decode.unencoded import MOST, looks_unencoded, read
from gateway.model import JSON, Request
from tests.cost import seconds_of

FORM = "application/x-www-form-urlencoded"


def value(body: bytes, content_type: str = FORM, *, exact: bool = False) -> JSON:
    """What is decoded of a body."""
    return decode(Request(headers={"content-type": content_type}, body=body), body, exact=exact).value


JOINED = {
    "ampersands": (b'payload={"text": "salt & pepper", "n": 1}', {"text": "salt & pepper", "n": 1}),
    "fields behind it": (b'payload={"text": "a&b=c"}&x=1%262', {"text": "a&b=c", "form": {"x": "1&2"}}),
    "fields before it": (b'x=1&payload={"text": "a & b"}', {"text": "a & b", "form": {"x": "1"}}),
    "plus signs and semicolons": (b'payload={"text": "C++; 1+1"}', {"text": "C++; 1+1"}),
    "escapes for the ampersand alone": (b'payload={"text": "a %26 b, 100%"}', {"text": "a & b, 100%"}),
    "escapes that would break it": (b'payload={"text": "say %22 & go"}', {"text": "say %22 & go"}),
    "single quotes of a shell": (b'payload=\'{"text": "a & b"}\'&x=1', {"text": "a & b", "form": {"x": "1"}}),
    "double quotes of a shell": (b'payload="{\\"text\\": \\"a & \\\\\\"b\\\\\\"\\"}"', {"text": 'a & "b"'}),
    "double quotes without escapes": (b'payload="{"text": "a & b"}"', {"text": "a & b"}),
    "quotes around all of it": (b'\'payload={"text": "a & b"}\'', {"text": "a & b"}),
    "an array": (b'payload=[{"text": "]&["}]', [{"text": "]&["}]),
    "line breaks": (b'payload={\n "text": "a\n& b"\n}\n', {"text": "a\n& b"}),
    "another name": (b'data={"a": "1 & 2"}', {"a": "1 & 2"}),
    "a text": (b"payload=salt & pepper & more&x=1", {"payload": "salt & pepper & more", "x": "1"}),
}


@pytest.mark.parametrize(("body", "expected"), JOINED.values(), ids=JOINED)
def test_what_was_not_encoded_is_rejoined(body: bytes, expected: JSON) -> None:
    """The field reaches as far as its JSON does; what a form would make of it is nothing that anybody meant."""
    assert value(body) == expected


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", FORM])
def test_whatever_the_type_says(content_type: str) -> None:
    """`payload=` in front of JSON is a form, also where the sender forgot to say so or says something else."""
    assert value(b'payload={"text": "a & b"}', content_type) == {"text": "a & b"}


FORMS = {
    "encoded as it should be": (b"payload=%7B%22text%22%3A%22a+b%22%7D", {"text": "a b"}),
    "a text that is encoded": (b"payload=hello%20world&x=1", {"payload": "hello world", "x": "1"}),
    "a text without an ampersand": (b"payload=hello world", {"payload": "hello world"}),
    "other fields": (b"a=b c & d", {"a": "b c ", " d": ""}),
    "nothing": (b"payload=", {"payload": ""}),
}


@pytest.mark.parametrize(("body", "expected"), FORMS.values(), ids=FORMS)
def test_forms_stay_forms(body: bytes, expected: JSON) -> None:
    """What a form says is read as a form."""
    assert value(body) == expected


def test_json_that_does_not_end_is_a_text() -> None:
    """All of it, with a note that it is no JSON."""
    body = b'x=1&payload={"text": "a & b'
    found = decode(Request(headers={"content-type": FORM}, body=body), body)
    assert found.value == {"payload": '{"text": "a & b', "x": "1"}
    assert found.note == (
        "its form field payload was not percent-encoded, and was read as it stood; "
        "its form field payload begins like JSON, but is none"
    )


def test_a_field_that_reads_the_same_is_not_worth_a_note() -> None:
    """Nor is a form."""
    for body in (b'payload={"text":"a"}', b"payload=%7B%7D", b"a=b"):
        assert decode(Request(headers={"content-type": FORM}, body=body), body).note == ""


def test_signed_fields_are_read_as_they_were_signed() -> None:
    """Where a signature covers fields, and not the body, they end where those of a form end."""
    body = b'payload={"text": "a & b"}&c=1+1'
    assert value(body, exact=True) == {"payload": '{"text": "a ', ' b"}': "", "c": "1 1"}


@pytest.mark.parametrize(
    "body",
    [
        b"payload={" + b"[" * 299_000,
        b'payload={"' + b'\\"' * 149_000,
        b"payload={" + b'"a"' * 99_000,
        b"payload=a b" + b"&c" * 149_000,
        b"payload=" + b" " * 299_000,
        b"payload=" + b"a " * 149_000 + b"=",
        b"&payload='" * 30_000,
        b'payload="' + b'{"' * 140_000,
        b"x" * MOST + b"payload={",
        b"payload='" + b" " * 299_000 + b"x",
        b"payload=x" + b" " * 299_000,
        b"payload=" + b"a " * 149_000,
    ],
)
def test_time_grows_with_the_body(body: bytes) -> None:
    """Whatever it begins and does not end."""
    assert seconds_of(lambda: read(body)) < 0.5


@given(st.lists(st.sampled_from([*b"payload= { } [ ] \" ' & = % %22 + \\ a : , data=".split(b" "), b" "]), max_size=20))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    """Never with an error; what the fields hold was in the body."""
    body = b"payload=" + b"".join(pieces)
    started = time.thread_time()
    assert value(body) is not None
    assert looks_unencoded(body) in (True, False)
    assert time.thread_time() - started < 1
