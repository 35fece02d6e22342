"""Markdown with its marks taken off: the words stay, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions.markdown import escape
from gateway.language.functions.plain import unmark


def test_unmark_reads_the_marks_of_this_package() -> None:
    """Plain text keeps the words of Markdown and none of its marks."""
    assert unmark("> **a** [`b`](https://x.example) ~~c~~ snake_case \\*d\\*") == "a b c snake_case *d*"


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("```py\na * b\n```", "a * b"), ("~~~\nx\n~~~\ny", "x\ny"), ("# Head\n> > said", "Head\nsaid"),
        ("[a [b] c](https://x.example)", "a [b] c"), ("![pic](https://x.example/i.png)", "pic"),
        ("`` a`b ``", "a`b"), ("***x*** __y__ _z_", "x y z"), ("a_b_c 2*3", "a_b_c 23"),
        ("&lt;b> &#91;x&#93; &amp;", "<b> [x] &amp;"),
        ("\\*\\_\\[\\\\", "*_[\\"), ("[x](not a link)", "[x](not a link)"), ("", ""), ("\u200b@\u200bann", "@ann"),
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
