"""Functions on text: lines, lengths and names, whatever value comes."""

from typing import Any

import pytest

from gateway.language.functions import TABLE


def call(name: str, *values: Any, **named: Any) -> Any:
    """What a function of the table gives."""
    return TABLE[name].call(*values, **named)


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
