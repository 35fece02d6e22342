"""Outlines of documents: which events a translator speaks for and what it requires, told without compiling it.

Of a document only these keys are read, so that the requests of all services can be told apart at a small part of the
time and memory that it takes to compile them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from gateway import jsonpath
from gateway.catalog import yamlfile
from gateway.catalog.kinds import SHARED, Text, kind_of
from gateway.catalog.schema import InvalidSchema, Schema
from gateway.catalog.select import Index
from gateway.catalog.service import Service
from gateway.catalog.shapes import compiled, compiled_all
from gateway.catalog.tolerance import tolerant
from gateway.catalog.translator import TRANSLATOR
from gateway.errors import CatalogError
from gateway.language.document import DocumentPlace
from gateway.model import JSON
from gateway.verify.schemes import headers_of

_DEPTH: Final = 3
"""How deep required keys are looked for."""
_ANYBODYS: Final = frozenset({"authorization", "content-type"})
"""Headers that say nothing about who sent them."""
_OF_TRANSLATORS: Final = re.compile(r"^(?:events|when|input)\s*:.*\n?(?:(?![^\s#\]}]).*\n?)*", re.MULTILINE)
_OF_SHARED: Final = re.compile(r"^shapes\s*:.*\n?(?:(?![^\s#\]}]).*\n?)*", re.MULTILINE)
"""Keys of a document with all that stands below them, as block style writes them."""


class Outline:
    """A translator: `name` ("github/push"), its `events`, whether it has a `when`, and the JSON Schema of its input.

    `required` are the paths of the keys that every payload of it has, through objects alone; `demands` is how many keys
    it requires in all.
    """

    def __init__(self, name: str, events: Sequence[str], schema: JSON, *, conditional: bool) -> None:
        self.name = name
        self.events = events
        self.conditional = conditional
        self.input = schema
        self.required = tuple(_required(schema, (), _DEPTH))
        self.demands = _demands(schema)

    @cached_property
    def schema(self) -> Schema | None:
        """The schema that decides, compiled when a payload is held against it; None where it is none."""
        try:
            return Schema(tolerant(self.input))
        except InvalidSchema:
            return None

    def has_required(self, value: JSON) -> bool:
        """Whether a payload has every required key."""
        return all(jsonpath.lookup(value, path) not in (jsonpath.MISSING, None) for path in self.required)


class ServiceOutline:
    """A service by its own document, the headers of its own, and the outlines of its translators, by their events."""

    def __init__(self, service: Service, outlines: Sequence[Outline]) -> None:
        self.service = service
        self.headers = own_headers(service)
        self.outlines = outlines
        self.index = Index(outlines)


def own_headers(service: Service) -> set[str]:
    """The headers, in lower case, of the service's event name, delivery id and credentials."""
    selectors = (header for part in (*service.event, *service.delivery_id) for header in part.headers)
    return {*selectors, *headers_of(service.verify)} - _ANYBODYS


class Outlines(dict[str, ServiceOutline]):
    """The outlines of all services by key, and in how many of them something stands that may tell them apart."""

    @cached_property
    def headers(self) -> Counter[str]:
        """Headers of their own."""
        return Counter(header for one in self.values() for header in one.headers)

    @cached_property
    def required(self) -> Counter[tuple[str, ...]]:
        """Paths that a translator requires."""
        return Counter(
            path for one in self.values() for path in {path for each in one.outlines for path in each.required}
        )

    @cached_property
    def events(self) -> Counter[str]:
        """Events that a translator names, and beginnings of patterns."""
        return Counter(
            event for one in self.values() for event in {event for each in one.outlines for event in each.events}
        )


def outlined(service: Service, texts: Mapping[str, Text]) -> ServiceOutline:
    """The outline of a service of these documents. Those that cannot be read, or have no events, have none."""
    shared = _keys(texts[SHARED], _OF_SHARED) if SHARED in texts else {}
    shapes = compiled_all(shared.get("shapes", {}), DocumentPlace(SHARED, (), []))
    outlines = []
    for name, source in texts.items():
        if name == SHARED or kind_of(name) is not TRANSLATOR:
            continue
        raw = _keys(source, _OF_TRANSLATORS)
        if isinstance(raw.get("events"), list):
            schema = compiled(raw.get("input", True), shapes, DocumentPlace(name, (), []))
            events = tuple(map(str, raw["events"]))
            outlines.append(Outline(source.name, events, schema, conditional="when" in raw))
    return ServiceOutline(service, outlines)


def _keys(source: Text, pattern: re.Pattern[str]) -> dict[str, JSON]:
    """The keys of a document that a pattern finds; of one that is written otherwise all, of one with faults none."""
    for text in ("".join(pattern.findall(source.text)), source.text):
        try:
            raw = yamlfile.load(text, source.file)
        except CatalogError:
            continue
        if isinstance(raw, dict):
            return raw
    return {}


def _required(schema: JSON, above: tuple[str, ...], depth: int) -> Iterator[tuple[str, ...]]:
    """The paths of required keys, those inside of required objects in place of these."""
    if not isinstance(schema, dict) or not depth:
        return
    properties = schema.get("properties", {})
    for key in schema.get("required", ()):
        inner = list(_required(properties.get(key), (*above, key), depth - 1))
        yield from inner or [(*above, key)]


def _demands(schema: JSON) -> int:
    """How many keys a schema requires, nested ones included."""
    if not isinstance(schema, dict):
        return 0
    inner = (*schema.get("properties", {}).values(), schema.get("items"))
    return len(schema.get("required", ())) + sum(map(_demands, inner))
