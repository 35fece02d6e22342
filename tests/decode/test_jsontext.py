"""JSON of strangers: exact depth, repaired text, faults with their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.bounds import TooDeepError
from gateway.decode.jsontext import deeper_than, parse


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ([], 1), ({"a": {}}, 2), ([[1], {"a": [[]]}], 4)])
def test_deeper_than(value, depth):
    """Depth counts nested arrays and objects, empty ones as well."""
    assert not deeper_than(value, depth)
    assert depth == 0 or deeper_than(value, depth - 1)


@pytest.mark.parametrize(
    "text", ["[" * 5 + "]" * 5, '{"a":' * 5 + "1" + "}" * 5, "[" * 100_000, "\ufeff" + "[" * 5 + "]" * 5]
)
def test_too_deep(text):
    """One level too many is refused, at any size."""
    with pytest.raises(TooDeepError, match="deeper than 4"):
        parse(text, 4)


def test_brackets_in_strings_do_not_nest():
    """Only real nesting counts."""
    assert parse(b'{"a": "[[[[[[[[{{{{{{{"}', 2) == {"a": "[[[[[[[[{{{{{{{"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"\ud83d"', "\ufffd"),
        (rb'"\ud83d\ude00 \ude00"', "\U0001f600 \ufffd"),
        (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
        (b'"\xff"', "\ufffd"),
        (b"\xef\xbb\xbf1", 1),
    ],
)
def test_repairs(text, value):
    """Broken characters do not cost the event."""
    assert parse(text) == value


@given(st.binary())
def test_any_bytes(text):
    """Bytes are JSON or a ValueError that says so."""
    try:
        parse(text)
    except ValueError as error:
        assert "JSON" in str(error)  # noqa: PT017 - both endings are right
