"""What is only shown does not decide: types of scalars are loosened, what an author says beyond the type holds."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog import catalog, files
from gateway.catalog.schema import Schema
from gateway.catalog.tolerance import tolerant
from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.errors import TranslationError
from gateway.pipeline import sample, samplefile

FOLDERS = [files.builtin_folder()]
KNOWN = catalog.load(FOLDERS)
COMPUTING = set("alertmanager/alerts grafana/alerts jira/attachment".split())
COMPUTING |= {f"sentry/{one}" for one in ("error", "event_alert", "plugin")}
"""Documents that compute with values or search in them, and so leave odd ones to the generic translator."""


@pytest.mark.parametrize(
    ("schema", "value", "matches"),
    [
        ({"properties": {"a": {"type": "string"}}}, {"a": 7}, True),
        ({"properties": {"a": {"type": "string"}}}, {"a": None}, True),
        ({"properties": {"a": {"type": "string"}}}, {"a": {}}, False),
        ({"properties": {"a": {"type": "integer"}}}, {"a": "7"}, True),
        ({"properties": {"a": {"type": ["object", "null"]}}}, {"a": 7}, True),
        ({"properties": {"a": {"type": ["object", "string"]}}}, {"a": 7}, True),
        ({"properties": {"a": {"type": "array"}}}, {"a": None}, True),
        ({"properties": {"a": {"type": "object", "required": ["b"]}}}, {"a": {}}, False),
        ({"required": ["a"], "properties": {"a": {"type": "string"}}}, {"a": 7}, False),
        ({"required": ["a"], "properties": {"a": {"type": "string"}}}, {"a": None}, False),
        ({"required": ["a"], "properties": {"a": {"type": "string"}}}, {}, False),
        ({"properties": {"a": {"items": {"type": "string"}}}}, {"a": [1, None, {}]}, False),
        ({"properties": {"a": {"type": "array", "items": {"type": "object"}}}}, {"a": ["x"]}, False),
        ({"properties": {"a": {"type": "array", "items": {"type": "object"}}}}, {"a": "x"}, True),
        ({"properties": {"a": {"items": {"type": "string"}}}}, {"a": [1, None]}, True),
        ({"additionalProperties": {"type": "string"}}, {"a": 7, "b": None}, True),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": "object"}}}, {"a": None}, False),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": ["null", "string"]}}}, {"a": 7}, True),
        ({"$ref": "#/$defs/b", "$defs": {"b": {"properties": {"a": {"type": "string"}}}}}, {"a": 7}, True),
        ({"properties": {"a": {"type": "integer", "minimum": 0}}}, {"a": "7"}, False),
        ({"properties": {"a": {"type": "integer", "minimum": 0}}}, {"a": None}, False),
        ({"properties": {"a": {"type": "string", "description": "shown"}}}, {"a": 7}, True),
        ({"properties": {"a": {"type": "string", "pattern": "^x"}}}, {"a": 7}, False),
        ({"properties": {"a": {"enum": ["x"]}}}, {"a": 7}, False),
        ({"not": {"properties": {"a": {"type": "string"}}}}, {"a": 7}, True),
        ({"anyOf": [{"properties": {"a": {"type": "string"}}}]}, {"a": 7}, False),
        ({"type": "object"}, None, False),
    ],
)
def test_a_schema_takes_what_can_be_shown(schema, value, matches):
    """Scalars stand for each other, null for absence; structure, narrowed types and choices stay as they are."""
    assert Schema(tolerant(schema)).matches(value) is matches


@pytest.mark.parametrize(
    "schema", [True, False, None, 7, "x", [], {"type": 7}, {"type": [7]}, {"required": 7}, {"properties": 7}]
)
def test_what_is_no_schema_stays_one(schema):
    """A fault in a document is told by the compiler of schemas, which sees it as it is."""
    assert tolerant(schema) == schema
    assert tolerant({"properties": {"a": schema}}) == {"properties": {"a": schema}}


KEYS = st.sampled_from(["type", "properties", "items", "required", "a", "b", "$defs", "anyOf"])
WORDS = st.sampled_from(["string", "null", "object", "integer", "a"])
JSON_VALUES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(schema=JSON_VALUES, value=JSON_VALUES)
def test_a_tolerant_schema_takes_no_less(schema, value):
    """What matches the schema as it is written matches the tolerant one; neither is invalid where the other is not."""
    try:
        strict = Schema(schema)
    except ValueError:
        return
    if "anyOf" in str(schema):
        return
    assert Schema(tolerant(schema)).matches(value) or not strict.matches(value)


Path = Sequence[str | int]


def leaves(value: object, path: Path = ()) -> Iterator[tuple[dict | list, str | int, Path]]:
    """Each scalar inside of a value but null: what holds it, its key there, and the path to it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        if isinstance(one, dict | list):
            yield from leaves(one, (*path, key))
        elif one is not None:
            yield value, key, (*path, key)


def is_demanded(rule: object, path: Path, root: dict) -> bool:
    """Whether a schema requires the last key of a path."""
    if not isinstance(rule, dict):
        return False
    parts = [*rule.get("allOf", ()), *rule.get("anyOf", ())]
    if "$ref" in rule:
        parts.append(root["$defs"][rule["$ref"].rpartition("/")[2]])
    if any(is_demanded(part, path, root) for part in parts):
        return True
    key, *rest = path
    if not rest:
        return key in rule.get("required", ())
    return is_demanded(rule.get("items") if isinstance(key, int) else rule.get("properties", {}).get(key), rest, root)


@pytest.mark.parametrize("key", KNOWN.services)
def test_an_odd_value_is_still_told_by_its_own_translator(key):
    """Null, a text or a number in place of any value of a sample sends it to no other translator, and breaks none."""
    service = KNOWN.services[key]
    for path in (path for of, path in files.samples(FOLDERS) if of == key):
        request = sample.as_request(samplefile.load(path).request)
        for value in unwrap(Content.of(request, 5_000_000).value, service.unwrap):
            own = service.speaker(event := service.event_name(request, value), context(value, request, event))
            for holder, name, where in list(leaves(value)):
                kept = holder[name]
                for odd in (None, "odd", 7):
                    holder[name] = odd
                    assert_told(service, request, value, where, own)
                holder[name] = kept


def assert_told(service, request, value, where, own):
    """The sample's own translator tells the value, but where it demands another one, or the value chooses another."""
    event = service.event_name(request, value)
    seen = context(value, request, event)
    translator = service.speaker(event, seen)
    if translator is None or translator is not own:
        return
    about = (translator.name, where, value_at(value, where))
    if not translator.schema.matches(value):
        assert is_demanded(translator.input, where, translator.input), about
        return
    try:
        translator.draft(seen, service.cards)
    except TranslationError:
        assert translator.name in COMPUTING, about
        assert not translator.as_written.matches(value), about


def value_at(value, path):
    """The value at the end of a path."""
    for step in path:
        value = value[step]
    return value
