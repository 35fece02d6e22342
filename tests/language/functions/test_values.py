"""Functions on values: what is missing, tables of words, names of lists."""

from typing import Any

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup
from tests.language.functions.pieces import call


def test_names_keep_their_marks() -> None:
    """A list with Markup in it is joined as Markup, the other names escaped; plain keys get neither."""
    names = [Markup("`a`"), "b*c"]
    joined = call("join_names", names)
    assert (joined, type(joined)) == ("`a` and b\\*c", Markup)
    assert TABLE["join_names"].call_plain(names) == "a and b*c"
    assert call("join_names", []) is None
    assert call("join_names", [{"login": "ann"}, {"name": None}, "x"]) == "ann and x"


def test_pick_finds_numbers_as_text() -> None:
    """The keys of a table are text, also for numbers."""
    assert call("pick", 200, {"200": "fine"}) == "fine"
    assert call("pick", None, {}, "none") == "none"


def test_json_inside_of_a_text_is_read_as_a_body_is() -> None:
    """Half of a surrogate pair is mended; what is no JSON, or nests too deep, stays text."""
    assert call("parse_json", '{"a": "\\ud83d"}') == {"a": "\ufffd"}
    for text in ("{", "[" * 200 + "]" * 200, "[1e400]"):
        assert call("parse_json", text) == text


@pytest.mark.parametrize(
    ("value", "told", "left"),
    [
        ({"a": 1, "b": 0, "c": False}, ["a"], {"b": 0, "c": False}),
        ({"a": "", "b": None, "__c__": "x", "____": "y"}, None, {"____": "y"}),
        ({"__a": 1, "a__": 2}, [], {"__a": 1, "a__": 2}),
        ({"__a\nb__": 1}, [], None),
        ({"7": "x"}, [7], None),
        ("text", [], None),
    ],
)
def test_others(value: Any, told: Any, left: Any) -> None:
    """What is told, internal or blank is no longer there; nothing is left of an object of only such."""
    assert call("others", value, told) == left


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ([{"s": "a"}, {"s": None}, {"s": ""}, {}], [{"s": "a"}, {"s": "x"}, {"s": "x"}, {"s": "x"}]),
        ([{"s": 0}, "text", None], [{"s": 0}, "text", None]),
        ("text", ["text"]),
    ],
)
def test_fill(value: Any, filled: Any) -> None:
    """What an object has stays, whatever it is; the argument is not changed."""
    assert call("fill", value, "s", "x") == filled
