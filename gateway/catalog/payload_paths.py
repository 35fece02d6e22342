"""The paths of a service's payloads, with their types: what the filter of a route can ask for.

They are those that the `input` of a translator names. A payload may have others.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from gateway.catalog.translator import Translator
from gateway.model import JSON

MOST: Final = 300
"""Paths of one service that are listed."""

KEYS: Final = 4
"""Keys of a path that are looked at: what stands deeper is seldom asked for, and there is a lot of it."""

_NAMED: Final = 3
_LONGER: Final = 4
"""How many more translators must name a path that has one more key for both to be listed."""
_DEPTH: Final = 20
_NODES: Final = 2_000
"""Parts of one schema that are looked at: shapes that hold each other could be looked at without end."""
_ELEMENT: Final = "[]"
_CHOICES: Final = ("allOf", "anyOf", "oneOf")
_TYPES: Final = {"string": "text", "number": "number", "integer": "number", "boolean": "flag", "object": "map"}


class PayloadPath(Struct, frozen=True):
    """A path ("alerts[].labels"; `[]` is each element of a list), the `type` of its value as shapes write it.

    `translators` are the first of those whose payloads have it, `more` is the number of the others.
    """

    path: str
    type: str
    translators: tuple[str, ...]
    more: int = 0


class PayloadPaths(Struct, frozen=True):
    """The paths of a service in the order of the alphabet, and the number of those that are not listed."""

    paths: tuple[PayloadPath, ...]
    more: int = 0


def of_service(translators: Iterable[Translator]) -> PayloadPaths:
    """The paths that these translators name, each once; of many, those that are short and that many of them name."""
    types: dict[str, dict[str, None]] = {}
    known_by: dict[str, list[str]] = {}
    for one in translators:
        for path, kind in paths(one.input).items():
            if not path:
                continue
            types.setdefault(path, {})[kind] = None
            known_by.setdefault(path, []).append(one.name.partition("/")[2])
    listed = sorted(sorted(known_by), key=lambda path: _LONGER * path.count(".") - len(known_by[path]))[:MOST]
    found = tuple(
        PayloadPath(path, _joined(types[path]), tuple(names[:_NAMED]), max(0, len(names) - _NAMED))
        for path, names in sorted((path, known_by[path]) for path in listed)
    )
    return PayloadPaths(found, len(known_by) - len(found))


def _joined(types: Iterable[str]) -> str:
    """Several types in words; "any" covers all others."""
    kinds = sorted(types)
    return "any" if "any" in kinds else " or ".join(kinds)


def paths(schema: JSON) -> Mapping[str, str]:
    """The paths to the values of a JSON Schema that are no objects with named keys, and their types.

    A path of KEYS keys counts whatever is below it. The path "" says that the payload itself may have any key.
    """
    found: dict[str, dict[str, None]] = {}
    for path, kind in _Reader(schema).walk(schema, (), 0):
        found.setdefault(".".join(path).replace(".[]", "[]"), {})[kind] = None
    return {path: _joined(kinds) for path, kinds in found.items()}


class _Reader:
    """Walks through one schema; `left` is how many of its parts may be looked at."""

    def __init__(self, root: JSON) -> None:
        self._root = root
        self._left = _NODES

    def walk(self, schema: JSON, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield every path below a schema that stands at `path`, with its type."""
        self._left -= 1
        if self._left < 0 or depth > _DEPTH:
            return
        if not isinstance(schema, Mapping) or not schema:
            yield path, "any"
            return
        inner = [one for word in _CHOICES for one in schema.get(word, ())]
        if "$ref" in schema:
            inner.append(self._target(str(schema["$ref"])))
        for one in inner:
            yield from self.walk(one, path, depth + 1)
        deepest = sum(step != _ELEMENT for step in path) >= KEYS
        properties = {} if deepest else schema.get("properties", {})
        for name, one in properties.items():
            yield from self.walk(one, (*path, str(name)), depth + 1)
        if "items" in schema and not deepest:
            yield from self.walk(schema["items"], (*path, _ELEMENT), depth + 1)
        for kind in _kinds(schema):
            if kind == "array" and (deepest or "items" not in schema):
                yield (*path, _ELEMENT), "any"
            elif kind != "array" and not (kind == "object" and properties):
                yield path, _TYPES[kind]

    def _target(self, reference: str) -> JSON:
        """The part of the schema that a reference leads to."""
        node = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            node = node.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(node, Mapping) else {}
        return node


def _kinds(schema: Mapping[str, JSON]) -> list[str]:
    """The types of JSON that a schema names, but null; a text in any way a sender writes it is a text."""
    kind = schema.get("type", [])
    kinds = [one for one in (kind if isinstance(kind, list) else [kind]) if one in _TYPES or one == "array"]
    if "string" in kinds:
        return [one for one in kinds if one not in {"number", "integer", "boolean"}]
    if "enum" in schema or "const" in schema:
        values = [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]
        return kinds or ["string" if all(isinstance(value, str) for value in values) else "number"]
    return kinds
