"""The reply of a callback: what Mattermost shows, to whom, when the outside service has answered."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from gateway.callbacks.smoothing import Occasion
from gateway.catalog.message_shape import MessageShape
from gateway.catalog.scope import Scope
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.functions.markdown import escape
from gateway.language.output import Mode
from gateway.language.repeat import Items
from gateway.language.template import Context
from gateway.mattermost.fit import Fitted, Limits, fitted
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Message


class To(StrEnum):
    """Where a reply appears.

    channel: for all; caller: for the one who asked alone; thread: below the post; update: in place of the post that
    has the button; nothing: nowhere.
    """

    CHANNEL = "channel"
    CALLER = "caller"
    THREAD = "thread"
    UPDATE = "update"
    NOTHING = "nothing"


USUAL: Final[Mapping[Occasion, To]] = {
    Occasion.OUTGOING: To.CHANNEL,
    Occasion.COMMAND: To.CALLER,
    Occasion.ACTION: To.CALLER,
    Occasion.DIALOG: To.CALLER,
    Occasion.MESSAGE: To.THREAD,
}
"""Where a reply appears that does not say it."""

_CLICKED: Final = frozenset(To)
POSSIBLE: Final[Mapping[Occasion, frozenset[To]]] = {
    Occasion.OUTGOING: frozenset({To.CHANNEL, To.THREAD, To.NOTHING}),
    Occasion.COMMAND: frozenset({To.CHANNEL, To.CALLER, To.NOTHING}),
    Occasion.ACTION: _CLICKED,
    Occasion.DIALOG: _CLICKED,
    Occasion.MESSAGE: frozenset({To.CHANNEL, To.THREAD, To.NOTHING}),
}
"""Where a reply can appear. Only those who clicked or called can be told alone; only a click has a post to update."""


class Option(Struct, frozen=True):
    """One choice in a field of a dialog."""

    text: str
    value: str


class Reply(Struct, frozen=True):
    """One reply: `messages` that Mattermost accepts, in order; without any, it says nothing.

    `options` are those that a dialog asks for, `errors` texts by the field of a dialog. `problem` says what failed, for
    the journal; "" when nothing did.
    """

    to: To = To.NOTHING
    messages: tuple[Fitted, ...] = ()
    options: tuple[Option, ...] = ()
    errors: Mapping[str, str] = {}
    problem: str = ""


class ReplyShape:
    """One `reply` of a document, compiled. `to` is None where that depends on the occasion."""

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace, scope: Scope) -> None:
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self.to = To(raw["to"]) if "to" in raw else None
        self._message = MessageShape(raw["message"], compiler, place / "message", scope) if "message" in raw else None
        self._errors = [
            (name, compiler.template(text, Mode.PLAIN, place / "errors" / name))
            for name, text in raw.get("errors", {}).items()
        ]
        self._options: Items[Option] | None = None
        if "options" in raw:
            parts = [{"limit": MOST_OPTIONS, **one} if "each" in one else one for one in raw["options"]]
            self._options = Items(parts, _OptionShape, _rest, Mode.PLAIN, compiler, place / "options")

    @property
    def gives_options(self) -> bool:
        """Whether it answers a dialog that asks for options."""
        return self._options is not None

    def holds(self, context: Context) -> bool:
        """Whether this is the reply. Raises TranslationError."""
        return self._when is None or self._when.holds(context)

    def render(self, context: Context, occasion: Occasion, limits: Limits, *, mentions: bool) -> Reply:
        """The reply. Raises TranslationError."""
        errors = {name: text for name, error in self._errors if (text := error.render(context))}
        options = [one for one in self._options.render(context) if one.text] if self._options is not None else ()
        message = self._message.render(context) if self._message is not None else None
        messages = fitted(message, limits, mentions=mentions) if message is not None else ()
        to = self.to or USUAL[occasion]
        return Reply(to if messages else To.NOTHING, tuple(messages), tuple(options)[:MOST_OPTIONS], errors)


class FailureShape:
    """What a document says when its request failed: `failure`, or a text of ours where it has none."""

    def __init__(
        self, raw: Mapping[str, Any], title: str, compiler: Compiler, place: DocumentPlace, scope: Scope
    ) -> None:
        self._title = title
        self.shape = ReplyShape(raw, compiler, place, scope) if raw else None

    def render(
        self, context: Context, occasion: Occasion, problem: str, limits: Limits = DEFAULT, *, mentions: bool = False
    ) -> Reply:
        """The reply, which is never silent. Raises TranslationError."""
        made = Reply()
        if self.shape is not None:
            made = self.shape.render({**context, "problem": problem}, occasion, limits, mentions=mentions)
        messages = made.messages or default_failure(self._title, problem, limits)
        to = made.to if made.to is not To.NOTHING else USUAL[occasion]
        return Reply(to, messages, problem=problem)


def unsure(title: str, problem: str, occasion: Occasion, limits: Limits = DEFAULT) -> Reply:
    """What is said of a callback of which nobody knows how it ended: no document can tell."""
    text = f"{escape(title)}: outcome not known: {escape(problem)}"
    return Reply(USUAL[occasion], tuple(fitted(Message(text=text), limits)), problem=problem)


def default_failure(title: str, problem: str, limits: Limits = DEFAULT) -> tuple[Fitted, ...]:
    """What is said of a failed callback whose document says nothing."""
    return tuple(fitted(Message(text=f"{escape(title)}: that did not work: {escape(problem)}"), limits))


MOST_OPTIONS: Final = 100
"""Choices that one field of a dialog shows."""


class _OptionShape:
    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> None:
        self._text = compiler.template(raw["text"], Mode.PLAIN, place / "text")
        self._value = compiler.template(raw.get("value", raw["text"]), Mode.PLAIN, place / "value")

    def render(self, context: Context) -> Option | None:
        text, value = self._text.render(context), self._value.render(context)
        return Option(text, value) if text and value else None


def _rest(_: str | None) -> Option:
    """What stands for the options that a limit leaves out: nobody can choose it, so it is dropped."""
    return Option("", "")


def misplaced(shape: ReplyShape, answers: Sequence[Occasion]) -> str:
    """Why a reply cannot appear where it says; "" when it can."""
    for one in answers:
        if shape.to is not None and shape.to not in POSSIBLE[one]:
            known = ", ".join(to for to in To if to in POSSIBLE[one])
            return f"a reply to {_NAMES[one]} cannot appear there; it can at {known}"
    return ""


_NAMES: Final[Mapping[Occasion, str]] = {
    Occasion.OUTGOING: "an outgoing webhook",
    Occasion.COMMAND: "a command",
    Occasion.ACTION: "an action",
    Occasion.DIALOG: "a dialog",
    Occasion.MESSAGE: "a message",
}
