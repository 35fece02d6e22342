"""Repair of single values: what Mattermost refuses, shows wrongly or warns about (contract 2) is mended or left out.

`None` means absent; every function here returns either a usable value or `None`. A value that is too long is cut with a
visible ellipsis.
"""

import re

from gateway.mattermost.terminal import without_controls

ELLIPSIS = "\u2026"
_NAMED_COLORS = frozenset({"good", "warning", "danger"})
_HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LOOSE_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_WEB_ADDRESS = re.compile(
    r"https?://(?:[^\s/?#@\[\]<>\"\\%\x00-\x1f\ud800-\udfff]*@)?"  # user
    r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]<>\"\\%^`{|}\x00-\x1f\ud800-\udfff]+)(?::[0-9]{1,5})?"  # host, port
    r"(?:[/?#][^\s<>\"\x00-\x1f\ud800-\udfff]*)?"
)
_SCHEME = re.compile(r"https?://", re.I)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_EMOJI = re.compile(r":?([A-Za-z0-9_+-]{1,64}):?")

LONGEST_ADDRESS = 2048
"""Bytes; longer ones are refused by servers (MaximumURLLength) and browsers alike."""


def text(value: str | None) -> str | None:
    """Return the text with LF line ends, without C0 controls and lone surrogates; None when nothing visible is left."""
    if not value or value.isspace():
        return None
    if _UNWANTED.search(value) is None:
        return value
    value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    value = without_controls(value.replace("\r\n", "\n").replace("\r", "\n"))
    return value if value and not value.isspace() else None


def line(value: str | None, limit: int) -> str | None:
    """Return the text on a single line of at most `limit` code points."""
    value = text(value)
    if value is None:
        return None
    return cut(" ".join(value.split()) if "\n" in value or "\t" in value else value, limit)


def cut(value: str, limit: int) -> str:
    """Return at most `limit` code points; the last one is an ellipsis when the value was cut."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + ELLIPSIS


def color(value: str | None) -> str | None:
    """Return one of good, warning, danger or `#rrggbb`; a missing `#` is added, three digits become six."""
    if value is None or value in _NAMED_COLORS or _HEX_COLOR.fullmatch(value):
        return value
    value = value.strip().lower()
    if value in _NAMED_COLORS:
        return value
    match = _LOOSE_HEX.fullmatch(value)
    if match is None:
        return None
    digits = match[1]
    return f"#{digits}" if len(digits) == 6 else "#" + "".join(digit * 2 for digit in digits)


def web_address(value: str | None, limit: int = LONGEST_ADDRESS) -> str | None:
    """Return an http or https URL with a host, as Go's net/url parses it, of at most `limit` bytes."""
    if value is None:
        return None
    if not is_web_address(value, limit):
        value = (text(value) or "").strip()
        value = _SCHEME.sub(lambda scheme: scheme[0].lower(), value, count=1)
        value = _STRAY_PERCENT.sub("%25", value.replace(" ", "%20"))
        if not is_web_address(value, limit):
            return None
    return value


def is_web_address(value: str, limit: int = LONGEST_ADDRESS) -> bool:
    """Whether the URL needs no repair; `limit` is in bytes."""
    if _WEB_ADDRESS.fullmatch(value) is None:
        return False
    if "%" in value and _STRAY_PERCENT.search(value) is not None:
        return False
    return len(value) * 4 <= limit or len(value.encode()) <= limit


def emoji(value: str | None) -> str | None:
    """Return an emoji's name without its colons."""
    match = _EMOJI.fullmatch(value.strip()) if value else None
    return match[1] if match else None
