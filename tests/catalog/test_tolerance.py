"""What is only shown does not decide: types of scalars are loosened, what an author says beyond the type holds."""

import copy
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.schema import Schema
from gateway.catalog.tolerance import tolerant
from gateway.catalog.translator import context
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.mattermost.fit import Limits
from gateway.model import CardMode, Outcome
from gateway.pipeline import sample
from gateway.pipeline.interpret import Wishes, interpret
from tests import builtin


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


def parts(value: object, path: Path = ()) -> Iterator[tuple[dict, str, Path]]:
    """Each key inside of a value: the object that holds it, the key, and the path to it."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield value, key, (*path, key)
        if isinstance(one, dict | list):
            yield from parts(one, (*path, key))


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


@pytest.mark.parametrize("key", builtin.KEYS)
def test_what_is_only_shown_may_be_null_and_every_scalar(key):
    """Whatever stands under a key that no document demands, the payload is told by the same translator."""
    service, tried = builtin.service(key), set()
    for _, one in builtin.samples(key):
        request = sample.as_request(one.request)
        for value in unwrap(Content.of(request, 5_000_000).value, service.unwrap).values:
            own = speaker(service, request, value)
            for holder, name, where in list(parts(value)):
                pattern = own and own.name, tuple(step for step in where if isinstance(step, str))
                if own is None or pattern in tried or not own.schema.matches(value):
                    continue
                tried.add(pattern)
                kept = holder[name]
                for odd in (None, "odd", 7, True):
                    holder[name] = odd
                    assert_told(service, request, value, where, own)
                holder[name] = kept


def speaker(service, request, value):
    """The translator that speaks for a payload; None for one that cannot be told."""
    event = service.event_name(request, value)
    return service.speaker(event, context(value, request, event))


def assert_told(service, request, value, where, own):
    """The translator tells the value, but where it demands another one, or the value chooses another translator."""
    if speaker(service, request, value) is not own:
        return
    about = (own.name, where)
    if not own.schema.matches(value):
        assert is_demanded(own.input, where, own.input), about
        return
    request = msgspec.structs.replace(request, body=msgspec.json.encode(value))
    plain = copy.copy(service)
    plain.unwrap = ()
    found = interpret(plain, Content.of(request, 5_000_000), Wishes(card=CardMode.BOTH), Limits())
    (piece, *_) = found.pieces
    assert piece.outcome in (Outcome.MESSAGE, Outcome.IGNORED), (about, piece.reason)
    assert piece.translator == own.name or piece.outcome is Outcome.IGNORED, (about, piece.reason)
