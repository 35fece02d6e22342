"""What every document may know of the smoothed input: the keys, and what stands in them."""

from collections.abc import Mapping
from typing import Final

from gateway.model import JSON

_TEXT: Final = {"type": "string"}
_NAMED: Final = {"type": "object", "properties": {"id": _TEXT, "name": _TEXT}}
_ALL_NAMED: Final = {"type": "array", "items": _NAMED}

KEYS: Final[Mapping[str, JSON]] = {
    "text": _TEXT,
    "words": {"type": "array", "items": _TEXT},
    "trigger": _TEXT,
    "command": _TEXT,
    "user": _NAMED,
    "channel": _NAMED,
    "team": _NAMED,
    "post": {"type": "object", "properties": {"id": _TEXT, "root": _TEXT}},
    "files": {"type": "array", "items": _TEXT},
    "mentions": _ALL_NAMED,
    "channels": _ALL_NAMED,
    "at": {"type": "number"},
    "context": {"type": "object"},
    "option": _TEXT,
    "submission": {"type": "object"},
    "field": _TEXT,
    "state": _TEXT,
    "cancelled": {"type": "boolean"},
}
"""The keys of the input with the JSON Schemas of their values."""

INPUT: Final[JSON] = {"type": "object", "properties": dict(KEYS)}
"""The JSON Schema of the smoothed input, in which nothing is required."""

OWN: Final = frozenset({"context", "submission"})
"""Keys whose values are a document's own to describe."""
