"""Marks around values: what is inside is inert, marks nest, blank values get none."""

from typing import Any

from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup


def call(name: str, *values: Any, **named: Any) -> Any:
    """What a function of the table gives."""
    return TABLE[name].call(*values, **named)


def test_marks_nest() -> None:
    """Marks around Markup keep what is inside; blank values get none."""
    assert call("bold", call("code", "a")) == "**`a`**"
    assert call("bold", " ") == ""
    assert call("quote", Markup("**a**")) == "> **a**"


def test_long_tables_say_so() -> None:
    """A table is cut at its limit and says how much is gone."""
    assert call("table", [{"a": 1}, {"a": 2}], None, 1) == "| a |\n|---|\n| 1 |\n\n… and 1 more"
