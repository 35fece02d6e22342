"""The meta-schemas of documents, and the faults of a document that does not match its own."""

import json
from functools import cache
from typing import Final

import jsonschema_rs

from gateway.catalog import yamlfile
from gateway.catalog.files import read_schema
from gateway.catalog.kinds import Text
from gateway.catalog.misfits import misfits
from gateway.errors import Fault
from gateway.model import JSON

_ELSEWHERE: Final = "translator.schema.json#/$defs/"


@cache
def meta_schema(name: str, definition: str = "") -> tuple[JSON, jsonschema_rs.Draft202012Validator]:
    """The meta-schema of this name ("service", "translator", "sample"), or one definition of it, and its validator.

    What it refers to in that of translators becomes a definition of its own.
    """
    text = read_schema(name)
    schema = json.loads(text.replace(_ELSEWHERE, "#/$defs/"))
    if _ELSEWHERE in text:
        schema["$defs"] = {**json.loads(read_schema("translator"))["$defs"], **schema.get("$defs", {})}
    if definition:
        schema = {"$defs": schema["$defs"], "$ref": f"#/$defs/{definition}"}
    return schema, jsonschema_rs.Draft202012Validator(schema)


def meta_faults(raw: JSON, name: str, definition: str, source: Text) -> list[Fault]:
    """Where a document does not match its meta-schema; empty when it does."""
    schema, validator = meta_schema(name, definition)
    if validator.is_valid(raw):
        return []
    import jsonschema  # slow to import, needed for faults only

    errors = jsonschema.Draft202012Validator(schema).iter_errors(raw)
    return [yamlfile.fault(source.file, source.text, one.steps, one.problem, one.remedy) for one in misfits(errors)]
