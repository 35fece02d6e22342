"""MessagePack in frames, for a stream between two processes of one release: four bytes of length before each."""

from collections.abc import Iterator
from typing import Final

_HEAD: Final = 4


def framed(packed: bytes) -> bytes:
    """One frame."""
    return len(packed).to_bytes(_HEAD) + packed


class Frames:
    """Cuts what comes in pieces into frames."""

    def __init__(self) -> None:
        self._have = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in what came next."""
        self._have += data

    def __iter__(self) -> Iterator[bytes]:
        """The frames that are complete, without their heads; each is given once."""
        have, at = self._have, 0
        try:
            while len(have) - at >= _HEAD:
                end = at + _HEAD + int.from_bytes(have[at : at + _HEAD])
                if len(have) < end:
                    break
                start, at = at + _HEAD, end
                yield bytes(memoryview(have)[start:end])
        finally:
            del have[:at]
