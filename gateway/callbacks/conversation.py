"""Conversations: a name for what one person says to one callback in one channel, which stays the same.

A service keeps a session by it. One that sends all its answers to one URL names the conversation in each of them, and
it says where the answer belongs. Whoever has it may answer there; its MAC keeps them from making up others:

    USER . CHANNEL . MAC        MAC: HMAC-SHA256 over the callback, the user and the channel; base64url, shortened

It is that of the newest key, so that sessions begin anew when the keys rotate.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from gateway.callbacks.ticket import Place
from gateway.journal.keyrings import RingKey

LONGEST: Final = 200
"""Characters of what is looked at as a conversation."""

_DOMAIN: Final = b"mattergate conversation 1\n"
_MAC_BYTES: Final = 16


def conversation(callback: str, place: Place, key: RingKey) -> str:
    """The name of the conversation of a place's user in its channel with a callback: "NAME" of [callbacks.NAME]."""
    return f"{place.user}.{place.channel}.{_mac(callback, place, key)}"


def place_of(text: str, callback: str, keys: Sequence[RingKey], now: float) -> Place | None:
    """The user and the channel of a conversation with a callback; None for what none of the valid keys has made."""
    user, _, rest = text[:LONGEST].partition(".")
    channel, _, mac = rest.partition(".")
    place = Place(channel=channel, user=user)
    given = mac.encode("utf-8", "replace")
    fits = [hmac.compare_digest(given, _mac(callback, place, key).encode()) for key in keys if key.valid(now)]
    return place if any(fits) else None


def _mac(callback: str, place: Place, key: RingKey) -> str:
    said = "\n".join((callback, place.user, place.channel)).encode("utf-8", "replace")
    made = hmac.digest(key.key, _DOMAIN + said, hashlib.sha256)[:_MAC_BYTES]
    return urlsafe_b64encode(made).rstrip(b"=").decode()
