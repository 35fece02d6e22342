"""The line by which a list names a message: the title that its readers see, in plain text."""

from typing import Final

import msgspec
from msgspec import Struct

from gateway import secret
from gateway.acts.stored import StoredAct, StoredResponse
from gateway.console import acts
from gateway.console.payloads import opened
from gateway.mattermost.plain import unmark

LONGEST: Final = 200
"""Characters of a headline."""

_CONSIDERED: Final = 1_000
"""Characters of a text in which the headline is looked for."""


class _Attachment(Struct):
    """The parts of an attachment that can name it."""

    title: str | None = None
    fallback: str | None = None


class _Message(Struct):
    """The parts of a payload that can name it."""

    text: str | None = None
    attachments: tuple[_Attachment, ...] = ()


_decoder = msgspec.json.Decoder(_Message)


def headline(payload: bytes) -> str:
    """The title, or else the fallback, of the first attachment, or else the first line of the text; "" for neither.

    Without secrets, in LONGEST characters at most. `payload` is the JSON of a message, or empty; that of an act
    has what was typed or clicked.
    """
    kept = opened(payload)
    if isinstance(kept, StoredAct):
        return acts.title(kept)
    if isinstance(kept, StoredResponse):
        payload = bytes(kept.body)
    try:
        message = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):  # empty, or written by hand
        return ""
    first = message.attachments[0] if message.attachments else _Attachment()
    return _line(first.title or "") or _line(first.fallback or "") or _line(unmark((message.text or "")[:_CONSIDERED]))


def _line(text: str) -> str:
    """The first line of a text that says something."""
    line = next((line for line in text[:_CONSIDERED].splitlines() if not line.isspace() and line), "")
    line = secret.redact(" ".join(line.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
