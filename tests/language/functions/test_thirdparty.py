"""Markdown that somebody else wrote: what of it stays, and that a cut leaves nothing open."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.language.functions import TABLE
from gateway.language.functions.thirdparty import tidy

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Why #\ntext", "**Why**\ntext"),
        ("#12 is no heading", "#12 is no heading"),
        ("![logo](https://x.example/l.png)<!-- hidden -->", "[logo](https://x.example/l.png)"),
        ('<img alt="z" src="https://x.example/a.png">', "[z](https://x.example/a.png)"),
        ("<details><summary>More</summary>text</details>", "More\ntext"),
        ("```py\n# no ![a](b) <!-- c -->\n```", "```py\n# no ![a](b) <!-- c -->\n```"),
        ("~~~\nopen", "~~~\nopen\n~~~"),
        ("a\r\n\r\n\r\n\r\nb @here", "a\n\nb @\u200bhere"),
    ],
)
def test_third_party_markdown(source: str, expected: str) -> None:
    """Formatting stays; images, headings, comments and mentions become what a message can hold; code stays."""
    assert TABLE["markdown"].call(source) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["```", "~~~~", "word word", "````py", "", "    x"]), max_size=12), st.integers(1, 60))
def test_a_cut_leaves_no_fence_open(lines: list[str], limit: int) -> None:
    """Wherever Markdown is cut, what follows the message is not inside its code."""
    cut = tidy("\n".join(lines), limit)
    last = PARSER.parse(cut + "\n\nafter")[-2:]
    assert last[0].content == "after"


@pytest.mark.parametrize(
    ("source", "limit", "expected"),
    [
        ("one two three four", 16, "one two…"), ("```\none two three four five\n```", 22, "```\none two three…\n```"),
        ("", 10, ""), ("x" * 50, 1, "…"),
    ],
)  # fmt: skip
def test_cuts(source: str, limit: int, expected: str) -> None:
    """Between words, with room for what closes a fence."""
    assert tidy(source, limit) == expected


@given(st.text(st.sampled_from('ab #*`~<>![]()\n\r-@/"='), max_size=60), st.integers(1, 80))
def test_what_is_tidied_is_bounded(source: str, limit: int) -> None:
    """At most the limit and what closes a fence, apart from what makes mentions silent."""
    found = tidy(source, limit)
    fence = max((len(run) for run in re.findall("`+|~+", source)), default=0)
    assert len(found.replace("\u200b", "")) <= limit + fence + 1
    assert "\r" not in found


@pytest.mark.parametrize(
    "source", ["<!-- open", "<!-- a --> <!-- b", "<details>", "<p", "![a](", "<img src=", "######"]
)
def test_what_is_never_closed_does_no_harm(source: str) -> None:
    """An open comment hides the rest, as it does in a browser; other beginnings hide nothing."""
    found = tidy(source + "\nmore", 100)
    assert ("more" in found) is ("<!--" not in source)
    assert "<!--" not in found


def test_plain_keys_have_the_words() -> None:
    """Images, links and headings leave their texts, code stays as it is."""
    plain = TABLE["markdown"].call_plain
    assert plain("# A\n![b](https://x.example/i) **c** <br>d") == "A\nb c \nd"
    assert plain("```\na * __b__\n```\n*c*") == "a * __b__\nc"
