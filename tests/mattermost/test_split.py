"""Long texts are cut where a reader would cut them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.mattermost.split import excerpt, split
from tests.cost import seconds_of


def test_a_text_that_fits_is_left_alone():
    """The limit itself still fits."""
    assert split("x" * 20, 20) == ["x" * 20]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("first one\n\nsecond one\nand more", ["first one", "second one\nand more"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("some words and more of them", ["some words and more", "of them"]),
        ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnopqrst", "uvwxyz"]),
    ],
)
def test_paragraph_then_line_then_word(text, pieces):
    """The best place within the limit is taken."""
    assert split(text, 20) == pieces


@pytest.mark.parametrize("mark", ["```", "~~~~"])
def test_a_fence_is_closed_and_reopened_with_its_language(mark):
    """Every piece of a long code block is a code block of the same language."""
    text = f"{mark}python\n" + "print('hello')\n" * 20 + f"{mark}\nend"
    pieces = split(text, 100)
    assert len(pieces) > 3
    assert all(len(piece) <= 100 for piece in pieces)
    assert all(piece.startswith(f"{mark}python\n") for piece in pieces)
    assert all(piece.endswith(f"\n{mark}") for piece in pieces[:-1])
    assert "\n".join(pieces).count("print('hello')") == 20


def test_a_fence_that_fits_the_next_piece_is_not_cut():
    """A cut goes before a code block rather than into it."""
    block = "```\n" + "code\n" * 6 + "```"
    assert split("w" * 60 + "\n" + block, 80) == ["w" * 60, block]


def test_a_quoted_fence_keeps_its_quote_marks():
    """What closes and reopens stands in the same quote."""
    pieces = split("> ```sh\n" + "> echo hello\n" * 20 + "> ```", 100)
    assert all(piece.startswith("> ```sh\n") and piece.endswith("\n> ```") for piece in pieces)


@pytest.mark.parametrize(
    "whole", ["[a label of words](https://x.example/a)", "`code with spaces`", "<https://x.example/a-b>"]
)
def test_links_and_code_spans_stay_whole(whole):
    """A cut that would fall inside goes before."""
    for padding in range(30, 58):
        assert any(whole in piece for piece in split("x" * padding + " " + whole + " tail" * 4, 60))


def test_characters_keep_their_marks():
    """No piece begins with a combining mark, a joiner or a skin tone."""
    text = "e\u0301" * 30 + "\U0001f469\U0001f3fd\u200d\U0001f680" * 20
    for limit in range(20, 30):
        assert all(piece[0] in "e\U0001f469" for piece in split(text, limit))


def test_an_address_is_not_cut_into_a_mention():
    """A hard cut never leaves a name behind its sigil at the start of a piece."""
    for padding in range(10, 30):
        assert not any(piece.startswith("@") for piece in split("x" * padding + "ab_@all.example", 24))


_text = st.lists(
    st.sampled_from(["word ", "\n", "\n\n", "a" * 30, "é", " ", "[x](https://y.example) ", "**b** "]), max_size=60
)


@given(_text.map("".join), st.integers(20, 90))
def test_nothing_but_whitespace_at_cuts_is_lost(text, limit):
    """All pieces hold to the limit, and together they are the text."""
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)


_fenced = st.lists(
    st.sampled_from(["```py\n", "```\n", "~~~\n", "code here\n", "text\n\n", "x" * 40, "> ```\n"]), max_size=40
)


@given(_fenced.map("".join), st.integers(40, 120))
def test_fences_never_break_the_limit_or_lose_text(text, limit):
    """Whatever fences a text has, pieces hold to the limit and the words are all there."""
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert "".join(pieces).count("x") == text.count("x")
    assert "".join(pieces).count("d") == text.count("d")  # a letter of `code` alone: a word over the limit is cut


@pytest.mark.parametrize("unit", ["`", "[", "```\n", "~~~ x\n\n", "\n", "> ```\n> a\n", "`a", "_@"])
def test_hostile_texts_cost_linear_time(unit):
    """Large texts of one repeated mark are cut in a moment."""
    text = unit * (200_000 // len(unit))
    assert all(len(piece) <= 16_383 for piece in split(text, 16_383))


LINK, CODE, URL = "[two words](https://x.example/a)", "`co de`", "https://x.example/a-b"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("one two three", 13, "one two three"),
        ("one two three four", 16, "one two three…"),
        (f"see {LINK} now", 30, "see…"), (f"see {URL} now", 25, "see…"), (f"see {CODE} now", 10, "see…"),
        ("a &lt;b or more", 6, "a…"),
        (f"{LINK} now", 30, "two words…"),
        (f"{URL} now", 20, "https:\u200b//x.example/…"),
        ("```py\none two three four five\n```", 26, "```py\none two three…\n```"),
        ("> ```py\n> one two three four\n> ```", 28, "> ```py\n> one two…\n> ```"),
        ("`````py\none two three four five\n`````", 32, "`````py\none two three…\n`````"),
        ("text\n```py\none two\n```", 15, "text…"),
        ("one\n```\ntwo three\n```", 12, "one…"),
        ("x" * 9, 1, "…"), ("word", 0, ""),
    ],
)  # fmt: skip
def test_excerpts(text, limit, shown):
    """Between words, before what would be cut in half; what is open is closed, with no block that is left empty."""
    assert excerpt(text, limit) == shown


PARTS = ["```", "```py\n", "\n", "a", "word ", "~~~~", CODE, LINK, f"{URL} ", "&lt;", " "]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join), st.integers(0, 60))
def test_nothing_is_open_behind_an_excerpt(text, limit):
    """What follows it is a paragraph of its own, and it is no longer than it may be."""
    shown = excerpt(text, limit)
    assert shown == text or len(shown) <= max(limit, 12)
    if len(text) > limit > 0:
        assert MarkdownIt("commonmark").parse(shown + "\n\nafter")[-2].content == "after"


@pytest.mark.parametrize("text", ["```\n" * 25_000, "[a](b " * 15_000, "`" * 100_000, "> " * 50_000, "&a" * 50_000])
def test_excerpts_take_linear_time(text):
    """Texts that begin the same thing over and over take no longer than others."""
    assert seconds_of(lambda: excerpt(text, 30_000)) < 0.5


@pytest.mark.parametrize("marks", ["`", "``", "`" * 9])
@pytest.mark.parametrize("before", ["", "w ", "word " * 20])
def test_a_cut_leaves_no_code_span_in_half(marks: str, before: str) -> None:
    """However long it is: half of one would be text, with links and images."""
    text = f"{before}{marks} " + "x ![a](https://x.example/i.png) y " * 80 + f"{marks} end"
    for limit in (80, 100, 127, 333):
        pieces = [*split(text, limit), excerpt(text, limit)]
        assert all(len(piece) <= limit for piece in pieces)
        for piece in pieces:
            assert not any(
                token.type == "image" for block in MarkdownIt().parse(piece) for token in block.children or ()
            )
    whole = ["".join(part.replace("`", "").split()) for part in ("".join(split(text, 100)), text)]
    assert whole[0] == whole[1] or len(marks) > 2  # a piece that begins with so many is a block, which is as well
