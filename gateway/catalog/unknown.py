"""Payloads of which a translator recognises nothing: what its schema demands or names is there, with unknown values.

They test conditions: one that drops an event may hold for what it recognises, never for all of these.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.catalog.tolerance import types_of
from gateway.model import JSON

UNKNOWN: Final = "something unknown"

_SWALLOWS: Final = (
    "this ignores a payload of which nothing is recognised ({}): say what is not worth a message, as in "
    "`state in ['queued', 'running']`, and not what is missing or what it is not"
)
_EXCERPT: Final = 120
_MOST_DEPTH: Final = 12
_MOST_CHOICES: Final = 20
_TYPES: Final = ("object", "array", "string", "integer", "number", "boolean", "null")
"""The order in which one of several types is taken."""


def swallows(schema: JSON, events: Sequence[str], ignores: Callable[[JSON, str], bool | None]) -> str:
    """What is wrong with a condition that drops every payload of a schema of which nothing is recognised, else "".

    `ignores` tells whether a payload of an event is dropped; None where it would not be asked.
    """
    numbers = range(max(len(choices(schema)), len(events)))
    for named in (False, True):
        payloads = [unknown(schema, named=named, choice=number) for number in numbers]
        dropped = [ignores(one, events[number % len(events)]) for number, one in enumerate(payloads)]
        if any(dropped) and False not in dropped:
            return _SWALLOWS.format(json.dumps(payloads[dropped.index(True)])[:_EXCERPT])
    return ""


def unknown(schema: JSON, *, named: bool, choice: int) -> JSON:
    """The payload of a schema: what it demands; with `named`, also what it only names, and a key that it does not.

    Of values that the schema itself recognises (`enum`, booleans) it holds the one of this number, counted round.
    """
    return _Maker(schema, named=named, choice=choice).value(schema, 0)


def choices(schema: JSON) -> range:
    """The numbers of the choices, by which every value that the schema recognises comes up."""
    return range(min(_MOST_CHOICES, max((len(one) for one in _recognised(schema)), default=1)))


def _recognised(node: JSON) -> Iterator[list[JSON]]:
    """The lists of values that a schema recognises, at any depth."""
    if isinstance(node, list):
        for inner in node:
            yield from _recognised(inner)
    if isinstance(node, dict):
        if "boolean" in _types(node):
            yield [True, False]
        if isinstance(node.get("enum"), list):
            yield node["enum"]
        for inner in node.values():
            yield from _recognised(inner)


def _types(node: Mapping[str, JSON]) -> list[str]:
    """The types that a schema allows, the first one first; those that its other keywords imply where it names none."""
    allowed = types_of(node)
    if not allowed and ("properties" in node or "required" in node):
        return ["object"]
    return [kind for kind in _TYPES if kind in allowed]


class _Maker:
    """Makes one payload; a schema that refers to itself ends at a bounded depth."""

    def __init__(self, root: JSON, *, named: bool, choice: int) -> None:
        self._root = root
        self._named = named
        self._choice = choice

    def value(self, schema: JSON, depth: int) -> JSON:
        """The value of a schema that stands `depth` levels deep."""
        node = self._resolved(schema)
        if depth > _MOST_DEPTH:
            return None
        if "const" in node:
            return node["const"]
        if node.get("enum"):
            return node["enum"][self._choice % len(node["enum"])]
        for word in ("anyOf", "oneOf"):
            if node.get(word):
                return self.value(node[word][self._choice % len(node[word])], depth + 1)
        kind = next(iter(_types(node)), "object" if depth == 0 else "string")
        if kind == "object":
            return self._object(node, depth)
        if kind == "array":
            return [self.value(node.get("items", {}), depth + 1)] * max(1, min(node.get("minItems", 1), 10))
        if kind == "boolean":
            return self._choice % 2 == 0
        if kind in ("integer", "number"):
            return node.get("minimum", 1)
        return UNKNOWN if kind == "string" else None

    def _object(self, node: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
        properties = node.get("properties", {})
        keys = [*node.get("required", ()), *(properties if self._named else ())]
        made = {key: self.value(properties.get(key, {}), depth + 1) for key in dict.fromkeys(keys)}
        if self._named and node.get("additionalProperties", True) is not False:
            made[UNKNOWN] = UNKNOWN
        return made

    def _resolved(self, schema: JSON) -> Mapping[str, Any]:
        """The schema itself, or the one that it refers to within the document."""
        for _ in range(_MOST_DEPTH):
            if not isinstance(schema, dict):
                break
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            schema = self._root if isinstance(self._root, dict) else {}
            for step in reference.removeprefix("#").split("/")[1:]:
                schema = schema.get(step, {}) if isinstance(schema, dict) else {}
        return {}
