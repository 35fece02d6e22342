"""Compiles the templates, conditions and values of a document; faults are noted with their place in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import Condition, Engine, Template, Value

Note = tuple[tuple[str | int, ...], int, str]
"""A noted fault: the steps to its place, the number of lines below that, and the problem."""


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

    def fault(self, problem: str, line: int = 0) -> None:
        """Note a fault of the value at this place, `line` lines below its beginning."""
        self.faults.append((self.steps, line, problem))


class Compiler:
    """Compiles the strings of a document; one that cannot be compiled becomes a fault and an empty template."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.copies = {}

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
            place.fault(str(error), error.line - 1)
            return self.engine.template("", mode, place.name)

    def condition(self, source: str, place: DocumentPlace) -> Condition:
        """A condition of the document."""
        try:
            return self.engine.condition(source, place.name)
        except Unusable as error:
            place.fault(str(error), error.line - 1)
            return self.engine.condition("false", place.name)

    def let(self, raw: Mapping[str, Any], place: DocumentPlace) -> list[tuple[str, Value]]:
        """The values of a `let`, in their order; each may use those before it."""
        values = []
        for name, source in raw.items():
            values.append((name, self.value(source, place / name)))
            self.engine.copies[name] = self.engine.parts
        return values

    def value(self, source: Any, place: DocumentPlace, *, expression: bool = False) -> Value:
        """A value of the document: `let`, or with `expression` the array of an `each`."""
        make = self.engine.expression if expression else self.engine.value
        try:
            return make(str(source), place.name)
        except Unusable as error:
            place.fault(str(error), error.line - 1)
            return self.engine.value("", place.name)
