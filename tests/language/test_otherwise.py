"""An `if` without an `else` drops its line where it is all of it, and nothing where other text stands beside it."""

import pytest

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
        ("t {{ b if a }}", None, "t"),
        ("{{ b }} {{ 'x' if a }}", None, None),
        ("{% if a %}{{ 'x' if a }}{% endif %} y", "x y", "y"),
        ("t {{ ('x' if a) | default('z') }}", "t x", "t z"),
    ],
)
def test_what_does_not_hold(source, holds, fails):
    """With `b` missing: a missing value still takes its line, also the value of an `if` that holds."""
    template = Engine().template(source, Mode.MARKDOWN, "test/x#/y")
    assert (template.render({"a": True}), template.render({})) == (holds, fails)
