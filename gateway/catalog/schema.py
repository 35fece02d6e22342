"""The JSON Schema of a translator: whether a value matches, and its mismatches. Draft 2020-12, by jsonschema-rs.

Pattern matching is bounded, so that neither a payload nor a schema can block the process.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Never

import jsonschema_rs
from msgspec import Struct

from gateway.model import JSON

_SHOWN = 5
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CHOICES = frozenset({"anyOf", "oneOf", "not", "if"})
"""Keywords whose errors say less than those of the others."""


class Mismatch(Struct, frozen=True):
    """Where a value does not match a schema: the JSON path in the value, what is wrong, the steps into the schema."""

    path: str
    problem: str
    rule: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class Schema:
    """A compiled schema. Raises ValueError for an invalid schema, and for one that refers to another document."""

    def __init__(self, raw: JSON) -> None:
        try:
            self._validator: Any = jsonschema_rs.Draft202012Validator(raw, retriever=_refuse_reference)
        except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
            raise ValueError(f"not a JSON Schema: {str(error).splitlines()[0]}") from error

    def matches(self, value: JSON) -> bool:
        """Whether the value matches the schema."""
        return bool(self._validator.is_valid(value))

    def mismatches(self, value: JSON, limit: int = _SHOWN) -> list[Mismatch]:
        """The mismatches, the `limit` most telling ones first: `$.commits[0].id: 7 is not of type "string"`."""
        found = sorted(self._validator.iter_errors(value), key=_relevance)[:limit]
        return [Mismatch(_json_path(one.instance_path), _short(one.message), tuple(one.schema_path)) for one in found]


def _relevance(error: Any) -> tuple[bool, int]:
    return not _CHOICES.isdisjoint(map(str, error.schema_path)), len(error.instance_path)


def _json_path(steps: Iterable[str | int]) -> str:
    """The steps as a JSON path: `$.commits[0]["odd key"]`."""
    return "$" + "".join(_step(step) for step in steps)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def _refuse_reference(uri: str) -> Never:
    """Refuse to fetch the target of a `$ref`: translation reads no disk and no network."""
    raise ValueError(f"{uri} is not in the document")


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit // 2] + " … " + text[-limit // 2 :]
