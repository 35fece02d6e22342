"""What XML leaves open is decided by the shape that a document gives it."""

import pytest

from gateway.catalog.xmlshape import shaped
from gateway.decode import xmltext

ITEM = {"type": "object", "properties": {"name": {"type": "string"}}}
ITEMS = {"type": "object", "properties": {"item": {"type": ["array", "null"], "items": ITEM}}}
SCHEMA = {"type": "object", "properties": {"o": {"type": "object", "properties": {"items": ITEMS}}}}


@pytest.mark.parametrize(
    ("xml", "items"),
    [
        ("<o><items><item><name>a</name></item></items></o>", {"item": [{"name": "a"}]}),
        ("<o><items><item><name>a</name></item><item/></items></o>", {"item": [{"name": "a"}, {}]}),
        ("<o><items><item/></items></o>", {"item": []}),
        ("<o><items/></o>", {}),
        ("<o><items><other/></items></o>", {"other": ""}),
    ],
)
def test_one_child_is_a_list_where_the_shape_has_one(xml, items):
    """And an empty element is an empty list or object; what the shape does not name stays as it is."""
    assert shaped(xmltext.parse(xml), SCHEMA) == {"o": {"items": items}}


@pytest.mark.parametrize("schema", [True, {}, {"anyOf": [ITEMS]}, {"type": "string"}])
def test_what_the_shape_does_not_say_is_left_alone(schema):
    """A value is returned as it is."""
    assert shaped({"o": ""}, schema) == {"o": ""}
