"""Paths into JSON values: what they lead to, what is missing, and where a bad one goes wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jsonpath import MISSING, every, lookup, parse, written

VALUE = {
    "a": {"b": [{"c": 1}, {"c": None}, 7]},
    "x.y": "dotted",
    "": "empty",
    "n": None,
    "0": "text",
}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("", ()), ("$", ()), ("a", ("a",)), (".a", ("a",)), ("$.a.b", ("a", "b")), ("a[0].b", ("a", 0, "b")),
        ("[0][-1]", (0, -1)), ('a["x.y"]', ("a", "x.y")), ("a['x\"y']", ("a", 'x"y')), ('[""]', ("",)),
        ("$defs", ("defs",)), ("a-b.c_d.é", ("a-b", "c_d", "é")), ("a.*.b", ("a", "*", "b")), ("a.0", ("a", "0")),
    ],
)  # fmt: skip
def test_paths_are_steps(path, steps):
    """Keys by dots or in brackets and quotes, indexes in brackets, from the end when negative."""
    assert parse(path) == steps


@pytest.mark.parametrize(
    ("path", "character"),
    [("a..b", 2), ("a.", 2), (".", 1), ("a[", 2), ("a[x]", 2), ("a['b", 2), ("a b", 2), ("$.a[1", 4), ("[0]]", 4)],
)
def test_a_bad_path_is_told_with_its_place(path, character):
    """The path and the first character that belongs to no step, counted from 1."""
    with pytest.raises(ValueError, match=r"^not a path: ") as caught:
        parse(path)
    assert str(caught.value) == f"not a path: {path!r} at character {character}"


def test_an_index_of_any_length_is_a_path_or_none():
    """A number that Python does not read is told as any other fault of a path."""
    assert parse("[" + "9" * 4000 + "]")[0] > 10**3999
    with pytest.raises(ValueError):
        parse("[" + "9" * 5000 + "]")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", VALUE), ("a.b[0].c", 1), ("a.b[-1]", 7), ("a.b[1].c", None), ("n", None), ('["x.y"]', "dotted"),
        ('[""]', "empty"), ("a.b[3]", MISSING), ("a.b[-4]", MISSING), ("a.b.c", MISSING), ("a[0]", MISSING),
        ("n.x", MISSING), ("a.b[2].c", MISSING), ("[0]", MISSING), ('["0"]', "text"), ("x.y", MISSING),
    ],
)  # fmt: skip
def test_lookup(path, found):
    """Null is a value; a key of an array, an index of an object, and anything of a scalar is not there."""
    assert lookup(VALUE, parse(path)) is found or lookup(VALUE, parse(path)) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b.*.c", [1, None, MISSING]), ("*", list(VALUE.values())), ("a.*.*", VALUE["a"]["b"]), ("n.*", []),
        ("a.b[2].*", []), ("a.b[0].c", [1]), ("missing", [MISSING]), ("n", [None]), ("*.b[0].c", [1, *[MISSING] * 4]),
    ],
)  # fmt: skip
def test_every(path, found):
    """A star branches over elements and values; a branch in which the rest is missing gives MISSING."""
    assert list(every(VALUE, parse(path))) == found


def test_missing_is_false_and_says_what_it_is():
    """So that `or` goes on behind it, and a log shows what there was not."""
    assert (lookup({}, ("a",)) or "default") == "default"
    assert repr(MISSING) == "MISSING"


STEPS = st.lists(st.text(st.characters(exclude_characters="'\n")) | st.integers(-99, 99)).map(tuple)


@given(STEPS)
def test_what_is_written_is_read(steps):
    """Any key in quotes and any index in brackets comes back as the step that it was."""
    assert parse("".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)) == steps


@given(st.text(st.sampled_from("ab.[]'\"0-*$ ")), st.sampled_from([VALUE, [], {}, 1, None, "x", [[{"a": 1}]]]))
def test_any_text_is_a_path_or_a_value_error(text, value):
    """Nothing else is raised, and every path may be asked of every value; what it gives is a part of the value."""
    try:
        steps = parse(text)
    except ValueError:
        return
    for found in (lookup(value, steps), *every(value, steps)):
        assert found is MISSING or json.dumps(found) in json.dumps(value)


@pytest.mark.parametrize(
    "steps", [(), ("a", "b"), ("alerts", 0, "labels"), ("x.y", -1), ('x"y', "", "é"), ("a", "*", "b")]
)
def test_what_is_written_is_the_same_path(steps):
    """As people write it, with quotes where a key needs them."""
    assert parse(written(steps)) == steps
    assert written(("alerts", 0, "x y")) == '$.alerts[0]["x y"]'
