"""Where code stands in Markdown, as a parser of CommonMark sees it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.mattermost.code import CodeRanges
from tests.cost import seconds_of

PARSER = MarkdownIt("commonmark")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a `b` c", ["`b`"]),
        ("``a`b`` `c", ["``a`b``"]),
        ("\\`a` `b`", ["` `"]),
        ("`a\n\nb`", []),
        ("`a\nb`", ["`a\nb`"]),
        ("x\n```py\na `b\n```\n`c`", ["```py\na `b\n```", "`c`"]),
        ("> ~~~\n> a\n> ~~~\nb", ["> ~~~\n> a\n> ~~~"]),
        ("> ```\n> a\nb `c`\n```\nd", ["`c`", "```\nd"]),
        ("> ```\n> a", []),
        ("````\n```\nopen", ["````\n```\nopen"]),
        ("``` a`b\nc", []),
        ("no code", []),
    ],
)
def test_code_in_markdown(text: str, code: list[str]) -> None:
    """Spans end with as many backticks as they began with, in their paragraph; blocks with the fence that opened."""
    found = CodeRanges(text)
    assert [text[start:end] for start, end in found.ranges] == code
    inside = {index for start, end in found.ranges for index in range(start, end)}
    assert [found.hold(index) for index in range(len(text))] == [index in inside for index in range(len(text))]


def test_what_only_some_take_for_code() -> None:
    """A fence that is indented like code begins a block for lists alone; blocks can be told from spans."""
    text = "a `b`\n    ```\nc\n```\nd\n```"
    assert [text[start:end] for start, end in CodeRanges(text).ranges] == ["`b`", "    ```\nc\n```", "```"]
    assert [text[start:end] for start, end in CodeRanges(text, strict=True, spans=False).ranges] == ["```\nd\n```"]


@settings(deadline=None)
@given(st.text(st.sampled_from("`` a\\"), max_size=30).filter(lambda text: "```" not in text))
def test_spans_are_those_of_a_parser(text: str) -> None:
    """In one paragraph every span that a parser finds is found, and no other."""
    tokens = PARSER.parse(f"a{text}a")[1].children or ()
    spans = [token.content.strip() for token in tokens if token.type == "code_inline"]
    source = f"a{text}a"
    found = [source[start:end] for start, end in CodeRanges(source).ranges]
    assert [_content(span) for span in found] == spans


def _content(span: str) -> str:
    """The code of a span, without the marks around it."""
    marks = len(span) - len(span.lstrip("`"))
    return span[marks : len(span) - marks].strip()


@pytest.mark.parametrize(
    "text",
    [
        "`a" * 50_000,
        "".join("`" * n + " " for n in range(440)),
        "```\n" * 25_000,
        "> ```\n" * 20_000,
        "\\`" * 50_000,
        "\n " * 50_000,
    ],
)
def test_time_is_linear(text: str) -> None:
    """What is left open again and again takes no longer than other text."""
    assert seconds_of(lambda: CodeRanges(text)) < 0.5
