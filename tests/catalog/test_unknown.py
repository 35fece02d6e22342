"""Payloads of which nothing is recognised, made from a schema."""

import pytest

from gateway.catalog.schema import Schema
from gateway.catalog.unknown import UNKNOWN, choices, swallows, unknown
from gateway.model import JSON

SCHEMA = {
    "type": "object",
    "required": ["action", "job", "steps"],
    "properties": {
        "action": {"type": "string"},
        "job": {"$ref": "#/$defs/job"},
        "steps": {"type": ["null", "array"], "items": {"type": "integer", "minimum": 5}},
        "note": {"type": ["string", "null"]},
        "kind": {"enum": ["a", "b", "c"]},
        "draft": {"type": ["boolean", "null"]},
    },
    "$defs": {
        "job": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"const": "x"}, "parent": {"$ref": "#/$defs/job"}},
        }
    },
}


def test_what_is_demanded() -> None:
    """The keys that the schema requires, and no other."""
    bare = {"action": UNKNOWN, "job": {"name": "x"}, "steps": [5]}
    assert unknown(SCHEMA, named=False, choice=0) == bare
    assert Schema(SCHEMA).matches(bare)


def test_what_is_named() -> None:
    """Every key that the schema knows, one that it does not, and its values in turn."""
    made = [unknown(SCHEMA, named=True, choice=number) for number in choices(SCHEMA)]
    assert [one["kind"] for one in made] == ["a", "b", "c"]
    assert [one["draft"] for one in made] == [True, False, True]
    assert made[0]["note"] == made[0][UNKNOWN] == UNKNOWN
    assert made[0]["job"]["parent"]["name"] == "x"


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        (True, {}),
        ({}, {}),
        ({"type": "object", "properties": {"a": {"type": "number"}}, "additionalProperties": False}, {"a": 1}),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": UNKNOWN, UNKNOWN: UNKNOWN}),
        ({"$ref": "#/nowhere"}, {UNKNOWN: UNKNOWN}),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, [UNKNOWN, UNKNOWN]),
        ({"properties": {"a": {"type": "null"}}}, {"a": None, UNKNOWN: UNKNOWN}),
    ],
)
def test_any_schema(schema: JSON, made: JSON) -> None:
    """Also one that says little."""
    named = unknown(schema, named=True, choice=0)
    assert named == made or named == {UNKNOWN: UNKNOWN} == {**made, UNKNOWN: UNKNOWN}


def test_a_schema_of_itself_ends() -> None:
    """At a bounded depth."""
    assert unknown({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}, named=True, choice=0)


def test_a_condition_must_not_drop_all_of_them() -> None:
    """One payload that it lets pass is enough, and what it is not asked about does not count."""
    asked: list[tuple[JSON, str]] = []

    def dropped(value: JSON, event: str) -> bool | None:
        asked.append((value, event))
        return None if event == "other" else UNKNOWN in value

    assert "nothing is recognised ({" in swallows({}, ["one", "other"], dropped)
    assert [event for _, event in asked] == ["one", "other"] * 2
    assert swallows({}, ["one"], lambda value, _: UNKNOWN not in value).startswith("this ignores a payload")
    assert swallows({}, ["one", "two"], lambda _, event: event == "one") == ""
    assert swallows({}, ["one"], lambda *_: None) == ""
