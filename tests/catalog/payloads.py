"""Payloads of a schema, for Hypothesis: what a document requires is there, what it only shows may be there or not.

The shapes of documents need a few keywords of JSON Schema; what else an author writes is left to hypothesis-jsonschema,
which knows all of them, and takes a second to begin with.
"""

import warnings
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from gateway.model import JSON

HOSTILE: Final = [
    "@all @here <!channel> @joe", "<@U1> [x](javascript:x) ![i](https://x.example/i.png)", "```\nopen **", "_`|~~~#",
    "\n\n> q\n- l\n1. m\n| a |\n|---|", "\u202e\x00\x1b[31m", "x" * 5_000, "one two " * 400, "https://x.example/a|@all",
    "<b><table><tr>", "]( )", "\\", "2026-01-31T14:05:00Z", "refs/heads/main", "failed", "{{ 1 // 0 }}",
]  # fmt: skip
"""Texts that break out of Markdown, titles and limits where they can, and some that templates look at."""

_TEXT: Final = st.sampled_from(HOSTILE) | st.text(max_size=30)
_NUMBER: Final = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False, width=32)
_TYPES: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "string": _TEXT, "number": _NUMBER, "integer": st.integers(-(2**40), 2**40), "boolean": st.booleans(),
    "null": st.none(),
}  # fmt: skip
_ANY: Final = st.recursive(
    st.one_of(*_TYPES.values()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_PLAIN: Final = {"type", "properties", "required", "items", "$schema", "title", "description", "$defs", "enum", "anyOf"}
_ITEMS: Final = 3


def payloads(schema: JSON, root: JSON = None) -> st.SearchStrategy[Any]:
    """Values that match a schema, which may refer to definitions of `root`."""
    root = schema if root is None else root
    if schema is True or schema == {}:
        return _ANY
    if "$ref" in schema:
        return st.deferred(lambda: payloads(root["$defs"][schema["$ref"].rpartition("/")[2]], root))
    if not schema.keys() <= _PLAIN or ("anyOf" in schema and "properties" in schema):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return from_schema({**schema, "$defs": root.get("$defs", {})})
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*(payloads(one, root) for one in schema["anyOf"]))
    types = schema.get("type", "object" if "properties" in schema else "array" if "items" in schema else [])
    found = [_of_type(one, schema, root) for one in ([types] if isinstance(types, str) else types)]
    return st.one_of(*found) if found else _ANY


def _of_type(kind: str, schema: Mapping[str, JSON], root: JSON) -> st.SearchStrategy[Any]:
    if kind == "array":
        return st.lists(payloads(schema.get("items", True), root), max_size=_ITEMS)
    if kind != "object":
        return _TYPES[kind]
    if "properties" not in schema:
        return st.dictionaries(_TEXT, _ANY, max_size=_ITEMS)
    required = set(schema.get("required", ()))
    every = {key: payloads(one, root) for key, one in schema["properties"].items()}
    return st.fixed_dictionaries(
        {key: one for key, one in every.items() if key in required},
        optional={key: one for key, one in every.items() if key not in required},
    )
