"""What is wrong with a value of a payload, in the words of shapes: "is required, and is missing".

Each reads on behind the path of the value: `order.total` "has to be a number, and is "a lot"".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from gateway.catalog.shapes import TYPES
from gateway.model import JSON

MISSING: Final = "is required, and is missing"

_SHOWN: Final = 40
"""Characters of a value that is shown."""
_CHOICES: Final = 8
"""How many of the values that may stand there are shown."""
_TEXT: Final = frozenset(TYPES["text"]["type"])
_NAMES: Final = {
    "object": "an object", "array": "a list", "string": "a string", "number": "a number", "integer": "a whole number",
    "boolean": "true or false", "null": "null",
}  # fmt: skip


def unmatched(rule: str, wanted: Any, value: JSON) -> str:
    """What is wrong with a value by a keyword of JSON Schema, of which `wanted` says more; "" for an unusual one."""
    explain = _EXPLAINED.get(rule)
    return explain(wanted, value) if explain else ""


def shown(value: JSON) -> str:
    """A value in few words: a scalar as JSON writes it, anything else by what it is."""
    if isinstance(value, dict | list):
        return _NAMES["object" if isinstance(value, dict) else "array"]
    if isinstance(value, str) and len(value) > _SHOWN:
        value = value[:_SHOWN] + "…"
    return json.dumps(value, ensure_ascii=False)


def _of_type(types: Sequence[str], value: JSON) -> str:
    """What no type takes; `text` of a shape takes every scalar, and null is not worth a word beside others."""
    left = set(types)
    names = ["text"] if left >= _TEXT else []
    left -= _TEXT if names else set()
    names = [name for kind, name in _NAMES.items() if kind in left and (kind != "null" or left == {"null"})] + names
    return f"has to be {' or '.join(names)}, and is {shown(value)}"


def _of_enum(choices: Sequence[JSON], value: JSON) -> str:
    listed = ", ".join(map(shown, islice(choices, _CHOICES)))
    more = f" and {len(choices) - _CHOICES} more" if len(choices) > _CHOICES else ""
    return f"has to be one of {listed}{more}, and is {shown(value)}"


def _bounded(words: str) -> Callable[[Any, JSON], str]:
    return lambda limit, value: f"has to be {words} {limit}, and is {shown(value)}"


def _sized(words: str) -> Callable[[Any, JSON], str]:
    return lambda limit, value: f"has to have {words.format(limit)}, and has {len(value) if value else 0}"


_EXPLAINED: Final[Mapping[str, Callable[[Any, JSON], str]]] = {
    "required": lambda *_: MISSING,
    "type": _of_type,
    "enum": _of_enum,
    "const": lambda wanted, value: f"has to be {shown(wanted)}, and is {shown(value)}",
    "pattern": lambda wanted, value: f"has to match {wanted}, and is {shown(value)}",
    "minimum": _bounded("at least"),
    "maximum": _bounded("at most"),
    "exclusiveMinimum": _bounded("more than"),
    "exclusiveMaximum": _bounded("less than"),
    "minLength": _sized("{} or more characters"),
    "maxLength": _sized("at most {} characters"),
    "minItems": _sized("{} or more elements"),
    "maxItems": _sized("at most {} elements"),
    "additionalProperties": lambda keys, _: f"must not have the keys {', '.join(map(shown, keys[:_CHOICES]))}",
    "falseSchema": lambda *_: "must not be there",
    "anyOf": lambda *_: "has none of the forms that the document lists for it",
    "oneOf": lambda *_: "has none of the forms that the document lists for it, or several of them",
}
"""By keyword of JSON Schema."""
