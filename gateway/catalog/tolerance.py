"""A tolerant reader of payloads: what is only shown does not decide whether a translator speaks.

A document says of each value what it usually is: `title: text`, `author: {name: text}`. Senders write a number for a
name of digits, null for what they do not know, a new version "ada" for {"name": "ada"}. A message shows what it can of
these. So a value that the document does not require may be null, which means the same as its absence, and any scalar,
also where the document says object or array. What the document requires decides as it is written. So does a type of
which the author says more: `enum`, `const`, `pattern`, `minimum` and the like. A document that fails because it
computes with an odd value speaks again, `without` it.

Of the elements of an array only scalars stand for each other: an element that should be an object is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Final

from gateway.model import JSON

_SCALARS: Final = ("string", "number", "boolean")
_SCALAR_TYPES: Final = frozenset({*_SCALARS, "integer"})
_NARROWS: Final = frozenset(
    "enum const pattern format minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
    "allOf anyOf oneOf not if $ref".split()
)
"""Keywords that say more about a scalar than its type."""
_NAMED: Final = ("properties", "patternProperties")
"""Keywords whose values are the schemas of parts of a value, by name. Choices and negations are not among them: a wider
branch takes what another one is for."""
_SINGLE: Final = ("items", "additionalProperties")
"""Keywords whose value is the schema of parts."""


def tolerant(schema: JSON) -> JSON:
    """The schema with every value that is only shown loosened; a schema that is none is returned as it is."""
    if not isinstance(schema, Mapping):
        return schema
    loose = {**schema, **{key: _element(schema[key]) for key in _SINGLE if key in schema}}
    required = schema.get("required")
    demanded = required if isinstance(required, list) else ()
    for key in _NAMED:
        if isinstance(named := schema.get(key), Mapping):
            loose[key] = {name: (tolerant if name in demanded else _loosened)(one) for name, one in named.items()}
    if isinstance(named := schema.get("$defs"), Mapping):
        loose["$defs"] = {name: _definition(one) for name, one in named.items()}
    return loose


def _loosened(schema: JSON) -> JSON:
    """The schema of a value under a key that nobody demands: it may be null and every scalar."""
    return _with_types(schema, (*_SCALARS, "null"))


def _element(schema: JSON) -> JSON:
    """The schema of an element, which may be null; scalars stand for each other."""
    return _with_types(schema, ("null",) if _SCALAR_TYPES.isdisjoint(types_of(schema)) else (*_SCALARS, "null"))


def _definition(schema: JSON) -> JSON:
    """The schema of a definition: who refers to it is not known, so it takes no null of its own."""
    return _with_types(schema, () if _SCALAR_TYPES.isdisjoint(types_of(schema)) else _SCALARS)


def _with_types(schema: JSON, more: Sequence[str]) -> JSON:
    """The schema with further types, where it names types and says nothing else about a scalar."""
    types = types_of(schema)
    if not types or not _NARROWS.isdisjoint(schema):
        return tolerant(schema)
    kept = [one for one in types if one != "integer" or "number" not in more]
    return {**tolerant(schema), "type": list(dict.fromkeys((*kept, *more)))}


def without(value: JSON, paths: Iterable[Sequence[str | int]]) -> JSON:
    """A copy of a value without the keys in which the paths end; what ends in an index becomes null."""
    copy = deepcopy(value)
    for *above, last in paths:
        part = copy
        for step in above:
            part = part[step]
        if isinstance(part, dict):
            part.pop(last, None)
        else:
            part[last] = None
    return copy


def types_of(schema: JSON) -> list[str]:
    """The types that a schema names; none when it names none, or is no schema."""
    named = schema.get("type") if isinstance(schema, Mapping) else None
    types = [named] if isinstance(named, str) else named
    return types if isinstance(types, list) and all(isinstance(one, str) for one in types) else []
