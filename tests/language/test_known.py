"""What a JSON Schema says of keys and elements."""

import pytest

from gateway.language.known import ANY, SCALAR, Known, SchemaReader, union

USER = {"type": "object", "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/$defs/user"}}}


def at(schema, *path):
    """What is known of the value at a path; None where a key is unknown."""
    known = SchemaReader(schema).known()
    for step in path:
        known = known.element() if step == 0 else known.key(step) if known is not None else None
    return known


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        (True, ("a", "b", 0)),
        ({}, ("a",)),
        ({"type": "object"}, ("a", "b")),
        ({"type": "object", "required": ["a"]}, ("b",)),
        ({"properties": {"a": {"type": ["object", "null"]}}}, ("a", "b")),
        ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, ("b",)),
        ({"$defs": {"user": USER}, "$ref": "#/$defs/user"}, ("boss", "boss", "name")),
        ({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, ("b",)),
        ({"allOf": [{"properties": {"a": {}}}], "properties": {"b": {}}}, ("a",)),
        ({"properties": {"a": {}}, "anyOf": [{"required": ["b"]}]}, ("b",)),
        ({"type": "array", "items": {"properties": {"a": {}}}}, (0, "a")),
        ({"type": ["array", "object"], "items": {"properties": {"a": {}}}, "properties": {"b": {}}}, ("b",)),
        ({"$ref": "#/$defs/nowhere"}, ("a",)),
    ],
)
def test_a_key_may_be_there(schema, path):
    """Named, behind a reference or a choice, or where a schema says nothing of names."""
    assert at(schema, *path) is not None


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"properties": {"a": {}}}, ("b",)),
        ({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}]}, ("b",)),
        ({"properties": {"a": {"type": "string"}}}, ("a", "b")),
        ({"properties": {"a": {"enum": ["x"]}}}, ("a", "b")),
        ({"type": "array", "items": {"properties": {"a": {}}}}, (0, "b")),
        ({"properties": {"a": {}}, "additionalProperties": False}, ("b",)),
        ({"anyOf": [{"type": "null"}, {"properties": {"a": {}}}]}, ("b",)),
        ({"$defs": {"user": USER}, "$ref": "#/$defs/user"}, ("boss", "nobody")),
    ],
)
def test_a_key_is_none(schema, path):
    """Where the schema names others, or the value has no keys at all."""
    assert at(schema, *path) is None


def test_a_choice_of_several_knows_what_each_knows():
    """Scalars add nothing; what is open makes all open."""
    one, two = Known.of(a=SCALAR), Known.of(b=Known.list(SCALAR))
    both = union([one, two, SCALAR])
    assert set(both.keys) == {"a", "b"}
    assert (both.key("c"), both.is_open) == (None, False)
    assert union([one, ANY]) is ANY
    assert union([]) is SCALAR


def test_a_repetition_of_an_object_goes_through_its_pairs():
    """Of a list through its elements, of a text through that alone."""
    assert set(Known.of(a=SCALAR).repeated().keys) == {"key", "value"}
    assert Known.list(Known.of(a=SCALAR)).repeated().keys == {"a"}
    assert SCALAR.repeated().is_scalar


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "integer"}, "a number"),
        ({"type": ["number", "null"]}, "a number"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "true or false"),
        ({"type": ["string", "number"]}, ""),
        ({"anyOf": [{"type": "number"}, {"enum": ["x"]}]}, ""),
        ({"type": ["number", "object"]}, ""),
        ({"enum": [1]}, ""),
    ],
)
def test_a_number_or_a_flag_is_told(schema, kind):
    """Where it is nothing else but null."""
    assert SchemaReader(schema).known().kind == kind
