"""What the journal keeps secret: the secrets that services sent, and rings of keys that sign what comes back to us.

Neither ever stands in a log, an export or the console: a key prints as `<secret>`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from gateway.secret import MASK

KEY_BYTES: Final = 32
"""The length of a key: that of the digest of HMAC-SHA256, https://www.rfc-editor.org/rfc/rfc2104#section-3."""


class RingKey(Struct, frozen=True):
    """A key of a ring, made at a time; `valid_until` is None for the one that signs, which is the newest."""

    id: str
    key: bytes
    made: float
    valid_until: float | None = None

    def __repr__(self) -> str:
        return f"RingKey(id={self.id!r}, key={MASK}, made={self.made}, valid_until={self.valid_until})"

    def valid(self, now: float) -> bool:
        """Whether what it signed is still to be taken."""
        return self.valid_until is None or now < self.valid_until


class Secrets(Protocol):
    """The secrets that services sent to routes in handshakes."""

    async def secrets(self) -> Mapping[str, str]:
        """The secret of each route that has learned one."""

    async def remember(self, route: str, secret: str) -> None:
        """Store the secret of a route durably, replacing an earlier one. Raises JournalError."""


class Keys(Protocol):
    """Named rings of keys, of which two are valid at most: one that signs, and the one that did before."""

    async def ring(self, name: str) -> Sequence[RingKey]:
        """The valid keys of a ring, newest first: the first one signs. It is made at first use. Raises JournalError."""

    async def rotate(self, name: str, keep: float) -> Sequence[RingKey]:
        """Sign with a new key from now on; what the former one signed is taken for `keep` more seconds.

        A third one goes at once. Returns the valid keys as `ring` does, which every process reads anew to know of it.
        Raises JournalError.
        """
