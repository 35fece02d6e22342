"""What functions, filters and tests take."""

import minijinja
import pytest

from gateway.language import lint
from gateway.language.arguments import BUILTIN, TESTS, arguments
from gateway.language.output import Mode
from gateway.language.template import Engine


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a | cut(1, 2)", "`cut` takes 1 argument: cut(limit), and here are 2"),
        ("a | cut(size=2)", "`cut` takes no argument called `size`: cut(limit)"),
        ("a | cut(2, limit=3)", "`cut` is given `limit` twice: cut(limit)"),
        ("a | cut('2')", "`cut` cannot take '2' as `limit`: this has to be a number, written without quotes"),
        ("a | pairs(limit='2')", "`pairs` cannot take '2' as `limit`"),
        ("a | upper(1)", "`upper` takes no argument: upper()"),
        ("a | sort(foo=1)", "`sort` takes no argument called `foo`: sort(reverse, attribute=..., case_sensitive=...)"),
        ("a | selectattr", "`selectattr` needs 1 argument: selectattr(attribute, test, ...)"),
        ("between()", "`between` needs 1 argument: between(start, end, zone)"),
        ("a is startswith('b')", "there is no test `is startswith`; did you mean `startingwith`?"),
        ("a is not startingwith('b', 'c')", "the test `startingwith` takes one argument, and here are 2"),
        ("a | select('even', 3)", "the test `even` takes no argument, and here are 1"),
    ],
)
def test_a_wrong_call_is_refused(source, said):
    """When the document is compiled, with how the function is called."""
    with pytest.raises(lint.Unusable) as caught:
        Engine().template("{{ " + source + " }}", Mode.PLAIN, "own/x#/a")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "source",
    [
        "a | cut", "a | cut(b.c + 1)", "a | cut(limit=3)", "a | unless(1, 2, 3)", "a | pick({'a, b': [1, 2]}, (3))",
        "a | selectattr('b', 'in', [1, 2])", "a | select", "a | map(attribute='b', default='')", "a is not defined",
        "a is divisibleby(3)", "a == b", "a | sort(attribute='b', reverse=true)",
    ],
)  # fmt: skip
def test_a_right_one_is_not(source):
    """Commas inside of brackets and texts divide no arguments."""
    Engine().template("{{ " + source + " }}", Mode.PLAIN, "own/x#/a")


def test_arguments_are_those_up_to_the_closing_bracket():
    """By name or not, each with its tokens."""
    code = lint.tokens("{{ f(a.b, c=[1, 2], 'd') | g(3) }}")
    found = arguments((token.kind, token.text) for token in code[3:])
    assert [(one.name, len(one.tokens)) for one in found] == [("", 3), ("c", 5), ("", 1)]


@pytest.mark.parametrize("name", TESTS)
def test_the_engine_has_each_test_with_so_many_arguments(name):
    """With one more it refuses the call."""
    engine = minijinja.Environment()
    given = ", 2" * TESTS[name]
    engine.eval_expr(f"['lower'] | select('{name}'{given}) | list")
    with pytest.raises(minijinja.TemplateError, match="too many arguments"):
        engine.eval_expr(f"['lower'] | select('{name}'{given}, 2) | list")


def test_the_engine_has_each_of_its_filters():
    """And takes the arguments that it has by name."""
    engine = minijinja.Environment()
    for name, signature in BUILTIN.items():
        for key in signature.named_only:
            value = "'value'" if key == "by" else "'b'" if key == "attribute" else "true"
            first = "attribute='b', " if name == "map" and key != "attribute" else ""
            engine.eval_expr(f"{'{}' if name == 'dictsort' else '[]'} | {name}({first}{key}={value}) | list")
