"""Schemas whose cost is not bounded are told, and the usual ones are not."""

import time

import pytest

from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.catalog.schema import Schema
from gateway.catalog.schema_cost import UNBEARABLE, costs


def chain(length: int, word: str = "anyOf") -> dict:
    """A schema of choices, each of which leads twice to the next one."""
    links = {f"d{n}": {word: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(length)}
    for link in links.values():
        link[word] = [dict(one) for one in link[word]]
    return {"$defs": {**links, f"d{length}": {"required": ["z"]}}, "$ref": "#/$defs/d0"}


def tree(inner: dict) -> dict:
    """A schema whose definition `n` holds itself in the way of `inner`."""
    return {"$defs": {"n": inner}, "$ref": "#/$defs/n"}


N = {"$ref": "#/$defs/n"}


@pytest.mark.parametrize("word", ["anyOf", "oneOf", "allOf"])
def test_choices_that_lead_to_choices_are_counted(word):
    """Every step doubles the branches: few are fine, many are told, more make a document unusable."""
    assert not costs(chain(10, word))
    [told] = costs(chain(13, word))
    assert not told.unbearable
    [told] = costs(chain(60, word))
    assert told.unbearable
    assert "branches for one value" in told.problem


def test_the_count_is_that_of_the_validator():
    """What is just bearable takes some milliseconds of the validator; every step more doubles them."""
    schema = chain(17)
    [told] = costs(schema)
    assert not told.unbearable
    began = time.thread_time()
    assert not Schema(schema).matches({})
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    "inner",
    [
        {"properties": {"c": {"anyOf": [N, {"$ref": "#/$defs/n"}]}}},
        {"anyOf": [{"properties": {"c": N}}, {"properties": {"c": {"$ref": "#/$defs/n"}}}]},
        {"properties": {"c": N}, "not": {"properties": {"c": {"$ref": "#/$defs/n"}}}},
        {"properties": {"c": N}, "if": {"additionalProperties": {"$ref": "#/$defs/n"}}},
        {"items": N, "contains": {"$ref": "#/$defs/n"}},
        {"allOf": [{"items": N}, {"prefixItems": [{"$ref": "#/$defs/n"}]}]},
        {"properties": {"c": {"oneOf": [N, {"not": {"$ref": "#/$defs/n"}}]}}},
        {"dependentSchemas": {"a": {"properties": {"c": N}}}, "patternProperties": {"^c": {"$ref": "#/$defs/n"}}},
    ],
)
def test_recursion_that_doubles_is_told(inner):
    """Two ways for the same part of a value, whatever the keywords."""
    assert any("each level of a value doubles the work" in one.problem for one in costs(tree(inner)))


@pytest.mark.parametrize(
    "inner",
    [
        {"properties": {"left": N, "right": {"$ref": "#/$defs/n"}}},
        {"properties": {"left": N}, "additionalProperties": {"$ref": "#/$defs/n"}},
        {"anyOf": [{"type": "string"}, {"type": "array", "items": N}, {"additionalProperties": {"$ref": "#/$defs/n"}}]},
        {"prefixItems": [N, {"$ref": "#/$defs/n"}], "items": {"$ref": "#/$defs/n"}},
        {"properties": {"content": {"type": "array", "items": N}, "marks": {"items": {"type": "object"}}}},
        {"anyOf": [N, {"type": "string"}]},
    ],
)
def test_recursion_that_walks_a_value_once_is_fine(inner):
    """As trees of comments, or documents of nodes, are described."""
    assert not costs(tree(inner))


@pytest.mark.parametrize("pattern", [r"^(?:(?=a)a|aa|a\B)+$", r"^(([a-z])+(?!q))+$", r"^(\w+)+\1$"])
def test_patterns_that_are_matched_by_trying_are_told(pattern):
    """Repeated groups beside look-arounds, references and word edges; also as names of keys."""
    [told] = costs({"properties": {"a": {"pattern": pattern}}})
    assert told.steps == ("properties", "a")
    assert "20 ms" in told.problem
    assert costs({"patternProperties": {pattern: True}})


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(?!secret_)[a-z]+$", r"^v\d+(\.\d+)*$", r"\bfix\b"])
def test_other_patterns_are_fine(pattern):
    """What is matched in linear time, and look-arounds without a repeated group."""
    assert not costs({"pattern": pattern})


def test_dynamic_references_are_told():
    """What they lead to is decided while a value is checked."""
    [told] = costs({"$dynamicAnchor": "n", "properties": {"c": {"$dynamicRef": "#n"}}})
    assert told.steps == ("properties", "c")


@pytest.mark.parametrize(
    "schema",
    [True, False, {}, {"anyOf": 7}, {"properties": []}, {"$ref": "#/nowhere"}, {"$ref": "#/a/7"}, {"items": [1]},
     {"prefixItems": "x"}, {"pattern": 1}, {"$ref": "https://example.com/x"}, {"$ref": "#"}, {"not": {"$ref": "#"}}, 7],
)  # fmt: skip
def test_anything_is_looked_at(schema):
    """What is no schema is the validator's to tell."""
    assert not costs(schema)


def test_a_long_chain_of_references_is_no_recursion():
    """Thousands of steps, one after the other."""
    links = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(3000)}
    assert not costs({"$defs": {**links, "d3000": True}, "$ref": "#/$defs/d0"})


def test_the_catalog_has_no_costly_schema():
    """Ours are the example."""
    known = Catalog([files.builtin_folder()])
    for key in known.keys:
        service = known.service(key)
        for translator in service.translators:
            assert not costs(translator.input), translator.name


def test_the_bounds_are_apart():
    """A document that was told for a while is mended before it is refused."""
    assert UNBEARABLE > 2**19
