"""Error ids, waiting times and blame in the answers of Mattermost, of webhooks and of the REST interface alike.

Only the `id` field of an error document is shown, which names the case: its `message` repeats secrets and third-party
text.
"""

import re
from collections.abc import Mapping
from typing import Protocol

import msgspec
from msgspec import Struct

from gateway.model import Blame
from gateway.outbound.retry_after import retry_after, seconds

_ERROR_ID = re.compile(r"[a-z_]{1,60}(\.[a-z_]{1,60}){1,6}")


class Revealing(Protocol):
    """A secret text that is shown only by `reveal`."""

    def reveal(self) -> str:
        """Return the text."""


class _ErrorDocument(Struct):
    id: str = ""


_error_document = msgspec.json.Decoder(_ErrorDocument)


def error_id(body: bytes) -> str:
    """The id of an error document, empty for anything else; hardened servers leave the id out of their own failures."""
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
    """Seconds to wait, from Retry-After or X-RateLimit-Reset (seconds until the reset, though documented as epoch)."""
    after = retry_after(headers, now)
    return seconds(headers.get("X-RateLimit-Reset", "")) if after is None else after


def refusal_blame(status: int, shown: str) -> Blame:
    """Who is at fault at a refusal: the URL at a 405 and 414, and at a 404 without an error id (`shown`).

    What answers such a 404 is not Mattermost's interface.
    """
    return Blame.DESTINATION if status in (405, 414) or (status == 404 and not shown) else Blame.UNKNOWN


def delay_blame(status: int) -> Blame:
    """Who is at fault at a 4xx of a proxy: it asks for a login (401, 407), or the server was too slow."""
    return Blame.DESTINATION if status in (401, 407) else Blame.SERVER


def failure_blame(status: int, shown: str) -> Blame:
    """Who is at fault at a 5xx: a plain 500 and one with an error id (`shown`) may mean this message alone.

    Hardened servers turn every failure of theirs into a plain 500.
    """
    return Blame.UNKNOWN if status == 500 or shown else Blame.SERVER
