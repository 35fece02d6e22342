"""The paths of payloads that the rules of a route can ask for."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.payload_paths import MOST, PayloadPath, of_service, paths


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        (True, {"": "any"}),
        ({}, {"": "any"}),
        ({"type": "object"}, {"": "map"}),
        ({"type": "object", "properties": {"a": {"type": ["string", "number", "boolean", "null"]}}}, {"a": "text"}),
        ({"properties": {"a": {"type": ["integer", "null"]}, "b": {"type": "boolean"}}}, {"a": "number", "b": "flag"}),
        ({"properties": {"a": {"properties": {"b": {}}}}}, {"a.b": "any"}),
        ({"properties": {"a": {"type": "object"}, "b": {"type": "array"}}}, {"a": "map", "b[]": "any"}),
        ({"properties": {"a": {"items": {"properties": {"b": {"type": "string"}}}}}}, {"a[].b": "text"}),
        ({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "object"}]}}}, {"a": "map or text"}),
        ({"$defs": {"x/y": {"properties": {"b": {"type": "number"}}}}, "$ref": "#/$defs/x~1y"}, {"b": "number"}),
        ({"properties": {"a": {"enum": ["x"]}, "b": {"const": 1}}}, {"a": "text", "b": "number"}),
        ({"items": {"properties": {"a": {"type": "string"}}}}, {"[].a": "text"}),
    ],
)
def test_paths_have_the_types_that_shapes_write(schema, found):
    """A list is told by its elements; the payload itself is "" where it may have any key."""
    assert paths(schema) == found


def test_a_schema_that_refers_to_itself_ends():
    """So does one that is deep: beyond four keys nothing is looked at."""
    again = {"$ref": "#/$defs/t"}
    tree = {"$defs": {"t": {"properties": {"a": again, "b": again}}}, **again}
    assert all(path.count(".") < 4 for path in paths(tree))
    deep = {"type": "string"}
    for key in "fedcba":
        deep = {"type": "object", "properties": {key: deep}}
    assert paths(deep) == {"a.b.c.d": "map"}


def test_each_path_is_listed_once_with_those_that_know_it():
    """Three of them by name."""
    one = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    other = {"properties": {"a": {"type": "number"}}}
    known = [SimpleNamespace(name=f"s/{name}", input=other if name == "v" else one) for name in "uvwx"]
    found = of_service(known)
    assert found.paths == (
        PayloadPath("a", "number or text", ("u", "v", "w"), 1), PayloadPath("b", "text", ("u", "w", "x"))
    )  # fmt: skip


def test_of_many_paths_those_are_listed_that_many_know():
    """The others are counted."""
    many = SimpleNamespace(name="s/m", input={"properties": {f"k{n}": {"type": "string"} for n in range(2 * MOST)}})
    few = SimpleNamespace(name="s/f", input={"properties": {"z": {"properties": {"k": {"type": "string"}}}}})
    found = of_service([many, *[few] * 9])
    assert (len(found.paths), found.more, found.paths[-1].path) == (MOST, MOST + 1, "z.k")


SCHEMAS = st.recursive(
    st.booleans() | st.none() | st.sampled_from([{}, {"type": "string"}, {"type": "array"}, {"$ref": "#/a"}]),
    lambda inner: st.fixed_dictionaries(
        {}, optional={"properties": st.dictionaries(st.sampled_from("ab"), inner), "items": inner, "$ref": st.just("#"),
                      "anyOf": st.lists(inner, max_size=2), "type": st.sampled_from(["object", ["array", "null"]])}
    ),
    max_leaves=8,
)  # fmt: skip


@given(SCHEMAS)
def test_any_schema_has_paths(schema):
    """And an end."""
    assert isinstance(paths(schema), dict)
