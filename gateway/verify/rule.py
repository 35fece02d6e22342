"""Rules of documents as mappings: read into a shape, and where one does not fit, what is expected in words."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from gateway import jsonpath
from gateway.jsonpath import STAR, Step
from gateway.settings.lines import close

T = TypeVar("T")

_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?", re.S)
_WRONG = re.compile(r"(.*) - at `\$\.?(.*)`", re.S)


def convert(raw: Any, shape: type[T]) -> T:
    """A value as a shape; ValueError names the key, the keys that exist, and the likeliest of them."""
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise ValueError(_in_words(str(error), shape)) from None


def _in_words(problem: str, shape: type[Any]) -> str:
    if match := _UNKNOWN.fullmatch(problem):
        word, place = match[1], (match[2] or "").lstrip(".")
        known = _keys(shape, _steps(place))
        likely = close(word, tuple(known))
        where = f"{place}: " if place else ""
        return f"{where}no key {word!r} here{f'; {likely}' if likely else ''}; its keys are {', '.join(known)}"
    if match := _WRONG.fullmatch(problem):
        choices = _choices(shape, _steps(match[2]))
        got = match[1].removeprefix("Invalid enum value ")
        if choices and got != match[1]:
            return f"{match[2]}: expected one of {', '.join(map(str, choices))}, got {got}"
        return f"{match[2]}: {match[1][:1].lower()}{match[1][1:]}".replace("`", "")
    return problem.replace("`", "")


def _steps(place: str) -> list[str]:
    return [step for step in re.split(r"\.|\[\.\.\.\]|\[\d+\]", place) if step]


def _types(shape: Any, steps: list[str]) -> list[Any]:
    """The types of what is at some steps inside a shape; none where it is unknown."""
    found: Any = msgspec.inspect.type_info(shape)
    for step in steps:
        fields = [field for one in _options(found) for field in getattr(one, "fields", ())]
        inner = [field.type for field in fields if field.encode_name == step]
        if not inner:
            return []
        found = inner[0]
    return _options(found)


def _options(found: Any) -> list[Any]:
    return list(found.types) if isinstance(found, msgspec.inspect.UnionType) else [found]


def _keys(shape: Any, steps: list[str]) -> list[str]:
    """The keys of a shape, or of what is at some steps inside it."""
    return [field.encode_name for one in _types(shape, steps) for field in getattr(one, "fields", ())]


def _choices(shape: Any, steps: list[str]) -> list[Any]:
    """The values that are allowed at some steps inside a shape, where these are a few."""
    found = _types(shape, steps)
    named = [value for one in found if isinstance(one, msgspec.inspect.LiteralType) for value in one.values]
    return named + [one.value for kind in found if isinstance(kind, msgspec.inspect.EnumType) for one in kind.cls]


def path_of(key: str, text: str, *, stars: bool = False) -> tuple[Step, ...]:
    """The steps of a path; ValueError names the key."""
    try:
        path = jsonpath.parse(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if STAR in path and not stars:
        raise ValueError(f"{key}: expected a path without *, got {text!r}")
    return path


def words(given: Mapping[str, Any] | str, known: tuple[str, ...]) -> str:
    """The known word that was likely meant by a key of a mapping, in words; "" where none is like one."""
    keys = [given] if isinstance(given, str) else list(given)
    return next((likely for key in keys if (likely := close(str(key), known))), "")
