"""Messages out of documents: what is missing takes along what needed it."""

import pytest

from gateway.catalog.message_shape import MessageShape
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Engine
from tests.cost import seconds_of

PAYLOAD = {
    "who": "ann",
    "set": "s",
    "elements": [{"who": "bob", "parts": [{"n": 1}, {"n": 2}]}, {"parts": [{"n": 3, "who": "eve"}]}, 7],
}


def rendered(raw):
    """What a message of one document shows of PAYLOAD."""
    faults = []
    message = MessageShape(raw, Compiler(Engine()), DocumentPlace("test/shape", (), faults)).render(dict(PAYLOAD))
    assert not faults
    return message


def test_repetitions_nest():
    """Names around an outer repetition reach the objects, fields and lines of the inner ones."""
    value = [{"each": "parts", "as": "part", "line": "{{ part.n }}{{ who }}{{ set }}"}, "{{ missing }}"]
    field = {"each": "parts", "item": {"title": "{{ n }}", "value": "{{ outer.who | default(set) }} {{ who }}"}}
    item = {"when": "parts", "title": "{{ index }}", "text": value, "fields": [field]}
    made = rendered({"attachments": [{"each": "elements", "as": "outer", "item": item}]}).attachments
    assert [(one.title, one.text) for one in made] == [("1", "1bobs\n2bobs"), ("2", "3eves")]
    assert [[(cell.title, cell.value) for cell in one.fields] for one in made] == [
        [("1", "bob bob"), ("2", "bob bob")],
        [("3", "s eve")],
    ]


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ({"title": "{{ who }}"}, True),
        ({"title": "{{ gone }}"}, False),
        ({"title": "{{ gone }}", "text": "t"}, True),
        ({"pretext": "p"}, True),
        ({"color": "red", "footer": "f"}, False),
        ({"title": "t", "when": "gone"}, False),
        ({"fields": [{"title": "{{ gone }}", "value": "v"}]}, False),
        ({"fields": [{"title": "t", "value": "{{ who }}"}]}, True),
    ],
)
def test_an_attachment_that_shows_nothing_is_gone(raw, kept):
    """An attachment is kept for what is visible of it, and only when its `when` holds."""
    assert len(rendered({"attachments": [raw]}).attachments) == kept


@pytest.mark.parametrize(
    ("value", "more", "short"),
    [
        ("x" * 40, {}, True),
        ("x" * 41, {}, False),
        ("x" * 41, {"short": True}, True),
        ("x", {"short": False}, False),
        (["a", "b"], {}, False),
        ("{{ who | link('https://example.com/a/very/long/address/of/something') }}", {}, True),
    ],
)
def test_short_fields_share_a_row(value, more, short):
    """A field is short by the characters that are seen of its value, unless the document says."""
    [made] = rendered({"attachments": [{"fields": [{"title": "t", "value": value, **more}]}]}).attachments
    assert made.fields[0].short is short


@pytest.mark.parametrize(
    ("level", "ack", "expected"),
    [
        ("urgent", "who == 'ann'", ("urgent", True, True)),
        ("{{ gone }}", True, ("", True, False)),
        ("standard", False, None),
        ("important", False, ("important", False, True)),
    ],
)
def test_priority_is_gone_when_nothing_of_it_is_wanted(level, ack, expected):
    """An unknown level is none; what remains is the request for an acknowledgement."""
    raw = {"priority": {"priority": level, "requested_ack": ack, "persistent_notifications": True}}
    made = rendered(raw).priority
    found = made and (made.priority, bool(made.requested_ack), bool(made.persistent_notifications))
    assert found == expected


def test_time_is_linear():
    """What looks like the targets of links over and over is read once."""
    seconds = seconds_of(lambda: rendered({"attachments": [{"fields": [{"title": "t", "value": "%](" * 20_000}]}]}))
    assert seconds < 0.5
