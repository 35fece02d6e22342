"""JSON of strangers: exact depth, repaired text, faults with their place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.bounds import Allowance, TooDeepError, TooManyError
from gateway.decode.jsontext import deeper_than, escape_controls, parse
from tests.cost import bytes_of, seconds_of


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


def test_too_many_values_are_not_built():
    """They are counted first; signs inside of strings do not count where that would be too many."""
    text = b"[" + b"[]," * 1_500_000 + b"0]"
    with pytest.raises(TooManyError):
        parse(text)
    assert seconds_of(lambda: parse(text)) < 0.1
    assert bytes_of(lambda: parse(text)) < 3 * len(text)
    words = 'a, b, [c], {d} \\" ' * 100_000
    assert parse(json.dumps([words])) == [words]


def test_numbers_are_read_quickly():
    """Those with a large exponent, too; what no double holds is refused, and whole numbers keep all digits."""
    text = b"[" + b"9e300," * 100_000 + b"0]"
    assert seconds_of(lambda: parse(text)) < 0.2
    assert parse("[1.5, -0.25e1, 1E2, 1e308, 1e-400]") == [1.5, -2.5, 100.0, 1e308, 0.0]
    assert parse("[123456789012345678901234567890]") == [123456789012345678901234567890]
    for text in ("1e309", "[-1e400]"):
        with pytest.raises(ValueError, match="number out of range"):
            parse(text)


def test_nested_texts_share_an_allowance():
    """What one has taken, the next cannot take."""
    allowance, text = Allowance(), b"[" + b"0," * 300_000 + b"0]"
    parse(text, allowance=allowance)
    with pytest.raises(TooManyError):
        parse(text, allowance=allowance)


@pytest.mark.parametrize("end", [b"", b"\\", rb"\u", rb"\ud8", rb"\ud800", rb"\ud800\\"[:-1]])
@pytest.mark.parametrize(
    "text",
    [
        rb"\ud800" * 500_000,
        rb"\n" * 1_500_000,
        rb"\\" * 1_500_000,
        b"\xff" * 3_000_000,
        rb"\ud83d" + b"a" * 1_000_000,
    ],
)
def test_broken_texts_are_repaired_in_linear_time(text, end):
    """Also where every character is broken, or escaped, and whatever is cut off at the end."""
    assert seconds_of(lambda: parse(b'"' + text + end)) < 0.3


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"text": "a\nb\tc\r\nd"}', {"text": "a\nb\tc\r\nd"}),
        (b'{\n\t"a": "x\x01y",\n"b": ["1\n", "\\\\\n"]}', {"a": "x\x01y", "b": ["1\n", "\\\n"]}),
        (b'{"a": "go on \\\nhere, \\"quoted\n\\""}', {"a": 'go on \nhere, "quoted\n"'}),
        ('{"ä\n": "ö"}', {"ä\n": "ö"}),
    ],
)
def test_control_characters_in_strings_are_escaped(text, value):
    """As Mattermost repairs them, in all strings; those between values stay."""
    with pytest.raises(ValueError, match="not JSON"):
        parse(text)
    assert parse(escape_controls(text)) == value


@pytest.mark.parametrize("text", [b'{"a": 1,\n"b": 2}', b"", b'"a"', b"a\nb", b'{"a": "b"', b'"\n"' * 20_001, '"a"'])
def test_what_has_none_is_not_repaired(text):
    """Nor is what has so many strings that it would take long."""
    assert escape_controls(text) is None


@pytest.mark.parametrize(
    "text", [b'"' + b"\n" * 3_000_000, b'"\n"' * 19_000 + b"\n" * 3_000_000, b'"' + b"\\\n" * 1_500_000]
)
def test_control_characters_are_escaped_in_linear_time(text):
    """However many there are."""
    assert seconds_of(lambda: escape_controls(text)) < 3


@given(st.binary())
def test_any_bytes(text):
    """Bytes are JSON or a ValueError that says so."""
    try:
        parse(text)
    except ValueError as error:
        assert "JSON" in str(error)  # noqa: PT017 - both endings are right
