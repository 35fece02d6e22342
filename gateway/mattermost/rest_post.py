"""The conversion of a webhook's payload to the body of a post over REST (contract 6.3). Pure.

Only webhooks convert links and mentions in Slack's notation; the messages of the gateway are Markdown.
"""

from collections.abc import Container
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Priority, Props
from gateway.mattermost.rest_answers import Extra
from gateway.model import Delivery

LATE: Final = "_Sent late: newer messages about this were posted before._"
"""The first line of a message that is older than what its subject's post shows."""


class Payload(Struct):
    """The parts of a payload that a post needs: `payload.Message` with its attachments undecoded.

    `channel_id` comes before `channel`; `root_id` counts for messages without a card, whose posts decide that alone.
    """

    text: str = ""
    username: str = ""
    icon_url: str = ""
    icon_emoji: str = ""
    channel: str = ""
    channel_id: str = ""
    root_id: str = ""
    attachments: Raw = Raw()
    props: Props | None = None
    priority: Priority | None = None


class _Props(Struct, omit_defaults=True):
    """`from_webhook` makes clients show another name and icon, `from_bot` that of a bot; the server expects strings.

    `mattergate` is the marker of the post: clients show nothing of it.
    """

    mattergate: str = ""
    attachments: Raw | None = None
    card: str | None = None
    override_username: str = ""
    override_icon_url: str = ""
    override_icon_emoji: str = ""
    from_webhook: str = ""
    from_bot: str = ""


class _Label(Struct, omit_defaults=True):
    """`payload.Priority`; the server stores it only with the key `priority`, even an empty one."""

    priority: Priority


class _Post(Struct, omit_defaults=True):
    channel_id: str
    message: str
    pending_post_id: str
    root_id: str
    props: _Props
    metadata: _Label | None = None


class _Patch(Struct):
    message: str
    props: _Props


_decode = msgspec.json.Decoder(Payload).decode
_encode = msgspec.json.Encoder().encode


def read(payload: bytes | str) -> Payload:
    """Decode the JSON of a message."""
    return _decode(payload)


def as_late(payload: Payload) -> Payload:
    """The payload with LATE as its first line, where the text has room for it."""
    text = f"{LATE}\n\n{payload.text}" if payload.text else LATE
    return replace(payload, text=text) if len(text) <= DEFAULT.message else payload


def post(payload: Payload, channel_id: str, root_id: str, marker: str, without: Container[Extra] = ()) -> bytes:
    """The body of POST /posts: a root, or with `root_id` a reply, which has no priority (the server refuses one).

    The server ignores a repeat of the `pending_post_id` within 30 seconds, unless it was restarted meanwhile.
    """
    label = None if root_id else _label(payload.priority, without)
    props = _props(payload, without)
    props.mattergate = marker
    return _encode(_Post(channel_id, payload.text, f"mattergate:{marker}", root_id, props, label))


def patch(payload: Payload, *, bot: bool, without: Container[Extra] = ()) -> bytes:
    """The body of PUT /posts/{id}/patch. The server replaces all properties, so `from_bot` of a `bot` is sent again."""
    props = _props(payload, without)
    props.from_bot = "true" if bot else ""
    return _encode(_Patch(payload.text, props))


def extras_of(payload: Payload, *, root: bool) -> set[Extra]:
    """The extras of a payload that a server may refuse, in a root or else in a reply."""
    found = set()
    if payload.username or payload.icon_url or payload.icon_emoji:
        found.add(Extra.OVERRIDES)
    if root and payload.priority is not None:
        if payload.priority.priority:
            found.add(Extra.PRIORITY)
        if payload.priority.requested_ack or payload.priority.persistent_notifications:
            found.add(Extra.RECEIPTS)
    return found


def marker_of(delivery: Delivery, step: str) -> str:
    """The marker of the post that a delivery makes in this step: the same at every attempt, and of no other post.

    The server compares `pending_post_id` across all accounts, so it must not be guessable from the delivery's number.
    """
    seed = f"{delivery.event_id} {delivery.seq} {delivery.destination} {step}"
    return blake2b(seed.encode(), digest_size=16).hexdigest()


def _props(payload: Payload, without: Container[Extra]) -> _Props:
    props = _Props(attachments=payload.attachments if payload.attachments else None)
    if payload.props is not None:
        props.card = payload.props.card
    if Extra.OVERRIDES not in without and (payload.username or payload.icon_url or payload.icon_emoji):
        props.override_username = payload.username
        props.override_icon_url = payload.icon_url
        props.override_icon_emoji = payload.icon_emoji
        props.from_webhook = "true"
    return props


def _label(priority: Priority | None, without: Container[Extra]) -> _Label | None:
    if priority is None:
        return None
    level = "" if Extra.PRIORITY in without else priority.priority
    receipts = Extra.RECEIPTS not in without and Extra.PRIORITY not in without
    ack, nags = priority.requested_ack and receipts, priority.persistent_notifications and receipts
    return _Label(Priority(level, ack, nags)) if level or ack else None
