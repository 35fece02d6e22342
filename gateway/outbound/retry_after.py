"""The wait that a server asks of its clients: `Retry-After`, RFC 9110 section 10.2.3."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

AFTER_LIMIT = 3600.0
"""The longest wait in seconds; a server that asks for more gets the next request after an hour."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, from a number or an HTTP date; None when absent or unreadable. `now` is epoch seconds."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    after = seconds(value)
    if after is not None:
        return after
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits is no ValueError
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return min(max(date.timestamp() - now, 0.0), AFTER_LIMIT)


def seconds(value: str) -> float | None:
    """A header's whole number of seconds, at most AFTER_LIMIT; None for anything else."""
    value = value.strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return min(float(value[:10]), AFTER_LIMIT)
