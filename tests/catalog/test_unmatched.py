"""What is wrong with a payload is said in the words of shapes."""

import pytest

from gateway.catalog.schema import Schema
from gateway.catalog.shapes import compiled
from gateway.catalog.tolerance import tolerant
from gateway.catalog.unmatched import unmatched
from gateway.language.document import DocumentPlace


@pytest.mark.parametrize(
    ("shape", "payload", "said"),
    [
        ({"data": {"id": "text"}}, {"data": {}}, "data.id is required, and is missing"),
        ({"id": "text"}, {"id": None}, "id has to be text, and is null"),
        ({"id": "text"}, {"id": {}}, "id has to be text, and is an object"),
        ({"n": "number"}, {"n": "a lot"}, 'n has to be a number, and is "a lot"'),
        ({"on": "flag"}, {"on": 1}, "on has to be true or false, and is 1"),
        ({"lines": [{"sku": "text"}]}, {"lines": [{}]}, "lines[0].sku is required, and is missing"),
        ({"by?": {"name": "text"}}, {"by": []}, "by has to be an object or text, and is a list"),
        ({"a b": "text"}, {}, '["a b"] is required, and is missing'),
        ({"7": "number"}, {"7": "x"}, '["7"] has to be a number, and is "x"'),
        ({"id": "text"}, [], "the payload has to be an object, and is a list"),
        ({"id": {"$schema": "x", "enum": ["a", 1]}}, {"id": "c"}, 'id has to be one of "a", 1, and is "c"'),
        ({"id": {"$schema": "x", "pattern": "^a"}}, {"id": "c" * 99}, f'id has to match ^a, and is "{"c" * 40}…"'),
        ({"n": {"$schema": "x", "minimum": 3}}, {"n": 1}, "n has to be at least 3, and is 1"),
        ({"l": {"$schema": "x", "minItems": 2}}, {"l": [1]}, "l has to have 2 or more elements, and has 1"),
        ({"x": {"anyOf": [{"type": "array"}, {"type": "object"}]}}, {"x": 1}, "x has none of the forms that the"),
        ({"l": {"$schema": "x", "uniqueItems": True}}, {"l": [1, 1]}, "l does not fit: "),
    ],
)
def test_a_mismatch_is_a_sentence_about_a_path(shape, payload, said):
    """It names neither JSON Schema's types nor the forms of another language."""
    schema = Schema(tolerant(compiled(shape, {}, DocumentPlace("x", (), []))))
    [found] = schema.mismatches(payload, 1)
    assert str(found).startswith(said)


def test_an_unusual_rule_is_not_explained():
    """The library's own words stand there."""
    assert unmatched("dependentSchemas", {}, {}) == ""
