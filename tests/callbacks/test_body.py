"""Bodies of requests: JSON keeps types, leaves out what is missing and repeats; forms and texts are as they are."""

import json

import pytest

from gateway.callbacks.body import BODIES
from gateway.catalog import yamlfile
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.functions.markup import Markup
from gateway.language.template import Engine

SEEN = {
    "text": "*a* <b>\n@all",
    "n": 3,
    "flag": False,
    "nothing": None,
    "people": [{"id": "u1", "name": "ann"}, {"id": "u2"}, {"id": "u3", "name": "cleo"}],
    "marked": Markup("\\*a"),
    "half": "\ud83d",
}


def body(kind: str, source: str) -> bytes:
    """The rendered body of a YAML text."""
    noted = []
    made = BODIES[kind](yamlfile.load(source, "x"), Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), noted))
    assert noted == []
    return made.render(SEEN)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{a: '{{ text }}', b: '{{ n }}', c: '{{ flag }}'}", {"a": "*a* <b>\n@all", "b": 3, "c": False}),
        ("{a: '{{ gone }}', b: null, c: 1.5, d: '', e: ['{{ gone }}', x]}", {"b": None, "c": 1.5, "d": "", "e": ["x"]}),
        (
            "{a: 'to {{ n }}: {{ text }}', b: '{{ people | first }}'}",
            {"a": "to 3: *a* <b>\n@all", "b": SEEN["people"][0]},
        ),
        ("[{each: people, when: name, item: {who: '{{ name }}'}}, end]", [{"who": "ann"}, {"who": "cleo"}, "end"]),
        ("[{each: people, as: one, limit: 2, item: '{{ one.id }}'}]", ["u1", "u2"]),
        ("'{{ people }}'", SEEN["people"]),
        ("{a: '{{ marked }}', b: '{{ half }}'}", {"a": "\\*a", "b": "?"}),
        ("'{{ gone }}'", None),
    ],
)
def test_json(source, value):
    """Every string is a template; nothing is escaped for Mattermost."""
    assert json.loads(body("json", source)) == value


def test_a_form_has_a_pair_for_each_element():
    """And none for what is missing; objects are written as JSON."""
    source = "{a: '{{ text }}', b: [x, '{{ n }}'], c: '{{ gone }}', d: '{{ flag }}', e: '{{ people | first }}'}"
    assert body("form", source) == (
        b"a=%2Aa%2A+%3Cb%3E%0A%40all&b=x&b=3&d=false&e=%7B%22id%22%3A%22u1%22%2C%22name%22%3A%22ann%22%7D"
    )


def test_a_text_has_lines():
    """As every text of a document, with repetitions."""
    assert body("text", "['{{ text }}', '{{ gone }}', {each: people, line: '- {{ id }}'}]") == (
        b"*a* <b>\n@all\n- u1\n- u2\n- u3"
    )


@pytest.mark.parametrize("raw", ["[{each: a, item: b, lmit: 1}]", "[{each: a, item: b, limit: 0}]", "'{{ a |'"])
def test_faults_have_their_place(raw):
    """A repetition has few keys, and templates may be wrong."""
    noted = []
    BODIES["json"](yamlfile.load(raw, "x"), Compiler(Engine()), DocumentPlace("acme/callbacks/it", (), noted))
    assert len(noted) == 1
