"""Declared values are read out of JSON as a parser would find them, and nothing else is built."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import jsonpath
from gateway.decode.skim import skim
from gateway.jsonpath import MISSING, every
from tests.cost import bytes_of, seconds_of


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        (b'{"a": {"b": [1, {"c": "x"}]}}', "a.b[1].c", "x"),
        (b'{"a": {"b": [1, {"c": "x"}]}}', "a.b[-1]", {}),
        (b'{"a": [1]}', "a", []),
        (b'{"a": 1, "a": "last"}', "a", "last"),
        (rb'{"\u0061": "\ud83d x"}', "a", "\ufffd x"),
        (b'\xef\xbb\xbf{"a": null}', "a", None),
        (b'{"a": "x"}', "a.b", MISSING),
        (b'["x"]', "a", MISSING),
        (b"7", "", 7),
        (b'{"a": 1e999}', "a", MISSING),
        (b"1e999", "", MISSING),
        (rb'{"a": {"\ud800": 1, "b": 2}}', "a.b", 2),
        (rb'{"a": [{"\ud800": 1}]}', "a[0].b", MISSING),
    ],
)
def test_values(text, path, value):
    """As `jsonpath.lookup` in the parsed value, but that arrays and objects are empty."""
    assert skim(text).at(jsonpath.parse(path)) == value


def test_each():
    """Every branch yields, also one that leads nowhere."""
    assert list(skim(b'{"a": [{"b": 1}, {}, 2]}').each(("a", "*", "b"))) == [1, MISSING, MISSING]
    assert list(skim(b'{"a": {"x": 1}}').each(("a", "*"))) == [1]
    assert list(skim(b'{"a": 1}').each(("a", "*", "b"))) == []


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", b"x", b'{"a": 1} 2', b"[" * 100_000])
def test_what_is_not_json(text):
    """A fault anywhere is one of the whole text."""
    with pytest.raises(ValueError, match="not JSON"):
        skim(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab*"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.lists(st.sampled_from(["a", "b", "*", 0, -1]), max_size=4).map(tuple))
def test_it_finds_what_a_parser_finds(value, path):
    """Whatever the value and the path."""
    expected = [one if not isinstance(one, list | dict) else type(one)() for one in every(value, path)]
    assert list(skim(json.dumps(value).encode()).each(path)) == expected


def test_what_is_not_asked_for_costs_no_memory():
    """A million arrays beside a token are skipped, and too many elements on the way to one are not looked at."""
    text = b'{"x":[' + b"[]," * 1_000_000 + b'0], "token": "t"}'
    assert skim(text).at(("token",)) == "t"
    assert list(skim(text).each(("x", "*"))) == []
    assert seconds_of(lambda: skim(text).at(("token",))) < 0.1
    assert bytes_of(lambda: skim(text).at(("token",))) < 3 * len(text)
