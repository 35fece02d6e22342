"""What Slack's message box produces as Markdown: its words, marks and structure, and nothing that acts."""

from typing import Any

import pytest

from gateway.language.functions.richtext import rich_text
from tests.language.functions.pieces import line, rich


def words(text: str) -> dict[str, str]:
    """A text element."""
    return {"type": "text", "text": text}


RICH = {
    "styles": (
        rich(
            line(
                {"type": "text", "text": " b ", "style": {"bold": True, "italic": True}},
                {"type": "text", "text": "c", "style": {"code": True}},
            )
        ),
        "_**b**_ `c`",
    ),
    "link": (
        rich(line({"type": "link", "url": "https://x.example", "text": "x", "style": {"bold": True}})),
        "[**x**](https://x.example)",
    ),
    "references": (
        rich(
            line(
                {"type": "user", "user_id": "U1"},
                words(" "),
                {"type": "channel", "channel_id": "C1"},
                words(" "),
                {"type": "broadcast", "range": "here"},
            )
        ),
        "@\u200bU1 #C1 @\u200bhere",
    ),
    "emoji and color": (
        rich(line({"type": "emoji", "name": "tada"}, {"type": "color", "value": "#F405B3"})),
        ":tada:`#F405B3`",
    ),
    "date": (rich(line({"type": "date", "timestamp": 1769868300, "format": "{date}"})), "2026-01-31 14:05 UTC"),
    "lists": (
        rich(
            line(line(words("one")), line(words("two")), kind="rich_text_list", style="ordered", offset=2),
            line(line(words("inner")), kind="rich_text_list", style="bullet", indent=1),
            line(words("after")),
        ),
        "3. one\n4. two\n    - inner\n\nafter",
    ),
    "code": (rich(line(words("a\n*b*"), kind="rich_text_preformatted")), "```\na\n*b*\n```"),
    "quote": (rich(line(words("a\nb"), kind="rich_text_quote")), "> a\n> b"),
}


@pytest.mark.parametrize(("block", "expected"), RICH.values(), ids=RICH)
def test_rich_text(block: dict[str, Any], expected: str) -> None:
    """Rich text keeps its words, marks and structure."""
    assert rich_text(block) == expected


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"type": "text", "text": " a* ", "style": {"bold": True, "strike": True}}, "~~**a\\***~~"),
        ({"type": "text", "text": " ", "style": {"bold": True}}, ""),
        ({"type": "text", "text": 7, "style": 5}, "7"),
        ({"type": "link", "url": "javascript:x", "text": "y"}, "y"),
        ({"type": "link", "url": "https://x.example"}, "https://x.example"),
        ({"type": "emoji", "name": "a b"}, "a b"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "@\u200bS1"),
        ({"type": "date", "timestamp": "x", "fallback": "31 *Jan*"}, "31 \\*Jan\\*"),
        ({"type": "date", "timestamp": "x"}, ""),
        ({"type": "tomorrow", "text": "kept"}, "kept"),
        ({"type": ["x"], "text": "kept"}, "kept"),
        ("no element", ""),
    ],
)
def test_odd_elements(element: Any, expected: str) -> None:
    """What is unknown gives its text; what is no element, or leads nowhere good, does no harm."""
    assert rich_text(rich(line(element))) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([("a", "bold"), ("b", "bold"), ("c", "italic"), ("d", "")], "**a**\u200b**b**\u200b_c_\u200bd"),
        ([("a ", "bold"), ("b", ""), (" c", "strike")], "**a** b ~~c~~"),
        ([("a", "code"), ("b", "code")], "`a`\u200b`b`"),
        ([("two\nlines\n\nand more", "bold")], "**two\nlines**\n\n**and more**"),
    ],
)
def test_marks_that_touch_stay_marks(texts: list[tuple[str, str]], expected: str) -> None:
    """Each word keeps its own; none reaches over a blank line."""
    elements = [{"type": "text", "text": text, "style": {style: True}} for text, style in texts]
    assert rich_text(rich(line(*elements))) == expected


def test_lists_are_bounded() -> None:
    """Neither the indent nor the first number of a list, nor the number of elements, is what a stranger says."""
    deep = rich(line(line(words("a\nb")), kind="rich_text_list", style="ordered", indent=99, offset=10**9))
    assert rich_text(deep) == " " * 24 + "40001. a b"
    assert rich_text(rich(*[line(words("x"))] * 5000)).count("x") == 1000
