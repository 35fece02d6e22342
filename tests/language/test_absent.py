"""What is absent: an `if` without an `else`, and where something is looked for in nothing."""

import pytest

from gateway.errors import TranslationError
from gateway.language.output import Mode
from gateway.language.template import Engine


@pytest.mark.parametrize(
    ("source", "holds", "fails"),
    [
        ("{{ 'x' if a }}", "x", None),
        ("one\n  {{ 'x' if a }} \ntwo", "one\n  x \ntwo", "one\ntwo"),
        ("t{{ ' (x)' if a }}", "t (x)", "t"),
        ("{{ 'x' if a }}{{ 'y' if a }}", "xy", None),
        ("{{ 'x' if a else 'y' }}!", "x!", "y!"),
        ("{{ 'x' if a }}: {{ 'if' if a else 'else' }}", "x: if", ": else"),
        ("t {{ b if a }}", None, None),
        ("t {{ 1 if a }}", "t 1", None),
        ("t{{ concat(' by ', 1) if a }}", "t by 1", "t"),
        ("{{ b }} {{ 'x' if a }}", None, None),
        ("{% if a %}{{ 'x' if a }}{% endif %} y", "x y", "y"),
        ("t {{ ('x' if a) | default('z') }}", "t x", "t z"),
    ],
)
def test_what_does_not_hold(source, holds, fails):
    """With `b` missing: a missing value takes its line, a remark beside other text does not."""
    template = Engine().template(source, Mode.MARKDOWN, "test/x#/y")
    assert (template.render({"a": True}), template.render({})) == (holds, fails)


@pytest.mark.parametrize(
    "source",
    [
        "'x' in a",
        "'x' in a.b",
        "b in a.b or false",
        "('x' in a)",
        "'x' in a.b.c and true",
        "not ('x' not in a)",
        "'x' in a | default('y')",
        "'x' in [b, 'y']",
        "'x' in 'y'",
    ],
)
def test_nothing_contains_nothing(source):
    """Missing or null, as a condition and as a value; also the engine takes it so."""
    engine = Engine()
    for context in ({}, {"a": None}, {"a": {"b": None}}):
        assert not engine.condition(source, "test/x#/c").holds(context)
        assert engine.value("{{ " + source + " }}", "test/x#/v").get(context) is False


def test_an_error_quotes_what_was_written():
    """And not what the engine was given."""
    with pytest.raises(TranslationError) as caught:
        Engine().condition("'x' in a.b", "t#/a").holds({"a": {"b": 3}})
    assert "'x' in a.b" in str(caught.value)


def test_what_is_there_is_looked_into():
    """Texts, lists and keys; a loop still has its elements."""
    engine = Engine()
    assert engine.condition("'x' in a.b", "t#/a").holds({"a": {"b": ["x"]}})
    assert engine.condition("'x' in a", "t#/b").holds({"a": "xy"})
    assert engine.condition("'b' in a", "t#/c").holds({"a": {"b": 1}})
    assert engine.template("{% for one in a %}{{ one }}{% endfor %}", Mode.RAW, "t#/d").render({"a": [1, 2]}) == "12"
