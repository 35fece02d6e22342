"""The JSON Schema of a translator: whether a value matches, and its mismatches. Draft 2020-12, by jsonschema-rs.

Pattern matching is bounded, so that neither a payload nor a schema can block the process.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Never

import jsonschema_rs
from msgspec import Struct

from gateway.catalog.excerpt import Excerpt
from gateway.catalog.unmatched import MISSING, unmatched
from gateway.model import JSON

_SHOWN = 5
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_CHOICES = frozenset({"anyOf", "oneOf", "not", "if"})
"""Keywords whose errors say less than those of the others."""

_DEPENDENT = _CHOICES | {"then", "else", "contains", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties"}
_OF_THE_WHOLE = frozenset(
    {"type", "required", "additionalProperties", "minItems", "maxItems", "minProperties", "maxProperties"}
)
"""Keywords whose errors depend on everything inside of a value, and some that depend on no more than its own items."""


class Mismatch(Struct, frozen=True):
    """Where a value does not match a schema: the JSON path in the value, what is wrong, the steps into the schema.

    Of a key that is missing, `path` and `rule` are those of the key, and `steps` lead to the object that lacks it.
    """

    path: str
    problem: str
    rule: tuple[str | int, ...]
    steps: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        """The sentence: "commits[0].id has to be text, and is null"."""
        return f"{self.path[1:].removeprefix('.') or 'the payload'} {self.problem}"


class InvalidSchema(ValueError):  # noqa: N818 - states a condition
    """A schema that is none; `steps` lead to what is wrong in it."""

    def __init__(self, problem: str, steps: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"not a JSON Schema: {problem}")
        self.steps = steps


class Schema:
    """A compiled schema. Raises InvalidSchema, also for one that refers to another document."""

    def __init__(self, raw: JSON) -> None:
        try:
            self._validator: Any = jsonschema_rs.Draft202012Validator(raw, retriever=_refuse_reference)
        except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
            steps = tuple(getattr(error, "instance_path", ()))
            raise InvalidSchema(_invalid(str(error).splitlines()[0], steps), steps) from error
        self._raw = raw

    def matches(self, value: JSON) -> bool:
        """Whether the value matches the schema."""
        return bool(self._validator.is_valid(value))

    def mismatches(self, value: JSON, limit: int = _SHOWN) -> list[Mismatch]:
        """The mismatches, the `limit` most telling ones first: "commits[0].id has to be text, and is null".

        They are those of the beginning of a large value: the library collects all errors before it returns the first,
        which for 400,000 takes seconds and 800 MB.
        """
        excerpt = Excerpt(value)
        errors = self._validator.iter_errors(excerpt.value)
        found = sorted((one for one in errors if not excerpt.cut or _is_true(one, excerpt)), key=_relevance)[:limit]
        if not found and excerpt.cut and not self.matches(value):
            return [self._first_mismatch(value)]
        return [_mismatch(one, excerpt.value) for one in found]

    def _first_mismatch(self, value: JSON) -> Mismatch:
        """The first mismatch in all of a value, without its place where finding that could mean collecting many."""
        raw = json.dumps(self._raw)
        if '"anyOf"' not in raw and '"oneOf"' not in raw:
            try:
                self._validator.validate(value)
            except jsonschema_rs.ValidationError as error:
                return _mismatch(error, value)
        return Mismatch("$", "does not match, and is too large to tell where", ())


def _invalid(problem: str, steps: tuple[str | int, ...]) -> str:
    """What is wrong with a schema; the library says of an unknown type no more than that it matches no choice."""
    if steps[-1:] != ("type",):
        return problem
    return f"{problem.partition(' is not')[0]} is no type; there are {', '.join(_TYPES)}"


def _mismatch(error: Any, whole: JSON) -> Mismatch:
    """The mismatch of an error that the library found in a value."""
    (steps, found), rule, kind = _located(error.instance_path, whole), tuple(error.schema_path), error.kind
    if kind.name == "required":
        key = kind.property
        return Mismatch(_json_path((*steps, key)), MISSING, (*rule[:-1], "properties", key), steps)
    problem = unmatched(kind.name, kind.value, found)
    return Mismatch(_json_path(steps), _short(problem or f"does not fit: {error.message}"), rule, steps)


def _located(path: Iterable[str | int], whole: JSON) -> tuple[tuple[str | int, ...], JSON]:
    """The steps of a path, and the value that they lead to; the library gives a key of digits as a number."""
    steps: list[str | int] = []
    for step in path:
        steps.append(str(step) if isinstance(whole, dict) else step)
        whole = whole[steps[-1]]
    return tuple(steps), whole


def _is_true(error: Any, excerpt: Excerpt) -> bool:
    """Whether an error in an excerpt is one in the whole value, too."""
    rule, path = [str(step) for step in error.schema_path], tuple(error.instance_path)
    if not _DEPENDENT.isdisjoint(rule):
        return not excerpt.has_cut_below(())
    if path in excerpt.cut:
        return rule[-1:] == ["type"]
    return rule[-1] in _OF_THE_WHOLE if rule and excerpt.has_cut_below(path) else True


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
