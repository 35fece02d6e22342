"""Durations, sizes and times as people write them: `10s`, `24h`, `7d`; `300kB`, `1GB`; `2026-01-31T08:00`."""

import re
from datetime import UTC, datetime

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_EPOCH = re.compile(r"\d{9,11}(?:\.\d{1,9})?")
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")


def seconds(text: str) -> float:
    """The seconds in "10s", "1.5h"; ValueError says what is expected."""
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in _SECONDS:
        raise ValueError(f"{text!r} is not a duration: write a number and one of {', '.join(_SECONDS)}")
    return float(match[1]) * _SECONDS[match[2]]


def written(seconds: float) -> str:
    """A duration in the largest unit that fits, with two significant digits: "12 s", "1.5 min", "5 h", "2 d"."""
    unit, step = next(((unit, step) for step, unit in _STEPS if seconds >= step), ("s", 1.0))
    amount = seconds / step
    return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.2g} {unit}"


def moment(text: str, now: float) -> float:
    """A time, in seconds since the epoch: "2h" is two hours before `now`, "2026-01-31T08:00" that of the clock.

    It is UTC unless it says else. Seconds since the epoch are taken as they are. ValueError says what is expected.
    """
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return float(text)
    try:
        return now - seconds(text)
    except ValueError:
        pass
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text[:100]!r} is neither how long ago (30m, 2h, 7d) nor a time (2026-01-31, 2026-01-31T08:00, "
            "2026-01-31T08:00+02:00; without an offset it is UTC)"
        ) from None


def size(text: str) -> int:
    """The bytes in "5MB", "300kB", "1GiB"; ValueError says what is expected."""
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2].lower() not in _BYTES:
        raise ValueError(f"{text!r} is not a size: write a number and one of B, kB, MB, GB, KiB, MiB, GiB")
    return int(float(match[1]) * _BYTES[match[2].lower()])


def amount(number: float) -> str:
    """A number of bytes for people: "512 B", "1.2 MB"."""
    for step, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= step * 0.99995:  # what the unit below would write as 1000.0
            return f"{number / step:.1f} {unit}"
    return f"{number:.0f} B"
