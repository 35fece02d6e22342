"""First, last, join and the like on any value: null is no element, and what is written is escaped once."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import MAX_OUTPUT
from tests.language.functions.pieces import call


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        (["x", "y"], "x", "y"), ([0, None], 0, None), ([], None, None), ("abc", "a", "c"), ("", None, None),
        ({"k": 1, "l": 2}, "k", "l"), ({}, None, None), (7, 7, 7), (False, False, False),
    ],
)  # fmt: skip
def test_ends(value: Any, first: Any, last: Any) -> None:
    """An object has its keys, a single value is its own first and last, and of nothing there is none."""
    assert call("first", value) == first
    assert call("last", value) == last


@pytest.mark.parametrize(
    ("value", "length"), [([1, None], 2), ({"a": 1}, 1), ("né", 2), ("", 0), (None, 0), (12345, 0), (True, 0)]
)
def test_length(value: Any, length: int) -> None:
    """Elements, keys and characters are counted; what has none counts 0, so that templates can compare."""
    assert call("length", value) == length


def test_join_leaves_out_what_is_empty() -> None:
    """Missing and empty elements leave no separator behind; 0 and no are elements; of nothing there is no text."""
    assert call("join", ["a", None, "", 0, False, [2]], " | ") == "a | 0 | false | [2]\u200b"
    assert call("join", {"a": 1, "b": 2}) == "a, b"
    assert call("join", "a") == "a"
    for nothing in ([], [None, ""], {}):
        assert call("join", nothing) is None
        assert TABLE["join"].call_plain(nothing) is None


@pytest.mark.parametrize(
    ("separator", "text"), [("\n- ", "x\n- y"), (None, "xy"), ("", "xy"), (7, "x7y"), ([], "x[]y")]
)
def test_join_takes_any_separator(separator: Any, text: str) -> None:
    """The separator is the author's Markdown; one that is missing does not write its absence."""
    assert call("join", ["x", "y"], separator) == text
    assert TABLE["join"].call_plain(["x", "y"], separator) == text


def test_join_keeps_what_is_ready() -> None:
    """Markup stays, what else there is gets escaped, and the whole is ready; plain keys have the bare words."""
    joined = call("join", [Markup("**a**"), "*b*"], Markup(" _or_ "))
    assert (joined, type(joined)) == ("**a** _or_ \\*b\\*", Markup)
    assert TABLE["join"].call_plain([Markup("**a**"), "*b*"]) == "a, *b*"


@pytest.mark.parametrize(
    ("value", "old", "new", "text"),
    [
        ("a.b.c", ".", "", "abc"), ("abc", "", "-", "abc"), ("abc", None, "-", "abc"), ("a1b1", 1, 2, "a2b2"),
        ({"a": 1}, '"', "'", "{'a': 1}"), (Markup("**a**"), "a", "b", "b"), ("aaa", "aa", "b", "ba"),
    ],
)  # fmt: skip
def test_replace(value: Any, old: Any, new: Any, text: str) -> None:
    """Any value is text here; to replace nothing changes nothing."""
    assert call("replace", value, old, new) == text


def test_replaced_text_is_bounded() -> None:
    """Text that grows with every replacement is cut."""
    assert len(call("replace", "a" * 40_000, "a", "bcd")) == 100_000


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3.14159, 2, "3.14"), ("2.50", 1, "2.5"), (2.5, 0, "2"), (3.5, 0, "4"), (-0.4, 0, "0"), (-0.04, 1, "0"),
        (7, 3, "7"), (10**30, 0, "1" + "0" * 30), (1.5, None, "2"), (1.5, "x", "2"), (1.5, -2, "2"),
        (1e-9, 99, "0.000000001"), ("n/a", 1, None), (True, 0, None), ([], 0, None),
    ],
)  # fmt: skip
def test_round(value: Any, digits: Any, text: str | None) -> None:
    """Numbers lose their decimals, halves go to the even side, and nothing is minus nothing."""
    assert call("round", value, digits) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 12))
def test_rounded_numbers_are_plain_digits(value: float, digits: int) -> None:
    """No exponent, never more decimals than wanted, and the number itself at the most half a step away."""
    text = call("round", value, digits)
    assert text.removeprefix("-").replace(".", "", 1).isdigit()
    assert len(text.partition(".")[2]) <= digits
    assert float(text) == round(value, digits)


def test_what_is_joined_is_bounded() -> None:
    """Elements beyond what a result holds are not looked at: two seconds were needed once."""
    started = time.thread_time()
    for value in ([{"a": "\\" * 5000}] * 800, ["<a|"] * 500_000, {"<a|" * 100 + str(n): n for n in range(5000)}):
        assert len(TABLE["join"].call(value)) <= MAX_OUTPUT
        assert len(TABLE["join"].call_plain(value)) <= MAX_OUTPUT
    assert time.thread_time() - started < 1
