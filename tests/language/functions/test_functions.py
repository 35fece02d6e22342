"""The table as a whole: its examples are true, and no JSON value makes a function raise, run on or leak."""

import inspect
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minijinja import Environment

from gateway.language.functions import MAX_OUTPUT, TABLE, Example, Function, escape
from gateway.language.functions.markup import Markup

FRAGMENTS = [
    *"""* _ ~ ` < > | { } [ ] ( ) ! # - + \\ & ; : @ ^ / = % ? . , 1 0 x é {code} {quote} {panel:title= {color:red} ```
    <@ |x> <!date^ https:// mailto: <a/href=' </a> <td> <li> <pre> h1. bq. refs/heads/ sha256: PT P1DT 1e5 2026-01-31
    T10: Z {{ }} || [~ &lt; &#6""".split(),
    *" \n\t\r\x00\u2424",
]
"""What the functions look for in texts."""

TEXTS = st.text() | st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def arguments_of(entry: Function) -> int:
    """How many arguments a function takes, the value included; 4 where there is no limit."""
    parameters = inspect.signature(entry.call).parameters.values()
    return 4 if any(each.kind is each.VAR_POSITIONAL for each in parameters) else len(parameters)


EXAMPLES = [(entry, example) for entry in TABLE.values() for example in entry.examples]


def render(template: str, context: dict[str, Any], *, plain: bool = False) -> str:
    """The template as the engine renders it: plain strings escaped, Markup as it is."""

    def finalize(value: Any) -> Any:
        if value is None:
            return ""
        return Markup(escape(value)) if type(value) is str and not plain else value

    environment = Environment(finalizer=finalize)
    for entry in TABLE.values():
        call = entry.call_plain if plain else entry.call
        (environment.add_filter if entry.kind == "filter" else environment.add_global)(entry.name, call)
    return environment.render_str(template, None, **context)


@pytest.mark.parametrize(("entry", "example"), EXAMPLES, ids=[f"{e.name}: {x.template}" for e, x in EXAMPLES])
def test_examples_are_true(entry: Function, example: Example) -> None:
    """What the manual says a function gives is what a template gets."""
    assert render(example.template, dict(example.context)) == example.expected
    assert entry.name in example.template


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_every_function_is_documented(entry: Function) -> None:
    """Every function says what it does in a sentence and shows it."""
    assert entry.doc.endswith(".")
    assert entry.examples


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
@settings(max_examples=25, deadline=None)
@given(values=st.lists(JSON_VALUES, min_size=1, max_size=4))
def test_no_value_makes_a_function_raise(entry: Function, values: list[Any]) -> None:
    """Any JSON values, as input and as arguments, give a value that a template can go on with."""
    for call in (entry.call, entry.call_plain):
        for count in range(1, min(len(values), arguments_of(entry)) + 1):
            result = call(*values[:count])
            assert result is None or isinstance(result, str | int | float | list | dict)
            assert not isinstance(result, str) or len(result) <= MAX_OUTPUT


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_plain_keys_take_the_same_arguments(entry: Function) -> None:
    """An author need not know which keys are plain: every argument works in both, by its name too."""
    _, *others = inspect.signature(entry.call).parameters.values()
    named = {each.name: None for each in others if each.kind is not each.VAR_POSITIONAL}
    plain = inspect.signature(entry.call_plain)
    assert plain.bind("x", *named.values())
    assert plain.bind("x", **named)


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_missing_stays_missing(entry: Function) -> None:
    """A missing value comes through as missing unless the function is there to replace it."""
    assert entry.call(None) is None or entry.name in ("aside", "default", "length")


@pytest.mark.parametrize("name", ["mrkdwn", "jira", "html", "markdown"])
@settings(max_examples=150, deadline=None)
@given(source=TEXTS)
def test_nobody_is_mentioned(source: str, name: str) -> None:
    """Whatever the markup, the result mentions nobody and plain text has no invisible rest of a mention."""
    assert "@channel" not in TABLE[name].call(source + " @channel")


HOSTILE = (
    "a * _a_ ` ~ [ ]( < <a@ <b> <li> <!-- ![a](b \\ {code:a} {quote} > | ||a <http://a|b> :a [a[ (a -a - = |- & ``` @ "
    "http://a* <td|colspan=999> # &lt;"
).split(" ")


@pytest.mark.parametrize("unit", [*HOSTILE, "\n", " ", "# ", "1 ", "```\n", "\t", "\u2424"])
def test_hostile_text_costs_little(unit: str) -> None:
    """A long repetition of what a pattern looks for takes a function little work, and gives bounded text."""
    hostile = unit * (40_000 // len(unit))
    for entry in TABLE.values():
        arguments = (hostile, 40_000) if arguments_of(entry) > 1 else (hostile,)
        start = time.thread_time()
        for result in (entry.call(*arguments), entry.call_plain(*arguments)):
            assert not isinstance(result, str) or len(result) <= MAX_OUTPUT
        assert time.thread_time() - start < 2, entry.name


def test_plain_keys_get_no_marks() -> None:
    """In keys that Mattermost shows as plain text a mark leaves just its text."""
    context = {"id": "9fceb02d0ae5", "url": "https://x.example", "body": "# *Hi*\n[there](https://x.example) `a_b`"}
    assert render("{{ id | short | code | link(url) }} {{ id | bold }}", context, plain=True) == "9fceb02d 9fceb02d0ae5"
    assert render("{{ body | markdown }}", context, plain=True) == "Hi\nthere a_b"
