"""The short shape of payloads that were seen: their keys and types, and no wider than they were.

A few payloads do not show what others lack. So only what the message cannot do without is required, and the objects
that hold it; every other key is written `key?`. An object whose keys are data is a `map`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from gateway.language.functions.credentials import words_of
from gateway.language.functions.facts import is_link, is_time
from gateway.language.functions.time import moment_of
from gateway.model import JSON

Path = tuple[str, ...]

DEEPEST: Final = 6
"""Levels that a shape describes; what is below is `any`."""
WIDTH: Final = 116
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_PLAIN = re.compile(r"[A-Za-z_][\w.-]*")
_WORDS: Final = frozenset("true false null yes no on off".split())
_MAPS: Final = frozenset("labels annotations metadata headers properties custom_fields variables tags params".split())
"""Keys of objects whose own keys are data."""
_DATA = re.compile(r"\d+|[\w.+-]+/[\w.+-]+(?:\s*;.*)?", re.ASCII)
"""Keys that are data: numbers and media types."""


def shape_of(values: Sequence[JSON], needed: Collection[Path] = ()) -> JSON:
    """The shape that the values (at least one) have in common; of their paths those that are `needed` are required."""
    return _Shapes(needed).of(values, ())


def _is_map(value: Mapping[str, JSON]) -> bool:
    """Whether all keys of an object are data, which others have of their own."""
    return bool(value) and all(map(_DATA.fullmatch, value))


class _Shapes:
    def __init__(self, needed: Collection[Path]) -> None:
        self._needed = {path[:end] for path in needed for end in range(1, len(path) + 1)}

    def of(self, values: Sequence[JSON], path: Path) -> JSON:
        known = [one for one in values if one is not None]
        if not known or len(path) > DEEPEST:
            return "any"
        if all(isinstance(one, dict) for one in known):
            return self._object(known, path)
        if all(isinstance(one, list) for one in known):
            elements = [element for one in known for element in one]
            return [self.of(elements, (*path, "0")) if elements else "any"]
        if any(isinstance(one, dict | list) for one in known):
            return "any"
        return _scalar(known, path[-1] if path else "")

    def _object(self, values: Sequence[Mapping[str, JSON]], path: Path) -> JSON:
        keys = list(dict.fromkeys(key for one in values for key in one))
        if not keys or all(map(_is_map, values)) or self._is_called_map(values, path):
            return "map"
        shape: dict[str, JSON] = {}
        for key in keys:
            if not is_shapely(key):
                continue
            inner = [one[key] for one in values if key in one]
            always = len(inner) == len(values) and None not in inner
            shape[key if always and (*path, key) in self._needed else f"{key}?"] = self.of(inner, (*path, key))
        return shape or "map"

    def _is_called_map(self, values: Sequence[Mapping[str, JSON]], path: Path) -> bool:
        """Whether its own key says that its keys are data, and none of them is needed."""
        flat = not any(isinstance(inner, dict | list) for one in values for inner in one.values())
        needed = any(one[: len(path)] == path and len(one) > len(path) for one in self._needed)
        return bool(path) and words_of(path[-1]) in _MAPS and flat and not needed


def is_shapely(key: str) -> bool:
    """Whether a key can stand in a short shape: it is no sign of it, nor of JSON Schema."""
    return (
        key.isprintable()
        and bool(key)
        and not key.endswith("?")
        and not key.startswith("$")
        and key not in ("anyOf", "allOf", "oneOf")
    )


def _scalar(values: Sequence[JSON], key: str) -> str:
    if all(isinstance(one, bool) for one in values):
        return "flag"
    if not any(isinstance(one, bool | str) for one in values):
        return "time" if is_time(words_of(key)) and all(map(moment_of, values)) else "number"
    if all(map(is_link, values)):
        return "url"
    named = is_time(words_of(key))
    times = all(isinstance(one, str) and (named or _ISO.match(one)) and moment_of(one) for one in values)
    return "time" if times else "text"


def pruned(shape: JSON, used: Collection[Path], path: Path = ()) -> JSON:
    """The shape without keys that lead to none of the `used` paths."""
    if isinstance(shape, list):
        return [pruned(shape[0], used, (*path, "0"))]
    if not isinstance(shape, dict) or path in used:
        return shape
    below = {one[len(path)] for one in used if len(one) > len(path) and one[: len(path)] == path}
    kept = {key: inner for key, inner in shape.items() if key.removesuffix("?") in below}
    return {key: pruned(inner, used, (*path, key.removesuffix("?"))) for key, inner in kept.items()} or "map"


def size(shape: JSON) -> int:
    """How many keys a shape names."""
    inner = shape.values() if isinstance(shape, dict) else shape if isinstance(shape, list) else ()
    return (len(shape) if isinstance(shape, dict) else 0) + sum(map(size, inner))


def replaced(shape: JSON, names: Mapping[str, JSON], path: Path = (), at: Mapping[Path, str] | None = None) -> JSON:
    """The shape with the names of shared shapes in their places; `at` says where which one stands."""
    if at and path in at and at[path] in names and isinstance(shape, dict):
        return at[path]
    if isinstance(shape, list):
        return [replaced(shape[0], names, (*path, "0"), at)]
    if not isinstance(shape, dict):
        return shape
    return {key: replaced(inner, names, (*path, key.removesuffix("?")), at) for key, inner in shape.items()}


def written(key: str, shape: JSON) -> str:
    """The shape under a key of a document: in one line where that is short, else a line for each of its keys."""
    whole = f"{key}: {flow(shape)}"
    if len(whole) <= WIDTH or not isinstance(shape, dict):
        return f"{whole}\n"
    return f"{key}:\n" + "".join(_lines(shape, "  "))


def _lines(shape: Mapping[str, JSON], indent: str) -> Iterator[str]:
    for key, inner in shape.items():
        line = f"{indent}{_word(key)}: {flow(inner)}"
        if len(line) <= WIDTH or not isinstance(inner, dict):
            yield f"{line}\n"
        else:
            yield f"{indent}{_word(key)}:\n"
            yield from _lines(inner, f"{indent}  ")


def flow(value: JSON) -> str:
    """Plain data as YAML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(str(key))}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _word(value) if isinstance(value, str) else json.dumps(value)


def _word(text: str) -> str:
    bare = text.removesuffix("?")
    return text if _PLAIN.fullmatch(bare) and bare.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)
