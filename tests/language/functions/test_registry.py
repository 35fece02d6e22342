"""How functions enter the table, and what guards every call."""

import pytest

from gateway.language.functions import MAX_OUTPUT, TABLE, function
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import bare, bounded
from gateway.language.functions.text import upper


def test_a_name_is_taken_once() -> None:
    """Registering a second function under a name is an error in the code, told at import."""
    with pytest.raises(ValueError, match="two template functions are called 'cut'"):
        function(name="cut", doc="", examples=())(lambda value: value)


def test_a_missing_value_does_not_reach_a_function() -> None:
    """Unless it is there to replace what is missing, its guard answers for it; what stands behind says the same."""
    assert TABLE["upper"].call(None) is None
    assert bare(TABLE["upper"].call) == (upper, True)
    assert bare(TABLE["default"].call).passes is False
    assert bare(len) == (len, False)


def test_texts_are_bounded_and_stay_what_they_are() -> None:
    """A longer text is cut at the bound; what is ready stays so."""
    assert bounded("a" * (MAX_OUTPUT + 1)) == "a" * MAX_OUTPUT
    assert type(bounded("a")) is str
    assert type(bounded(Markup("a" * (MAX_OUTPUT + 1)))) is Markup
    assert len(TABLE["replace"].call("a" * 40_000, "a", "abcd")) == MAX_OUTPUT


def test_the_table_is_closed() -> None:
    """Nobody adds a function but by registering it."""
    with pytest.raises(TypeError):
        TABLE["mine"] = TABLE["upper"]


def test_names_have_no_underscore_at_their_end() -> None:
    """What must not hide one of Python's own is registered without it, or under another name."""
    assert {"bytes", "round"} <= set(TABLE)
    assert not any(name.endswith("_") for name in TABLE)
