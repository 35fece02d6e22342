"""What is in the payloads of deliveries: messages, acts that are to be performed, and later answers to commands.

Nothing of them that lets its bearer act leaves here: no URL for answers, and nothing by which a button is clicked.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct

from gateway import secret
from gateway.acts import stored
from gateway.acts.stored import Stored, StoredAct, StoredResponse
from gateway.model import JSON, Delivery

_STORED: Final = b'{"type":'
"""How what acts store begins; no message has such a key."""

_FURTHER: Final = "extra_responses"
_INTEGRATION: Final = "integration"


class MessageDetail(Struct, frozen=True):
    """One message: the payload of deliveries. `card` says that it is what their card shows."""

    payload: JSON
    deliveries: Sequence[int]
    card: bool = False


def opened(payload: bytes) -> Stored | None:
    """The act, or later answer to a command, of a payload; None for a message, or for what cannot be read."""
    if payload.startswith(_STORED):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return stored.decode(payload)
    return None


def act_of(payload: bytes) -> StoredAct | None:
    """The act of a payload; None for anything else."""
    found = opened(payload)
    return found if isinstance(found, StoredAct) else None


def parts(payload: bytes) -> list[JSON]:
    """The messages of a payload as JSON, without secrets; none of an act."""
    if not payload.startswith(_STORED):
        return [_read(payload)]
    found = opened(payload)
    if not isinstance(found, StoredResponse):
        return []
    first = _read(bytes(found.body))
    further = first.pop(_FURTHER, ()) if isinstance(first, dict) else ()
    return [first, *further]


def messages(deliveries: Sequence[Delivery]) -> list[MessageDetail]:
    """The different messages of an event, each once, in the order in which they go out."""
    seqs: dict[tuple[bytes, bool], list[int]] = {}
    for one in deliveries:
        seqs.setdefault((one.payload, False), []).append(one.seq)
        if one.card is not None and one.card.payload:
            seqs.setdefault((one.card.payload.encode(), True), []).append(one.seq)
    return [MessageDetail(part, found, card) for (raw, card), found in seqs.items() for part in parts(raw)]


def _read(raw: bytes) -> JSON:
    """The JSON of a message, its secrets masked."""
    try:
        return without_secrets(msgspec.json.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def without_secrets(value: JSON) -> JSON:
    """A JSON value with its texts redacted after decoding: escaped in JSON, a secret may look different.

    Whoever knows where a button sends its click, and what it sends along, can click in anybody's name.
    """
    if isinstance(value, str):
        return secret.redact(value)
    if isinstance(value, Mapping):
        return {
            name: secret.MASK if name == _INTEGRATION and isinstance(one, Mapping) else without_secrets(one)
            for name, one in value.items()
        }
    return list(map(without_secrets, value)) if isinstance(value, list) else value
