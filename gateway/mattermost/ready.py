"""A fast check whether a message needs no fitting, the usual case: one scan of its encoded bytes and a few lengths.

Every check may err towards no, which costs only the time of fitting the message.
"""

import re

from gateway.mattermost import clean
from gateway.mattermost.limits import Limits
from gateway.mattermost.payload import Attachment, Message
from gateway.mattermost.tidy import PRIORITIES

# A search for one byte costs a tenth of any other, so it comes first; `in` finds a byte given as int five times faster.
_BACKSLASH, _AT, _LESS, _AND, _WIDE = b"\\@<&\xe2"
_CONTROL = re.compile(rb"\\[bfru]")  # how JSON writes control characters; found in an escaped backslash too
_REFERENCE = re.compile(rb"&(?:#|commat)")
# The usual URL, recognised by its characters alone; ASCII, so that its length in characters is that in bytes.
_USUAL_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9/:?#@!$&+,;=~._-]*)?")


def is_ready(message: Message, raw: bytes, limits: Limits, *, mentions: bool) -> bool:
    """Whether the message, of which `raw` is the encoding, can be sent as it is."""
    size = len(raw)
    if size > limits.message or size > limits.attachment or size * 30 > limits.body or size * 76 > limits.props:
        return False
    if (_BACKSLASH in raw and _CONTROL.search(raw)) or (_has_silenced(raw) if mentions else _may_mention(raw)):
        return False
    if (message.text is None and not message.attachments) or len(message.attachments) > limits.attachments:
        return False
    if message.text is not None and not _is_text(message.text, limits.message):
        return False
    if not _is_ready_envelope(message, limits):
        return False
    for attachment in message.attachments:  # noqa: SIM110 - a generator costs as much as the check itself
        if not _is_ready_attachment(attachment, limits):
            return False
    return True


def _may_mention(raw: bytes) -> bool:
    return _AT in raw or (_AND in raw and _REFERENCE.search(raw) is not None)


def _has_silenced(raw: bytes) -> bool:
    return (_AT in raw and b"@%" in raw) or (_LESS in raw and b"<!" in raw) or (_WIDE in raw and b"\xe2\x80\x8b" in raw)


def _is_text(value: str, limit: int) -> bool:
    return 0 < len(value) <= limit and not value.isspace()


def _is_line(value: str, limit: int) -> bool:
    return 0 < len(value) <= limit and value.isprintable() and not value.isspace()


def _is_address(address: str) -> bool:
    if len(address) <= clean.LONGEST_ADDRESS and _USUAL_ADDRESS.fullmatch(address):
        return True
    return clean.is_web_address(address)


def _is_ready_envelope(message: Message, limits: Limits) -> bool:
    priority = message.priority
    return (
        message.props is None
        and (message.username is None or _is_line(message.username, limits.username))
        and (message.channel is None or _is_line(message.channel, limits.author))
        and (message.icon_url is None or clean.is_web_address(message.icon_url, limits.icon))
        and (message.icon_emoji is None or message.icon_emoji == clean.emoji(message.icon_emoji))
        and (priority is None or (priority.priority in PRIORITIES and not priority.persistent_notifications))
    )


def _is_ready_attachment(attachment: Attachment, limits: Limits) -> bool:
    title, author, footer, color = attachment.title, attachment.author_name, attachment.footer, attachment.color
    return (
        (title is not None or attachment.text is not None)
        and (
            title is None
            or (_is_line(title, limits.title) and ("](" not in title or attachment.title_link is not None))
        )
        and (author is None or _is_line(author, limits.author))
        and (attachment.fallback is None or _is_line(attachment.fallback, limits.fallback))
        and (attachment.text is None or _is_text(attachment.text, limits.attachment))
        and (attachment.pretext is None or _is_text(attachment.pretext, limits.attachment))
        and (footer is None or _is_text(footer, limits.footer))
        and (color is None or color == clean.color(color))
        and (attachment.title_link is None or (title is not None and _is_address(attachment.title_link)))
        and (attachment.author_link is None or (author is not None and _is_address(attachment.author_link)))
        and (attachment.footer_icon is None or footer is not None)
        and (attachment.author_icon is None or _is_address(attachment.author_icon))
        and (attachment.footer_icon is None or _is_address(attachment.footer_icon))
        and (attachment.image_url is None or _is_address(attachment.image_url))
        and (attachment.thumb_url is None or _is_address(attachment.thumb_url))
        and (not attachment.fields or _has_ready_fields(attachment, limits))
    )


def _is_field_title(title: str, limits: Limits) -> bool:
    return _is_line(title, limits.field_title) and "](" not in title


def _has_ready_fields(attachment: Attachment, limits: Limits) -> bool:
    if len(attachment.fields) > limits.fields:
        return False
    for field in attachment.fields:
        has_value = _is_text(field.value, limits.field) or (field.value == "" and field.title)
        if not has_value or (field.title and not _is_field_title(field.title, limits)):
            return False
    return True
