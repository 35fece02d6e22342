"""The posts of an incoming webhook's body, with Mattermost's refusals, conversions and split. Pure.

Each rule is named after the section of the wire contract that states it. `read` is the web layer (contract 1.2, 1.3),
`drafts` and `check_storable` are the rest (1.5 to 1.7), `posts` both at once; channels belong to the stand-in.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.standin.attachments import Attachment, NameOf, complaints, message_text, over_hook, runes
from gateway.standin.gojson import floats
from gateway.standin.refusal import RefusedError

T = TypeVar("T")
MESSAGE_RUNES = 16_383
PROPS_RUNES = 760_000
PRIORITY_RUNES = 32
KIND_RUNES = 26
GENERAL = "web.incoming_webhook.general.app_error"
DECODE = "web.incoming_webhook.decode.app_error"
KINDS = frozenset({"", "slack_attachment", "me", "reminder", "add_bot_teams_channels"})
"""The types of posts that are neither custom nor the system's."""


class Priority(Struct):
    """The priority of a post as it is asked for."""

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
    attachments: list[Attachment | None] | None = None
    type: str | None = None
    props: dict[str, Any] | None = None
    priority: Priority | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.text and not any(item is not None for item in self.attachments or ())


class Draft(Struct):
    """One post before it is stored; `props` has the attachments."""

    message: str
    props: dict[str, Any]
    kind: str
    priority: Priority | None

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The attachments as they will be stored."""
        found: list[dict[str, Any]] = self.props.get("attachments", [])
        return found


def read(body: bytes) -> Incoming:
    """Decode the JSON of a request as the server does; raises RefusedError(400, DECODE)."""
    try:
        return decode(body, Incoming, repair=True)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, DECODE, f"could not decode the payload: {error}") from error


def decode(body: bytes, kind: type[T], *, repair: bool = False) -> T:
    """Decode the first JSON value of a body as Go does; raises ValueError or RecursionError.

    `repair` is the server's second try, with raw line breaks and tabs in the usual texts (contract 1.2).
    """
    value = _loads(body, repair=repair)
    return msgspec.convert({} if value is None else _lower_keys(value), kind)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text:.20} is beyond the numbers of Go")
    return value


_first = json.JSONDecoder(parse_constant=_no_constant, parse_float=_float)
_REPAIRED = re.compile(r'"(?:text|fallback|pretext|author_name|title|value)"\s*:\s*"(?:\\"|[^"])*"')
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode_whole(body: bytes, kind: type[T]) -> T:
    """Decode a body that is one JSON value and nothing else; raises ValueError or RecursionError."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        text = body.decode("utf-8", "replace").strip(" \t\r\n")
        value, end = _first.raw_decode(text)
        if text[end:]:
            raise ValueError("something follows the value") from None
    return msgspec.convert({} if value is None else _lower_keys(value), kind)


def _loads(body: bytes, *, repair: bool) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    try:
        value, _ = _first.raw_decode(text)
    except ValueError:
        if not repair:
            raise
        value, _ = _first.raw_decode(_REPAIRED.sub(_escape_breaks, text))
    return json.loads(_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))


def _escape_breaks(match: re.Match[str]) -> str:
    return match[0].replace("\n", "\\n").replace("\t", "\\t")


def _lower_keys(value: Any) -> Any:
    """Go matches keys without regard to case; below `props` and field values they are data."""
    if isinstance(value, dict):
        lowered = {key.lower(): item for key, item in value.items()}
        for name in ("attachments", "fields", "priority", "extra_responses", "update", "form"):
            if name in lowered:
                lowered[name] = _lower_keys(lowered[name])
        return lowered
    return [_lower_keys(item) for item in value] if isinstance(value, list) else value


_RESERVED_PROPS = frozenset({"attachments", "override_username", "override_icon_url", "from_webhook"})


def posts(incoming: Incoming, users: Mapping[str, str], *, direct: bool = False) -> list[Draft]:
    """Give the posts of a request, all of which can be stored; raises RefusedError.

    `users` has the username of each id; `direct` says that the channel is a direct one. Everybody is a member.
    """
    if incoming.is_empty:
        raise RefusedError(400, GENERAL, "no text specified")
    found = drafts(incoming, {"from_webhook": "true"}, users.get)
    for draft in found:
        check_storable(draft, None if direct else lambda _: True)
    return found


def warnings(draft: Draft) -> list[str]:
    """List what the server would log about the attachments now and refuse in a later version (contract 2)."""
    return complaints(draft.attachments)


def drafts(incoming: Incoming, dress: Mapping[str, str], name_of: NameOf, *, typed: bool = False) -> list[Draft]:
    """Give the posts that the server would store; more than one means that it had to split. Raises RefusedError.

    `dress` has the props that the server adds: where the post comes from, and the name and icon that it shows.
    `typed` keeps the type of a message with attachments, as answers of outgoing webhooks do.
    """
    try:
        return _drafts(incoming, dress, name_of, typed=typed)
    except OverflowError as error:
        raise RefusedError(400, DECODE, "a number is beyond those of Go") from error


def _drafts(incoming: Incoming, dress: Mapping[str, str], name_of: NameOf, *, typed: bool) -> list[Draft]:
    stored = [over_hook(attachment, name_of) for attachment in incoming.attachments or () if attachment is not None]
    kind = incoming.type or ""
    if stored and not (typed and kind):
        kind = "slack_attachment"
    if incoming.priority is not None and incoming.priority.priority is None:
        raise RefusedError(400, GENERAL, "priority is required")
    if kind.startswith("system_"):
        raise RefusedError(400, GENERAL, "system types are not for webhooks")
    props = {name: floats(value) for name, value in (incoming.props or {}).items() if name not in _RESERVED_PROPS}
    first = Draft(message_text(incoming.text or "", name_of), {**props, **dress}, kind, incoming.priority)
    return _split(first, stored)


def _split(whole: Draft, attachments: list[dict[str, Any]]) -> list[Draft]:
    """Contract 1.5: blind cuts, attachments on the last piece for as long as they fit."""
    text, props = whole.message, whole.props
    if runes(props) > PROPS_RUNES:
        raise RefusedError(400, GENERAL, "props too long")

    def piece(message: str) -> Draft:
        return Draft(message, dict(props), whole.kind, whole.priority)

    pieces = [piece(text[at : at + MESSAGE_RUNES]) for at in range(0, max(len(text), 1), MESSAGE_RUNES)]
    for attachment in attachments:
        last = pieces[-1]
        if runes({**last.props, "attachments": [*last.attachments, attachment]}) > PROPS_RUNES:
            if last.attachments:
                last = piece("")
                pieces.append(last)
            excess = runes({**props, "attachments": [attachment]}) - PROPS_RUNES
            if excess > len(attachment["text"]):
                raise RefusedError(400, GENERAL, "attachment too long")
            if excess > 0:
                attachment["text"] = attachment["text"][: len(attachment["text"]) - excess]
        last.props.setdefault("attachments", []).append(attachment)
    return pieces


def check_storable(draft: Draft, is_member: Callable[[str], bool] | None) -> None:
    """Find what makes storing a draft fail; raises RefusedError(500).

    `is_member` tells whether a username is one of the channel's; without it the channel is a direct one.
    """
    if not is_kind(draft.kind):
        raise RefusedError(500, GENERAL, "unknown post type")
    if holds_nul(draft.message, draft.props):
        raise RefusedError(500, GENERAL, "the database takes no U+0000")
    priority = draft.priority
    if priority is not None and len(priority.priority or "") > PRIORITY_RUNES:
        raise RefusedError(500, GENERAL, "the name of the priority is too long")
    if priority is None or not priority.persistent_notifications or is_member is None:
        return
    if not 1 <= sum(map(is_member, mentions(draft.message, draft.attachments))) <= 5:
        raise RefusedError(500, GENERAL, "persistent notifications need one to five recipients")


def is_kind(kind: str) -> bool:
    """Whether posts of a type can be stored."""
    return kind in KINDS or (kind.startswith("custom_") and len(kind) <= KIND_RUNES)


def holds_nul(message: str, props: Mapping[str, Any]) -> bool:
    """Whether U+0000 is in a post, which the database refuses."""
    return "\0" in message or (b"\\u0000" in msgspec.json.encode(props) and _has_nul(props))


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_nul, value)) or any(map(_has_nul, value.values()))
    return any(map(_has_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


_MENTION = re.compile(r"(?<![A-Za-z0-9_])@([A-Za-z0-9][A-Za-z0-9._-]*)")


def mentions(message: str, attachments: list[dict[str, Any]]) -> set[str]:
    """The names that a post mentions, in small letters (contract 1.6)."""
    texts = [message]
    for attachment in attachments:
        texts += [attachment["pretext"], attachment["text"]]
        texts += [str(field["value"]) for field in attachment["fields"] or () if field["value"] is not None]
    return {name.lower().rstrip(".-_") for text in texts for name in _MENTION.findall(text)}
