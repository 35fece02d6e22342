"""A tolerant reader of payloads: what is only shown does not decide whether a translator speaks.

A document says of each value what it usually is: `title: {type: string}`. Senders write a number for a name of digits,
null for what they do not know, a new version "7" for 7. A message shows all of these. So an optional value may be null,
which means the same as its absence, and where its schema names a scalar type and nothing else it takes every scalar.
What the document requires decides as it is written. So does a type of which the author says more: `enum`, `const`,
`pattern`, `minimum` and the like.
"""

from collections.abc import Mapping
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
    loose = {**schema, **{key: _loosened(schema[key]) for key in _SINGLE if key in schema}}
    required = schema.get("required")
    demanded = required if isinstance(required, list) else ()
    for key in _NAMED:
        if isinstance(named := schema.get(key), Mapping):
            loose[key] = {name: (tolerant if name in demanded else _loosened)(one) for name, one in named.items()}
    if isinstance(named := schema.get("$defs"), Mapping):
        loose["$defs"] = {name: _loosened(one, nullable=False) for name, one in named.items()}
    return loose


def _loosened(schema: JSON, *, nullable: bool = True) -> JSON:
    """The schema of a value that nobody demands; of a definition that is not known, so it takes no null of its own."""
    types = types_of(schema)
    if not types or not _NARROWS.isdisjoint(schema):
        return tolerant(schema)
    if not _SCALAR_TYPES.isdisjoint(types):
        types = [*(one for one in types if one not in _SCALAR_TYPES), *_SCALARS]
    if nullable and "null" not in types:
        types = [*types, "null"]
    return {**tolerant(schema), "type": types}


def types_of(schema: JSON) -> list[str]:
    """The types that a schema names; none when it names none, or is no schema."""
    named = schema.get("type") if isinstance(schema, Mapping) else None
    types = [named] if isinstance(named, str) else named
    return types if isinstance(types, list) and all(isinstance(one, str) for one in types) else []
