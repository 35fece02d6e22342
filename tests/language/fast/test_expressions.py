"""Simple templates without the engine: what they are, and that the engine would write the same."""

import pytest

from gateway.errors import TranslationError
from gateway.language.fast import expressions
from gateway.language.functions import TABLE, Function
from gateway.language.functions.markup import Markup
from gateway.language.output import Mode, Output
from gateway.language.template import Engine, SimpleValue

FUNCTIONS = {name: function.call for name, function in TABLE.items() if function.kind == "filter"}
TAKEN = {name: function.call for name, function in TABLE.items() if function.kind == "global"}
WORDS = expressions.Words(FUNCTIONS, TAKEN, Output(Mode.RAW).value)

SIMPLE = [
    "{{ a }}",
    "{{ a.b.c }}",
    "x {{ a.b }} y",
    "\n{{a}}\n\n",
    "{{ a | default('q') }}",
    "{{ z | default(a.b) }}",
    '{{ a|default("it\'s") }}',
    "{{ a.b | cut(3) | upper }}",
    "{{ a | short(7) | code | link(a.b) }} {{ a | first_line }}",
    "{{ m | code }} {{ m }}",
    "{{ a | plural('reply', 'replies') }}",
    "{{ l | join_names }}",
    "{{ a | unless('s', 1) }}",
    "{{ a | cut() }}",
    "{{ payload | path('k') }}",
    "{{ a if a.b else l }}",
    "{{ 'yes' if not a }}",
    "{{ (a.b or m | code) | upper if a and m else (z or []) | join_names }} x",
    "{{ z or a | short(2) or m }}",
    "{{ a and l | join_names and a.b }}",
    "{{ 'x' }}",
    "{{ true }}{{ none }}",
    "{{ a == 's' }} {{ a != z }} {{ a in ['s', 1] }} {{ a not in ['s'] }}",
    "{{ a | default({}) }}",
    "{{ a | default(none) }}",
    "{{ z | default(l) | join_names }}",
    "{{ [a, 'x', z, l] | join_names }}",
    "{{ [{'name': a, 'url': z}] }}",
    "{{ {'q': a | cut(2), 'b': [true, 1]} }}",
    "{{ a | cut(limit=3) }} {{ a | pick({'s': 'y', '1': 'z'}) }}",
    "{{ l | join_names(limit=1, key='b') }}",
    "{{ coalesce(z, a.b, [], m) | code }} {{ coalesce(z) }}",
    "{{ between(a, z) }}",
    "{{ a is startingwith('s') }}",
    "{{ a == none }} {{ z == none }} {{ z == a | unless('s') }} {{ (a | upper) != a }} {{ none == none }}",
]
VALUES = [
    None, True, False, 0, 1, -5, 2**70, 2.5, 1e300, "s", "@all *x*", "a\x00b", "0000000000", "x\ny\n\n\n\nz", "\u2028x",
    [], [1, None, "x"], {}, {"b": "hello world"}, {"b": {"c": "z"}}, {"b": None}, {"b": [1, 2]}, (1, 2),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [(1e15, "1000000000000000"), (1.7e18, "1700000000000000000"), (-0.0, "0")])
def test_whole_numbers_are_written_whole(value: float, text: str):
    """However a sender wrote them, simple templates and the engine's write them as people do."""
    for source in ("{{ a }}", "{% for one in [a] %}{{ one }}{% endfor %}"):
        assert Engine().template(source, Mode.PLAIN, "test/simple#/x").render({"a": value}) == text


@pytest.mark.parametrize("source", SIMPLE)
def test_engine_writes_the_same(source: str, monkeypatch: pytest.MonkeyPatch):
    """Whatever the value, a simple template gives the text and the value that the engine gives for it."""
    assert expressions.text(source, WORDS) is not None
    ours = [Engine().template(source, mode, "test/simple#/x").render for mode in Mode]
    ours.append(Engine().value(source, "test/simple#/x").get)
    monkeypatch.setattr(expressions, "text", lambda *_: None)
    monkeypatch.setattr(expressions, "expression", lambda *_: None)
    engines = [Engine().template(source, mode, "test/simple#/x").render for mode in Mode]
    engines.append(Engine().value(source, "test/simple#/x").get)
    for value in VALUES:
        seen = {"a": value, "m": Markup("**x**"), "l": [value, "q"], "payload": {"k": value}}
        for our, engine in zip(ours, engines, strict=True):
            assert our(dict(seen)) == engine(dict(seen)), value


@pytest.mark.parametrize(
    "source",
    [
        "{% if a %}x{% endif %}", "{# note #}{{ a }}", "{{ a + 1 }}", "{{ a[0] }}", "{{ -a }}", "{{ a ~ b }}",
        "{{ 'x' 'y' }}", "{{ (a if b) == b }}", "{{ a < 1 }}", "{{ a in b }}", "{{ a == b == c }}",
        "{{ a if b if a }}", "{{ [a,] }}", "{{ {1: a} }}", "{{ (a, b) }}", "{{ (a).b }}", "{{ a is defined }}",
        "{{- a }}", "{{ a -}}", "{{ a | unknown }}", "{{ a | sort }}", "{{ a | cut(b + 1) }}",
        "{{ a | cut(limit=3, b) }}", "{{ loop.index }}", "{{ a | default('}}') }}",
        "{{ a | default('\\n') }}",
        "{{ coalesce }}", "{{ a | default(coalesce) }}", "{{ a", "{{ }}", "{{ a.0 }}",
    ],
)  # fmt: skip
def test_rest_is_left_to_the_engine(source: str):
    """Statements, other operators, subscripts, other literals and the engine's own names are not simple."""
    assert expressions.text(source, WORDS) is None


def test_what_nests_deep_is_left_to_the_engine():
    """As deep as both branches and brackets may be, Python still compiles it; deeper ones do not get there."""
    for depth in (expressions.DEEPEST - 1, expressions.DEEPEST + 1):
        for opening, closing in (("(z or ", ")"), ("(z if z else ", ")"), ("not ", ""), ("[", "]"), ("coalesce(", ")")):
            code = opening * depth + "a | upper" + closing * depth
            assert depth < expressions.DEEPEST or expressions.expression(code, WORDS) is None
            branches = "{% if a %}" * depth + "{{ " + code + " }}" + "{% endif %}" * depth
            assert Engine().template(branches, Mode.RAW, "test/simple#/x").render({"a": "x"})


def test_expression_keeps_the_type():
    """The value of an expression is not turned into text."""
    value = Engine().value("{{ commits }}", "test/simple#/let/x")
    assert isinstance(value, SimpleValue)
    assert value.get({"commits": [{"id": "1"}]}) == [{"id": "1"}]


@pytest.mark.parametrize("way", ["template", "value"])
def test_failing_function_names_the_place(way: str):
    """A function that raises after all is a fault of the document, told with its pointer."""

    def fail(value: object) -> None:
        raise TypeError(value)

    engine = Engine({"fail": Function("fail", fail, fail, "Fails.")})
    source, name = "{{ a | fail }}", "test/simple#/message/text"
    compiled = engine.template(source, Mode.PLAIN, name).render if way == "template" else engine.value(source, name).get
    with pytest.raises(TranslationError, match=r"test/simple#/message/text: TypeError"):
        compiled({"a": "x"})
