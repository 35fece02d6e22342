"""Values that hold one another are counted when a template is compiled."""

import pytest

from gateway.language import growth, lint
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import Engine


def parts(source: str, **known: int) -> int:
    """The parts of the largest value that a template makes."""
    return growth.largest(lint.tokens(source), known)


@pytest.mark.parametrize(
    ("source", "most"),
    [
        ("text", 1),
        ("{{ a }}", 1),
        ("{{ [a, b, a] }}", 3),
        ("{{ a + b.c + 'd' }}", 2),
        ("{{ a | default(b) | cut(20) }}", 1),
        ("{{ a if b and c else d }}", 1),
        ("{% set x = [a, a] %}{% set y = {'k': x, 'l': x} %}{{ y | length }}", 4),
        ("{% set x = [a, a] %}{% set x = [x, x] %}{% set x = a %}{{ [x, x] }}", 4),
        ("{% for x in [a, b] %}{{ [x, x] }}{% endfor %}", 4),
        ("{% set x, y = [a, b] %}{{ [x, y] }}", 4),
        ("{% set t %}{{ a }}{{ a }}{% endset %}{{ t }}", 1),
        ("{{ [a.b.c, a.b | upper] }}", 2),
    ],
)
def test_parts_are_counted(source, most):
    """What builds adds up, what chooses takes one, and a name stands for what it was set to."""
    assert parts(source) == most


def test_names_that_were_made_before_count():
    """Such as those of a `let`."""
    assert parts("{{ [a, a] }}", a=7) == 14


@pytest.mark.parametrize(
    "source",
    [
        "{% set s = 1 %}" + "{% set s = [s, s] %}" * 40 + "{{ s | length }}",
        "{% set s = 1 %}" + "{% set s = {'a': s, 'b': s} %}" * 40,
        "{% set s = [1] %}" + "{% set s = s + s %}" * 40,
        "{% set s = 1 %}" + "{% set t = [s, s] %}{% set s = [t, t] %}" * 20,
        "{% for s in [a, a] %}" + "{% set s = [s, s] %}" * 10 + "{% endfor %}",
        "{% if a %}" + "{% set a = [a, a] %}" * 10 + "{% endif %}",
        "{{ [" + "a, " * 101 + "] }}",
    ],
)
def test_what_doubles_is_refused_with_its_line(source):
    """Before it is run: no fuel bounds what a function gets."""
    with pytest.raises(Unusable, match="at most 100 are allowed") as error:
        Engine().template("\n" + source, Mode.MARKDOWN, "own/x#/a")
    assert error.value.at >= 1


def test_lets_that_double_one_another_are_a_fault():
    """The first that is too much is named, and the names of one document mean nothing in the next."""
    faults = []
    engine = Engine()
    lets = {"v0": "{{ a }}", **{f"v{n + 1}": f"{{{{ [v{n}, v{n}] }}}}" for n in range(40)}}
    Compiler(engine).let(lets, DocumentPlace("own/x", (), faults) / "let")
    assert faults[0][0] == ("let", "v7")
    Compiler(engine).let({"w": "{{ [v6, v6, v6] }}"}, DocumentPlace("own/y", (), []) / "let")
    assert engine.copies == {"w": 3}
