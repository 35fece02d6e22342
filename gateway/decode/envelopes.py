"""Events inside of texts: JSON written as a string (SNS, EventBridge), base64 of JSON, base64 in a Pub/Sub message.

https://cloud.google.com/pubsub/docs/push#receive_push, https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.decode import jsontext
from gateway.decode.bounds import Allowance
from gateway.model import JSON

_DEPTH: Final = 5
_LONGEST: Final = 200_000
_NODES: Final = 500
_VALUES: Final = 20_000
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_GROUP: Final = 4
"""Characters of base64 that stand for whole bytes; the lines of a folded text have a multiple of it (RFC 2045, 6.8)."""
_BYTES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_JSON_AS_BASE64: Final = ("eyJ", "eyA", "ewo", "ew0", "W3s", "Wyb", "Wwo")
"""How `{"`, `{ `, `[{` and the like begin in base64."""
_OF_PUBSUB: Final = frozenset({"messageId", "message_id", "publishTime", "publish_time"})


def opened(value: JSON) -> JSON:
    """The value with the events inside of its texts in their place; what is no text or JSON stays as it is.

    It looks five levels deep and at 500 parts, and reads texts of at most 200,000 characters.
    """
    return _Opener().of(value, _DEPTH)


class _Opener:
    """One walk over a value, with what it may still look at and read."""

    def __init__(self) -> None:
        self._left = _NODES
        self._allowance = Allowance(most=_VALUES)

    def of(self, value: JSON, depth: int) -> JSON:
        self._left -= 1
        if self._left < 0 or depth < 0:
            return value
        if isinstance(value, str):
            inner = self._event_in(value)
            return self.of(inner, depth - 1) if inner is not None else value
        if isinstance(value, dict) and len(value) <= self._left:
            whole = _with_text(value)
            return {key: self.of(inner, depth - 1) for key, inner in whole.items()}
        if isinstance(value, list) and len(value) <= self._left and any(isinstance(item, dict | str) for item in value):
            return [self.of(inner, depth - 1) for inner in value]
        return value

    def _event_in(self, text: str) -> JSON:
        """The array or object that a text holds as JSON, or as base64 of JSON; else None."""
        if len(text) > _LONGEST:
            return None
        start = text[:40].lstrip()
        if start.startswith(_JSON_AS_BASE64):
            text = text_in_base64(text) or ""
        elif not start.startswith(("{", "[")):
            return None
        try:
            found = jsontext.parse(text, allowance=self._allowance)
        except ValueError:
            return None
        return found if isinstance(found, dict | list) and found else None


def _with_text(value: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """A message of Pub/Sub with its data as text; any other object as it is."""
    data = value.get("data")
    if not isinstance(data, str) or len(data) > _LONGEST or not _OF_PUBSUB & value.keys():
        return value
    text = text_in_base64(data)
    return {**value, "data": text} if text is not None else value


def text_in_base64(text: str) -> str | None:
    """The text in base64 of either alphabet, with or without its padding; None where there is none, or other bytes.

    It may stand in lines of one length and have white space around it; words between spaces are none.
    """
    lines = text.split()
    if len(lines) > 1 and not _is_folded(lines):
        return None
    folded = "".join(lines)
    if _BASE64.fullmatch(folded) is None:
        return None
    bare = folded.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % _GROUP), validate=True)
        found = raw.decode()
    except (ValueError, binascii.Error):
        return None
    chance = base64.b64encode(raw).rstrip(b"=") != bare.encode()  # its last character has bits that no encoder sets
    return None if chance or _BYTES.search(found) else found


def _is_folded(lines: Sequence[str]) -> bool:
    """Whether these can be the lines of one text in base64: of one length, but for the last."""
    *full, last = map(len, lines)
    return len(set(full)) == 1 and not full[0] % _GROUP and last <= full[0]
