"""The Mattermost payload as Structs: the JSON that an incoming webhook accepts and mattergate sends.

Contract sections 1.3 (message) and 2 (attachments). Every string is ready to send; `None` means absent and is not
encoded. Numbers never appear where Mattermost would reformat them: titles and values are strings.
"""

import msgspec
from msgspec import Struct


class Field(Struct, omit_defaults=True):
    """One cell of an attachment's table; `title` is plain text, `value` Markdown. Two short ones share a row."""

    title: str
    value: str
    short: bool = False


class Option(Struct, frozen=True):
    """One choice of a menu: `text` is shown, `value` comes back."""

    text: str
    value: str


class Integration(Struct, frozen=True):
    """Where Mattermost sends a click, and what it sends along; whoever reads the post over REST sees neither."""

    url: str
    context: dict[str, str]


class Action(Struct, omit_defaults=True, kw_only=True):
    """A button, or with `options` a menu (type "select"). Contract section 2: `id` is letters and digits only."""

    id: str
    name: str
    type: str
    style: str = ""
    options: list[Option] = []
    integration: Integration


class Attachment(Struct, omit_defaults=True):
    """One coloured block. `title`, `author_name` and `fallback` are plain text; text, pretext, footer are Markdown."""

    fallback: str | None = None
    color: str | None = None
    pretext: str | None = None
    author_name: str | None = None
    author_link: str | None = None
    author_icon: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fields: list[Field] = []
    image_url: str | None = None
    thumb_url: str | None = None
    footer: str | None = None
    footer_icon: str | None = None
    actions: list[Action] = []


class Priority(Struct, omit_defaults=True):
    """Contract section 1.7: `priority` is "important", "urgent", or "" for a message that only wants acknowledgement.

    `persistent_notifications` repeats the notification of those mentioned in an urgent message.
    """

    priority: str
    requested_ack: bool = False
    persistent_notifications: bool = False


class Props(Struct, omit_defaults=True):
    """Post properties; `card` is Markdown for the side panel."""

    card: str | None = None


class Message(Struct, omit_defaults=True):
    """One post. `fit` makes sure that it has at least one of `text` and `attachments`.

    `silent` asks a webhook for a message without notifications; servers before 11.8 ignore it (contract 7.24).
    `channel_id` and `root_id` are for destinations over REST, as in POST /posts: where the post goes instead of
    `channel`, and the post that it replies to. Hooks have neither and are not sent them.
    """

    text: str | None = None
    username: str | None = None
    icon_url: str | None = None
    icon_emoji: str | None = None
    channel: str | None = None
    channel_id: str | None = None
    root_id: str | None = None
    attachments: list[Attachment] = []
    props: Props | None = None
    priority: Priority | None = None
    silent: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """Encode a message as JSON; absent keys are left out."""
    return _encoder.encode(message)


def decode(payload: bytes) -> Message:
    """Decode the JSON that `encode` made."""
    return _decoder.decode(payload)


class _Place(Struct):
    channel: str = ""
    channel_id: str = ""


_place = msgspec.json.Decoder(_Place)


def channel_of(payload: bytes) -> str:
    """The channel that an encoded message names to a hook; "" for none."""
    return _place.decode(payload).channel if b'"channel":' in payload else ""


def place_of(payload: bytes) -> str:
    """The channel that an encoded message names over REST, by its id or its name; "" for none."""
    if b'"channel' not in payload:
        return ""
    place = _place.decode(payload)
    return place.channel_id or place.channel
