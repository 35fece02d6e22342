"""JSON Schema: a yes or no, the most telling mismatches first, and nothing that a payload or a schema could hold up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.schema import Schema
from tests.cost import bytes_of, seconds_of


def test_a_schema_fetches_nothing():
    """A reference to elsewhere is a fault, not a request."""
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        Schema({"$ref": "http://127.0.0.1:9/x"})


@pytest.mark.parametrize("raw", [{"type": 7}, {"type": "text"}, 7, None, [], "x", {"pattern": "("}, {"$ref": "#/x"}])
def test_what_is_no_schema_is_told(raw: object) -> None:
    """A schema that is none is a fault of the document, in one line."""
    with pytest.raises(ValueError, match=r"^not a JSON Schema: ") as caught:
        Schema(raw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("raw", "matches"), [(True, True), (False, False), ({}, True)])
def test_schemas_of_one_word(raw: object, matches: bool) -> None:
    """A document without an input takes everything."""
    assert Schema(raw).matches({"a": 1}) is matches


def test_mismatches_are_places_in_value_and_schema():
    """Each says where the value is, what is wrong, and which rule says so; choices come last."""
    schema = Schema({"anyOf": [{"required": ["z"]}], "properties": {"a b": {"items": {"type": "string"}}}})
    found = schema.mismatches({"a b": ["x", 7]})
    assert (found[0].path, found[0].rule) == ('$["a b"][1]', ("properties", "a b", "items", "type"))
    assert str(found[0]) == '["a b"][1] has to be a string, and is 7'
    assert found[1].rule == ("anyOf",)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a", "$.a"), ("a_1", "$.a_1"), ("1a", '$["1a"]'), ("a-b", '$["a-b"]'), ("é", '$["é"]'),
        ('q"\\', '$["q\\"\\\\"]'), ("a\nb", '$["a\\nb"]'),
    ],
)  # fmt: skip
def test_paths_are_unambiguous(key: str, path: str) -> None:
    """A key that is no plain word is written as JSON writes it."""
    [found] = Schema({"additionalProperties": {"type": "string"}}).mismatches({key: 1})
    assert found.path == path


def test_few_and_short_mismatches_are_shown() -> None:
    """Of a payload that is all wrong the first few are shown, those nearest the top before; long values are cut."""
    schema = Schema({"properties": {"list": {"items": {"type": "string"}}, "name": {"type": "integer"}}})
    found = schema.mismatches({"list": list(range(1000)), "name": "x" * 10_000})
    assert len(found) == 5
    assert found[0].path == "$.name"
    assert len(found[0].problem) < 210
    assert len(schema.mismatches({"list": [1, 2, 3]}, limit=2)) == 2


WRONG = {
    "every item": ({"items": {"type": "string"}}, list(range(400_000))),
    "in a choice": ({"anyOf": [{"items": {"type": "string"}}, {"type": "null"}]}, list(range(400_000))),
    "the last": ({"items": {"type": "string"}}, ["a"] * 100_000 + [1]),
    "the last, in a choice": ({"anyOf": [{"items": {"type": "string"}}, {"type": "null"}]}, ["a"] * 100_000 + [1]),
    "every member": ({"additionalProperties": {"type": "string"}}, {str(number): number for number in range(100_000)}),
    "a long key": ({"additionalProperties": {"additionalProperties": False}}, {"k" * 1_000_000: {"a": 1, "b": 2}}),
    "long texts": ({"items": {"enum": [1]}}, ["x" * 1_000_000] * 2),
    "a missing key": ({"required": ["z"]}, {"a": ["x" * 1000] * 1000}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_payload_that_is_all_wrong_is_told_cheaply(name: str) -> None:
    """The first few are found without the others: 400,000 errors took 3 s and 800 MB."""
    raw, value = WRONG[name]
    schema = Schema(raw)
    found = schema.mismatches(value, 3)
    assert 1 <= len(found) <= 3
    assert seconds_of(lambda: schema.mismatches(value, 3)) < 0.3
    assert bytes_of(lambda: schema.mismatches(value, 3)) < 12_000_000


def test_an_excerpt_makes_up_no_mismatch() -> None:
    """What only the part that is cut off would satisfy is not told as wrong; what is wrong behind the cut is found."""
    value = {"list": ["a"] * 5000, "text": "x" * 5000}
    for raw in (
        {"properties": {"list": {"minItems": 4000}, "text": {"minLength": 4000, "pattern": "x{600}"}}},
        {"properties": {"list": {"contains": {"const": "a"}, "uniqueItems": False}}},
        {"oneOf": [{"properties": {"list": {"minItems": 4000}}}, {"type": "null"}]},
        {"if": {"properties": {"text": {"minLength": 300}}}, "then": True, "else": {"required": ["z"]}},
        {"const": value},
        {"not": {"properties": {"list": {"maxItems": 3000}}}},
    ):
        assert Schema(raw).matches(value)
        assert Schema(raw).mismatches(value) == []
    late = {"list": [*value["list"], 7]}
    [found] = Schema({"properties": {"list": {"items": {"type": "string"}}}}).mismatches(late)
    assert str(found) == "list[5000] has to be a string, and is 7"
    [found] = Schema({"required": ["name"]}).mismatches(value)
    assert str(found) == "name is required, and is missing"


def test_a_pattern_holds_up_nothing() -> None:
    """A pattern that takes other engines for ever ends here at once."""
    schema = Schema({"type": "string", "pattern": "^(a+)+$"})
    start = time.perf_counter()
    assert not schema.matches("a" * 5000 + "!")
    assert time.perf_counter() - start < 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
STRICT = Schema(
    {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"required": ["b"]}]}}},
        "additionalProperties": {"type": ["integer", "null"]},
    }
)


@given(JSON)
def test_what_does_not_match_says_why(value: object) -> None:
    """Yes and no agree with the list of mismatches, whose paths begin at the top."""
    found = STRICT.mismatches(value)
    assert bool(found) is not STRICT.matches(value)
    assert all(one.path.startswith("$") and one.problem for one in found)
