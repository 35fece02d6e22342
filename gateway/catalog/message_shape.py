"""The `message` of a document, compiled: the shape of a Mattermost payload in which every string is a template.

Lines, fields and attachments repeat as `language.repeat` says. A missing value removes the line, field or attachment
that needs it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from gateway.catalog.author import AuthorUse
from gateway.catalog.scope import ALONE, Scope
from gateway.catalog.states import STATE, StateShape
from gateway.language.document import Compiler, DocumentPlace, Fragments
from gateway.language.output import Mode
from gateway.language.repeat import Items, text
from gateway.language.template import Condition, Context
from gateway.language.uses import Use
from gateway.mattermost.payload import Attachment, Field, Message, Priority, Props
from gateway.model import JSON

_SHORT: Final = 40
"""A field value up to this many visible characters shares its row with a neighbour, unless `short` says otherwise."""

_TARGET: Final = re.compile(r"\]\([^()\s]*\)")

_MARKDOWN, _PLAIN, _RAW = Mode.MARKDOWN, Mode.PLAIN, Mode.RAW
_ATTACHMENT: Final[Mapping[str, Mode]] = {
    "fallback": _PLAIN, "color": _RAW, "pretext": _MARKDOWN, "author_name": _PLAIN, "author_link": _RAW,
    "author_icon": _RAW, "title": _PLAIN, "title_link": _RAW, "text": _MARKDOWN, "image_url": _RAW, "thumb_url": _RAW,
    "footer": _MARKDOWN, "footer_icon": _RAW,
}  # fmt: skip
_MESSAGE: Final[Mapping[str, Mode]] = {
    "text": _MARKDOWN, "username": _PLAIN, "icon_url": _RAW, "icon_emoji": _RAW, "channel": _RAW,
}  # fmt: skip


class FieldShape:
    """One field, left out when its title or value is missing; where `blank` holds, its title is enough."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self._title = compiler.template(raw["title"], _PLAIN, place / "title")
        self._value = text(raw["value"], _MARKDOWN, compiler, place / "value")
        self._short = raw.get("short")
        self._blank = compiler.condition(raw["blank"], place / "blank") if "blank" in raw else None

    def render(self, context: Context) -> Field | None:
        """The field, or None."""
        if self._when is not None and not self._when.holds(context):
            return None
        value = self._value.render(context)
        if value is None and self._blank is None:  # most fields of most events
            return None
        title = self._title.render(context)
        if title is None:
            return None
        if value is None:
            return Field(title, "", True) if self._blank is not None and self._blank.holds(context) else None
        short = self._short
        if short is None:
            short = "\n" not in value and len(_TARGET.sub("]", value)) <= _SHORT
        return Field(title, value, bool(short))


Render = Callable[[Context], str | None]


def _texts(
    raw: Mapping[str, JSON], modes: Mapping[str, Mode], compiler: Compiler, place: DocumentPlace
) -> Sequence[tuple[str, Render]]:
    """The key and the renderer of each text that the object has."""
    return [(key, text(raw[key], mode, compiler, place / key).render) for key, mode in modes.items() if key in raw]


def _rest_of_fields(more: str | None) -> Field:
    return Field("…", more or "")


def _rest_of_attachments(more: str | None) -> Attachment:
    return Attachment(text=more)


class AttachmentShape:
    """One attachment, left out when nothing visible is left of it.

    With `use` it is what the fragment gives, and the texts that stand beside it. With `stated`, the document has a
    state, whose colour is that of an attachment without one.
    """

    def __init__(
        self,
        raw: Mapping[str, JSON],
        compiler: Compiler,
        place: DocumentPlace,
        scope: Scope = ALONE,
        *,
        stated: bool = False,
    ) -> None:
        self._when = compiler.condition(raw["when"], place / "when") if "when" in raw else None
        self._base = Use(raw, "attachment", compiler, place) if "use" in raw else None
        self._state = StateShape(raw["state"], scope.states, compiler, place / "state") if "state" in raw else None
        self._colored = "color" not in raw and (self._state is not None or (stated and self._base is None))
        if self._colored:
            compiler.engine.names_used.add(STATE)
        self._author = AuthorUse(raw["author"], scope.author, compiler, place / "author") if "author" in raw else None
        self._texts = _texts(raw, _ATTACHMENT, compiler, place)
        self._fields = fields_of(raw["fields"], compiler, place / "fields") if raw.get("fields") else None

    def render(self, context: Context) -> Attachment | None:
        """The attachment, or None."""
        if self._when is not None and not self._when.holds(context):
            return None
        if self._state is not None:
            context = {**context, STATE: self._state.render(context)}
        texts: dict[str, Any] = {} if self._author is None else self._author.render(context)
        if self._colored:
            texts["color"] = context[STATE].get("color")
        for key, render in self._texts:
            if shown := render(context):
                texts[key] = shown
        attachment = Attachment(**texts) if self._base is None else _upon(self._base.render(context), texts)
        if self._fields is not None:
            attachment.fields = [*attachment.fields, *self._fields.render(context)]
        return attachment if attachment.title or attachment.text or attachment.fields or _shows(attachment) else None


def fields_of(raw: Iterable[Mapping[str, JSON]], compiler: Compiler, place: DocumentPlace) -> Items[Field]:
    """The compiled fields of an attachment or fragment."""
    return Items(raw, _field, _rest_of_fields, _MARKDOWN, compiler, place)


def _field(raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> FieldShape | Use:
    return Use(raw, "fields", compiler, place) if "use" in raw else FieldShape(raw, compiler, place)


def _upon(base: Attachment | None, texts: Mapping[str, Any]) -> Attachment:
    """What a fragment gives, with the texts that are there instead of its own."""
    return replace(base or Attachment(), **{key: text for key, text in texts.items() if text is not None})


def _shows(attachment: Attachment) -> bool:
    """Whether a part other than title, text and fields is visible."""
    return bool(attachment.author_name or attachment.pretext or attachment.image_url or attachment.thumb_url)


class PriorityShape:
    """The priority label and its options, left out when none of them is set."""

    def __init__(self, raw: Mapping[str, JSON], compiler: Compiler, place: DocumentPlace) -> None:
        self._level = compiler.template(raw["priority"], _RAW, place / "priority")
        self._ack = _flag(raw, "requested_ack", compiler, place)
        self._nags = _flag(raw, "persistent_notifications", compiler, place)

    def render(self, context: Context) -> Priority | None:
        """The priority, or None."""
        level = self._level.render(context)
        ack, nags = _is_set(self._ack, context), _is_set(self._nags, context)
        if level not in {"important", "urgent"}:
            return Priority("", ack) if ack else None
        return Priority(level, ack, nags)


def _flag(raw: Mapping[str, JSON], key: str, compiler: Compiler, place: DocumentPlace) -> Condition | None:
    """The condition under a key that is true, false or an expression; None for one that is never true."""
    source = raw.get(key, False)
    return compiler.condition("true" if source is True else str(source), place / key) if source else None


def _is_set(flag: Condition | None, context: Context) -> bool:
    return flag is not None and flag.holds(context)


def _has_title(raw: Mapping[str, Any], fragments: Fragments) -> bool:
    """Whether an attachment is in every message, with a title. A fragment that cannot be used is a fault of its use."""
    if "each" in raw or "when" in raw:
        return False
    try:
        return "title" in raw or ("use" in raw and fragments.find(raw["use"]).titled)
    except ValueError:
        return False


class MessageShape:
    """The whole message; see `AttachmentShape` for `stated`."""

    def __init__(
        self,
        raw: Mapping[str, JSON],
        compiler: Compiler,
        place: DocumentPlace,
        scope: Scope = ALONE,
        *,
        stated: bool = False,
    ) -> None:
        self._texts = _texts(raw, _MESSAGE, compiler, place)
        make = partial(AttachmentShape, scope=scope, stated=stated)
        self._attachments = Items(
            raw.get("attachments", ()), make, _rest_of_attachments, _MARKDOWN, compiler, place / "attachments"
        )
        self._titled = any(_has_title(one, compiler.fragments) for one in raw.get("attachments", ()))
        card = raw.get("props", {}).get("card")
        self._card = text(card, _MARKDOWN, compiler, place / "props" / "card") if card else None
        self._priority = PriorityShape(raw["priority"], compiler, place / "priority") if "priority" in raw else None
        self._silent = _flag(raw, "silent", compiler, place)

    def untitled(self, message: Message) -> bool:
        """Whether a message has lost the title that the document gives to it."""
        if not self._titled:
            return False
        for one in message.attachments:  # noqa: SIM110 - the first one nearly always has it, a generator costs more
            if one.title:
                return False
        return True

    def render(self, context: Context) -> Message:
        """The message, of which `fit` makes none when it is empty. Raises TranslationError."""
        attachments = self._attachments.render(context)
        card = self._card.render(context) if self._card else None
        texts: dict[str, Any] = {key: render(context) for key, render in self._texts}
        return Message(
            **texts,
            attachments=attachments,
            props=Props(card) if card else None,
            priority=self._priority.render(context) if self._priority else None,
            silent=_is_set(self._silent, context),
        )
