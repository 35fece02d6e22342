"""JSON from untrusted senders: parsed quickly, with bounded nesting, and with the place of the first fault."""

import gc
import math
import re

import msgspec

from gateway.decode.bounds import DEPTH, Allowance, TooDeepError
from gateway.model import JSON


def _number(text: str) -> float:
    """A number with a fraction or an exponent; one too large is none of JSON that others can read (RFC 8259, 6)."""
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    return value


_DECODER = msgspec.json.Decoder(float_hook=_number)
"""msgspec's own reading of numbers takes 8 us for `1e308`: seconds for a body of them, in which nothing else runs."""

_BYTE = re.compile(r"\(byte (\d+)\)")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF = re.compile(
    rb"""((?: [^\\]++ | \\u d[89ab][0-9a-f]{2} \\u d[c-f][0-9a-f]{2} | \\(?!u d[89a-f][0-9a-f]{2}) . )*+)
    (?: (\\u d[89a-f][0-9a-f]{2}) | \\?\Z)""",
    re.I | re.S | re.X,
)
"""A run without half a surrogate pair, and the half that ends it: one match for each half, not for each escape.

It matches at every place, also before a backslash at the end: a search that fails at one goes on at the next, and takes
the square of the length.
"""
_MOST_HALVES = 1000
_MOST_STRINGS = 20_000
_CONTROL = re.compile(rb"(?:(?<!\\)\\)?[\x00-\x1f]")
"""A control character, with the backslash before it that a shell would take as the continuation of a line."""
_SHORT = {b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.S)
_STRINGS = re.compile(rb'(?:[^"]*+"(?:[^"\\]|\\.)*+"){1,5000}', re.S)
"""As many strings as are taken out at once: `sub` holds all that it keeps in pieces."""
_BOM = b"\xef\xbb\xbf"


def parse(text: bytes | str, depth: int = DEPTH, allowance: Allowance | None = None) -> JSON:
    """Parse a JSON text in UTF-8; duplicate keys keep the last value, NaN and infinities are not JSON.

    Half of a surrogate pair (a sender that cut an emoji in two) and bytes that are not UTF-8 become U+FFFD. Its values
    are counted before it is parsed, and taken from the allowance. Raises ValueError with line and column, or
    BoundError.
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if allowance is None:
        allowance = Allowance()
    allowance.take(count(raw, allowance.left))
    try:
        value = _DECODER.decode(raw)
    except RecursionError:
        raise TooDeepError(_too_deep(depth)) from None
    except (msgspec.MsgspecError, ValueError):
        value = _second_try(raw, depth)
    if deeper_than(value, depth):
        raise TooDeepError(_too_deep(depth))
    return value


def count(raw: bytes, left: int) -> int:
    """The number of values in a JSON text, at most: the more exactly, the nearer that is to what is `left`."""
    shortest = len(raw) // 2 + 1  # as many values of one character as there is room for, with their commas
    if shortest < left // 8:
        return shortest
    signs = _signs(raw)
    if signs < left:  # those inside of strings count, too
        return signs + 1
    signs = at = 0
    while match := _STRINGS.match(raw, at):
        signs += _signs(_STRING.sub(b"", match[0]))
        at = match.end()
    return signs + _signs(_STRING.sub(b"", raw[at:])) + 1


def _signs(raw: bytes) -> int:
    """The number of signs that separate values or begin arrays and objects."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


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
    repaired = repair(raw)
    try:
        return _DECODER.decode(repaired)
    except RecursionError:
        raise TooDeepError(_too_deep(depth)) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(_syntax_error(str(error), repaired)) from None


def repair(raw: bytes) -> bytes:
    """Return the text without a byte order mark with U+FFFD for what is not UTF-8 and for half pairs, if few."""
    repaired = raw.removeprefix(_BOM).decode("utf-8", "replace").encode()
    if not _SURROGATE.search(repaired):
        return repaired
    return _HALF.sub(lambda match: match[1] + rb"\ufffd" if match[2] else match[0], repaired, count=_MOST_HALVES)


def escape_controls(text: bytes | str) -> bytes | None:
    """Return the JSON text with the control characters within its strings escaped; None where there are none, or many.

    Mattermost repairs its incoming webhooks like this: shell scripts write line breaks and tabs as they are (RFC 8259,
    7, wants them escaped). Only what is no JSON as it stands is to be repaired.
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if not _CONTROL.search(raw) or raw.count(b'"') > 2 * _MOST_STRINGS:
        return None
    repaired = _STRING.sub(_escaped_string, raw)
    return None if repaired == raw else repaired


def _escaped_string(string: re.Match[bytes]) -> bytes:
    return _CONTROL.sub(_escaped_control, string[0]) if _CONTROL.search(string[0]) else string[0]


def _escaped_control(control: re.Match[bytes]) -> bytes:
    return _SHORT.get(control[0][-1:]) or b"\\u%04x" % control[0][-1]


def _syntax_error(message: str, raw: bytes) -> str:
    problem = _BYTE.sub("", message).removeprefix("JSON is malformed: ").strip().lower()
    match = _BYTE.search(message)
    at = min(int(match[1]), len(raw)) if match else len(raw)
    line = raw.count(b"\n", 0, at) + 1
    column = at - (raw.rfind(b"\n", 0, at) + 1) + 1
    return f"not JSON: {problem} at line {line}, column {column}"


def _too_deep(depth: int) -> str:
    return f"JSON nested deeper than {depth} levels"
