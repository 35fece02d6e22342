"""What a signature covers: the parts of the signed message, the time in it, and the digest of the body elsewhere."""

import hashlib
import hmac
import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from msgspec import Struct

from gateway.decode.content import Content
from gateway.jsonpath import Step, lookup
from gateway.model import JSON
from gateway.verify.encoding import decoded, encoded
from gateway.verify.material import Source, as_text, behind, octets, read, text_of

ALGORITHMS: Final = ("md5", "sha1", "sha256", "sha384", "sha512")
ENCODINGS: Final = ("hex", "base64", "base64url")
DIGESTS: Final = (*(f"{name}-{encoding}" for name in ALGORITHMS for encoding in ENCODINGS), "crc32")
"""The digests of the body that can be parts of a message; `crc32` is written in decimals."""

_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TIME = 64
_STEPS: Final = {"s": timedelta(seconds=1), "ms": timedelta(milliseconds=1)}
"""How long one of a unit is."""


class Part(Struct, frozen=True):
    """One part of the signed message.

    `kind` is body, timestamp, method, url or secret; text (literal); digest (of the body, `text` says which); stamp
    (the timestamp in whole seconds or milliseconds: `text` is s or ms); sorted-form; source (`default` where it is
    absent, None: then there is no message); lines (of each of `sources` that is there: its name, and its value).
    """

    kind: str
    text: str = ""
    source: Source | None = None
    default: str | None = None
    sources: tuple[Source, ...] = ()


class Stated(Struct, frozen=True):
    """Where a request states the digest of its body, for a signature that covers this place instead of the body.

    `source` is a header or a query parameter, None for the claim of a token at `claim`.
    """

    digest: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    source: Source | None = None
    claim: tuple[Step, ...] = ()


def states_body(stated: Stated, content: Content, claims: JSON = None) -> bool:
    """Whether the digest that a request states is that of its body, on the wire or inflated."""
    if stated.source is None:
        text = as_text(lookup(claims, stated.claim))
    else:
        raw = read(content, stated.source)
        text = None if raw is None else text_of(raw)
    bare = behind(stated.prefix, text.strip()) if text else None
    given = decoded(bare.strip(), stated.encoding) if bare else None
    if not given:
        return False
    digests = [hashlib.new(stated.digest, body, usedforsecurity=False).digest() for body in content.bodies]
    return sum(hmac.compare_digest(given, digest) for digest in digests) > 0


def message(
    parts: Sequence[Part], unit: str, content: Content, body: bytes, stamp: str = "", secret: str = ""
) -> bytes | None:
    """The signed message; None when a part is missing, or could end in another place.

    What stands in front of the timestamp, and it itself, must not contain the literal that ends it: of `id.stamp.body`
    a recorded `1.170.{"a": "b.180.c"}` could else be read as id `1.170.{"a": "b` and stamp `180`.
    """
    pieces: list[bytes] = []
    guarded = max((index for index, part in enumerate(parts) if part.kind in STAMPS), default=-1)
    for index, part in enumerate(parts):
        piece = _piece(part, unit, content, body, stamp, secret)
        if piece is None:
            return None
        if index <= guarded and (part.kind in STAMPS or is_header(part.source)):
            end = next((other.text for other in parts[index + 1 : index + 2] if other.kind == "text"), "")
            if end and octets(end) in piece:
                return None
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


STAMPS: Final = frozenset({"timestamp", "stamp"})
"""The kinds of parts that hold the timestamp."""


def is_header(source: Source | None) -> bool:
    """Whether a source is a header."""
    return source is not None and source.kind == "header"


def _piece(part: Part, unit: str, content: Content, body: bytes, stamp: str, secret: str) -> bytes | None:
    if part.kind == "body":
        return body
    if part.kind == "digest":
        return _digest(part.text, body)
    if part.kind == "stamp":
        return _whole(stamp.strip(), unit, part.text)
    if part.kind == "sorted-form":
        fields = content.form
        return None if fields is None else octets("".join(name + value for name, value in sorted(set(fields))))
    if part.kind == "lines":
        return _lines(part.sources, content)
    if part.source is not None:
        found = read(content, part.source)
        return octets(part.default) if found is None and part.default is not None else found
    words = {"timestamp": stamp, "method": content.request.method.upper(), "url": content.request.url, "secret": secret}
    return octets(words.get(part.kind, part.text))


def _lines(sources: Sequence[Source], content: Content) -> bytes | None:
    """Name and value of each source that is there, in lines of their own (as Amazon SNS signs them).

    Only the first value may have several lines: of two, nobody could tell where one ends.
    """
    lines: list[bytes] = []
    for source in sources:
        value = read(content, source)
        if value is not None:
            if lines and b"\n" in value:
                return None
            lines += octets(str(source.path[-1])), value
    return b"".join(line + b"\n" for line in lines) if lines else None


def _digest(name: str, body: bytes) -> bytes:
    if name == "crc32":
        return str(zlib.crc32(body)).encode()
    algorithm, _, encoding = name.partition("-")
    return encoded(hashlib.new(algorithm, body, usedforsecurity=False).digest(), encoding).encode()


def _whole(stamp: str, unit: str, wanted: str) -> bytes | None:
    """A timestamp in whole seconds or milliseconds since the epoch; None when it is none."""
    if unit in _STEPS:
        if not _DECIMAL.fullmatch(stamp):
            return None
        return str(int(Decimal(stamp) * (_STEPS[unit] // _STEPS["ms"]) // (_STEPS[wanted] // _STEPS["ms"]))).encode()
    moment = _moment(stamp, unit)
    return None if moment is None else str((moment - _EPOCH) // _STEPS[wanted]).encode()


def sent_at(stamp: str, unit: str) -> float | None:
    """The time of a timestamp in seconds since the epoch; None when it is none."""
    if unit not in _STEPS:
        moment = _moment(stamp, unit)
        return None if moment is None else moment.timestamp()
    if not _DECIMAL.fullmatch(stamp):
        return None
    return float(stamp) / (1000 if unit == "ms" else 1)


def _moment(stamp: str, unit: str) -> datetime | None:
    """The time of a text by ISO 8601, or as HTTP writes it (RFC 9110 section 5.6.7); UTC where it names no zone."""
    if len(stamp) > _LONGEST_TIME:
        return None
    try:
        moment = parsedate_to_datetime(stamp) if unit == "http" else datetime.fromisoformat(stamp)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


@lru_cache(64)
def grammar(parts: tuple[Part, ...], unit: str) -> re.Pattern[bytes]:
    """What the messages of these parts look like."""
    stamp = _DECIMAL.pattern.encode() if unit in _STEPS else rb"[0-9A-Za-z:.,+ -]{8,40}"
    shapes: list[bytes] = []
    for part in parts:
        if part.kind == "text":
            shapes.append(re.escape(octets(part.text)))
        elif part.kind in STAMPS:
            shapes.append(stamp if part.kind == "timestamp" else rb"[0-9]{1,18}")
        elif part.kind == "method":
            shapes.append(b"[A-Z]+")
        elif is_header(part.source):
            shapes.append(rb"[^\r\n]*?")
        elif shapes[-1:] != [_ANYTHING]:
            shapes.append(_ANYTHING)
    return re.compile(b"".join(shapes))


_ANYTHING = rb"[\s\S]*"
