"""Why a document does not match its meta-schema, in words."""

import json
import re

import jsonschema
import pytest

from gateway.catalog import files
from gateway.catalog.misfits import RULES, misfits

LINES = {
    "type": "object", "required": ["each", "line"], "additionalProperties": False,
    "properties": {"each": {"type": "string"}, "line": {"type": "string"}, "limit": {"maximum": 5}},
}  # fmt: skip
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": {"oneOf": [{"type": "string"}, LINES, {"type": "array", "items": {"type": "string"}}]},
        "level": {"enum": ["important", "urgent"], "description": "How much it matters."},
        "name": {"type": "string", "pattern": "^[a-z]+$", "description": "In small letters."},
        "let": {"type": "object", "propertyNames": {"not": {"enum": ["payload"]}}},
        "use": {"type": "string", "pattern": "^[a-z0-9_]+$", "description": "The name of a part."},
        "events": {"type": "array", "minItems": 1, "uniqueItems": True},
    },
}


def told(value):
    """The place, problem and remedy of each misfit."""
    return [
        (one.steps, one.problem, one.remedy)
        for one in misfits(jsonschema.Draft202012Validator(SCHEMA).iter_errors(value))
    ]


@pytest.mark.parametrize(
    ("value", "steps", "problem", "remedy"),
    [
        ({"txt": "a"}, ("txt",), "there is no key 'txt' here", 'did you mean "text"?'),
        ({"q": "a"}, ("q",), "there is no key 'q' here", "there are text, level, name, let, use, events"),
        ({"text": 7}, ("text",), "expected a text or keys with values or a list, got a whole number", ""),
        ({"text": {"each": "a"}}, ("text",), "the key 'line' is missing", ""),
        (
            {"text": {"each": "a", "lines": "b"}},
            ("text", "lines"),
            "there is no key 'lines' here",
            'did you mean "line"?',
        ),
        ({"text": ["a", 7]}, ("text", 1), "expected a text, got a whole number", ""),
        ({"level": "urgant"}, ("level",), "there is no 'urgant' here", 'did you mean "urgent"?'),
        ({"level": 7}, ("level",), "expected one of a few texts, got a whole number", "there are important, urgent"),
        ({"name": "A"}, ("name",), "'A' has characters or a form that it must not have here", "In small letters."),
        (
            {"use": "a-B"},
            ("use",),
            "'a-B' has characters or a form that it must not have here",
            "a name has a-z, 0-9 and _ only, as in a_b",
        ),
        (
            {"use": ""},
            ("use",),
            "'' has characters or a form that it must not have here",
            "a name has a-z, 0-9 and _ only",
        ),
        ({"let": {"payload": 1}}, ("let", "payload"), "'payload' is taken", "write another"),
        ({"events": []}, ("events",), "this has too few elements, at least 1 is needed", ""),
        ({"events": [1, 1]}, ("events",), "the same stands here twice", "remove one of them"),
    ],
)
def test_a_misfit_is_told_in_words(value, steps, problem, remedy):
    """Where it is, what is wrong, and what is valid or may be meant; neither schema nor document is repeated."""
    assert told(value) == [(steps, problem, remedy)]


def test_what_matches_has_none():
    """And what has several has all of them."""
    assert told({"text": {"each": "a", "line": "b"}, "level": "urgent"}) == []
    assert len(told({"text": 7, "level": 7, "nme": 7})) == 3


def test_every_pattern_of_the_meta_schemas_has_words():
    """Nobody has to read a regular expression to know which names are allowed."""
    patterns = set(re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', "".join(files.schemas().values())))
    assert {json.loads(f'"{one}"') for one in patterns} <= set(RULES)
