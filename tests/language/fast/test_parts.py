"""Parts of simple expressions. That they give what the engine gives, test_expressions and test_branches try."""

from typing import Any

import pytest

from gateway.language.fast import parts
from gateway.language.fast.parts import NotSimple, Part
from gateway.language.fast.source import Source
from gateway.language.functions import Function
from gateway.language.template import Engine

A, B = parts.followed(("a",)), parts.followed(("b", "c"))


def value(part: Part, **context: Any) -> Any:
    """The value of a part."""
    source = Source()
    return source.function(part.emit(source))(context)


def test_null_and_missing_differ():
    """As they do in the engine; what a function gives is never missing."""
    assert value(parts.equal(A, B), a=None, b={"c": None})
    assert not value(parts.equal(A, B), b={"c": None})
    assert value(parts.equal(A, B))
    assert value(parts.equal(A, parts.constant(None)), a=None)
    assert not value(parts.equal(A, parts.constant(None)))
    with pytest.raises(NotSimple):
        parts.equal(parts.chosen(A, B, None), A)


def test_lists_and_objects_are_new_each_time():
    """Whoever gets one may keep it."""
    source = Source()
    made = source.function(parts.listed([A, parts.mapped([("x", B)])]).emit(source))
    one, other = made({"a": 1}), made({"a": 1})
    assert one == other == [1, {"x": None}]
    assert one is not other
    assert one[1] is not other[1]


def test_functions_are_called_where_their_value_is_needed():
    """The side of a choice that is not taken, and what stands behind an `or` that holds already, cost nothing."""
    called: list[object] = []
    count = Function("count", lambda value: called.append(value) or value, lambda value: value, "Counts.")
    for code in ("a or a | count", "b and a | count", "a if a else a | count", "(a | count) if b else a"):
        assert Engine({"count": count}).value("{{ " + code + " }}", "test/simple#/x").get({"a": 1}) in (1, None)
    assert called == []
