"""Text made inert, and the marks around it, as a Markdown parser reads them."""

import re
from html import unescape
from timeit import repeat

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gateway.language.functions.markdown import (
    code_block,
    code_span,
    escape,
    link_to,
    quoted,
    safe_url,
    without_images,
)
from gateway.mattermost.mentions import harmless
from gateway.mattermost.terminal import without_controls

PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])
LINE_BREAKS = {"softbreak", "hardbreak"}
TEXT_ONLY = {"text", "text_special", "softbreak", "hardbreak"}
TRICKY = "\\`*_{}[]<>()#+-.!|~=:&;@$ \t\n\r019aZé/\u00a0\u2424\u200b\x00"
TEXTS = st.text(st.sampled_from(TRICKY), max_size=30) | st.text(max_size=40)


def inline_tokens(markdown: str) -> list[Token]:
    """Every inline token, after a check that the blocks are paragraphs and nothing else."""
    blocks = PARSER.parse(markdown)
    assert {block.type for block in blocks} <= {"paragraph_open", "inline", "paragraph_close"}, markdown
    return [
        token
        for block in blocks
        for token in [*(block.children or ()), *([Token("softbreak", "", 0)] if block.children else [])]
    ]


def words(text: str) -> list[str]:
    """The lines that are not blank, without what cannot be seen: space at their edges, U+200B, controls."""
    seen = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\ufeff]", "", text)
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", seen)]
    return [line for line in lines if line]


def without_urls(text: str) -> str:
    """Text without the colon that makes a URL: URLs are left alone, see their own test."""
    return text.replace("://", ":/")


@settings(max_examples=600, deadline=None)
@given(TEXTS.map(without_urls))
@example("- a\n+ b\n* c\n1. d\n2) e")
@example("a | b\n--|--\n1 | 2")
@example("title\n=====\n\ntitle\n-----")
@example("[a]: http:/x\n[a](b) ![a](b)")
@example("<b>x</b> <!-- c --> <a@b.example> &copy; &#64;here")
@example("    indented\n\n\tcode\n```\nfence\n~~~\nfence")
@example("a\\\nb \\* \\\\ C:\\")
@example("~~a~~ __b__ _c_ snake_case **d** *e*")
def test_escaped_text_is_one_run_of_text(text: str) -> None:
    """Any text, escaped and rendered, is exactly the text (as mentions are made harmless) and no formatting."""
    tokens = inline_tokens(escape(text))
    assert {token.type for token in tokens} <= TEXT_ONLY
    rendered = "".join("\n" if token.type in LINE_BREAKS else token.content for token in tokens)
    assert words(rendered) == words(harmless(without_controls(text)))


@pytest.mark.parametrize(
    "text",
    [
        "Fix login page (#12)",
        "snake_case_name in v1.2",
        "a + b = c - d",
        "C:\\Users\\me",
        "50% of 3 > 2 & 1",
        "[WIP] it",
        "a | b",
        "R&D",
    ],
)
def test_readable_text_stays_as_it_is(text: str) -> None:
    """Text in which nothing acts gets no backslash, so that push notifications stay readable."""
    assert escape(text).replace("\u200b", "") == text


@pytest.mark.parametrize("url", ["https://x.example/a_b_/~me?q=__c__#d", "http://x.example:8080/a-b/c,d;e:f"])
def test_urls_stay_whole(url: str) -> None:
    """A usual URL inside a text is left alone, so that Mattermost makes it clickable."""
    assert escape(f"see *{url} now") == f"see \\*{url} now"


@pytest.mark.parametrize("start", ["https://", "www."])
def test_odd_urls_are_linked_whole(start: str) -> None:
    """With a scheme and without, also where nothing else in the text needs to be looked at."""
    assert escape(f"see {start}x.example/a(b)c now") == f"see {start}x.example/a%28b%29c now"


@pytest.mark.parametrize("text", ["~", "~/.bashrc", "a~", "~~", "x~~", "~x~"])
def test_tildes_lengthen_no_mark(text: str) -> None:
    """Between marks of tildes a text that begins or ends with one is struck through, as any other."""
    tokens = inline_tokens(f"a ~~{escape(text)}~~ b")
    assert [token.type for token in tokens if token.type.startswith("s_")] == ["s_open", "s_close"]
    assert words("".join(token.content for token in tokens)) == [f"a {text} b"]


def test_mentions_are_harmless() -> None:
    """Escaped text mentions nobody and draws no emoji."""
    assert escape("@channel :tada: ~town") == "@\u200bchannel :\u200btada: ~\u200btown"


def test_controls_do_not_pass() -> None:
    """The mark of the engine for what is absent cannot come out of a payload, nor can other controls."""
    assert escape("a\x00b") == "ab"
    assert code_span("a\x00b") == "`ab`"


def test_escape_is_fast() -> None:
    """Usual text costs about a microsecond; the bound leaves room for a busy machine."""
    best = min(repeat(lambda: escape("Fix the login page for users of the old app"), number=2000, repeat=5)) / 2000
    assert best < 10e-6


@settings(max_examples=200, deadline=None)
@given(TEXTS.filter(lambda text: text.strip() != ""))
def test_code_span_holds_anything(text: str) -> None:
    """Whatever the text, its code span is one code token with the words of the text."""
    span = code_span(text)
    if span:
        (token, _) = inline_tokens(span)
        assert token.type == "code_inline"
        assert token.content.replace("\u200b", "").strip().count("`") == text.count("`")


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_code_block_is_one_fence(text: str) -> None:
    """Whatever the text, its block is one fence that nothing inside closes."""
    block = code_block(text, "python")
    assert [token.type for token in PARSER.parse(block)] == (["fence"] if block else [])


@settings(max_examples=200, deadline=None)
@given(TEXTS.map(without_urls))
def test_link_is_one_link(label: str) -> None:
    """Whatever the label, the link is one link to the URL."""
    tokens = inline_tokens(link_to(escape(label), "https://x.example/a b(c)"))
    assert [token.type for token in tokens if token.type.startswith("link")] == ["link_open", "link_close"]
    assert tokens[0].attrs["href"] == "https://x.example/a%20b%28c%29"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x.example", "", "https://", "http://[", "x"]
)
def test_unsafe_urls_leave_the_label(url: str) -> None:
    """What is no web or mail address makes no link."""
    assert safe_url(url) == ""
    assert link_to("here", url) == "here"


def test_safe_urls_keep_their_encoding() -> None:
    """What is percent-encoded already is not encoded twice; mail addresses are links too."""
    assert safe_url("https://x.example/a%20b?c=d&e=[f]") == "https://x.example/a%20b?c=d&e=%5Bf%5D"
    assert safe_url("mailto:a@x.example") == "mailto:a@x.example"


def test_unbalanced_brackets_do_not_break_a_link() -> None:
    """A lone bracket in a label is written as an entity, since not every client knows a backslash there."""
    assert unescape(link_to("a]b", "https://x.example")) == "[a]b](https://x.example)"
    assert "a]b" not in link_to("a]b", "https://x.example")


def test_quote_covers_blank_lines() -> None:
    """A quote of two paragraphs is one quote."""
    assert quoted("a\n\nb") == "> a\n>\n> b"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2424"])
def test_what_ends_a_line_for_the_web_client_does_so_here(end: str) -> None:
    """It takes the symbol for newline as one: code and quotes would end there, and what follows would act."""
    text = f"a{end}```{end}# b"
    assert code_block(text) == "````\na\n```\n# b\n````"
    assert code_span(f"a{end}b") == "`a b`"
    assert quoted(f"a{end}{end}b") == "> a\n>\n> b"
    assert link_to(f"a{end}> b", "https://x.example") == "[a > b](https://x.example)"


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_no_other_separator_begins_a_line_of_a_quote(separator: str) -> None:
    """What stands behind it was escaped as the middle of a line."""
    assert quoted(f"a{separator}# b") == f"> a{separator}# b"


def test_no_text_makes_an_image_of_a_link() -> None:
    """A `!` right before a link is text; in code nothing changes."""
    link = "[a](https://x.example/a.png)"
    assert without_images(f"Go!{link} `v![0]`\n```\nvec![1]\n```") == (f"Go!\u200b{link} `v![0]`\n```\nvec![1]\n```")
