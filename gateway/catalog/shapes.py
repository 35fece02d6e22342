"""Short shapes of payloads, compiled to JSON Schema (2020-12).

    {ref: text, before?: text, commits?: [{id: text, message?: text}], author?: user}

An object names its keys; `key?` may be missing or null. A list holds one shape, that of its elements. A word is a type
(`TYPES`) or the name of a shape that the service shares. A full JSON Schema may stand wherever a shape may: it is told
by `$schema`, `$ref`, `$defs`, `anyOf`, `allOf`, `oneOf`, or a `type` that is one of JSON Schema's own words.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from gateway.language.document import DocumentPlace
from gateway.model import JSON

_SCALAR: Final = ("string", "number", "boolean")
TYPES: Final[Mapping[str, JSON]] = {
    "text": {"type": [*_SCALAR]},
    "url": {"type": [*_SCALAR]},
    "time": {"type": [*_SCALAR]},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "map": {"type": "object"},
    "any": {},
}
"""The types of a shape. What is shown is text in whatever way a sender writes it, so `text` takes every scalar.

`number` and `flag` are for values that a document computes with; `map` is an object of any keys."""

_SIGNS: Final = ("$schema", "$ref", "$defs", "anyOf", "allOf", "oneOf")
_OWN_TYPES: Final = frozenset("object array string integer boolean null".split())
_OPTIONAL: Final = "?"


def is_schema(raw: JSON) -> bool:
    """Whether a value of a document is a JSON Schema, and not a short shape."""
    if not isinstance(raw, Mapping):
        return isinstance(raw, bool)
    kind = raw.get("type")
    return any(sign in raw for sign in _SIGNS) or isinstance(kind, list) or kind in _OWN_TYPES


def compiled(raw: JSON, shared: Mapping[str, JSON], place: DocumentPlace) -> JSON:
    """The JSON Schema of a shape; `shared` are the compiled shapes of the service by name.

    What is no shape is noted as a fault at its place, and takes every value.
    """
    if is_schema(raw):
        return raw
    if isinstance(raw, str):
        return _named(raw, shared, place)
    if isinstance(raw, list):
        if len(raw) == 1:
            return {"type": "array", "items": compiled(raw[0], shared, place / 0)}
        place.fault(f"a list holds one shape, that of its elements; this one holds {len(raw)}")
    elif isinstance(raw, Mapping):
        return _object(raw, shared, place)
    else:
        place.fault(f"this is no shape: write a type ({', '.join(TYPES)}), [SHAPE] or {{key: SHAPE}}")
    return {}


def steps_of(raw: JSON, rule: Sequence[str | int]) -> tuple[str | int, ...]:
    """The steps into a shape to what steps into its schema lead to, or to the shared shape that holds that."""
    steps: list[str | int] = []
    rest = list(rule)
    while rest:
        if is_schema(raw):
            return (*steps, *rest)
        word, *rest = rest
        if word == "items" and isinstance(raw, list):
            key: str | int = 0
        elif word == "properties" and rest and isinstance(raw, Mapping):
            key, *rest = rest
            key = key if key in raw else f"{key}{_OPTIONAL}"
        else:
            break
        steps.append(key)
        raw = raw[key]
    return tuple(steps)


def compiled_all(raw: Mapping[str, JSON], place: DocumentPlace) -> dict[str, JSON]:
    """The JSON Schemas of the shapes that a service shares; each may name the others, but not itself."""
    found: dict[str, JSON] = {}
    for name in raw:
        _compile_one(name, raw, found, (), place)
    return found


def _compile_one(
    name: str, raw: Mapping[str, JSON], found: dict[str, JSON], above: tuple[str, ...], place: DocumentPlace
) -> None:
    """Compile a shared shape, those that it names first; one that another has named is compiled already."""
    if name in found:
        return
    if name in TYPES:
        (place / name).fault(f"{name} is a type of its own: give the shape another name")
        return
    for other in sorted(_names_in(raw[name]) & raw.keys() - found.keys()):
        if other in (*above, name):
            (place / name).fault(f"the shape {other} holds itself; write `any` where it would begin again")
            found[other] = {}
        else:
            _compile_one(other, raw, found, (*above, name), place)
    found[name] = compiled(raw[name], found, place / name)


def _names_in(raw: JSON) -> set[str]:
    """The words that a shape names at any depth."""
    if isinstance(raw, str):
        return {raw}
    if is_schema(raw) or not isinstance(raw, list | Mapping):
        return set()
    return set().union(*map(_names_in, raw if isinstance(raw, list) else raw.values()))


def _named(name: str, shared: Mapping[str, JSON], place: DocumentPlace) -> JSON:
    schema = TYPES.get(name, shared.get(name))
    if schema is None:
        near = get_close_matches(name, [*TYPES, *shared], 1)
        known = ", ".join((*TYPES, *sorted(shared)))
        place.fault(f"there is no shape {name!r}" + (f"; did you mean {near[0]}?" if near else f"; there are {known}"))
        return {}
    return schema


def _object(raw: Mapping[str, JSON], shared: Mapping[str, JSON], place: DocumentPlace) -> JSON:
    properties: dict[str, JSON] = {}
    required = []
    for key, inner in raw.items():
        name = key.removesuffix(_OPTIONAL)
        if name in properties:
            (place / key).fault(f"the key {name} is there twice, with and without {_OPTIONAL!r}")
        schema = compiled(inner, shared, place / key)
        properties[name] = _or_null(schema) if name != key else schema
        if name == key:
            required.append(key)
    return {"type": "object", **({"required": required} if required else {}), "properties": properties}


def _or_null(schema: JSON) -> JSON:
    """The schema of a value that may be null, where the schema says of which types it is."""
    if not isinstance(schema, Mapping) or "type" not in schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": kinds if "null" in kinds else [*kinds, "null"]}
