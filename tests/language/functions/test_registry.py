"""How functions enter the table, and what guards every call."""

import time

import pytest

from gateway.errors import TranslationError
from gateway.language.functions import MAX_INPUT, MAX_OUTPUT, TABLE, function
from gateway.language.functions.coerce import text_of
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import bare, bounded
from gateway.language.functions.text import upper
from gateway.language.functions.values import default
from gateway.language.output import Mode
from gateway.language.template import Engine
from tests.cost import pace


def test_a_name_is_taken_once() -> None:
    """Registering a second function under a name is an error in the code, told at import."""
    with pytest.raises(ValueError, match="two template functions are called 'cut'"):
        function(name="cut", doc="", examples=())(lambda value: value)


def test_a_missing_value_does_not_reach_a_function() -> None:
    """Unless it is there to replace what is missing, its guard answers for it; what stands behind says the same."""
    assert TABLE["upper"].call(None) is None
    assert bare(TABLE["upper"].call) == (upper, "passes")
    assert bare(TABLE["default"].call) == (default, "replaces")
    assert bare(len) == (len, "handles")


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


def test_the_functions_of_one_run_share_an_allowance() -> None:
    """A loop that gives a function the whole payload each time ends; the next run begins anew."""
    engine = Engine()
    loop = engine.template("{% for x in a %}{% set t = b | upper %}{% endfor %}done", Mode.MARKDOWN, "own/x#/a")
    fine = {"a": list(range(100)), "b": {"k": "v"}}
    assert loop.render(fine) == loop.render(fine) == "done"
    for large in ({"k": "v" * 1000}, ["v"] * 100_000):
        began = time.thread_time()
        with pytest.raises(TranslationError, match=r"own/x#/a: .*its loops give functions too much to look at"):
            loop.render({"a": list(range(4000)), "b": large})
        assert time.thread_time() - began < 5
    sliced = engine.template("{% for x in a %}{% set t = b[1:] | length %}{% endfor %}done", Mode.MARKDOWN, "own/x#/b")
    with pytest.raises(TranslationError, match=r"its loops give functions too much"):
        sliced.render({"a": list(range(4000)), "b": list(range(100_000))})
    assert TABLE["upper"].call("a") == "A", "nothing is counted outside of a run"


def test_a_large_value_is_written_no_further_than_it_is_looked_at() -> None:
    """Of a million elements as text, the first ones are written."""
    began = time.thread_time()
    assert len(TABLE["upper"].call(["abc"] * 1_000_000)) == MAX_INPUT
    assert (time.thread_time() - began) / pace() < 0.2
    assert text_of({"a": [1, None, "ü"], "b": {}}) == '{"a": [1, null, "ü"], "b": {}}'
