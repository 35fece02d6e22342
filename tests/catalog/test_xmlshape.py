"""What XML leaves open is decided by the shape that a document gives it."""

import pytest

from gateway.catalog.xmlshape import evened, shaped
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


def test_several_documents_are_evened():
    """A child is a list in all where one repeats it, empty text an object where another has one; text stays text."""
    texts = (
        "<o><items><item><n>a</n></item><item><n>b</n><n>c</n></item></items><p>1</p></o>",
        "<o><items><item><n>d</n></item></items><p>2</p></o>",
        "<o><items/></o>",
    )
    found = [one["o"] for one in evened([xmltext.parse(text) for text in texts])]
    assert found == [
        {"items": {"item": [{"n": ["a"]}, {"n": ["b", "c"]}]}, "p": "1"},
        {"items": {"item": [{"n": ["d"]}]}, "p": "2"},
        {"items": {}},
    ]
    assert evened(["x", {"a": "1"}]) == ["x", {"a": "1"}]
    assert evened([]) == []
