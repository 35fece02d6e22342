"""Compressed bodies (RFC 9110 section 8.4): inflated up to the limit that also applies to plain bodies."""

import zlib
from typing import Final

from gateway.errors import Refused

RATIO: Final = 100
FREE: Final = 1_000_000
"""A body may inflate to `FREE` bytes, or to `RATIO` times its size if that is more. Payloads compress 5:1 to 30:1."""

_MEMBERS = 16
_GZIP, _ZLIB, _RAW = 31, 15, -15


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo the Content-Encoding of a body: gzip, deflate (zlib or raw) or identity, one of them.

    It yields at most `limit` bytes. Raises Refused: 413 over it, 415 for another coding or two, 400 when corrupt.
    """
    codings = [coding.strip().lower() for coding in encoding.split(",", 8) if coding.strip()]
    if len(codings) > 1:
        raise Refused(415, "Unsupported content encoding", "more than one coding in Content-Encoding")
    coding = codings[0] if codings else "identity"
    bound = min(limit, max(FREE, RATIO * len(body)))
    if coding in {"gzip", "x-gzip"}:
        return _gunzip(body, bound)
    if coding == "deflate":
        return _inflate_deflate(body, bound)
    if coding != "identity":
        raise Refused(415, "Unsupported content encoding", "send the body as gzip, deflate or identity")
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    """Inflate up to 16 members of a gzip file (RFC 1952 section 2.2): each costs a copy of the bytes behind it."""
    members: list[bytes] = []
    room = limit
    for _ in range(_MEMBERS):
        try:
            member, body = _step(body, _GZIP, room)
        except zlib.error:
            raise _corrupt("gzip") from None
        except OverflowError:
            raise _too_large(limit) from None
        members.append(member)
        room -= len(member)
        if not body or not body.lstrip(b"\0"):
            return member if len(members) == 1 else b"".join(members)
    raise _corrupt("gzip")


def _inflate_deflate(body: bytes, limit: int) -> bytes:
    """Inflate a "deflate" body: RFC 9110 means the zlib format, but some senders send raw deflate."""
    for bits in (_ZLIB, _RAW):
        try:
            plain, rest = _step(body, bits, limit)
        except zlib.error:
            continue
        except OverflowError:
            raise _too_large(limit) from None
        if not rest:
            return plain
    raise _corrupt("deflate")


def _step(body: bytes, bits: int, limit: int) -> tuple[bytes, bytes]:
    """Return one stream inflated and the bytes behind it; zlib.error when damaged, OverflowError past the limit."""
    stream = zlib.decompressobj(wbits=bits)
    plain = stream.decompress(body, max_length=limit + 1)
    if len(plain) > limit:
        raise OverflowError
    if not stream.eof:
        raise zlib.error("the stream ends early")
    return plain, stream.unused_data


def _too_large(limit: int) -> Refused:
    return Refused(413, "Content too large", f"the body has more than {limit} bytes when inflated")


def _corrupt(coding: str) -> Refused:
    return Refused(400, "Corrupt content encoding", f"the body is not {coding}, as its Content-Encoding says")
