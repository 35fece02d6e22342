"""Frames of MessagePack in a stream between two processes of one release: four bytes of length before each."""

from collections.abc import Iterator
from typing import Final

_HEAD: Final = 4
LONGEST: Final = (1 << 8 * _HEAD) - 1
"""The largest frame in bytes, by the four bytes of its length."""


def framed(packed: bytes) -> bytes:
    """Put the length before a frame of at most LONGEST bytes."""
    return len(packed).to_bytes(_HEAD) + packed


class Frames:
    """Splits a stream into frames. A length above `limit` bytes raises ValueError, before the frame is read."""

    def __init__(self, limit: int = LONGEST) -> None:
        self._have = bytearray()
        self._limit = limit

    def feed(self, data: bytes | memoryview) -> None:
        """Take in the next bytes of the stream."""
        self._have += data

    def __iter__(self) -> Iterator[bytes]:
        """The complete frames, without their lengths; each is returned once."""
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
