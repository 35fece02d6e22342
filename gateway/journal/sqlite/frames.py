"""MessagePack in frames, for a stream between two processes of one release: four bytes of length before each."""

from collections.abc import Iterator
from typing import Final

_HEAD: Final = 4
LONGEST: Final = (1 << 8 * _HEAD) - 1
"""Bytes of a frame that its head can tell."""


def framed(packed: bytes) -> bytes:
    """One frame, of at most LONGEST bytes."""
    return len(packed).to_bytes(_HEAD) + packed


class Frames:
    """Cuts what comes in pieces into frames. A frame above `limit` bytes raises ValueError, before it is read."""

    def __init__(self, limit: int = LONGEST) -> None:
        self._have = bytearray()
        self._limit = limit

    def feed(self, data: bytes) -> None:
        """Take in what came next."""
        self._have += data

    def __iter__(self) -> Iterator[bytes]:
        """The frames that are complete, without their heads; each is given once."""
        have, at = self._have, 0
        try:
            while len(have) - at >= _HEAD:
                size = int.from_bytes(have[at : at + _HEAD])
                if size > self._limit:
                    raise ValueError(f"a frame of {size:,} bytes is above the limit of {self._limit:,}")
                end = at + _HEAD + size
                if len(have) < end:
                    break
                start, at = at + _HEAD, end
                yield bytes(memoryview(have)[start:end])
        finally:
            del have[:at]
