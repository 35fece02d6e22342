"""Functions on values: what is missing, tables of words, names of lists."""

from typing import Any

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup


def call(name: str, *values: Any, **named: Any) -> Any:
    """What a function of the table gives."""
    return TABLE[name].call(*values, **named)


def test_names_keep_their_marks() -> None:
    """A list with Markup in it is joined as Markup, the other names escaped; plain keys get neither."""
    names = [Markup("`a`"), "b*c"]
    joined = call("join_names", names)
    assert (joined, type(joined)) == ("`a` and b\\*c", Markup)
    assert TABLE["join_names"].call_plain(names) == "a and b*c"
    assert call("join_names", []) is None
    assert call("join_names", [{"login": "ann"}, {"name": None}, "x"]) == "ann and x"


def test_pick_finds_numbers_as_text() -> None:
    """The keys of a table are text, also for numbers."""
    assert call("pick", 200, {"200": "fine"}) == "fine"
    assert call("pick", None, {}, "none") == "none"
