"""Markdown that somebody else wrote: what of it stays, and that a cut leaves nothing open."""

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
