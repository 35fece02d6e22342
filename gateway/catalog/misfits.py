"""Why a document does not match its meta-schema, in words: which key, what it takes, what may be meant.

A fault repeats neither the schema nor what stands in the document, but for a short text where one of few is expected.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from gateway.model import JSON
from gateway.settings.lines import close, closest

_SHOWN: Final = 60
"""Characters of a text that a fault repeats."""
_NAMES: Final = {
    "object": "keys with values", "array": "a list", "string": "a text", "number": "a number",
    "integer": "a whole number", "boolean": "true or false", "null": "nothing",
}  # fmt: skip
_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}

Steps = tuple[str | int, ...]


class Misfit(Struct, frozen=True):
    """One thing that does not match: the steps to its place in the document, the problem and what to do.

    `missing` is a key that has to be there, `meant` the key that one which must not be there was likely meant to be.
    """

    steps: Steps
    problem: str
    remedy: str
    missing: str = ""
    meant: str = ""


def misfits(errors: Iterator[Any]) -> list[Misfit]:
    """The misfits that the errors of a validator (of the package jsonschema) are about, each once."""
    found = list(dict.fromkeys(one for error in errors for one in _of_error(error)))
    meant = {(one.steps[:-1], one.meant) for one in found if one.meant}
    return [one for one in found if not one.missing or (one.steps, one.missing) not in meant]


def _of_error(error: Any) -> Iterator[Misfit]:
    if error.validator in ("oneOf", "anyOf"):
        yield from _of_choice(error)
    elif error.validator == "additionalProperties":
        yield from _of_keys(error)
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing if "'" + missing[0] + "'" in error.message else ():
            remedy = _description(_properties(error.schema).get(key))
            yield Misfit(tuple(error.absolute_path), f"the key {key!r} is missing", remedy, missing=key)
    else:
        explain = _EXPLAINED.get(error.validator)
        problem, remedy = explain(error.instance, error.validator_value) if explain else ("this does not fit here", "")
        known = error.validator == "enum" or (error.validator == "pattern" and error.validator_value in RULES)
        yield _misfit(error, problem, remedy if known else _description(error.schema) or remedy)


def _misfit(error: Any, problem: str, remedy: str) -> Misfit:
    further = (error.instance,) if "propertyNames" in error.absolute_schema_path else ()
    return Misfit((*error.absolute_path, *further), problem, remedy)


def _of_keys(error: Any) -> Iterator[Misfit]:
    """A misfit for each key that an object must not have."""
    known = tuple(key for key in _properties(error.schema) if key != "$schema")
    for key in error.instance:
        if key not in known and key != "$schema":
            meant = closest(str(key), known)
            remedy = f'did you mean "{meant}"?' if meant else f"there are {', '.join(known)}"
            yield Misfit((*error.absolute_path, str(key)), f"there is no key {key!r} here", remedy, meant=meant)


def _of_choice(error: Any) -> Iterator[Misfit]:
    """What is wrong by the choice that was likely meant: of the same type, and with most of the keys."""
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = {index: inner for index, inner in branches.items() if not any(map(_is_of_type(error), inner))}
    if not fitting:
        wanted = " or ".join(
            dict.fromkeys(_wanted(one) for inner in branches.values() for one in inner if _wanted(one))
        )
        if wanted:
            yield _misfit(error, f"expected {wanted}, got {_type_name(error.instance)}", _description(error.schema))
        else:
            yield _misfit(error, "this matches several forms at once, or none", _description(error.schema))
        return
    likeliest = min(fitting.values(), key=_distance)
    yield from misfits(iter(likeliest))


def _is_of_type(error: Any) -> Callable[[Any], bool]:
    """Whether an error in a choice says that the value is of another type altogether."""
    place = list(error.absolute_path)
    return lambda inner: inner.validator == "type" and list(inner.absolute_path) == place


def _wanted(error: Any) -> str:
    return _expected(error.validator_value) if error.validator == "type" else ""


def _distance(errors: list[Any]) -> int:
    """How far a value is from a choice: keys that are missing there, and those that it does not have."""
    count = 0
    for error in errors:
        if error.validator == "additionalProperties":
            count += sum(key not in _properties(error.schema) for key in error.instance)
        else:
            count += 1
    return count


def _properties(schema: Any) -> Mapping[str, JSON]:
    return schema.get("properties", {}) if isinstance(schema, Mapping) else {}


def _description(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, Mapping) else ""


def _expected(types: Any) -> str:
    """The types of a schema in words: "a text or a number"."""
    return " or ".join(_NAMES[one] for one in (types if isinstance(types, list) else [types]) if one in _NAMES)


def _type_name(value: JSON) -> str:
    return _NAMES[_TYPES.get(type(value), "null")]


def _of_type(value: JSON, types: Any) -> tuple[str, str]:
    return f"expected {_expected(types)}, got {_type_name(value)}", ""


def _of_enum(value: JSON, choices: Any) -> tuple[str, str]:
    known = tuple(str(one) for one in choices if one is not None)
    text = value if isinstance(value, str) and len(value) <= _SHOWN else ""
    problem = f"there is no {text!r} here" if text else f"expected one of a few texts, got {_type_name(value)}"
    return problem, (close(text, known) if text else "") or f"there are {', '.join(known)}"


RULES: Final = {
    "^[a-z0-9_]+$": "a name has a-z, 0-9 and _ only",
    "^[a-z_][a-z0-9_]*$": "a name has a-z, 0-9 and _ only, and begins with no digit",
    "^[a-z][a-z0-9_]*$": "a name has a-z, 0-9 and _ only, and begins with a letter",
    r"^[a-z_][a-z0-9_]*\??$": "a name has a-z, 0-9 and _ only, no digit first, and ? behind it if it may be missing",
    "^[A-Za-z0-9-]+$": "the name of a header has letters, digits and - only",
    "^[A-Za-z0-9_][A-Za-z0-9_-]*$": "it has letters, digits, _ and - only, and begins with no -",
    "^[A-Za-z0-9_.-][A-Za-z0-9_./-]*$": "a trigger has letters, digits and ._/- only, and begins with no /",
    "^([a-z0-9-]+/)?[a-z0-9_]+$": "it is NAME of callbacks/NAME.yaml, or SERVICE/NAME of another service's",
    "^(@[a-z0-9][a-z0-9._-]*|group:[a-z0-9][a-z0-9._-]*|role:(channel_admin|team_admin|system_admin)|channel)$": (
        "write @NAME, group:NAME, role:channel_admin, role:team_admin, role:system_admin, or channel for its members"
    ),
    "^https?://": "it begins with https://",
    "^https://": "it begins with https://",
}
"""The patterns of the meta-schemas in words."""


def _of_pattern(value: JSON, pattern: Any) -> tuple[str, str]:
    shown = repr(value) if isinstance(value, str) and len(value) <= _SHOWN else "this"
    rule = RULES.get(pattern, f"it has to match {pattern}")
    named = as_name(value) if isinstance(value, str) and len(value) <= _SHOWN and "0-9" in rule else ""
    meant = f", as in {named}" if named and re.search(pattern, named) else ""
    return f"{shown} has characters or a form that it must not have here", f"{rule}{meant}"


def as_name(text: str) -> str:
    """A text as a name of documents, shapes and values: "Alert-Group" as "alert_group"."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _least(what: str) -> Callable[[JSON, Any], tuple[str, str]]:
    return lambda _, number: (f"this has too few {what}, at least {number} {_is(number)} needed", "")


def _most(what: str) -> Callable[[JSON, Any], tuple[str, str]]:
    return lambda _, number: (f"this has too many {what}, at most {number} {_is(number)} allowed", "")


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


_EXPLAINED: Final[Mapping[str, Callable[[JSON, Any], tuple[str, str]]]] = {
    "type": _of_type,
    "enum": _of_enum,
    "const": lambda value, one: _of_enum(value, [one]),
    "pattern": _of_pattern,
    "minLength": _least("characters"),
    "maxLength": _most("characters"),
    "minItems": _least("elements"),
    "maxItems": _most("elements"),
    "minProperties": _least("keys"),
    "maxProperties": _most("keys"),
    "minimum": lambda _, number: (f"this is too small, it has to be at least {number}", ""),
    "maximum": lambda _, number: (f"this is too large, it has to be at most {number}", ""),
    "uniqueItems": lambda *_: ("the same stands here twice", "remove one of them"),
    "not": lambda value, _: (
        f"{value!r} is taken" if isinstance(value, str) else "this must not stand here",
        "write another",
    ),
}
"""What is wrong with a value by the keyword of the schema, and what to do where the schema has no description."""
