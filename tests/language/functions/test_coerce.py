"""JSON values as text, numbers and lists: any value, without raising, as a person would write it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions.coerce import count_of, list_of, markdown_of, number_of, number_text, text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import MAX_INPUT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (1e6, "1000000"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (-0.0, "0"),
        (float("nan"), "nan"),
        ({"a": [1, None], "é": "ü"}, '{"a": [1, null], "é": "ü"}'),
        ((1, 2), "[1, 2]"),
        ("a\x00\x1bb\tc\n", "ab\tc\n"),
        (Markup("**a** [b](https://x.example)"), "a b"),
    ],
)
def test_values_as_text(value: Any, expected: str) -> None:
    """Values read as a person writes them."""
    assert text_of(value) == expected


@pytest.mark.parametrize("value", ["a" * 50_000, Markup("a" * 50_000), ["a" * 50_000], "\x00" + "a" * 50_000])
def test_text_is_bounded(value: Any) -> None:
    """Of a value of any size and kind a function sees so many characters."""
    assert MAX_INPUT - 1 <= len(text_of(value)) <= MAX_INPUT
    assert len(markdown_of(value)) <= MAX_INPUT + 1


def test_circles_and_depths_have_no_text() -> None:
    """What cannot be written as JSON is blank, instead of an error."""
    circle: list[Any] = []
    circle.append(circle)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert text_of(circle) == text_of(deep) == ""


def test_markdown_is_escaped_unless_it_is_ready() -> None:
    """A text is inert, Markup stays, and other values are texts."""
    assert markdown_of("*a*") == "\\*a\\*"
    assert markdown_of(Markup("*a*")) == "*a*"
    assert markdown_of({"*a*": 1}) == '{"\\*a\\*": 1}'
    assert markdown_of(None) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1e6", 1e6), (" 12 ", 12), ("+7", 7), ("-.5", -0.5), ("3.", 3.0), ("007", 7), (True, None), ("1_000", None),
        ("²", None), ("٣", None), ("x", None), ("", None), ("1e999", None), ("0x1f", None), ("nan", None),
        ("1" * 301, None), (10**400, None), (float("inf"), None), ([1], None), (None, None),
    ],
)  # fmt: skip
def test_numbers_in_values(value: Any, expected: float | None) -> None:
    """Finite numbers are found in numbers and in plain ASCII text, not in booleans."""
    assert number_of(value) == expected


@given(st.integers(-(2**1000), 2**1000) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_in_digits_and_read_back(value: float) -> None:
    """Text and number are one, whatever the size: no exponent, and nothing is lost."""
    text = number_text(value)
    assert text.removeprefix("-").replace(".", "", 1).isdigit()
    read = number_of(text)
    assert read == value or len(text) > 300


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (5, 5), ("5", 5), (5.9, 5), (-1, 0), (101, 100), (1e300, 100), (10**400, 7), (True, 7), (None, 7), ("x", 7),
        (float("nan"), 7), ([3], 7), (-0.5, 0),
    ],
)  # fmt: skip
def test_counts(value: Any, count: int) -> None:
    """An argument that counts stays within its bounds; what is no number gives the usual count."""
    assert count_of(value, 7, 100) == count


@pytest.mark.parametrize(
    ("value", "elements"),
    [([1, None], [1, None]), ((1,), [1]), ({"a": 1}, [1]), (None, []), ("ab", ["ab"]), (0, [0]), ([], []), ({}, [])],
)
def test_lists(value: Any, elements: list[Any]) -> None:
    """Every value is a list of something; null is a list of nothing, a text one of itself."""
    assert list_of(value) == elements


def test_a_list_is_a_copy() -> None:
    """Who changes the list does not change the payload."""
    value = [1]
    list_of(value).append(2)
    assert value == [1]
