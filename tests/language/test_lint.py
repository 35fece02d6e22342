"""What templates may say: nothing that reaches into Python, and every name that they ask for is known."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language import lint
from gateway.language.arguments import signatures
from gateway.language.document import Compiler
from gateway.language.functions import TABLE
from gateway.language.lint import METHODS, Unusable
from gateway.language.output import Mode
from gateway.language.template import Engine

REFUSED = [
    ("{{ a * 100 }}", "write | times(...)"),
    ("{{ [1]*n }}", "write | times(...)"),
    ("{% if a | length * 2 > b %}{% endif %}", "write | times(...)"),
    ("{{ a.items() }}", "`.items(...)` calls a method"),
    ("{{ a['items']() }}", "`.items` would be a method"),
    ("{{ a[0]() }}", "only functions are called"),
    ("{{ (a)() }}", "only functions are called"),
    ("{{ {'x': a}() }}", "only functions are called"),
    ("{{ items() }}", "there is no function `items`"),
    ("{% if not items() %}{% endif %}", "there is no function `items`"),
    ("{{ 'x' + a }}", "write concat(...)"),
    ("{{ a + ' x' }}", "write concat(...)"),
    ("{{ a ~ b }}", "write concat(...)"),
    ("{{ range(3) }}", "there is no function `range`"),
    ("{{ a.pop }}", "write | path('pop')"),
    ("{{ a['pop'] }}", "write | path('pop')"),
    ("{{ a[b] }}", "write | at(...)"),
    ("{{ a.b[c.d] }}", "write | at(...)"),
    ("{{ (a)['x' + b] }}", "write | at(...)"),
    ("{{ [a][0][b] }}", "write | at(...)"),
    ("{{ a | map(attribute='b.keys') }}", "write | path('keys')"),
    ("{{ a | map('safe') }}", "`map` takes"),
    ("{{ a | map('keep_') }}", "`map` takes"),
    ("{{ a | map(b) }}", "`map` takes"),
    ("{{ a | map(attribute=b) }}", "`map` takes"),
    ("{{ a | time(zone='Europe/Berln') }}", "there is no time zone 'Europe/Berln'; did you mean Europe/Berlin?"),
    ("{{ between(a, b, zone='CEST') }}", "there is no time zone 'CEST'"),
    ("{{ a | safe }}", "there is no function `safe`"),
    ("{{ a | uper }}", "did you mean `upper`?"),
    ("{{ a ~ b }}", "`~` would write None"),
    ("{{ a) if true else (b }}", "`)` closes nothing"),
    ("{% include 'x' %}", "there is no tag `include`"),
    ("{% raw %}{{ a.b }}{% endraw %}", "there is no tag `raw`"),
    ("{{ '}}' }}{{ a.pop }}", "write | path('pop')"),
    ("{{ {'b': {'t': 'y'}} }}{{ a.pop }}", "write | path('pop')"),
]
USABLE = [
    "{{ 10 ** digits }}{{ '*' }}{{ a | replace('*', '') }} * ",
    "{{ at | time(zone='Europe/Berlin') }}{{ at | time(zone=tz) }}{{ zone == 'x' }}{{ zone }}",
    "{{ a[0] }}{{ a[-1] }}{{ a[1:3] }}{{ a['b-c'] }}",
    "{{ {'opened': 'good'}[action] }}",
    "{{ a if b in ['items', c] else d }}",
    "{% for (k, v) in a | items %}{{ loop.first }}{{ (k) }}{% endfor %}",
    "{% if not (a or b) and (c is startingwith('x')) and c is not startingwith('y') %}x{% endif %}",
    "{{ a | map(attribute='b.c', default='') | map('upper') | join_names }}",
    "{{ '~ a.pop items()' }}{# a.pop items() don't #}",
    "{{ between(a, b) }} a.pop items() [b]",
    "{%- set x = a.b -%} {{- x -}}",
]


@pytest.mark.parametrize(("source", "problem"), REFUSED, ids=[source for source, _ in REFUSED])
def test_what_reaches_into_python_is_refused(source, problem):
    """Wherever it stands in a template, with what to write instead and its line."""
    for make in (Engine().template, lambda text, _, name: Engine().value(text, name)):
        with pytest.raises(Unusable) as caught:
            make("x\n" + source, Mode.PLAIN, "test/lint#/x")
        assert problem in str(caught.value)
        assert caught.value.at >= 2


@pytest.mark.parametrize("source", USABLE)
def test_what_does_not_is_usable(source):
    """Brackets that look into nothing, and texts that only look like code."""
    Engine().template(source, Mode.PLAIN, "test/lint#/x")


@pytest.mark.parametrize(
    ("source", "context", "text"),
    [
        ("{{ st | pick({'b': {'t': 'y'}}) | path('t') | default(other) }}", {"st": "c", "other": "O"}, "O"),
        ("{{ st | replace('}}', '') }} of {{ [other][0] }}", {"st": "a}}", "other": "O"}, "a of O"),
        ("{# don't {{ #}{{ [a][0] }} {{ b }}", {"a": "A", "b": "B"}, "A B"),
        ("{% if set %}{{ [set][0] }}{% endif %}", {"set": "S"}, "S"),
        ("{{ [größe][0] }} {{ [Ä][0] }}", {"größe": 1, "Ä": 2}, "1 2"),
    ],
)
def test_every_name_is_known(source, context, text):
    """What stands in texts, maps and comments hides none; a context is reduced to the names that are known."""
    engine = Engine()
    with Compiler(engine).names_used() as names:
        template = engine.template(source, Mode.PLAIN, "test/lint#/x")
    assert names >= context.keys()
    assert template.render(context) == text


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_missing_key_is_missing_whatever_its_name(name):
    """The engine finds no method of the dict that holds the names."""
    engine = Engine()
    assert engine.template(f"{{{{ [{name}, a] | join_names }}}}", Mode.PLAIN, "t#/a").render({"a": "x"}) == "x"
    loop = f"{{% for i in {name} %}}i{{% endfor %}}{{{{ a }}}}"
    assert engine.template(loop, Mode.PLAIN, "t#/b").render({"a": 1}) == "1"
    assert not engine.condition(f"{name} and a > 0", "t#/c").holds({"a": 1})
    assert engine.template(f"{{{{ a | at('{name}') }}}}", Mode.PLAIN, "t#/d").render({"a": {}}) is None


_PIECES = "{{ }} {% %} {# #} ( ) [ ] { } ' \" | . , : - + = a if is not map attribute at 1 \\ \n"
_piece = st.sampled_from(_PIECES.split(" "))


@given(st.lists(_piece, max_size=60).map("".join))
def test_any_text_is_scanned(source):
    """Whatever it is, the scan ends, and refuses nothing but with Unusable."""
    with suppress(Unusable):
        lint.check(lint.tokens(source), signatures(TABLE), {})
