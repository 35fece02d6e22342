"""Repetitions: what their elements see of themselves and of what is around them, and how many there are."""

import pytest

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.repeat import EXAMINED, LINES, OBJECTS, Items, text
from gateway.language.template import Engine

PAYLOAD = {
    "who": "ann",
    "set": "s",
    "elements": [{"who": "bob", "parts": [{"n": 1}, {"n": 2}]}, {"parts": [{"n": 3, "who": "eve"}]}, 7],
}


def compiling():
    """A compiler, a place, and the faults noted below it."""
    faults = []
    return Compiler(Engine()), DocumentPlace("test/repeat", (), faults), faults


def rendered(raw, payload=PAYLOAD, mode=Mode.MARKDOWN):
    """The text that one part of a document becomes."""
    compiler, place, faults = compiling()
    made = text(raw, mode, compiler, place)
    assert not faults
    return made.render(dict(payload))


class Pair:
    """An object of two texts, as a kind of document may have: gone when either is missing."""

    def __init__(self, raw, compiler, place):
        self._texts = [compiler.template(raw[key], Mode.RAW, place / key) for key in ("key", "value")]

    def render(self, context):
        """The pair, or None."""
        made = tuple(part.render(context) for part in self._texts)
        return None if None in made else made


def pairs(raw, payload):
    """The objects that a list of a document becomes."""
    compiler, place, faults = compiling()
    made = Items(raw, Pair, lambda more: ("rest", more), Mode.RAW, compiler, place)
    assert not faults
    return made.render(dict(payload))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{{ who }}", "bob\nann\nann"),
        ("{{ index }} {{ item.who | default(who) }}", "1 bob\n2 ann\n3 ann"),
        ("{{ set }} {{ one.who | default(payload) | default('none') }}", "s bob\ns none\ns none"),
        ("{% for part in parts %}{{ part.n }}{{ who }} {% endfor %}", "1bob 2bob\n3ann"),
        ("{% if parts is defined %}{{ parts | length }}{% endif %}{{ elements | length }}", "23\n13\n3"),
        ("{{ one }}", "who: bob, parts: n: 1, n: 2\nparts: n: 3, who: eve\n7"),
    ],
)
def test_elements_lend_their_keys(line, expected):
    """A line sees the keys of its element before those around it, simple or not, and what names the element."""
    assert rendered([{"each": "elements", "as": "one", "line": line}]) == expected


def test_what_is_repeated_is_chosen_by_what_it_sees():
    """`when` sees names that the line does not ask for."""
    assert rendered([{"each": "elements", "when": "who == 'ann' and parts", "line": "{{ index }}"}]) == "2"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, f"0\n1\nand {LINES - 2} more"),
        ({"line": "- {{ item }}"}, f"- 0\n- 1\n- and {LINES - 2} more"),
        ({"more": "{{ remaining }} {{ rest }}"}, f"0\n1\n{LINES - 2} of *it*"),
        ({"more": ""}, "0\n1"),
        ({"join": ", "}, f"0, 1, and {LINES - 2} more"),
        ({"when": "item >= 4"}, "4\n5\nand 4 more"),
    ],
)
def test_what_is_left_out_is_counted(more, expected):
    """Beyond `limit`, one line says how many there are; below a list it is one of its items."""
    raw = {"each": "numbers", "limit": 2, "line": "{{ item }}", **more}
    assert rendered(raw, {"numbers": list(range(LINES)), "rest": "of *it*"}, Mode.PLAIN) == expected


def test_the_rest_is_written_as_its_lines_are():
    """What `more` shows of a payload is escaped where Markdown is rendered, and nowhere else."""
    raw = {"each": "numbers", "limit": 0, "line": "{{ item }}", "more": "{{ who }}"}
    payload = {"numbers": [1], "who": "*ann*"}
    assert rendered(raw, payload, Mode.PLAIN) == "*ann*"
    assert rendered(raw, payload, Mode.MARKDOWN) == "\\*ann\\*"


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"a": 1}, "a=1"), (None, None), ("x", "="), ([], None), ((1, 2), "=\n=")],
)
def test_whatever_is_repeated_has_elements(value, expected):
    """An object repeats as keys and values, what is missing not at all, anything else is its own only element."""
    raw = {"each": "value", "line": "{{ item.key | default('') }}={{ item.value | default('') }}"}
    assert rendered(raw, {"value": value}) == expected


def test_missing_values_take_their_lines_with_them():
    """A line with a missing value is dropped, and a text without lines is none."""
    assert rendered(["{{ gone }}", "kept", {"each": "gone", "line": "x"}]) == "kept"
    assert rendered(["{{ gone }}"]) is None


def test_objects_repeat_among_others():
    """A list holds objects and repetitions of them; an object with a missing value is left out."""
    raw = [
        {"key": "first", "value": "{{ who }}"},
        {"key": "none", "value": "{{ gone }}"},
        {"each": "list", "limit": 2, "item": {"key": "{{ index }}", "value": "{{ item }}{{ who }}"}},
    ]
    made = pairs(raw, {"who": "ann", "list": ["a", "b", "c"]})
    assert made == [("first", "ann"), ("1", "aann"), ("2", "bann"), ("rest", "and 1 more")]


def test_work_is_bounded():
    """A repetition with `when` looks at so many elements, and a list ends after so many objects."""
    raw = {"each": "numbers", "when": f"item >= {EXAMINED - 1}", "line": "{{ item }}"}
    assert rendered(raw, {"numbers": list(range(EXAMINED + 5))}) == str(EXAMINED - 1)
    each = {"each": "numbers", "limit": OBJECTS, "item": {"key": "k", "value": "v"}}
    made = pairs([each] * 5, {"numbers": [0] * (OBJECTS - 1)})
    assert len(made) == 2 * (OBJECTS - 1)
