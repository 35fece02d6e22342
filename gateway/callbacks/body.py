"""Bodies of requests to outside services: JSON in which every string is a template, forms, and text.

A template that is one expression keeps its type. A key or element whose value is missing is left out. An element of a
list may be a repetition: `{each: mentions, item: {id: "{{ id }}"}}`.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.repeat import Each, text
from gateway.language.template import Context, Value
from gateway.model import JSON

LARGEST: Final = 1_000_000
"""Bytes of a body: more than three times what Mattermost sends."""

ELEMENTS: Final = 1_000
"""Elements that a repetition makes without a `limit`."""

_EXACT: Final = 2.0**53
"""From here on a float has no decimals that anybody meant."""
_MISSING: Final = object()
_REPEATED: Final = frozenset({"each", "item"})


class _Part(Protocol):
    def render(self, context: Context) -> Any:
        """The value, or `_MISSING`."""


class _Constant(Struct, frozen=True):
    value: JSON

    def render(self, _: Context) -> JSON:
        return self.value


class _Computed(Struct, frozen=True):
    value: Value

    def render(self, context: Context) -> Any:
        found = self.value.get(context)
        return _MISSING if found is None else int(found) if _is_whole(found) else found


def _is_whole(value: Any) -> bool:
    """Whether it is a float without decimals, which some services refuse to read as a whole number."""
    return isinstance(value, float) and value.is_integer() and abs(value) < _EXACT


class _Object(Struct, frozen=True):
    parts: dict[str, _Part]

    def render(self, context: Context) -> Any:
        found = ((key, part.render(context)) for key, part in self.parts.items())
        return {key: value for key, value in found if value is not _MISSING}


class _Repeated:
    """An element that becomes several."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        with compiler.names_used() as names:
            self._item = _part(raw["item"], compiler, place / "item")
        known = frozenset({"each", "as", "when", "limit", "item"})
        for key in raw.keys() - known:
            (place / key).fault(f"a repetition has the keys {', '.join(sorted(known))}")
        limit = raw.get("limit", ELEMENTS)
        if not isinstance(limit, int) or not 1 <= limit <= ELEMENTS:
            (place / "limit").fault(f"expected a number from 1 to {ELEMENTS}")
            limit = ELEMENTS
        self._each = Each({**raw, "limit": limit}, Mode.LINES, names, compiler, place)

    def elements(self, context: Context) -> list[Any]:
        """The elements that are there."""
        found = [self._item.render(inner) for inner in self._each.contexts(context)[0]]
        return [one for one in found if one is not _MISSING]


class _List(Struct, frozen=True):
    parts: list[_Part | _Repeated]

    def render(self, context: Context) -> Any:
        found: list[Any] = []
        for part in self.parts:
            made = part.elements(context) if isinstance(part, _Repeated) else [part.render(context)]
            found += [one for one in made if one is not _MISSING]
        return found


def _part(raw: JSON, compiler: Compiler, place: DocumentPlace) -> _Part:
    """The compiled part of a JSON body."""
    if isinstance(raw, Mapping):
        return _Object({key: _part(inner, compiler, place / key) for key, inner in raw.items()})
    if isinstance(raw, list):
        return _List([_element(inner, compiler, place / index) for index, inner in enumerate(raw)])
    return _Computed(compiler.outside(raw, place)) if isinstance(raw, str) and raw else _Constant(raw)


def _element(raw: JSON, compiler: Compiler, place: DocumentPlace) -> _Part | _Repeated:
    repeated = isinstance(raw, Mapping) and raw.keys() >= _REPEATED
    return _Repeated(raw, compiler, place) if repeated else _part(raw, compiler, place)


class JSONPart:
    """An object whose strings are templates."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._part = _part(raw, compiler, place)

    def value(self, context: Context) -> dict[str, Any]:
        """The object, without what is missing. Raises TranslationError."""
        found: dict[str, Any] = self._part.render(context)
        return found


class Body(Protocol):
    """A compiled body and its content type."""

    content_type: str

    def render(self, context: Context) -> bytes:
        """The bytes. Raises TranslationError."""


class JSONBody:
    """`json: ...` of a request."""

    content_type = "application/json"

    def __init__(self, raw: JSON, compiler: Compiler, place: DocumentPlace) -> None:
        self._part = _part(raw, compiler, place)

    def render(self, context: Context) -> bytes:
        """The JSON text; `null` where all of it is missing. Raises TranslationError."""
        value = self._part.render(context)
        return encoded(None if value is _MISSING else value)


class FormBody:
    """`form: {...}` of a request."""

    content_type = "application/x-www-form-urlencoded"

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._pairs = Pairs(raw, compiler, place)

    def render(self, context: Context) -> bytes:
        """The form. Raises TranslationError."""
        return self._pairs.render(context).encode()


class TextBody:
    """`text: ...` of a request."""

    content_type = "text/plain; charset=utf-8"

    def __init__(self, raw: JSON, compiler: Compiler, place: DocumentPlace) -> None:
        self._text = text(raw, Mode.LINES, compiler, place)

    def render(self, context: Context) -> bytes:
        """The text. Raises TranslationError."""
        return (self._text.render(context) or "").encode("utf-8", "replace")


class Pairs:
    """Names with values, as a form or query writes them; a list is several pairs of one name, null is none."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._parts = [(name, _part(inner, compiler, place / name)) for name, inner in raw.items()]

    def render(self, context: Context) -> str:
        """The pairs, percent-encoded. Raises TranslationError."""
        pairs = [(name, _written(one)) for name, part in self._parts for one in _several(part.render(context))]
        return urlencode(pairs, errors="replace")


def _several(value: Any) -> list[Any]:
    every = value if isinstance(value, list) else [value]
    return [one for one in every if one is not _MISSING and one is not None]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else encoded(value).decode()


def encoded(value: Any) -> bytes:
    """The JSON of a value, texts of templates and half surrogate pairs among it."""
    try:
        return msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:
        return msgspec.json.encode(_repaired(value), enc_hook=str)


def _repaired(value: Any) -> Any:
    if isinstance(value, dict):
        return {_repaired(key): _repaired(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_repaired(inner) for inner in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


BODIES: Final[Mapping[str, Any]] = {"json": JSONBody, "form": FormBody, "text": TextBody}
"""The kinds of bodies, by the key of a request."""
