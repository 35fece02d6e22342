"""Long texts are cut where a reader would cut them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mattermost.split import split


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
