"""Frames of MessagePack in a stream between two processes of one release: four bytes of length before each."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

_HEAD: Final = Struct(">I")
LONGEST: Final = (1 << 8 * _HEAD.size) - 1
"""The largest frame in bytes, by the four bytes of its length."""


def head(packed: bytes) -> bytes:
    """The bytes to send before a frame of at most LONGEST bytes."""
    return _HEAD.pack(len(packed))


def framed(packed: bytes) -> bytes:
    """A copy of a frame with its head; whoever can send two pieces needs none."""
    return head(packed) + packed


class Frames:
    """Receives a stream into a buffer of `size` bytes, at least 4, and finds its frames there.

    A longer frame gets a larger buffer as it arrives, until it is complete. A length above `limit` bytes raises
    ValueError, before there is a larger buffer for its frame.
    """

    def __init__(self, size: int, limit: int = LONGEST) -> None:
        self._limit = limit
        self._usual = memoryview(bytearray(size))
        self._buffer = self._usual
        self._kept = 0

    def space(self) -> memoryview:
        """The space for the next bytes of the stream, at least one byte."""
        if self._kept == len(self._buffer):  # doubled: a length alone, which may be a lie, gets no memory
            buffer = memoryview(bytearray(min(2 * self._kept, _HEAD.size + self._length(0))))
            buffer[: self._kept] = self._buffer
            self._buffer = buffer
        return self._buffer[self._kept :]

    def received(self, count: int) -> Iterator[memoryview]:
        """The frames that are complete after `count` bytes came into `space`, without their lengths.

        Each is a part of the buffer, which is used again: it is to be decoded or copied before the next is taken.
        """
        buffer, at, end = self._buffer, 0, self._kept + count
        try:
            while end - at >= _HEAD.size:
                start = at + _HEAD.size
                stop = start + self._length(at)
                if stop > end:
                    break
                at = stop
                yield buffer[start:stop]
        finally:
            self._kept = end - at
            if at:  # a longer buffer ends with its frame: what is left is in the usual one, or nothing
                self._buffer = self._usual
                self._buffer[: self._kept] = buffer[at:end]

    def _length(self, at: int) -> int:
        size: int = _HEAD.unpack_from(self._buffer, at)[0]
        if size > self._limit:
            raise ValueError(f"a frame of {size:,} bytes is above the limit of {self._limit:,}")
        return size
