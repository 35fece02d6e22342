"""Fitting: any message becomes messages that Mattermost accepts, in order, with nothing lost silently.

A message that already fits is sent as it is (`ready`). Otherwise values that the server would refuse or mangle are
repaired (`tidy`), long texts are cut at good places (`split`), and attachments are packed into as few messages as hold
them. Pure: the same message always gives the same messages.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from gateway.mattermost.limits import DEFAULT, Limits
from gateway.mattermost.payload import Attachment, Message, encode
from gateway.mattermost.ready import is_ready
from gateway.mattermost.split import split
from gateway.mattermost.tidy import Tidier, fallback, mentioned

__all__ = ["Fitted", "Limits", "fits", "fitted"]

_ENVELOPE = 1_000  # runes and bytes that punctuation and the server's own props may add to one message
_SKELETON = 300  # runes of the keys of an attachment, which Go writes even when they are empty
_FIELD_SKELETON = 50
_LESS = b"<"
_DEFUSED = 3  # runes and bytes that a `<` may grow by on its way to a hook, see for_hook
_GO_ESCAPED = (b"<", b">", b"&", b"\xe2\x80\xa8", b"\xe2\x80\xa9")  # one rune here, six in Go's JSON
_PERSISTENT_MENTIONS = range(1, 6)  # contract 1.7: any other number of mentioned people is refused


class Fitted(Struct, frozen=True):
    """A message that Mattermost accepts, and its JSON, encoded once."""

    message: Message
    payload: bytes


def fitted(message: Message, limits: Limits = DEFAULT, *, mentions: bool = False) -> list[Fitted]:
    """Return the messages to send, in order; Mattermost accepts each and splits none.

    `mentions` lets every mention of the message notify, third-party ones too; otherwise none does. Username, icon,
    channel and priority are the same on each message; only the first one asks for acknowledgement and repeats its
    notifications. The argument is not changed. Of a message with nothing to show there is none.
    """
    usual = _with_fallbacks(message, limits)
    try:
        raw = encode(usual)
    except UnicodeEncodeError:  # a lone surrogate has to be repaired
        raw = b""
    if raw and is_ready(usual, raw, limits, mentions=mentions):
        return [Fitted(usual, raw)]
    tidier = Tidier(limits, mentions=mentions)
    text = tidier.markdown(message.text)
    attachments = [part for attachment in message.attachments for part in tidier.attachment(attachment)]
    if text is None and not attachments:
        return []
    first = tidier.envelope(message)
    first.props = tidier.props(message.props)
    messages = list(_pack(split(text, limits.top_text) if text else [], attachments, first, limits))
    for one in messages:
        _settle_priority(one, first=one is messages[0])
    return [Fitted(one, encode(one)) for one in _limit_messages(messages, limits)]


def _with_fallbacks(message: Message, limits: Limits) -> Message:
    """Return a copy in which every attachment has a fallback, the text that notifications show."""
    for attachment in message.attachments:
        if attachment.fallback is None:
            break
    else:
        return message
    filled = [
        replace(one, fallback=fallback(one, limits)) if one.fallback is None else one for one in message.attachments
    ]
    return replace(message, attachments=filled)


def _pack(pieces: list[str], attachments: list[Attachment], first: Message, limits: Limits) -> Iterator[Message]:
    """Yield a message for each piece of text; the last one takes attachments until it is full, then further ones do."""
    current, further = first, replace(first, props=None)
    for index, piece in enumerate(pieces):
        if index:
            yield current
            current = replace(further, attachments=[])
        current.text = piece
    runes, size = _base_weight(current)
    for attachment in attachments:
        more_runes, more_size = _weight(attachment)
        full = len(current.attachments) >= limits.attachments
        if full or runes + more_runes > limits.props or size + more_size > limits.body:
            if current.attachments or current.text:
                yield current
                current = replace(further, attachments=[])
            runes, size = _base_weight(current)
        current.attachments.append(attachment)
        runes += more_runes
        size += more_size
    yield current


def _base_weight(message: Message) -> tuple[int, int]:
    """The weight of a message without attachments: an upper bound of its props in runes, and its bytes."""
    raw = encode(message)
    size = len(raw) + _DEFUSED * raw.count(_LESS) + _ENVELOPE
    return 6 * len(message.props.card or "") + _ENVELOPE if message.props else _ENVELOPE, size


def fits(message: Message, limits: Limits = DEFAULT) -> bool:
    """Whether a message, each text of which is good, is as a whole no larger than Mattermost takes."""
    runes, size = _base_weight(replace(message, attachments=[]))
    weights = [_weight(attachment) for attachment in message.attachments]
    return (
        runes + sum(weight[0] for weight in weights) <= limits.props
        and size + sum(weight[1] for weight in weights) <= limits.body
    )


def _weight(attachment: Attachment) -> tuple[int, int]:
    """The weight of an attachment: an upper bound of its runes in Go's JSON encoding, and its bytes."""
    raw = encode(Message(attachments=[attachment]))
    escapes = sum(map(raw.count, _GO_ESCAPED))
    size = len(raw) + _DEFUSED * raw.count(_LESS)
    return size + 5 * escapes + _SKELETON + _FIELD_SKELETON * len(attachment.fields), size


def _settle_priority(message: Message, *, first: bool) -> None:
    """Keep repeated notifications only where the message mentions somebody: the server refuses others.

    Only the first message asks for acknowledgement: the others continue it.
    """
    priority = message.priority
    if priority is not None and priority.persistent_notifications:
        nags = first and mentioned(message) in _PERSISTENT_MENTIONS
        priority = message.priority = replace(priority, persistent_notifications=nags)
    if priority is not None and priority.requested_ack and not first:
        message.priority = replace(priority, requested_ack=False) if priority.priority else None


def _limit_messages(messages: list[Message], limits: Limits) -> list[Message]:
    """Limit the messages of one event; the last one then says how many are left out."""
    if len(messages) <= limits.messages:
        return messages
    kept = messages[: limits.messages]
    left_out = len(messages) - limits.messages + 1
    kept[-1] = replace(kept[-1], text=f"({left_out} further messages of this event are left out)", attachments=[])
    return kept
