"""What the console and the API tell of refused requests, and the words by which they and noted events are filtered."""

from typing import Literal

from msgspec import Struct

from gateway.journal import Record

NoteOrCause = Literal[
    "", "unknown", "mismatch", "broken", "empty", "unreadable", "unconfirmed", "untitled",
    "connections", "documents", "encoding", "head_too_large", "keys", "malformed", "memory", "method", "no_route",
    "not_understood", "protocol", "rate", "slow", "stale", "strangers", "too_large", "unsigned", "work", "wrong_secret",
]  # fmt: skip
"""A Note, or a Cause of a refused request."""


class RefusedRequest(Struct, frozen=True):
    """What is known of a refused request beside its event: `status` is the answer, `hint` what may mend it.

    The others are the sender's: its address, method, User-Agent, content type, and the bytes of its body if known.
    """

    status: int
    hint: str
    peer: str
    method: str
    agent: str
    content_type: str
    size: int


def of(record: Record) -> RefusedRequest | None:
    """What is known of a refused request; None for an event."""
    one = record.refusal
    if one is None:
        return None
    return RefusedRequest(one.status, one.hint, one.peer, one.method, one.agent, one.content_type, one.size)
