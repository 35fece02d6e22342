"""Why a template failed, in words."""

import pytest

from gateway.errors import TranslationError
from gateway.language.output import Mode
from gateway.language.template import Engine

VALUES = {"a": "x", "n": 1, "z": 0, "l": [1, [2]], "d": {"k": 1}, "t": True, "none": None}


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ n // z }}", "1 // 0 divides by zero"),
        ("{{ n % z }}", "1 % 0 divides by zero"),
        ("{{ t / 0 }}", "unable to calculate true / 0"),
        ("{{ a - n }}", "`-` cannot be computed of a text and a number"),
        ("a\n{{ gone - n }}", "`-` cannot be computed of nothing and a number"),
        ("{{ d - l }}", "`-` cannot be computed of an object and a list"),
        ("{{ -a }}", "this cannot be computed of such a value"),
        ("{{ 'x' in n }}", "`in` asks for a text, a list or an object"),
        ("{% for one in n %}{{ one }}{% endfor %}", "this has to be a list, and is a number"),
        ("{% for a, b in l %}{{ a }}{% endfor %}", ""),
    ],
)
def test_the_engine_is_told_in_words(template, told):
    """Neither its types nor Python's forms."""
    with pytest.raises(TranslationError) as caught:
        Engine().template(template, Mode.MARKDOWN, "a/b#/text").render(dict(VALUES))
    assert caught.value.problem.startswith(told)
    for odd in ("string", "undefined", "True", "None", "InvalidOperation", "iterable", "unsupported"):
        assert odd not in caught.value.problem


@pytest.mark.parametrize("expression", ["gone / 1000", "n + none", "n - d.gone", "(gone % 2) | code"])
def test_what_is_computed_of_nothing_is_nothing(expression):
    """It takes its line with it, as what is missing does; by a name it is missing, and no condition holds for it."""
    engine = Engine()
    assert engine.template("took {{ " + expression + " }} s", Mode.MARKDOWN, "a/b#/text").render(dict(VALUES)) is None
    assert engine.value("{{ " + expression + " }}", "a/b#/let/c").get(dict(VALUES)) is None
    assert not engine.condition(expression, "a/b#/when").holds(dict(VALUES))
