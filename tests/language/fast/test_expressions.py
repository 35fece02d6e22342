"""Simple templates without the engine: what they are, and that the engine would write the same."""

import pytest

from gateway.errors import TranslationError
from gateway.language.fast import expressions
from gateway.language.functions import TABLE, Function
from gateway.language.functions.markup import Markup
from gateway.language.output import Mode, Output
from gateway.language.template import Engine, SimpleValue

FUNCTIONS = {name: function.call for name, function in TABLE.items() if function.kind == "filter"}
WORDS = expressions.Words(FUNCTIONS, {"taken"}, Output(Mode.RAW).value)

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
        "{% if a %}x{% endif %}", "{# note #}{{ a }}", "{{ a + 1 }}", "{{ a[0] }}", "{{ a if b }}", "{{ -a }}",
        "{{ 'x' }}",
        "{{- a }}", "{{ a -}}", "{{ a | unknown }}", "{{ a | sort }}", "{{ a | cut(b + 1) }}", "{{ a | cut(limit=3) }}",
        "{{ true }}", "{{ loop.index }}", "{{ a | default(none) }}", "{{ a | default('}}') }}",
        "{{ a | default('\\n') }}",
        "{{ a | pick({'x': 'y'}) }}", "{{ taken }}", "{{ a | default(taken) }}", "{{ a", "{{ }}", "{{ a.0 }}",
    ],
)  # fmt: skip
def test_rest_is_left_to_the_engine(source: str):
    """Statements, operators, subscripts, other literals and the engine's own names are not simple."""
    assert expressions.text(source, WORDS) is None


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
