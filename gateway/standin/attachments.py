"""Attachments as Mattermost decodes and stores them, and Slack's forms in texts (contract 1.6 and 2)."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from gateway.standin import gojson
from gateway.standin.refusal import new_id

NameOf = Callable[[str], str | None]
"""The username of an id, if there is such a user."""

_MESSAGE_LINK = re.compile(r"<([^\n<|>]+)\|([^|\n>]+)>")
_ATTACHMENT_LINK = re.compile(r"<([^<|]+)\|([^>]+)>")
_ANNOUNCEMENT = re.compile(r"<!(channel|here|all)>")
_USER_ID = re.compile(r"<@([a-zA-Z0-9]+)>")
_SHORT = {"true": True, "false": False}


class Field(Struct):
    """One cell of the table of an attachment, of the types that Go's decoder demands."""

    title: str | None = None
    value: Any = None
    short: bool | str = False

    def __post_init__(self) -> None:
        """Read a word for a truth value; raises ValueError for any other."""
        if isinstance(self.short, str):
            if self.short.lower() not in _SHORT:
                raise ValueError(f"short is {self.short!r}")
            self.short = _SHORT[self.short.lower()]


class Option(Struct):
    """One choice of a menu."""

    text: str | None = None
    value: str | None = None


class Integration(Struct):
    """Where a click goes, and what goes with it."""

    url: str | None = None
    context: dict[str, Any] | None = None


class Action(Struct):
    """A button or a menu, of the types that Go's decoder demands."""

    id: str | None = None
    type: str | None = None
    name: str | None = None
    disabled: bool | None = None
    style: str | None = None
    data_source: str | None = None
    options: list[Option | None] | None = None
    default_option: str | None = None
    integration: Integration | None = None

    def stored(self) -> dict[str, Any]:
        """The action as Go stores it: without what is empty, numbers of the context after Go."""
        stored = {name: value for name in self.__struct_fields__ if (value := getattr(self, name))}
        if self.options:
            stored["options"] = [
                option and {"text": option.text or "", "value": option.value or ""} for option in self.options
            ]
        if self.integration is not None:
            parts = {"url": self.integration.url, "context": gojson.floats(self.integration.context)}
            stored["integration"] = {name: part for name, part in parts.items() if part}
        return stored


class Attachment(Struct):
    """One attachment, of the types that Go's decoder demands; null is the same as absent."""

    id: int | None = None
    fallback: str | None = None
    color: str | None = None
    pretext: str | None = None
    author_name: str | None = None
    author_link: str | None = None
    author_icon: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fields: list[Field | None] | None = None
    image_url: str | None = None
    thumb_url: str | None = None
    footer: str | None = None
    footer_icon: str | None = None
    ts: Any = None
    actions: list[Action | None] | None = None

    def stored(self) -> dict[str, Any]:
        """The attachment as Go stores it: every key is there, null for lists without elements."""
        stored: dict[str, Any] = {name: getattr(self, name) or "" for name in self.__struct_fields__}
        fields = [
            {"title": field.title or "", "value": field.value, "short": field.short}
            for field in self.fields or ()
            if field is not None
        ]
        stored |= {"id": self.id or 0, "fields": fields or None, "ts": self.ts}
        stored["actions"] = [action.stored() for action in self.actions or () if action is not None]
        if not stored["actions"]:
            del stored["actions"]
        return stored


def name_actions(attachments: Sequence[Mapping[str, Any]]) -> None:
    """Give an id to every action without one, as the server does with each post before it is stored or shown."""
    for attachment in attachments:
        for action in attachment.get("actions", ()):
            action.setdefault("id", new_id())


def for_readers(attachment: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stored attachment as readers see it: where a click goes is not for them."""
    if "actions" not in attachment:
        return attachment
    actions = [
        {name: part for name, part in action.items() if name != "integration"} for action in attachment["actions"]
    ]
    return {**attachment, "actions": actions}


def over_hook(attachment: Attachment, name_of: NameOf) -> dict[str, Any]:
    """An attachment as an incoming webhook stores it: texts converted, values made strings."""
    stored = attachment.stored()
    for name in ("pretext", "text"):
        stored[name] = _convert_links(stored[name], name_of)
    stored["title"] = expand_mentions(stored["title"], name_of)
    for field in stored["fields"] or ():
        if field["value"] is not None:
            field["value"] = _convert_links(go_text(field["value"]), name_of)
    return stored


def of_command(attachment: Attachment) -> dict[str, Any]:
    """An attachment of a command's answer that asks for no conversion: its links are converted all the same."""
    stored = attachment.stored()
    for name in ("pretext", "text"):
        stored[name] = link_text(stored[name])
    for field in stored["fields"] or ():
        if field["value"] is not None:
            field["value"] = link_text(go_text(field["value"]))
    return stored


def over_rest(value: Any) -> list[dict[str, Any]] | None:
    """The attachments of a post's props as REST stores them: what does not decode vanishes, null becomes empty."""
    found = []
    for item in value if isinstance(value, list) else ():
        try:
            found.append(msgspec.convert({} if item is None else item, Attachment).stored())
        except (msgspec.ValidationError, OverflowError):
            continue
    return found or None


def message_text(text: str, name_of: NameOf) -> str:
    """The text of a hook's message as it is stored."""
    return _MESSAGE_LINK.sub(r"[\2](\1)", expand_mentions(text, name_of)) if "<" in text else text


def link_text(text: str) -> str:
    """A text with its links converted, and nothing else."""
    return _ATTACHMENT_LINK.sub(r"[\2](\1)", text) if "<" in text else text


def _convert_links(text: str, name_of: NameOf) -> str:
    return link_text(expand_mentions(text, name_of))


def expand_mentions(text: str, name_of: NameOf) -> str:
    """A text with the mentions of Slack's forms in Mattermost's (contract 1.6 rule 1)."""
    if "<" not in text:
        return text
    text = _ANNOUNCEMENT.sub(r"@\1", text)
    return _USER_ID.sub(lambda match: f"@{name}" if (name := name_of(match[1])) else match[0], text)


def go_text(value: Any) -> str:
    """A value as Go's `%v` writes it: numbers are floats, in exponent form from a million on."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _go_number(float(value))
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    return "<nil>" if value is None else str(value)


def _go_number(value: float) -> str:
    """A float with the fewest digits that name it."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    if -4 <= power < 6 or not any(digits):
        return format(Decimal(repr(value)).normalize(), "f")
    rest = "".join(map(str, digits[1:]))
    return f"{'-' * sign}{digits[0]}{'.' * bool(rest)}{rest}e{power:+03d}"


def runes(props: Mapping[str, Any]) -> int:
    """The code points of Go's JSON encoding (contract 1.5)."""
    raw = msgspec.json.encode(props).decode()
    return len(raw) + 5 * sum(map(raw.count, "<>&\u2028\u2029"))


_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_WEB = re.compile(r"https?://[^/?#\s]+.*", re.S)
_LINKS = ("author_link", "author_icon", "title_link", "image_url", "thumb_url", "footer_icon")


def complaints(attachments: list[dict[str, Any]]) -> list[str]:
    """What the server would log about stored attachments now and refuse in a later version (contract 2)."""
    found = []
    for attachment in attachments:
        color = attachment["color"]
        if color and color not in {"good", "warning", "danger"} and not _HEX.fullmatch(color):
            found.append(f"color {color!r}")
        found += [
            f"{name} {attachment[name]!r}" for name in _LINKS if not _WEB.fullmatch(attachment[name] or "http://x")
        ]
        for link, name in (("author_link", "author_name"), ("title_link", "title")):
            if attachment[link] and not attachment[name]:
                found.append(f"{link} without {name}")
        if attachment["ts"] is not None and not isinstance(attachment["ts"], str | int | float):
            found.append("ts")
    return found
