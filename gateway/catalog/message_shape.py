"""The `message` of a document, compiled: the shape of a Mattermost payload in which every string is a template.

Where a list stands, an element may be `{each: ...}`, which repeats for the elements of an array, at most `limit` times,
and says how many more there are. What is missing removes what needed it: a line, a field, an attachment.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import Any, Final

from gateway.catalog import yamlfile
from gateway.errors import Fault
from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import Condition, Context, Engine, Template, Value
from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props
from gateway.model import JSON

LINES: Final = 10
"""How many lines, fields or attachments `each` makes when its `limit` says nothing."""

EXAMINED: Final = 1000
"""How many elements a repetition with `when` looks at: translation is bounded in time."""

OBJECTS: Final = 2000
"""How many fields or attachments one list makes: more than a few posts can show."""

MORE: Final = "and {{ remaining }} more"
_SHORT: Final = 40
"""A field value up to this many visible characters shares its row with a neighbour, unless `short` says otherwise."""

_TARGET: Final = re.compile(r"\]\([^)\s]*\)")

_MARKDOWN, _PLAIN, _RAW = Mode.MARKDOWN, Mode.PLAIN, Mode.RAW
_ATTACHMENT: Final[Mapping[str, Mode]] = {
    "fallback": _PLAIN, "color": _RAW, "pretext": _MARKDOWN, "author_name": _PLAIN, "author_link": _RAW,
    "author_icon": _RAW, "title": _PLAIN, "title_link": _RAW, "text": _MARKDOWN, "image_url": _RAW, "thumb_url": _RAW,
    "footer": _MARKDOWN, "footer_icon": _RAW,
}  # fmt: skip
_MESSAGE: Final[Mapping[str, Mode]] = {
    "text": _MARKDOWN, "username": _PLAIN, "icon_url": _RAW, "icon_emoji": _RAW, "channel": _RAW,
}  # fmt: skip


Note = tuple[tuple[str | int, ...], int, str]
"""A fault as it is noted: the steps to its place, lines below that, and what is wrong."""


def placed(notes: Iterable[Note], text: str, file: str) -> list[Fault]:
    """The faults that were noted about the document `text` in `file`, with their lines."""
    return [yamlfile.fault(file, text, steps, problem, below=line) for steps, line, problem in notes]


class DocumentPlace:
    """Where in a document something stands; `faults` collects what is noted."""

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
        """Note that what stands here is not usable."""
        self.faults.append((self.steps, line, problem))


class Compiler:
    """Makes templates out of strings at places; one that cannot be compiled becomes a fault and an empty template."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def asked(self) -> Iterator[set[str]]:
        """The names that what is made meanwhile may ask its context for."""
        outer = self.engine.asked
        inner = self.engine.asked = set()
        yield inner
        outer |= inner
        self.engine.asked = outer

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

    def value(self, source: Any, place: DocumentPlace, *, expression: bool = False) -> Value:
        """A value of the document: `let`, or with `expression` the array of an `each`."""
        make = self.engine.expression if expression else self.engine.value
        try:
            return make(str(source), place.name)
        except Unusable as error:
            place.fault(str(error), error.line - 1)
            return self.engine.value("", place.name)


class Each:
    """`{each: commits, as: commit, limit: 10, more: ...}`: the contexts of a repetition, and of its rest.

    `asked` are the names that matter to what is repeated: a context holds no others.
    """

    def __init__(self, raw: Mapping[str, JSON], asked: Set[str], compiler: Compiler, place: DocumentPlace) -> None:
        self._array = compiler.value(raw["each"], place / "each", expression=True)
        self._name = raw.get("as", "item")
        self._limit = int(raw.get("limit", LINES))
        with compiler.asked() as by_when:
            self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self._asked = tuple(sorted((asked | by_when) - {"item", "index", self._name}))
        self.more = compiler.template(raw.get("more", MORE), Mode.MARKDOWN, place / "more")

    def contexts(self, context: Context) -> tuple[list[Context], int]:
        """A context for each element shown, and how many are not. An element that is an object lends its keys."""
        elements = self._elements(context)
        context = {name: context[name] for name in self._asked if name in context}
        if self._when is None:
            shown = [self._inner(context, element, index) for index, element in enumerate(elements[: self._limit], 1)]
            return shown, max(0, len(elements) - self._limit)
        inners = (self._inner(context, element, index) for index, element in enumerate(elements[:EXAMINED], 1))
        chosen = [inner for inner in inners if self._when.holds(inner)]
        return chosen[: self._limit], max(0, len(chosen) - self._limit)

    def _inner(self, context: Context, element: JSON, index: int) -> Context:
        inner = {**context, "item": element, "index": index, self._name: element}
        if type(element) is dict:
            for name in self._asked:
                if name in element:
                    inner[name] = element[name]
        return inner

    def _elements(self, context: Context) -> list[JSON]:
        array = self._array.get(context)
        if type(array) is list:
            return array
        if isinstance(array, Mapping):
            return [{"key": key, "value": value} for key, value in array.items()]
        if isinstance(array, list | tuple):
            return list(array)
        return [] if array is None else [array]


def text(raw: JSON, mode: Mode, compiler: Compiler, place: DocumentPlace) -> "Template | Text":
    """What renders to a text: a template, or a `Text` for more than that."""
    return Text(raw, mode, compiler, place) if isinstance(raw, list | dict) else compiler.template(raw, mode, place)


class Text:
    """A list of templates and repetitions whose results are the lines of a text."""

    __slots__ = ("_parts",)

    def __init__(self, raw: JSON, mode: Mode, compiler: Compiler, place: DocumentPlace) -> None:
        self._parts: list[Template | Lines] = []
        for index, part in enumerate(raw if isinstance(raw, list) else [raw]):
            at = place / index if isinstance(raw, list) else place
            made = Lines(part, mode, compiler, at) if isinstance(part, dict) else compiler.template(part, mode, at)
            self._parts.append(made)

    def render(self, context: Context) -> str | None:
        """The text; None when nothing is left of it."""
        texts = [text for part in self._parts if (text := part.render(context)) is not None]
        return "\n".join(texts) or None


class Lines:
    """A line for each element of an array, and one that says how many more there are."""

    __slots__ = ("_each", "_join", "_line")

    def __init__(self, raw: Mapping[str, JSON], mode: Mode, compiler: Compiler, place: DocumentPlace) -> None:
        with compiler.asked() as asked:
            self._line = compiler.template(raw["line"], mode, place / "line")
        self._each = Each(raw, asked, compiler, place)
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


class Items:
    """A list of objects (fields, attachments) in which an element may be a repetition.

    `rest` makes the object that says what a repetition leaves out.
    """

    __slots__ = ("_parts", "_rest")

    def __init__(
        self,
        raw: Iterable[Mapping[str, JSON]],
        make: Any,
        rest: Callable[[str | None], Any],
        compiler: Compiler,
        place: DocumentPlace,
    ) -> None:
        self._rest = rest
        self._parts: list[tuple[Each | None, Any]] = []
        for index, part in enumerate(raw):
            at = place / index
            if "each" in part:
                with compiler.asked() as asked:
                    item = make(part["item"], compiler, at / "item")
                self._parts.append((Each(part, asked, compiler, at), item))
            else:
                self._parts.append((None, make(part, compiler, at)))

    def render(self, context: Context) -> list[Any]:
        """The objects made; after those of a repetition that was cut, the one that says so."""
        objects: list[Any] = []
        for each, item in self._parts:
            if len(objects) >= OBJECTS:
                break
            if each is None:
                objects.append(item.render(context))
                continue
            inners, remaining = each.contexts(context)
            objects += [item.render(inner) for inner in inners]
            if remaining:
                objects.append(self._rest(each.more.render({**context, "remaining": remaining})))
        return [made for made in objects if made is not None]


class FieldShape:
    """One field: gone when its title or value is missing."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self._title = compiler.template(raw["title"], _PLAIN, place / "title")
        self._value = text(raw["value"], _MARKDOWN, compiler, place / "value")
        self._short = raw.get("short")

    def render(self, context: Context) -> Field | None:
        """The field, or None."""
        if self._when is not None and not self._when.holds(context):
            return None
        title, value = self._title.render(context), self._value.render(context)
        if title is None or value is None:
            return None
        short = self._short
        if short is None:
            short = "\n" not in value and len(_TARGET.sub("]", value)) <= _SHORT
        return Field(title, value, bool(short))


Render = Callable[[Context], str | None]


def _texts(
    raw: Mapping[str, JSON], modes: Mapping[str, Mode], compiler: Compiler, place: DocumentPlace
) -> Sequence[tuple[str, Render]]:
    """What renders each text of an object that has it."""
    return [(key, text(raw[key], mode, compiler, place / key).render) for key, mode in modes.items() if key in raw]


def _rest_of_fields(more: str | None) -> Field:
    return Field("…", more or "")


def _rest_of_attachments(more: str | None) -> Attachment:
    return Attachment(text=more)


class AttachmentShape:
    """One attachment: gone when nothing visible is left of it."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self._texts = _texts(raw, _ATTACHMENT, compiler, place)
        fields = raw.get("fields")
        self._fields = Items(fields, FieldShape, _rest_of_fields, compiler, place / "fields") if fields else None

    def render(self, context: Context) -> Attachment | None:
        """The attachment, or None."""
        if self._when is not None and not self._when.holds(context):
            return None
        texts: dict[str, Any] = {key: render(context) for key, render in self._texts}
        made = Attachment(**texts)
        if self._fields is not None:
            made.fields = self._fields.render(context)
        return made if made.title or made.text or made.fields or _shows(made) else None


def _shows(made: Attachment) -> bool:
    """Whether anything is visible but title, text and fields."""
    return bool(made.author_name or made.pretext or made.image_url or made.thumb_url)


class PriorityShape:
    """The priority label and what goes with it: gone when nothing of it is wanted."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._level = compiler.template(raw["priority"], _RAW, place / "priority")
        self._ack = _flag(raw, "requested_ack", compiler, place)
        self._nags = _flag(raw, "persistent_notifications", compiler, place)

    def render(self, context: Context) -> Priority | None:
        """The priority, or None."""
        level = self._level.render(context)
        ack, nags = _holds(self._ack, context), _holds(self._nags, context)
        if level not in {"important", "urgent"}:
            return Priority("", ack) if ack else None
        return Priority(level, ack, nags)


def _flag(raw: Mapping[str, JSON], key: str, compiler: Compiler, place: DocumentPlace) -> Condition | None:
    """The condition under a key that is true, false or an expression; None for what never holds."""
    source = raw.get(key, False)
    return compiler.condition("true" if source is True else str(source), place / key) if source else None


def _holds(flag: Condition | None, context: Context) -> bool:
    return flag is not None and flag.holds(context)


class MessageShape:
    """The whole message."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._texts = _texts(raw, _MESSAGE, compiler, place)
        attachments = raw.get("attachments", ())
        self._attachments = Items(attachments, AttachmentShape, _rest_of_attachments, compiler, place / "attachments")
        card = raw.get("props", {}).get("card")
        self._card = text(card, _MARKDOWN, compiler, place / "props" / "card") if card else None
        self._priority = PriorityShape(raw["priority"], compiler, place / "priority") if "priority" in raw else None
        self._silent = _flag(raw, "silent", compiler, place)

    def render(self, context: Context) -> Message:
        """The message; it may be empty, which `fit` guards. Raises TranslationError."""
        attachments = self._attachments.render(context)
        card = self._card.render(context) if self._card else None
        texts: dict[str, Any] = {key: render(context) for key, render in self._texts}
        return Message(
            **texts,
            attachments=attachments,
            props=Props(card) if card else None,
            priority=self._priority.render(context) if self._priority else None,
            silent=_holds(self._silent, context),
        )
