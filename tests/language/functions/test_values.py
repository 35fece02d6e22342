"""Text, numbers, lists and states: the cases beside the examples of the manual."""

from typing import Any

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.coerce import number_of, text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.plain import unmark


def call(name: str, *values: Any, **named: Any) -> Any:
    """What a function of the table gives."""
    return TABLE[name].call(*values, **named)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (1e6, "1000000"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        ({"a": [1]}, '{"a": [1]}'),
        ("a\x00", "a"),
    ],
)
def test_values_as_text(value: Any, expected: str) -> None:
    """Values read as a person writes them."""
    assert text_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1e6", 1e6), (" 12 ", 12), (True, None), ("1_000", None), ("²", None), ("x", None)]
)
def test_numbers_in_values(value: Any, expected: float | None) -> None:
    """Numbers are found in numbers and in plain ASCII text, not in booleans."""
    assert number_of(value) == expected


def test_the_id_of_nothing_is_missing() -> None:
    """Git writes forty zeros for a commit that is not there."""
    assert call("short", "0" * 40) is None
    assert call("short", "sha256:abcdef0123456789") == "abcdef01"


@pytest.mark.parametrize(
    ("value", "n", "expected"),
    [
        ("9fceb02d0ae5", 7, "9fceb02"), ("0a0000000", 3, "0a0"), ("000\x000000", 3, None), ("sha", 3, "sha"),
        ("sh\x00a256:abc", 2, "ab"), (" abcdef ", 3, "abc"), ("a\x00bc", 2, "ab"), ("abc", 0, ""), ("abc", 7, "abc"),
        ("", 7, ""), (1234567890, 4, "1234"), ("abcdef", "4", "abcd"), ("abcdef", -1, ""),
    ],
)  # fmt: skip
def test_ids_are_shortened(value: Any, n: Any, expected: str | None) -> None:
    """What would be invisible or only a prefix does not count among the characters of an id."""
    assert call("short", value, n) == expected


@pytest.mark.parametrize(
    ("noun", "expected"), [("branch", "2 branches"), ("day", "2 days"), ("policy", "2 policies"), ("", "2")]
)
def test_plurals(noun: str, expected: str) -> None:
    """Regular English plurals."""
    assert call("plural", 2, noun) == expected


def test_cut_is_never_longer() -> None:
    """A cut text, its ellipsis included, has at most the wanted length."""
    for limit in range(30):
        assert len(call("cut", "some words of a sentence", limit)) <= limit


def test_names_keep_their_marks() -> None:
    """A list with Markup in it is joined as Markup, the other names escaped; plain keys get neither."""
    names = [Markup("`a`"), "b*c"]
    joined = call("join_names", names)
    assert (joined, type(joined)) == ("`a` and b\\*c", Markup)
    assert TABLE["join_names"].call_plain(names) == "a and b*c"
    assert call("join_names", []) is None
    assert call("join_names", [{"login": "ann"}, {"name": None}, "x"]) == "ann and x"


def test_marks_nest() -> None:
    """Marks around Markup keep what is inside; blank values get none."""
    assert call("bold", call("code", "a")) == "**`a`**"
    assert call("bold", " ") == ""
    assert call("quote", Markup("**a**")) == "> **a**"


def test_pick_finds_numbers_as_text() -> None:
    """The keys of a table are text, also for numbers."""
    assert call("pick", 200, {"200": "fine"}) == "fine"
    assert call("pick", None, {}, "none") == "none"


def test_long_tables_say_so() -> None:
    """A table is cut at its limit and says how much is gone."""
    assert call("table", [{"a": 1}, {"a": 2}], None, 1) == "| a |\n|---|\n| 1 |\n\n… and 1 more"


@pytest.mark.parametrize(
    ("word", "color"),
    [
        ("SUCCESS", "good"),
        ("InProgress", "#2f81f7"),
        ("build failed", "danger"),
        ("in-progress", "#2f81f7"),
        ("odd", "#6e7781"),
    ],
)
def test_states(word: str, color: str) -> None:
    """State words are known in any spelling and inside a phrase; unknown ones are grey."""
    assert call("severity_color", word) == color


def test_bytes_round_up_a_unit() -> None:
    """No size reads as 1,000 of a unit."""
    assert call("bytes", 999_999) == "1 MB"


def test_unmark_reads_the_marks_of_this_package() -> None:
    """Plain text keeps the words of Markdown and none of its marks."""
    assert unmark("> **a** [`b`](https://x.example) ~~c~~ snake_case \\*d\\*") == "a b c snake_case *d*"
