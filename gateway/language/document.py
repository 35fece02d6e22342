"""Compiles the templates, conditions and values of a document; faults are noted with their place in it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from msgspec import Struct

from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import Condition, Context, Engine, Template, Value

Note = tuple[tuple[str | int, ...], int, str]
"""A noted fault: the steps to its place, the offset in the text of the template there (-1: all of it), the problem."""


class DocumentPlace:
    """A place in a document; `faults` collects the faults noted at any place of it."""

    def __init__(self, document: str, steps: tuple[str | int, ...], faults: list[Note]) -> None:
        self.document = document
        self.steps = steps
        self.faults = faults

    def __truediv__(self, step: str | int) -> "DocumentPlace":
        return DocumentPlace(self.document, (*self.steps, step), self.faults)

    @property
    def name(self) -> str:
        """The name of the template here: "service/document#/pointer"."""
        return f"{self.document}#/" + "/".join(map(str, self.steps))

    def fault(self, problem: str, at: int = -1) -> None:
        """Note a fault of the value at this place, or of what stands at the offset `at` in its text."""
        self.faults.append((self.steps, at, problem))


def add_values(context: Context, named: Iterable[tuple[str, Value]]) -> None:
    """Add named values to a context, each seen by those after it; one without a value is missing there.

    Raises TranslationError.
    """
    for name, value in named:
        found = value.get(context)
        if found is not None:
            context[name] = found
        elif name in context:
            del context[name]  # a key of the payload that has the name


class SharedName(Struct, frozen=True):
    """A value that several documents may use: its name, the names that it uses itself, and its `growth`."""

    name: str
    value: Value
    uses: frozenset[str]
    copies: int


class Fragment(Protocol):
    """A part that documents use by name: it sees the values of its inputs, and nothing else."""

    @property
    def inputs(self) -> Collection[str]:
        """The names of its inputs."""

    @property
    def demanded(self) -> Collection[str]:
        """The inputs that every use has to give."""

    @property
    def titled(self) -> bool:
        """Whether it is an attachment with a title."""

    def part(self, gives: str) -> Any:
        """What it gives ("attachment", "fields", "text"), with a `render`. Raises ValueError when that is another."""


class Fragments(Protocol):
    """The fragments that a document may use."""

    def find(self, name: str) -> Fragment:
        """The fragment of this name. Raises ValueError, which says why it cannot be used."""


class NoFragments:
    """For documents that can use none."""

    def find(self, name: str) -> Fragment:
        """Raise ValueError."""
        raise ValueError(f"there is no fragment {name!r}")


class Compiler:
    """Compiles the strings of a document; one that cannot be compiled becomes a fault and an empty template.

    `shared` are the values that the document may use besides its own, in an order in which each uses earlier ones.
    """

    def __init__(self, engine: Engine, shared: Collection[SharedName] = (), fragments: Fragments | None = None) -> None:
        self.engine = engine
        self.fragments = fragments or NoFragments()
        self._shared = {one.name: one for one in shared}
        engine.copies = {one.name: one.copies for one in shared}

    def shared_among(self, names: Collection[str]) -> list[tuple[str, Value]]:
        """The shared values that templates with these names need, in the order in which they are computed."""
        needed = set(names)
        for one in reversed(self._shared.values()):
            if one.name in needed:
                needed |= one.uses
        return [(name, one.value) for name, one in self._shared.items() if name in needed]

    @contextmanager
    def names_used(self) -> Iterator[set[str]]:
        """Collect the context names that the templates compiled in this block may look up."""
        outer = self.engine.names_used
        inner = self.engine.names_used = set()
        yield inner
        outer |= inner
        self.engine.names_used = outer

    def template(self, source: Any, mode: Mode, place: DocumentPlace) -> Template:
        """A template for a scalar of the document."""
        text = str(source).lower() if isinstance(source, bool) else str(source)
        try:
            return self.engine.template(text, mode, place.name)
        except Unusable as error:
            place.fault(str(error), error.at)
            return self.engine.template("", mode, place.name)

    def condition(self, source: str, place: DocumentPlace) -> Condition:
        """A condition of the document."""
        try:
            return self.engine.condition(source, place.name)
        except Unusable as error:
            place.fault(str(error), error.at)
            return self.engine.condition("false", place.name)

    def let(self, raw: Mapping[str, Any], place: DocumentPlace) -> list[tuple[str, Value]]:
        """The values of a `let`, in their order; each may use those before it."""
        values = []
        for name, source in raw.items():
            if name in self._shared:
                (place / name).fault("shared.yaml gives this name to another value; choose another name")
            values.append((name, self.value(source, place / name)))
            self.engine.copies[name] = self.engine.parts
        return values

    def outside(self, source: str, place: DocumentPlace) -> Value:
        """A value for a service outside: one expression keeps its type, nothing is escaped, lines stay lines."""
        try:
            return self.engine.value(source, place.name, Mode.LINES)
        except Unusable as error:
            place.fault(str(error), error.at)
            return self.engine.value("", place.name)

    def value(self, source: Any, place: DocumentPlace, *, expression: bool = False) -> Value:
        """A value of the document: `let`, or with `expression` the array of an `each`."""
        make = self.engine.expression if expression else self.engine.value
        try:
            return make(str(source), place.name)
        except Unusable as error:
            place.fault(str(error), error.at)
            return self.engine.value("", place.name)
