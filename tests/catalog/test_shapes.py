"""Short shapes: what they compile to, what payloads they take, and what is said about one that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.schema import Schema
from gateway.catalog.shapes import TYPES, compiled, compiled_all, is_schema, steps_of
from gateway.catalog.tolerance import tolerant
from gateway.language.document import DocumentPlace

SCALAR = ["string", "number", "boolean"]
USER = {"type": "object", "properties": {"login": {"type": [*SCALAR, "null"]}}}


def compile_one(raw, shared=None):
    """The schema of a shape, and the faults in it by their place."""
    noted = []
    schema = compiled(raw, shared or {}, DocumentPlace("a/one", ("input",), noted))
    return schema, {"/".join(map(str, steps)): problem for steps, _, problem in noted}


@pytest.mark.parametrize(
    ("raw", "schema"),
    [
        ("text", {"type": SCALAR}),
        ("number", {"type": "number"}),
        ("any", {}),
        ("user", USER),
        (["user"], {"type": "array", "items": USER}),
        ({"a": "flag"}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}}),
        ({"a?": "map"}, {"type": "object", "properties": {"a": {"type": ["object", "null"]}}}),
        ({"a?": "any"}, {"type": "object", "properties": {"a": {}}}),
        (
            {"type": "text", "n?": ["number"]},
            {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"type": SCALAR},
                    "n": {"type": ["array", "null"], "items": {"type": "number"}},
                },
            },
        ),
    ],
)
def test_a_shape_is_a_schema(raw, schema):
    """Types, lists, objects with and without `?`, and shapes by name."""
    assert compile_one(raw, {"user": USER}) == (schema, {})


@pytest.mark.parametrize(
    "raw",
    [
        True,
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": ["string", "null"]},
        {"$ref": "#/$defs/a", "$defs": {"a": {}}},
        {"anyOf": [{"type": "string"}]},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
    ],
)
def test_a_json_schema_stays_as_it_is(raw):
    """At the top, and inside of a shape."""
    assert is_schema(raw)
    assert compile_one(raw) == (raw, {})
    assert compile_one({"a": raw})[0]["properties"]["a"] == raw


@pytest.mark.parametrize(
    ("raw", "place", "told"),
    [
        ("txt", "input", "did you mean text?"),
        ({"a": {"b": "uzer"}}, "input/a/b", "did you mean user?"),
        ({"a?": "zzz"}, "input/a?", "there are text, url, time, number, flag, map, any, user"),
        ([], "input", "a list holds one shape"),
        (["text", "text"], "input", "this one holds 2"),
        ({"a": 7}, "input/a", "this is no shape"),
        ({"a": None}, "input/a", "this is no shape"),
        ({"a": "text", "a?": "text"}, "input/a?", "the key a is there twice"),
    ],
)
def test_what_is_no_shape_is_told_at_its_place(raw, place, told):
    """With what is valid; the rest of the document is still compiled."""
    _, faults = compile_one(raw, {"user": USER})
    assert list(faults) == [place]
    assert told in faults[place]


def test_shared_shapes_may_name_each_other_in_any_order():
    """But none may hold itself, and none takes the name of a type."""
    noted = []
    place = DocumentPlace("a/shared", ("shapes",), noted)
    found = compiled_all({"issue": {"user": "user"}, "user": {"login?": "text"}}, place)
    assert found["issue"]["properties"]["user"] == USER
    assert not noted
    compiled_all({"note": {"answers?": ["note"]}, "a": {"b": "b"}, "b": {"a": "a"}, "text": "any"}, place)
    told = {steps[1]: problem for steps, _, problem in noted}
    assert "the shape note holds itself" in told["note"]
    assert "holds itself" in told["b"]
    assert "a type of its own" in told["text"]
    noted.clear()
    compiled_all({"issue": {"user?": "user"}, "user": {"login?": "txt"}}, place)
    assert len(noted) == 1, "a shape that another names first is compiled once"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
SHAPES = st.recursive(
    st.sampled_from(sorted(TYPES)),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=1) | st.dictionaries(st.sampled_from(["a", "b?", "c?"]), inner, max_size=3)
    ),
)


@given(shape=SHAPES, value=VALUES, odd=st.none() | st.booleans() | st.integers() | st.text(max_size=3))
def test_every_optional_key_may_be_null_or_any_scalar(shape, value, odd):
    """Whatever matches still matches with an odd value under a key that the shape does not require."""
    schema = Schema(tolerant(compile_one(shape)[0]))
    if not isinstance(shape, dict) or not isinstance(value, dict) or not schema.matches(value):
        return
    for key in shape:
        if key.endswith("?"):
            assert schema.matches({**value, key.removesuffix("?"): odd})


@pytest.mark.parametrize(
    ("raw", "rule", "steps"),
    [
        ({"a": {"b?": "text"}}, ("properties", "a", "properties", "b", "type"), ("a", "b?")),
        ({"a?": [{"b": "text"}]}, ("properties", "a", "items", "required"), ("a?", 0)),
        ({"a": "user"}, ("properties", "a", "properties", "login", "type"), ("a",)),
        ({"a": {"type": "object"}}, ("properties", "a", "properties", "b"), ("a", "properties", "b")),
        ("text", ("type",), ()),
    ],
)
def test_a_rule_of_the_schema_is_found_in_the_shape(raw, rule, steps):
    """Or the shared shape that it stands in; a JSON Schema has the same steps."""
    assert steps_of(raw, rule) == steps
