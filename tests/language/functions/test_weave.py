"""What converters of foreign markup share: matches are rendered, everything between is literal, sources are bounded."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup
from gateway.language.functions.weave import DEFAULT_LENGTH, MAX_LENGTH, around, source_of, weave

WORD = re.compile(r"<(\w+)>")


def test_only_matches_are_rendered() -> None:
    """What stands before, between and after them is escaped, by the escaping that is asked for."""
    assert weave("*<a>*<b>_", WORD, lambda found: f"**{found[1]}**") == "\\***a**\\***b**\\_"
    assert weave("a<b>c", WORD, lambda _: "-", str.upper) == "A-C"
    assert weave("", WORD, lambda _: "-") == ""


@given(st.text(st.sampled_from("<ab> *")))
def test_nothing_is_lost(text: str) -> None:
    """With matches and text left as they are, the text comes back."""
    assert weave(text, WORD, lambda found: found[0], str) == text


@pytest.mark.parametrize(("inner", "shown"), [("a", "**a**"), (" a", " a"), ("a ", "a "), (" ", " "), ("", "")])
def test_marks_stand_at_words(inner: str, shown: str) -> None:
    """Markdown takes no mark beside a space, and none around nothing."""
    assert around("**", inner) == shown


@pytest.mark.parametrize(
    ("value", "n", "source"),
    [
        ("one two three", 8, "one two…"), ("one", "3", "one"), ("one", None, "one"), ("one", -1, ""), (7, 5, "7"),
        (["a"], 5, '["a"]'),
    ],
)  # fmt: skip
def test_the_limit_is_on_the_source(value: Any, n: Any, source: str) -> None:
    """It is cut before it is converted, so that no mark is left open; any value is text."""
    assert source_of(value, n) == source


def test_sources_are_bounded() -> None:
    """An author's limit goes so far; one that is no number counts as the usual length."""
    assert len(source_of("a" * 99_000, 99_000)) == MAX_LENGTH
    assert len(source_of("a" * 99_000, "")) == DEFAULT_LENGTH


@pytest.mark.parametrize("name", ["jira", "textile"])
def test_what_is_ready_is_not_converted_again(name: str) -> None:
    """Markup stays as it is; plain keys have the words of either."""
    assert TABLE[name].call(Markup("_a_")) == "_a_"
    assert TABLE[name].call_plain(Markup("_a_")) == "a"
    assert TABLE[name].call_plain("_b_") == "b"
