"""How values are written into texts, and which lines of a text are left when some are missing."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.language.functions.markup import Markup
from gateway.language.output import LONGEST, Mode, finalizer, tidied
from gateway.language.template import Engine

ABSENT = "\x00"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text().map(Markup),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("value", "markdown", "plain"),
    [
        (None, ABSENT, ABSENT), (len, ABSENT, ABSENT), (True, "yes", "yes"), (False, "no", "no"), (0, "0", "0"),
        (1.0, "1", "1"), (-0.0, "0", "0"), (2.5, "2.5", "2.5"), ("*a*", "\\*a\\*", "*a*"), ("", "", ""),
        (Markup("*a*"), "*a*", "*a*"), ([1, None, "*a*"], "1, \\*a\\*", "1, *a*"), ([], "", ""), ({}, "", ""),
        ({"k": "v", "n": None, "_x_": [True]}, "k: v, \\_x\\_: yes", "k: v, _x_: yes"),
        ("a\x00\x1b\r\nb", "a\r\nb", "a\nb"), ((1, "x"), None, None),
    ],
)  # fmt: skip
def test_values_are_written(value: Any, markdown: str | None, plain: str | None) -> None:
    """As a person would: whole numbers whole, yes and no, lists with commas, and what is missing leaves its mark."""
    if markdown is not None:
        assert finalizer(Mode.MARKDOWN)(value) == markdown
        assert finalizer(Mode.PLAIN)(value) == finalizer(Mode.RAW)(value) == plain


@given(VALUES, st.sampled_from(Mode))
def test_no_value_forges_the_mark(value: Any, mode: Mode) -> None:
    """Only what is missing can drop a line: no text of a sender holds the mark, wherever it stands."""
    if value is None or isinstance(value, Markup):
        return
    written = finalizer(mode)(value)
    assert ABSENT not in written or isinstance(value, list | dict)


@pytest.mark.parametrize(
    ("text", "markdown", "line"),
    [
        ("a\n\x00b\nc", "a\nc", "a c"), ("\x00", None, None), ("a \x00", None, None), ("", None, None),
        (" \n ", None, None), ("a\n\n\n\nb", "a\n\nb", "a b"), ("  a\n  b  ", "a\n  b", "a b"),
        ("a\n\x00\n\x00\nb", "a\nb", "a b"), ("\n\na", "a", "a"), ("a  b", "a  b", "a  b"),
    ],
)  # fmt: skip
def test_lines_with_something_missing_go(text: str, markdown: str | None, line: str | None) -> None:
    """The other lines stay; no more than one blank line in Markdown, and one line in all other texts."""
    assert tidied(text, Mode.MARKDOWN) == markdown
    assert tidied(text, Mode.PLAIN) == tidied(text, Mode.RAW) == line


@given(st.text(st.sampled_from("ab \n\x00")), st.sampled_from(Mode))
def test_tidied_text_stays_so(text: str, mode: Mode) -> None:
    """What is left has no mark, no room around it, and nothing more to lose."""
    found = tidied(text, mode)
    if found is not None:
        assert ABSENT not in found
        assert found == found.strip() != ""
        assert tidied(found, mode) == found


@settings(max_examples=50)
@given(VALUES, st.sampled_from(Mode))
def test_simple_templates_write_what_the_engine_writes(value: Any, mode: Mode) -> None:
    """The Python function of a template and the engine's own way, which a loop takes, agree on every value."""
    simple = Engine().template("x {{ a }}\ny", mode, "test/output#/a").render({"a": value})
    whole = (
        Engine().template("{% for b in [a] %}x {{ b }}{% endfor %}\n\ny", mode, "test/output#/b").render({"a": value})
    )
    assert " ".join((simple or "").split()) == " ".join((whole or "").split())


def test_a_value_is_written_as_far_as_posts_can_show_it():
    """Escaping 5 MB that nobody will see takes 4 s."""
    write = finalizer(Mode.MARKDOWN)
    assert len(write("a" * (LONGEST + 9))) == LONGEST
    assert len(write(["a" * (LONGEST + 9)])) == LONGEST
    assert write("a" * 1000) == "a" * 1000
