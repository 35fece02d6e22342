"""Markdown with its marks taken off: the words stay, and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions.markdown import escape
from gateway.mattermost.plain import plain_line, unmark
from tests.cost import seconds_of


def test_unmark_reads_the_marks_of_this_package() -> None:
    """Plain text keeps the words of Markdown and none of its marks."""
    assert unmark("> **a** [`b`](https://x.example) ~~c~~ snake_case \\*d\\*") == "a b c snake_case *d*"


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("```py\na * b\n```", "a * b"), ("~~~\nx\n~~~\ny", "x\ny"), ("# Head\n> > said", "Head\nsaid"),
        ("[a [b] c](https://x.example)", "a [b] c"), ("![pic](https://x.example/i.png)", "pic"),
        ("`` a`b ``", "a`b"), ("***x*** __y__ _z_", "x y z"), ("a_b_c 2*3", "a_b_c 2*3"),
        ("&lt;b> &#91;x&#93; &amp;", "<b> [x] &"),
        ("\\*\\_\\[\\\\", "*_[\\"), ("[x](not a link)", "[x](not a link)"), ("", ""), ("\u200b@\u200bann", "@ann"),
        ("**a** 2 * 3 * 4 a_b_ *c", "a 2 * 3 * 4 a_b_ *c"), ("****a** b**", "a b"), ("*a **b *c***", "*a b c"),
        ("`a` > b # c | d", "a > b # c | d"), ("| a | b |\n|---|:-:|\n| 1 | 2 |", "| a | b |\n| 1 | 2 |"),
        ("<https://x.example/a> &nbsp;&copy; `&lt;`", "https://x.example/a \xa0© &lt;"), ("*a\n\nb*", "*a\n\nb*"),
        ("[![a](https://x.example/i)](https://x.example) [b] [c](<d e>)", "a [b] c"),
        ("https://x.example/a\ufeff'", "https://x.example/a'"), ("~~a~~ ~b~ ~~c", "a ~b~ ~~c"),
        ("[a](b", "[a](b"), ("1. one\n- two", "1. one\n- two"),
    ],
)  # fmt: skip
def test_marks_go(markdown: str, words: str) -> None:
    """Fences, headings, quotes, emphasis, links and what made characters inert; the rest stays."""
    assert unmark(markdown) == words


@given(st.text(st.sampled_from("ab1é *_~`[]()<>&#;:@|\\!-+.\n"), max_size=30))
def test_what_was_escaped_is_read_as_it_was(text: str) -> None:
    """Plain keys show of a text that was made inert just the text."""
    assert [line.strip() for line in unmark(escape(text)).split("\n")] == [
        line.strip() for line in text.strip().split("\n")
    ]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# **Deploy** of [api](https://x.example/a)\n- `done`", "Deploy of api - done"),
        ("![pic](https://x.example/i.png) > not a quote", "pic > not a quote"),
        ("> quoted\n| a | b |", "quoted | a | b |"), ("~~old~~ 2\\*3", "old 2*3"), ("", ""), ("a - b", "a - b"),
    ],
)  # fmt: skip
def test_the_gist_of_markdown(markdown, text):
    """Marks go, words stay, on one line."""
    assert plain_line(markdown, 100) == text


@given(st.text(st.sampled_from("ab *_`~[]()#>-|\\\n!"), max_size=60), st.integers(1, 30))
def test_the_gist_is_short(markdown, limit):
    """Whatever the marks, the gist is one line within its limit."""
    found = plain_line(markdown, limit)
    assert len(found) <= limit
    assert "\n" not in found


@given(st.text(st.sampled_from("ab *_`[]#>-|\\\n!;<\u200b"), max_size=60).filter(lambda text: "```" not in text))
def test_words_are_never_deleted(markdown):
    """Letters stay, all of them, in their order."""
    assert re.sub("[^ab]", "", unmark(markdown)) == re.sub("[^ab]", "", markdown)


UNITS = ["*a ", "**", "_", "[", "](a)", "[a](b)", "`", "> ", "| ", "|-", "&a", "\\", "*a* _b_ ", "```\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(unit):
    """Marks that open over and over are looked at once."""
    assert seconds_of(lambda: unmark(unit * (100_000 // len(unit)))) < 0.6
