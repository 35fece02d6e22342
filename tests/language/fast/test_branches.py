"""Branches without the engine: what they are, and that the engine would write the same."""

import itertools

import pytest

from gateway.language.fast import branches
from gateway.language.fast.expressions import Words
from gateway.language.functions import TABLE
from gateway.language.functions.markup import Markup
from gateway.language.output import Mode, Output
from gateway.language.template import Engine

FUNCTIONS = {name: function.call for name, function in TABLE.items() if function.kind == "filter"}
WORDS = Words(FUNCTIONS, {"taken"}, Output(Mode.RAW).value)

SIMPLE = [
    "{% if a %}x{% endif %}",
    "{% if not a and b or a.b %}{{ a }}{% else %}{{ b | default('q') }}{% endif %}!",
    "{% if a == b %}same{% elif a != 'x' %}other{% endif %}",
    "{% if (a or b) and not (a and b) %}one{% endif %}",
    "{% if a.b == a.c %}same{% endif %}",
    "{% if a in ['x', '', 1] %}in{% elif b not in ['x', 2] %}out{% endif %}",
    "{% if a == 1 or a == 'x' %}1{% endif %}",
    "{% if not a == b %}differ{% endif %}",
    "{% if a is startingwith('x') or b is not startingwith(\"@\") %}starts{% endif %}",
    "{% if a %}{% if b %}both{% else %}a{% endif %} of {% endif %}them",
    "  {% if a %}\n  one\n  {% else %}\n  {{ b }}\n\n  {% endif %}\n  end\n",
    "one {% if a %} two\n{% endif %} {% if b %} three {% endif %}\n\n four {{ a }} \n {% if a %}\n\nfive{% endif %}",
    "{% if a %}\n{% if b %}\n{{ a }}\n{% endif %}\n{% endif %}\n",
    "- {{ a }}\n{% if b %}- {{ b }}{% endif %}",
    "{% if a | length or b %}{{ a | length }}{% elif true %}none{% endif %}",
    "{% if a == b | lower and 'x' != a %}lower{% endif %}{% if a == 'x' or a | upper == b | upper %}alike{% endif %}",
    "one \n {%- if a -%} \n two {{- b -}}  \n\n three\n{%- else %}\n four {% endif -%} \n\n five",
    "{{- a -}}\n x \n{{ b -}}\n",
    "{% if (a if b else 'x') == 'x' %}x{% endif %}",
]
VALUES = [
    None, True, False, 0, 1, 1.0, 2**70, "", "x", "@all *x*", "x\n\n\n\ny", Markup("**x**"), [], ["x"], {},
    {"b": "x", "c": "x"}, {"b": None}, {"b": None, "c": None},
]  # fmt: skip


@pytest.mark.parametrize("source", SIMPLE)
def test_engine_writes_the_same(source: str, monkeypatch: pytest.MonkeyPatch):
    """Whatever the values, and whichever are missing, branches give the text that the engine gives."""
    assert branches.text(source, WORDS) is not None
    ours = [Engine().template(source, mode, "test/branches#/x") for mode in Mode]
    monkeypatch.setattr(branches, "text", lambda *_: None)
    engines = [Engine().template(source, mode, "test/branches#/x") for mode in Mode]
    contexts = [{"a": a, "b": b} for a, b in itertools.product(VALUES, VALUES)]
    contexts += [{"a": a} for a in VALUES] + [{"b": b} for b in VALUES] + [{}]
    for (our, engine), seen in itertools.product(zip(ours, engines, strict=True), contexts):
        assert our.render(dict(seen)) == engine.render(dict(seen)), seen


@pytest.mark.parametrize(
    "source", ["a", "not a", "a == 'x'", "{{ a and b.c }}", "a in ['x']", "a is startingwith('x')", "a | length and b"]
)
def test_conditions_hold_as_in_the_engine(source: str, monkeypatch: pytest.MonkeyPatch):
    """A condition of a document holds for the same values with and without the engine."""
    ours = Engine().condition(source, "test/branches#/when")
    monkeypatch.setattr(branches, "condition", lambda *_: None)
    engines = Engine().condition(source, "test/branches#/when")
    for a, b in itertools.product(VALUES, VALUES):
        assert ours.holds({"a": a, "b": b}) == engines.holds({"a": a, "b": b})


@pytest.mark.parametrize(
    "source",
    [
        "{{ a }}", "{%- if a %}\u00a0{%- endif %}", "{%+ if a %}x{% endif %}", "{% for x in a %}x{% endfor %}",
        "{% set x = a %}{% if x %}x{% endif %}", "{% if a > 1 %}x{% endif %}",
        "{% if 'x' in a %}x{% endif %}", "{% if a in b %}x{% endif %}", "{% if a is mapping %}x{% endif %}",
        "{% if a is startingwith(b) %}x{% endif %}", "{% if a is startingwith 'x' %}x{% endif %}",
        "{% if a == b == c %}x{% endif %}", "{% if a if b %}x{% endif %}", "{% if a == none == b %}x{% endif %}",
        "{% if a[0] %}x{% endif %}", "{% if taken %}x{% endif %}", "{% if a == '%}' %}x{% endif %}",
        "{% if a == 1.5 %}x{% endif %}", "{% if a %}{{ a + 1 }}{% endif %}", "{% if a %}\r\nx{% endif %}",
        "{% if a %}{# x #}{% endif %}", "{% if a in [] %}x{% endif %}", "{% if (a %}x{% endif %}",
        "{% if a %}x{% elif a | length %}y{% endif %}", "{% if %}x{% endif %}", "{% elif a %}x",
        "{% if a == b.c | sort %}x{% endif %}",
        "{% if (a if b) == b %}x{% endif %}",
    ],
)  # fmt: skip
def test_rest_is_left_to_the_engine(source: str):
    """Other statements, tests and comparisons, and functions in an `elif`, are not simple."""
    assert branches.text(source, WORDS) is None
