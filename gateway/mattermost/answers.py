"""What the answers of a Mattermost server have in common, whether a webhook or the REST interface gives them.

Of an error document only the `id` field, which names the case, is shown: its `message` repeats secrets and third-party
text.
"""

import re
from collections.abc import Mapping
from typing import Protocol

import msgspec
from msgspec import Struct

from gateway.outbound.retry_after import retry_after, seconds

_ERROR_ID = re.compile(r"[a-z_]{1,60}(\.[a-z_]{1,60}){1,6}")


class Revealing(Protocol):
    """A secret text that shows itself only when asked."""

    def reveal(self) -> str:
        """Return the text."""


class _ErrorDocument(Struct):
    id: str = ""


_error_document = msgspec.json.Decoder(_ErrorDocument)


def error_id(body: bytes) -> str:
    """The id of an error document, empty for anything else; hardened servers leave it out where they fail."""
    try:
        found = _error_document.decode(body).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return found if _ERROR_ID.fullmatch(found) else ""


def shown_id(body: bytes) -> str:
    """` (the.error.id)` of an error document, empty for anything else."""
    found = error_id(body)
    return f" ({found})" if found else ""


def wait(headers: Mapping[str, str], now: float) -> float | None:
    """Retry-After, or X-RateLimit-Reset, which is seconds until the reset although its documentation says epoch."""
    after = retry_after(headers, now)
    return seconds(headers.get("X-RateLimit-Reset", "")) if after is None else after
