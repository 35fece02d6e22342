"""Functions on text: lines, lengths and names, whatever value comes."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions.coerce import text_of
from tests.language.functions.pieces import call


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


@given(st.text(), st.integers(0, 40))
def test_cut_text_is_a_beginning(text: str, limit: int) -> None:
    """What is left is the beginning of the text, within the limit, and shows that it was cut."""
    found = call("cut", text, limit)
    seen = text_of(text)
    if len(seen) <= limit:
        assert found == seen
    elif limit:
        assert found.endswith("…")
        assert seen.startswith(found[:-1])
        assert len(found) <= limit
    else:
        assert found == ""


@pytest.mark.parametrize(
    ("name", "value", "arguments", "expected"),
    [
        ("first_line", "\n\n  a \nb", (), "a"), ("first_line", "", (), ""), ("first_line", "a\x00b", (), "ab"),
        ("first_line", 7, (), "7"), ("first_line", "one two", (0,), ""), ("first_line", "a" * 50_000, (), "a" * 40_000),
        ("rest", "a\n\n b\nc ", (), "b\nc"), ("rest", "a", (), None), ("rest", "\n\na", (), None),
        ("lines", "a\n\nb", (2,), "a\n\n…"), ("lines", "\n\na\nb\n", (9,), "a\nb"), ("lines", "a", (0,), "…"),
        ("lines", "", (3,), ""), ("oneline", " a\t\n\u00a0b ", (), "a b"), ("trim", "\n a \n", (), "a"),
        ("lower", {"A": 1}, (), '{"a": 1}'), ("upper", True, (), "TRUE"), ("capitalize", "iOS", (), "IOS"),
        ("capitalize", "", (), ""), ("capitalize", "ßa", (), "SSa"), ("humanize", "__a--b..c/D", (), "a b c d"),
        ("humanize", "HTTPError2Big", (), "httperror2 big"), ("slug", "Ünï_çöde  x!", (), "ünï-çöde-x"),
        ("slug", "!!", (), ""),
        ("ref_name", "refs/pull/3/head", (), "pull/3/head"), ("ref_name", "refs/tags/v1", (), "v1"),
        ("ref_name", " refs/remotes/o/x ", (), "o/x"), ("strip_prefix", "vv1", ("v",), "v1"),
        ("strip_prefix", "a", (None,), "a"),
        ("strip_suffix", "a.git", (".git",), "a"), ("strip_suffix", "a", ("",), "a"),
        ("urlencode", "a b/é&", (), "a%20b%2F%C3%A9%26"),
        ("basename", "https://x.example/a/b/?c=/d", (), "b"), ("basename", "/", (), ""), ("basename", "a", (), "a"),
        ("plural", 0, ("commit",), "0 commits"), ("plural", "1", ("commit",), "1 commit"),
        ("plural", 1.0, ("x",), "1 x"),
        ("plural", 1.5, ("hour",), "1.5 hours"), ("plural", -1, ("day",), "-1 days"),
        ("plural", 12345, ("x",), "12,345 xes"),
        ("plural", {"a": 1}, ("key",), "1 key"), ("plural", 2, ("person", ""), "2 persons"),
        ("plural", "x", ("y",), None),
        ("plural", True, ("y",), None),
    ],
)  # fmt: skip
def test_texts(name: str, value: Any, arguments: tuple[Any, ...], expected: str | None) -> None:
    """Edges, blank and odd values of each function."""
    assert call(name, value, *arguments) == expected


@given(st.text(), st.sampled_from(["oneline", "trim", "slug", "humanize", "ref_name", "lower"]))
def test_what_is_done_is_done(text: str, name: str) -> None:
    """To do it twice changes nothing more."""
    once = call(name, text)
    assert call(name, once) == once or name == "ref_name"


@given(st.text())
def test_an_encoded_segment_is_the_text(text: str) -> None:
    """It holds nothing that ends a segment, and decodes to the text."""
    encoded = call("urlencode", text)
    assert re.fullmatch(r"[A-Za-z0-9%._~-]*", encoded)
    assert unquote(encoded) == text_of(text)
