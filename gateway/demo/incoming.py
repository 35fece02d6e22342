"""What Mattermost makes of the body of an incoming webhook: pure, with the server's refusals, conversions and split.

Each rule is named after the section of the wire contract that states it. `read` is the web layer (contract 1.2, 1.3),
`posts` the rest (1.5 to 1.7); channels and hooks belong to the stand-in itself.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

MESSAGE_RUNES = 16_383
PROPS_RUNES = 760_000
GENERAL = "web.incoming_webhook.general.app_error"
DECODE = "web.incoming_webhook.decode.app_error"


_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 in JSON; behind a backslash that is itself escaped, `u0000` is four digits and a letter."""


class RefusedError(Exception):
    """The server's answer to a request that it does not take; `detail` is shown only to developers."""

    def __init__(self, status: int, error_id: str, detail: str) -> None:
        super().__init__(f"{status} {error_id}: {detail}")
        self.status = status
        self.error_id = error_id
        self.detail = detail


class _Field(Struct):
    title: str | None = None
    value: Any = None
    short: bool | str = False


class _Attachment(Struct):
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
    fields: list[_Field | None] | None = None
    image_url: str | None = None
    thumb_url: str | None = None
    footer: str | None = None
    footer_icon: str | None = None
    ts: Any = None
    actions: list[dict[str, Any] | None] | None = None


class _Priority(Struct):
    priority: str | None = None
    requested_ack: bool | None = None
    persistent_notifications: bool | None = None


class Incoming(Struct):
    """A decoded request: every key has the type that Go's decoder demands; null is the same as absent."""

    text: str | None = None
    username: str | None = None
    icon_url: str | None = None
    icon_emoji: str | None = None
    channel: str | None = None
    attachments: list[_Attachment | None] | None = None
    type: str | None = None
    props: dict[str, Any] | None = None
    priority: _Priority | None = None


class Draft(Struct):
    """One post as it would be stored; `props` has the attachments."""

    message: str
    props: dict[str, Any]

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The attachments as stored."""
        found: list[dict[str, Any]] = self.props.get("attachments", [])
        return found


def read(body: bytes) -> Incoming:
    """Decode the JSON of a request as the server does; raises RefusedError(400, DECODE)."""
    try:
        incoming = msgspec.convert(_lower_keys(_loads(body)) or {}, Incoming)
        for attachment in _present(incoming.attachments):
            for field in _present(attachment.fields):
                if isinstance(field.short, str):
                    field.short = _SHORT[field.short.lower()]
    except (ValueError, KeyError, RecursionError) as error:
        raise RefusedError(400, DECODE, f"could not decode the payload: {error}") from error
    return incoming


_SHORT = {"true": True, "false": False}
_lenient = json.JSONDecoder(strict=False)


def _loads(body: bytes) -> Any:
    """Read the first JSON value; a second try takes raw line breaks and tabs in strings, and what follows the value."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace").lstrip()
        value, _ = _lenient.raw_decode(text)
        return json.loads(json.dumps(value).encode("utf-8", "replace"))


def _lower_keys(value: Any) -> Any:
    """Go matches keys without regard to case; below `props` and field values they are data."""
    if isinstance(value, dict):
        lowered = {key.lower(): item for key, item in value.items()}
        for name in ("attachments", "fields", "priority"):
            if name in lowered:
                lowered[name] = _lower_keys(lowered[name])
        return lowered
    return [_lower_keys(item) for item in value] if isinstance(value, list) else value


def _present(items: list[Any] | None) -> list[Any]:
    return [item for item in items or () if item is not None]


def posts(incoming: Incoming, users: Mapping[str, str], *, direct: bool = False) -> list[Draft]:
    """Give the posts that the server would store; more than one means that it had to split. Raises RefusedError.

    `users` has the username of each id; `direct` says that the channel is a direct one.
    """
    attachments = _present(incoming.attachments)
    text = incoming.text or ""
    if not text and not attachments:
        raise RefusedError(400, GENERAL, "no text specified")
    _check_type(incoming.type or "")
    props = {key: value for key, value in (incoming.props or {}).items() if key not in _RESERVED_PROPS}
    props["from_webhook"] = "true"
    if incoming.priority is not None:
        if incoming.priority.priority is None:
            raise RefusedError(400, GENERAL, "priority is required")
        props["priority"] = msgspec.to_builtins(incoming.priority)
    stored = [_stored(attachment, users) for attachment in attachments]
    drafts = _split(_MESSAGE_LINK.sub(r"[\2](\1)", _expand(text, users)), props, stored)
    for draft in drafts:
        _check_storable(draft, incoming.priority, direct=direct)
    return drafts


_RESERVED_PROPS = frozenset({"attachments", "override_username", "override_icon_url", "from_webhook"})
_MESSAGE_LINK = re.compile(r"<([^\n<|>]+)\|([^|\n>]+)>")
_ATTACHMENT_LINK = re.compile(r"<([^<|]+)\|([^>]+)>")
_ANNOUNCEMENT = re.compile(r"<!(channel|here|all)>")
_USER_ID = re.compile(r"<@([a-zA-Z0-9]+)>")
_MENTION = re.compile(r"(?<![A-Za-z0-9_])@([A-Za-z0-9][A-Za-z0-9._-]*)")


def _check_type(kind: str) -> None:
    if kind.startswith("system_"):
        raise RefusedError(400, GENERAL, "system types are not for webhooks")
    if kind and kind != "slack_attachment" and not kind.startswith("custom_"):
        raise RefusedError(500, GENERAL, "unknown post type")


def _expand(text: str, users: Mapping[str, str]) -> str:
    """Contract 1.6 rule 1."""
    text = _ANNOUNCEMENT.sub(r"@\1", text)
    return _USER_ID.sub(lambda match: f"@{users[match[1]]}" if match[1] in users else match[0], text)


def _stored(attachment: _Attachment, users: Mapping[str, str]) -> dict[str, Any]:
    """Give the attachment as Go stores it: empty keys are there, texts converted (1.6), values strings (2)."""
    fields = []
    for field in _present(attachment.fields):
        value = field.value
        if value is not None:
            value = _ATTACHMENT_LINK.sub(r"[\2](\1)", _expand(_go_text(value), users))
        fields.append({"title": field.title or "", "value": value, "short": field.short})
    stored = {name: getattr(attachment, name) or "" for name in _Attachment.__struct_fields__}
    for name in ("pretext", "text"):
        stored[name] = _ATTACHMENT_LINK.sub(r"[\2](\1)", _expand(stored[name], users))
    stored["title"] = _expand(stored["title"], users)
    stored["id"], stored["fields"], stored["ts"] = attachment.id or 0, fields or None, attachment.ts
    if not attachment.actions:
        del stored["actions"]
    return stored


def _go_text(value: Any) -> str:
    """Write a value as Go's `%v` does: numbers are floats, in exponent form from a million on."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _go_number(float(value))
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go_text(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go_text, value))}]"
    return "<nil>" if value is None else str(value)


def _go_number(value: float) -> str:
    """Write a float with the fewest digits that name it."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    if -4 <= power < 6:
        return format(Decimal(repr(value)).normalize(), "f")
    rest = "".join(map(str, digits[1:]))
    return f"{'-' * sign}{digits[0]}{'.' * bool(rest)}{rest}e{power:+03d}"


def runes(props: Mapping[str, Any]) -> int:
    """Count the code points of Go's JSON encoding (contract 1.5)."""
    raw = msgspec.json.encode(props).decode()
    return len(raw) + 5 * sum(map(raw.count, "<>&\u2028\u2029"))


def _split(text: str, props: dict[str, Any], attachments: list[dict[str, Any]]) -> list[Draft]:
    """Contract 1.5: blind cuts, attachments on the last piece for as long as they fit."""
    if runes(props) > PROPS_RUNES:
        raise RefusedError(400, GENERAL, "props too long")
    cuts = range(0, max(len(text), 1), MESSAGE_RUNES)
    drafts = [Draft(text[at : at + MESSAGE_RUNES], dict(props)) for at in cuts]
    for attachment in attachments:
        last = drafts[-1]
        if runes({**last.props, "attachments": [*last.attachments, attachment]}) > PROPS_RUNES:
            if last.attachments:
                last = Draft("", dict(props))
                drafts.append(last)
            excess = runes({**props, "attachments": [attachment]}) - PROPS_RUNES
            if excess > len(attachment["text"]):
                raise RefusedError(400, GENERAL, "attachment too long")
            if excess > 0:
                attachment["text"] = attachment["text"][: len(attachment["text"]) - excess]
        last.props.setdefault("attachments", []).append(attachment)
    return drafts


def _check_storable(draft: Draft, priority: _Priority | None, *, direct: bool) -> None:
    if "\0" in draft.message or _NUL.search(msgspec.json.encode(draft.props)):
        raise RefusedError(500, GENERAL, "the database takes no U+0000")
    if priority is not None and priority.persistent_notifications and not direct:
        mentioned = {name.lower() for text in _mentioning(draft) for name in _MENTION.findall(text)}
        if not 1 <= len(mentioned) <= 5:
            raise RefusedError(500, GENERAL, "persistent notifications need one to five recipients")


def _mentioning(draft: Draft) -> Iterator[str]:
    """Give the texts that notify (contract 1.6)."""
    yield draft.message
    for attachment in draft.attachments:
        yield from (attachment["pretext"], attachment["text"])
        yield from (field["value"] for field in attachment["fields"] or () if field["value"] is not None)


_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_WEB = re.compile(r"https?://[^/?#\s]+.*", re.S)
_LINKS = ("author_link", "author_icon", "title_link", "image_url", "thumb_url", "footer_icon")


def warnings(draft: Draft) -> list[str]:
    """List what the server would log about the attachments now and refuse in a later version (contract 2)."""
    found = []
    for attachment in draft.attachments:
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
