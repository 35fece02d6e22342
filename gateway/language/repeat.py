"""Repetition in documents: an element of a list may be `{each: ...}`, which repeats for the elements of an array.

It repeats at most `limit` times, and says how many more there are. A missing value removes the line or object that
needs it. This module does not know what the lines and objects are for.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, Final, Generic, Protocol, TypeVar

from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.template import Context, Template
from gateway.language.uses import Use
from gateway.model import JSON

LINES: Final = 10
"""How many lines or objects `each` makes without a `limit`."""

EXAMINED: Final = 1000
"""How many elements a repetition with `when` examines, so that its time is bounded."""

OBJECTS: Final = 2000
"""How many objects one list makes: more than anybody reads."""

MORE: Final = "and {{ remaining }} more"

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Each:
    """`{each: commits, as: commit, limit: 10, more: ...}`: a context for each repetition.

    `names` are the context names that the repeated part may look up: its contexts contain no others. `mode` is that of
    `more`, the template that says how many elements are left out.
    """

    def __init__(
        self, raw: Mapping[str, JSON], mode: Mode, names: Set[str], compiler: Compiler, place: DocumentPlace
    ) -> None:
        self._array = compiler.value(raw["each"], place / "each", expression=True)
        self._name = raw.get("as", "item")
        self._limit = int(raw.get("limit", LINES))
        with compiler.names_used() as names_in_when:
            self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        seen = names | names_in_when
        self._own = tuple({"item", self._name} & seen)
        self._indexed = "index" in seen and self._name != "index"
        self._names = tuple(sorted(seen - {"item", "index", self._name}))
        self.more = compiler.template(raw.get("more", MORE), mode, place / "more")

    def contexts(self, context: Context) -> tuple[list[Context], int]:
        """A context for each element shown, and how many are not. The keys of an element hide names of the context."""
        elements = self._array.get(context)
        if type(elements) is not list:
            elements = _elements(elements)
        context = {name: context[name] for name in self._names if name in context}
        chosen = []
        for index, element in enumerate(elements[: self._limit if self._when is None else EXAMINED], 1):
            inner = context.copy()
            for name in self._own:
                inner[name] = element
            if self._indexed:
                inner["index"] = index
            if type(element) is dict:
                for name in self._names:
                    if name in element:
                        inner[name] = element[name]
            if self._when is None or self._when.holds(inner):
                chosen.append(inner)
        every = elements if self._when is None else chosen
        return chosen[: self._limit], max(0, len(every) - self._limit)


def _elements(value: JSON) -> list[JSON]:
    """What a repetition of something else than a list goes through: pairs for an object, nothing for null."""
    if isinstance(value, Mapping):
        return [{"key": key, "value": inner} for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None else [value]


def text(raw: JSON, mode: Mode, compiler: Compiler, place: DocumentPlace) -> "Template | Text":
    """A template for a scalar, or a `Text` for a list or a repetition."""
    return Text(raw, mode, compiler, place) if isinstance(raw, list | dict) else compiler.template(raw, mode, place)


class Text:
    """A list of templates, repetitions and fragments whose results are the lines of a text."""

    __slots__ = ("_parts",)

    def __init__(self, raw: JSON, mode: Mode, compiler: Compiler, place: DocumentPlace) -> None:
        self._parts: list[Template | Lines | Use] = []
        for index, part in enumerate(raw if isinstance(raw, list) else [raw]):
            self._parts.append(_line(part, mode, compiler, place / index if isinstance(raw, list) else place))

    def render(self, context: Context) -> str | None:
        """The text; None when nothing is left of it."""
        texts = [text for part in self._parts if (text := part.render(context)) is not None]
        return "\n".join(texts) or None


def _line(raw: JSON, mode: Mode, compiler: Compiler, place: DocumentPlace) -> "Template | Lines | Use":
    if not isinstance(raw, dict):
        return compiler.template(raw, mode, place)
    return Lines(raw, mode, compiler, place) if "each" in raw else Use(raw, "text", compiler, place)


class Lines:
    """A line for each element of an array, and one that says how many more there are."""

    __slots__ = ("_each", "_join", "_line")

    def __init__(self, raw: Mapping[str, JSON], mode: Mode, compiler: Compiler, place: DocumentPlace) -> None:
        with compiler.names_used() as names:
            self._line = (
                compiler.template(raw["line"], mode, place / "line")
                if "line" in raw
                else Use(raw, "text", compiler, place)
            )
        self._each = Each(raw, mode, names, compiler, place)
        self._join: str = raw.get("join", "\n")

    def render(self, context: Context) -> str | None:
        """The lines in one text; None when there is none."""
        inners, remaining = self._each.contexts(context)
        render = self._line.render
        lines = [text for inner in inners if (text := render(inner)) is not None]
        if remaining and (more := self._each.more.render({**context, "remaining": remaining})):
            # Below a list, a line without a bullet of its own would run on in the last one.
            lines.append(f"- {more}" if lines and lines[-1].startswith("- ") and not more.startswith("- ") else more)
        return self._join.join(lines) or None


class Shape(Protocol[T_co]):
    """A compiled part of a document."""

    def render(self, context: Context) -> T_co | None:
        """The rendered part; None when a value that it needs is missing."""


class Items(Generic[T]):
    """A list of objects in which an element may be a repetition: `{each: ..., item: ...}`.

    `make` compiles an object, or the use of a fragment that gives several. `rest` makes the object that says how many
    elements a repetition leaves out; its argument is that text, written in `mode`.
    """

    __slots__ = ("_parts", "_rest")

    def __init__(
        self,
        raw: Iterable[Mapping[str, JSON]],
        make: Callable[[Mapping[str, JSON], Compiler, DocumentPlace], Shape[T] | Shape[list[T]]],
        rest: Callable[[str | None], T],
        mode: Mode,
        compiler: Compiler,
        place: DocumentPlace,
    ) -> None:
        self._rest = rest
        self._parts: list[tuple[Each | None, Shape[T] | Shape[list[T]]]] = []
        for index, part in enumerate(raw):
            at = place / index
            if "each" in part:
                with compiler.names_used() as names:
                    item = (
                        make(part["item"], compiler, at / "item") if "item" in part else make(_bare(part), compiler, at)
                    )
                self._parts.append((Each(part, mode, names, compiler, at), item))
            else:
                self._parts.append((None, make(part, compiler, at)))

    def render(self, context: Context) -> list[T]:
        """The objects; those of a repetition that was cut are followed by one from `rest`."""
        objects: list[T] = []
        for each, item in self._parts:
            if len(objects) >= OBJECTS:
                break
            inners, remaining = ((context,), 0) if each is None else each.contexts(context)
            for inner in inners:
                made: Any = item.render(inner)
                if type(made) is list:
                    objects += made
                elif made is not None:
                    objects.append(made)
            if each is not None and remaining:
                objects.append(self._rest(each.more.render({**context, "remaining": remaining})))
        return objects


def _bare(part: Mapping[str, JSON]) -> dict[str, JSON]:
    """The use of a fragment without the keys of its repetition."""
    return {key: value for key, value in part.items() if key not in {"each", "as", "when", "limit", "more"}}
