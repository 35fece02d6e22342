"""Repetitions: what their elements see of themselves and of what is around them."""

import pytest

from gateway.catalog.message_shape import Compiler, DocumentPlace, MessageShape
from gateway.language.template import Engine

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
    assert rendered({"text": [{"each": "elements", "as": "one", "line": line}]}).text == expected


def test_what_is_repeated_is_chosen_by_what_it_sees():
    """`when` sees names that the line does not ask for."""
    raw = {"text": [{"each": "elements", "when": "who == 'ann' and parts", "line": "{{ index }}"}]}
    assert rendered(raw).text == "2"


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
