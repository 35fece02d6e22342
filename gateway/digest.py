"""Hashing on the event loop without giving the interpreter away.

hashlib lets other threads run while it hashes 2,048 bytes or more. For a body of a few kilobytes that takes
microseconds, and the journal's writer thread is waiting: each hash would cost a switch of threads and the way back.
"""

import hashlib
import hmac
from typing import Final, Protocol

_PIECE: Final = 2047
_LARGE: Final = 100_000
"""Bytes from which hashing takes long enough that other threads had better run."""


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> object: ...


def hexdigest(data: bytes) -> str:
    """The SHA-256 of the data, 128 bits of it, in hex: enough to tell bodies apart."""
    made = hashlib.sha256()
    _feed(made, data)
    return made.hexdigest()[:32]


def keyed(key: bytes, data: bytes, name: str) -> bytes:
    """The HMAC of the data (RFC 2104) by a digest that hashlib knows by name."""
    made = hmac.new(key, digestmod=name)
    _feed(made, data)
    return made.digest()


def _feed(made: _Hash, data: bytes) -> None:
    if len(data) <= _PIECE or len(data) >= _LARGE:
        made.update(data)
        return
    view = memoryview(data)
    for at in range(0, len(data), _PIECE):
        made.update(view[at : at + _PIECE])
