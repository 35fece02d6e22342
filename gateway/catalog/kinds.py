"""The kinds of documents that a service may have beside service.yaml: a table of folder, meta-schema and compiler.

A module that compiles a kind registers it here; no other module has to know the kind.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from gateway.catalog.scope import Scope
from gateway.errors import Fault
from gateway.language.template import Engine
from gateway.model import JSON

SERVICE: Final = "service"
"""The name of the document that describes the service itself."""

SHARED: Final = "shared"
"""The name of the document that says what those of a service have in common."""

ITSELF: Final = (SERVICE, SHARED)
"""The documents about the service itself, which are of no kind."""


FRAGMENTS: Final = "fragments"
"""The folder of a catalog, beside those of the services, that holds parts which all of them may use."""


class Text(Struct, frozen=True):
    """A document as it is written: its full name ("github/push", "github/cards/issue"), its text, and its file."""

    name: str
    text: str
    file: str


_CALLED: Final = re.compile(r"[a-z0-9_]+")


def misnamed(source: Text) -> str:
    """Why no document can call this one, a card or fragment, by its name; "" for a name that they can."""
    stem = source.name.rpartition("/")[2]
    if _CALLED.fullmatch(stem):
        return ""
    return f"no document can call it {stem!r}: rename the file, a name has a-z, 0-9 and _ before its ending"


class Part(Protocol):
    """A compiled document."""

    @property
    def faults(self) -> list[Fault]:
        """The faults in the document; a part with faults must not be used."""


class Compile(Protocol):
    """Compiles a document that matches its meta-schema; further faults are noted in the part."""

    def __call__(self, source: Text, raw: Mapping[str, JSON], engine: Engine, scope: Scope) -> Part:
        """The compiled document."""


class Conflict(Struct, frozen=True):
    """A contradiction between documents of a service: the stem of the one at fault, and the steps to the place."""

    stem: str
    steps: tuple[str | int, ...]
    problem: str


def _no_conflicts(_: Mapping[str, Any]) -> Iterable[Conflict]:
    return ()


def _nothing_read(_: Text, __: Mapping[str, JSON], ___: Any) -> Iterable[Fault]:
    return ()


class Kind(Struct, frozen=True):
    """One kind: `folder` below that of the service ("" beside service.yaml), the name of its meta-schema.

    `definition` is the part of the meta-schema that such a document matches ("": all of it). `conflicts` finds what
    does not fit between the parts of a service, by their stems; `read` is a close reading of a document and its part,
    where the kind has one of its own.
    """

    name: str
    folder: str
    compile: Compile
    schema: str
    definition: str = ""
    conflicts: Callable[[Mapping[str, Any]], Iterable[Conflict]] = _no_conflicts
    read: Callable[[Text, Mapping[str, JSON], Any], Iterable[Fault]] = _nothing_read

    def document(self, stem: str) -> str:
        """The name within a service of the document in the file STEM.yaml: "push", "cards/issue"."""
        return f"{self.folder}/{stem}" if self.folder else stem


KINDS: dict[str, Kind] = {}
"""Every kind by its name."""


def register(kind: Kind) -> Kind:
    """Add a kind to `KINDS`."""
    KINDS[kind.name] = kind
    return kind


def kind_of(document: str) -> Kind:
    """The kind of the document of this name within its service. Raises KeyError for a folder that no kind has."""
    folder = document.rpartition("/")[0]
    return {kind.folder: kind for kind in KINDS.values()}[folder]


def parts_of(kind: Kind, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of this kind among those of a service, by their stem."""
    lead = f"{kind.folder}/" if kind.folder else ""
    return {name.removeprefix(lead): part for name, part in parts.items() if name.rpartition("/")[0] == kind.folder}
