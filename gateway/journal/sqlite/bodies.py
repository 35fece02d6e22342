"""Bodies of requests, compressed for the disk (Zstandard, RFC 8878).

The side that sends an entry to the writer packs its body, so that the pipe between the two copies less. A body that
would keep the event loop busy for long is sent as it is, and the writer packs it.
"""

import sys
from typing import Final

from msgspec.structs import replace

from gateway.errors import JournalError
from gateway.journal import Entry

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEAST: Final = 256
"""Bytes of the smallest body that is packed: packing a smaller one gains less than the 3 us that it takes."""

LIGHT: Final = 1_000_000
"""Bytes of the largest body that is packed before it is sent: some 3 ms."""

_LEVEL: Final = 1
"""12 us for a push of 8 kB, to a quarter; level 3 takes twice as long for a tenth less."""

_compressor = zstd.ZstdCompressor(level=_LEVEL)


def pack(body: bytes) -> tuple[bytes, int]:
    """A body as it is stored, and its length if it is packed; 0 if it is not, being small or without redundancy."""
    if len(body) < LEAST:
        return body, 0
    packed = _compressor.compress(body, _compressor.FLUSH_FRAME)
    return (packed, len(body)) if len(packed) < len(body) else (body, 0)


def unpack(stored: bytes, size: int) -> bytes:
    """The body that `pack` returned with this length. Never inflates to more; raises JournalError for anything else."""
    if not size:
        return stored
    inflating = zstd.ZstdDecompressor()
    try:
        body = inflating.decompress(stored, max_length=size)
    except zstd.ZstdError as error:
        raise JournalError(f"the journal holds a damaged body: {error}") from error
    if len(body) != size or not inflating.eof:
        raise JournalError(f"the journal holds a damaged body: it has not the {size:,} bytes that were packed")
    return body


def pack_light(entry: Entry) -> tuple[Entry, int]:
    """An entry to be sent to the writer, its body packed unless it is large; and the length of the body if it is."""
    event = entry.event
    if len(event.request.body) > LIGHT:
        return entry, 0
    body, size = pack(event.request.body)
    if not size:
        return entry, 0
    return replace(entry, event=replace(event, request=replace(event.request, body=body))), size
