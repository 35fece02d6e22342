"""The meta-schemas of documents, and the faults of a document that does not match its own."""

import json
from functools import cache
from typing import Any

import jsonschema_rs

from gateway.catalog import yamlfile
from gateway.catalog.files import read_schema
from gateway.catalog.kinds import Text
from gateway.errors import Fault
from gateway.model import JSON

_LONGEST = 300


@cache
def meta_schema(name: str, definition: str = "") -> tuple[JSON, jsonschema_rs.Draft202012Validator]:
    """The meta-schema of this name ("service", "translator", "sample"), or one definition of it, and its validator."""
    schema = json.loads(read_schema(name))
    if definition:
        schema = {"$defs": schema["$defs"], "$ref": f"#/$defs/{definition}"}
    return schema, jsonschema_rs.Draft202012Validator(schema)


def meta_faults(raw: JSON, name: str, definition: str, source: Text) -> list[Fault]:
    """Where a document does not match its meta-schema; empty when it does."""
    schema, validator = meta_schema(name, definition)
    if validator.is_valid(raw):
        return []
    import jsonschema  # slow to import, needed for faults only

    return [_fault(error, source) for error in jsonschema.Draft202012Validator(schema).iter_errors(raw)]


def _fault(error: Any, source: Text) -> Fault:
    deepest = max(error.context, key=lambda inner: len(inner.absolute_path), default=error) if error.context else error
    hint = deepest.schema.get("description", "") if isinstance(deepest.schema, dict) else ""
    problem = deepest.message if len(deepest.message) < _LONGEST else deepest.message[:_LONGEST] + "…"
    return yamlfile.fault(source.file, source.text, _place(deepest), problem, hint)


def _place(error: Any) -> tuple[str | int, ...]:
    """The steps to a fault; those of a key that is not allowed include the key."""
    steps = tuple(error.absolute_path)
    if error.validator != "additionalProperties":
        return steps
    return (*steps, next(str(key) for key in error.instance if key not in error.schema.get("properties", {})))
