"""A Mattermost message as its readers would see it: `view` says what is shown, `templates/_message.html` how.

Payloads are read leniently, also hostile ones: what has the wrong type is not shown.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from gateway.console import markdown
from gateway.mattermost import clean
from gateway.model import JSON

COLORS: Final = {"good": "#00c100", "warning": "#dede01", "danger": "#e40303"}
"""How Mattermost shows the colours that have names."""
NO_COLOR: Final = "#8d94a0"
STYLES: Final = frozenset({"default", "primary", "success", "good", "warning", "danger"})
PRIORITIES: Final = frozenset({"important", "urgent"})


class Link(Struct, frozen=True):
    """A plain text and where it leads; `url` is "" or fit for a browser."""

    text: str
    url: str = ""


class FieldView(Struct, frozen=True):
    """One cell of an attachment's table; two short ones stand side by side."""

    title: str
    value: Markup
    short: bool


class Action(Struct, frozen=True):
    """A button or a menu. Nobody can press it here."""

    name: str
    style: str
    menu: bool


class AttachmentView(Struct, frozen=True):
    """One coloured block; `color` is #rrggbb."""

    color: str
    pretext: Markup
    author: Link
    title: Link
    text: Markup
    fields: Sequence[FieldView]
    images: Sequence[Link]
    actions: Sequence[Action]
    footer: Markup


class MessageView(Struct, frozen=True):
    """What is shown of a message; `notes` describe what a post does not show, such as its channel."""

    username: str
    icon: Link
    priority: str
    ack: bool
    text: Markup
    attachments: Sequence[AttachmentView]
    card: Markup
    notes: Sequence[str]


def view(payload: JSON) -> MessageView:
    """What a reader sees of the message that a payload makes."""
    message = _object(payload)
    priority = _object(message.get("priority"))
    name = _text(message, "username") or "webhook"
    icon = _text(message, "icon_emoji").strip(":")
    return MessageView(
        username=name,
        icon=Link(f":{icon}:" if icon else name[:1].upper(), _url(message, "icon_url")),
        priority=_text(priority, "priority") if _text(priority, "priority") in PRIORITIES else "",
        ack=priority.get("requested_ack") is True,
        text=_markdown(message, "text"),
        attachments=[_attachment(one) for one in _objects(message.get("attachments"))],
        card=_markdown(_object(message.get("props")), "card"),
        notes=list(_notes(message, priority)),
    )


def _notes(message: Mapping[str, JSON], priority: Mapping[str, JSON]) -> list[str]:
    notes = []
    if channel := _text(message, "channel"):
        notes.append(f"in the channel {channel}")
    if channel := _text(message, "channel_id"):
        notes.append(f"in the channel with the id {channel}")
    if root := _text(message, "root_id"):
        notes.append(f"in the thread of the post {root}")
    if message.get("response_type") == "ephemeral":
        notes.append("for the caller alone")
    if message.get("silent") is True:
        notes.append("without notifications")
    if priority.get("persistent_notifications") is True:
        notes.append("notifies again until it is acknowledged")
    return notes


def _attachment(raw: Mapping[str, JSON]) -> AttachmentView:
    images = {"image": _url(raw, "image_url"), "thumbnail": _url(raw, "thumb_url")}
    return AttachmentView(
        color=_color(_text(raw, "color")),
        pretext=_markdown(raw, "pretext"),
        author=Link(_text(raw, "author_name"), _url(raw, "author_link")),
        title=Link(_text(raw, "title"), _url(raw, "title_link")),
        text=_markdown(raw, "text"),
        fields=[
            FieldView(_text(field, "title"), _markdown(field, "value"), field.get("short") is True)
            for field in _objects(raw.get("fields"))
        ],
        images=[Link(f"{kind}: {url}", url) for kind, url in images.items() if url],
        actions=[_action(action) for action in _objects(raw.get("actions"))],
        footer=_markdown(raw, "footer"),
    )


def _action(raw: Mapping[str, JSON]) -> Action:
    style = _text(raw, "style")
    return Action(_text(raw, "name"), style if style in STYLES else "default", _text(raw, "type") == "select")


def _color(name: str) -> str:
    return COLORS.get(name) or COLORS.get(clean.color(name) or "") or clean.color(name) or NO_COLOR


def _markdown(raw: Mapping[str, JSON], key: str) -> Markup:
    text = _text(raw, key)
    return markdown.render(text) if text else Markup()


def _url(raw: Mapping[str, JSON], key: str) -> str:
    return markdown.web_link(_text(raw, key))


def _text(raw: Mapping[str, JSON], key: str) -> str:
    value = raw.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _object(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _objects(value: JSON) -> list[Mapping[str, JSON]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
