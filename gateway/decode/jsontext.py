"""JSON from untrusted senders: parsed quickly, with bounded nesting, and with the place of the first fault."""

import gc
import re

import msgspec

from gateway.model import JSON

DEPTH = 64
"""The default limit of nested arrays and objects; real senders stay below 20."""

_DECODER = msgspec.json.Decoder()
_BYTE = re.compile(r"\(byte (\d+)\)")
_ESCAPE = re.compile(rb"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u(d[89a-f][0-9a-f]{2})|.)", re.I | re.S)
_BOM = b"\xef\xbb\xbf"


class TooDeepError(ValueError):
    """The text is well-formed, but nested deeper than allowed; the decoder shows such a body as text."""


def parse(text: bytes | str, depth: int = DEPTH) -> JSON:
    """Parse a JSON text in UTF-8; duplicate keys keep the last value, NaN and infinities are not JSON.

    Half of a surrogate pair (a sender that cut an emoji in two) and bytes that are not UTF-8 become U+FFFD. Raises
    ValueError with line and column, or TooDeepError.
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        value = _DECODER.decode(raw)
    except RecursionError:
        raise TooDeepError(_too_deep(depth)) from None
    except (msgspec.MsgspecError, ValueError):
        value = _second_try(raw, depth)
    if deeper_than(value, depth):
        raise TooDeepError(_too_deep(depth))
    return value


def deeper_than(value: JSON, depth: int) -> bool:
    """Tell whether arrays and objects nest deeper than `depth`; a scalar has depth 0, `[]` has depth 1."""
    level = [value]
    for _ in range(depth):
        # All children of a level in one call: a walk in Python takes as long as parsing. Scalars refer to nothing.
        level = gc.get_referents(*level)
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _second_try(raw: bytes, depth: int) -> JSON:
    repaired = raw.removeprefix(_BOM).decode("utf-8", "replace").encode()
    repaired = _ESCAPE.sub(lambda match: rb"\ufffd" if match[3] else match[0], repaired)
    try:
        return _DECODER.decode(repaired)
    except RecursionError:
        raise TooDeepError(_too_deep(depth)) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(_syntax_error(str(error), repaired)) from None


def _syntax_error(message: str, raw: bytes) -> str:
    problem = _BYTE.sub("", message).removeprefix("JSON is malformed: ").strip().lower()
    match = _BYTE.search(message)
    at = min(int(match[1]), len(raw)) if match else len(raw)
    line = raw.count(b"\n", 0, at) + 1
    column = at - (raw.rfind(b"\n", 0, at) + 1) + 1
    return f"not JSON: {problem} at line {line}, column {column}"


def _too_deep(depth: int) -> str:
    return f"JSON nested deeper than {depth} levels"
