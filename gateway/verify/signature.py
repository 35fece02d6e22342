"""The one HMAC engine: where the signature is, how it is written, and which bytes it covers.

Every signing sender of the catalog is a choice of these parameters; RFC 2104 is the algorithm.
"""

import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import cached_property, lru_cache

from msgspec import Struct

from gateway.decode.content import Content
from gateway.verify.material import Source, behind, octets, read, text_of

NUMBERED = "{n}"
"""In a header name: stands for 1, 2, 3 and so on, one header for each active key."""

_MOST_NUMBERED = 20
_MOST_CANDIDATES = 100
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


class Pairs(Struct, frozen=True, forbid_unknown_fields=True):
    """A signature header of `key=value` pairs: which key holds a signature, and which the timestamp, if any."""

    signature: str
    timestamp: str = ""
    delimiter: str = ","


class Part(Struct, frozen=True):
    """One part of the signed message: `kind` text, timestamp, method, url, body, digest, sorted-form or source."""

    kind: str
    text: str = ""
    source: Source | None = None


class Signature(Struct, frozen=True, kw_only=True, dict=True):
    """An HMAC scheme. `window` is in seconds, None for any age; `unit` is that of the timestamp: s, ms or iso.

    What follows from the message is computed once, not for each request.
    """

    digest: str
    source: Source
    prefix: str = ""
    prefix_required: bool = True
    pairs: Pairs | None = None
    tagged: str = ""
    encoding: str = "hex"
    key: str = "utf8"
    timestamp: Source | None = None
    unit: str = "s"
    window: float | None = 300.0
    message: tuple[Part, ...] = (Part("body"),)

    @cached_property
    def covers_body_alone(self) -> bool:
        """Whether the signed message is exactly the body, as most are."""
        return self.message == _BODY_ALONE

    @cached_property
    def covers_body(self) -> bool:
        """Whether the signed message holds the whole body or a digest of it."""
        return not _BODY.isdisjoint([part.kind for part in self.message])

    @cached_property
    def binds_body(self) -> bool:
        """Whether nobody can find another body with the same signature: for a CRC everybody can."""
        return any(part.kind == "body" or (part.kind == "digest" and part.text != "crc32") for part in self.message)

    @cached_property
    def headers(self) -> AbstractSet[str]:
        """The headers, in lower case, that the signed message holds whole: its `{header: NAME}` parts."""
        return {part.source.name for part in self.message if part.source is not None and part.source.kind == "header"}

    @cached_property
    def field(self) -> str:
        """The name of the form field that is all of the body that the signature covers; "" for any other signature."""
        sources = [part.source for part in self.message if part.kind in _PAYLOAD and not _is_header(part.source)]
        return sources[0].name if len(sources) == 1 and sources[0] is not None and sources[0].kind == "form" else ""


_BODY = frozenset({"body", "digest"})
_PAYLOAD = frozenset({"body", "digest", "sorted-form", "source"})
_BODY_ALONE = (Part("body"),)


def _is_header(source: Source | None) -> bool:
    return source is not None and source.kind == "header"


class Claim(Struct, frozen=True):
    """The signatures that a request carries under one scheme, and the messages that they may sign.

    There is one message for each of the content's `bodies`, or one where the scheme covers no body.
    """

    signatures: tuple[bytes, ...]
    messages: tuple[bytes, ...]


def claim(scheme: Signature, content: Content, now: float) -> Claim | None:
    """Read signatures and messages once for all secrets; None when one is missing, unreadable or stale."""
    texts, stamp = read_signatures(scheme, content)
    signatures = tuple([raw for text in texts[:_MOST_CANDIDATES] if (raw := decoded(text.strip(), scheme.encoding))])
    if not signatures:
        return None
    if scheme.timestamp is not None:
        stamp = stamp_of(scheme, content, stamp)
        if stamp is None or not _is_fresh(stamp.strip(), scheme, now):
            return None
    if scheme.covers_body_alone:
        return Claim(signatures, content.bodies)
    bodies = content.bodies if scheme.covers_body else content.bodies[:1]
    messages = [message_of(scheme, content, body, stamp or "") for body in bodies]
    if None in messages:
        return None
    return Claim(signatures, tuple(message for message in messages if message is not None))


def stamp_of(scheme: Signature, content: Content, beside: str | None) -> str | None:
    """Return the text of the timestamp: what stands `beside` the signature, or elsewhere; None where there is none."""
    if scheme.timestamp is None or scheme.timestamp.kind == "pair":
        return beside
    found = read(content, scheme.timestamp)
    return None if found is None else text_of(found)


def reads_as(message: bytes, schemes: Iterable[Signature]) -> bool:
    """Tell whether the signed message is what one of these schemes signs, which cover a timestamp.

    Whoever recorded a request of such a scheme could send its whole message as the body of a scheme without timestamp:
    the signature is the same, and would hold for ever.
    """
    return any(_grammar(scheme).fullmatch(message) for scheme in schemes)


def proves(scheme: Signature, claimed: Claim, secret: str) -> tuple[int, bytes] | None:
    """Return the index of the message that the secret signed, and its digest as computed here; None for none.

    Every signature is compared with every message, so that timing reveals nothing.
    """
    try:
        key = key_of(scheme, secret)
    except ValueError:
        return None
    proven = None
    for index, message in enumerate(claimed.messages):
        expected = hmac.digest(key, message, scheme.digest)
        for signature in claimed.signatures:
            if hmac.compare_digest(expected, signature):
                proven = index, expected
    return proven


def key_of(scheme: Signature, secret: str) -> bytes:
    """Return the HMAC key that a secret stands for; ValueError when the secret is not written as the scheme says."""
    if scheme.key == "utf8":
        return secret.encode("utf-8", "surrogateescape")
    written = "hex" if scheme.key == "hex" else "base64"
    text = secret.removeprefix("whsec_") if scheme.key == "whsec" else secret
    key = decoded(text.strip(), written)
    if not key:
        raise ValueError(f"the secret is not {written}, as the scheme's key says")
    return key


def decoded(text: str, encoding: str) -> bytes | None:
    """Decode hex, base64 or base64url, padded or not; None when the text is not that."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        if encoding == "base64url":
            text = text.replace("-", "+").replace("_", "/")
        bare = text.rstrip("=")
        return binascii.a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
    except ValueError:
        return None


def encoded(raw: bytes, encoding: str) -> str:
    """Write bytes as hex, base64 or base64url, padded."""
    if encoding == "hex":
        return raw.hex()
    text = binascii.b2a_base64(raw, newline=False).decode()
    return text.replace("+", "-").replace("/", "_") if encoding == "base64url" else text


def read_signatures(scheme: Signature, content: Content) -> tuple[list[str], str | None]:
    """Return every signature as written, without prefix, and the timestamp written beside it."""
    signatures: list[str] = []
    stamp: str | None = None
    for whole in texts_at(scheme.source, content):
        text = whole.strip()
        rest = behind(scheme.prefix, text)
        if rest is not None:
            text = rest
        elif scheme.prefix_required:
            continue
        if scheme.pairs is not None:
            pairs = [_pair(piece) for piece in text.split(scheme.pairs.delimiter)]
            signatures += [value for key, value in pairs if key == scheme.pairs.signature]
            stamps = [value for key, value in pairs if scheme.pairs.timestamp and key == scheme.pairs.timestamp]
            stamp = stamps[0] if len(stamps) == 1 else None  # of two, who knows which one is signed
        elif scheme.tagged:
            tags = [piece.partition(",") for piece in text.split()]
            signatures += [value for tag, _, value in tags if tag == scheme.tagged]
        else:
            signatures.append(text)
    return signatures, stamp


def texts_at(source: Source, content: Content) -> Sequence[str]:
    """Return the texts at a source; a numbered header may have several."""
    if source.kind == "header":
        names, headers = [source.name], content.request.headers
        if NUMBERED in source.name:
            names = [source.name.replace(NUMBERED, str(number)) for number in range(1, _MOST_NUMBERED + 1)]
        return [headers[name] for name in names if name in headers]
    raw = read(content, source)
    return [] if raw is None else [text_of(raw)]


def _pair(piece: str) -> tuple[str, str]:
    key, _, value = piece.partition("=")
    return key.strip(), value.strip()


def _is_fresh(stamp: str, scheme: Signature, now: float) -> bool:
    """Whether a timestamp is one, and within the window."""
    sent = sent_at(stamp, scheme)
    return sent is not None and (scheme.window is None or abs(now - sent) <= scheme.window)


def sent_at(stamp: str, scheme: Signature) -> float | None:
    """Return the time of a timestamp in seconds since the epoch; None when it is none."""
    if scheme.unit == "iso":
        try:
            moment = datetime.fromisoformat(stamp)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if not _DECIMAL.fullmatch(stamp):
        return None
    return float(stamp) / (1000 if scheme.unit == "ms" else 1)


def message_of(scheme: Signature, content: Content, body: bytes, stamp: str) -> bytes | None:
    """Return the message that is signed with this body; None when a part is missing, or could end in another place.

    What stands in front of the timestamp, and it itself, must not contain the literal that ends it: of `id.stamp.body`
    a recorded `1.170.{"a": "b.180.c"}` could else be read as id `1.170.{"a": "b` and stamp `180`.
    """
    pieces: list[bytes] = []
    guarded = max((index for index, part in enumerate(scheme.message) if part.kind == "timestamp"), default=-1)
    for index, part in enumerate(scheme.message):
        piece = _piece(part, content, body, stamp)
        if piece is None:
            return None
        if index <= guarded and (part.kind == "timestamp" or _is_header(part.source)):
            end = next((other.text for other in scheme.message[index + 1 : index + 2] if other.kind == "text"), "")
            if end and octets(end) in piece:
                return None
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _piece(part: Part, content: Content, body: bytes, stamp: str) -> bytes | None:
    if part.kind == "body":
        return body
    if part.kind == "digest":
        return _digest(part.text, body)
    if part.kind == "sorted-form":
        fields = content.form
        return None if fields is None else octets("".join(name + value for name, value in sorted(set(fields))))
    if part.source is not None:
        return read(content, part.source)
    words = {"timestamp": stamp, "method": content.request.method.upper(), "url": content.request.url}
    return octets(words.get(part.kind, part.text))


@lru_cache(64)
def _grammar(scheme: Signature) -> re.Pattern[bytes]:
    """What the messages of a scheme look like."""
    stamp = rb"[0-9TWZ:.,+ -]{8,40}" if scheme.unit == "iso" else _DECIMAL.pattern.encode()
    shapes: list[bytes] = []
    for part in scheme.message:
        if part.kind == "text":
            shapes.append(re.escape(octets(part.text)))
        elif part.kind == "timestamp":
            shapes.append(stamp)
        elif part.kind == "method":
            shapes.append(b"[A-Z]+")
        elif _is_header(part.source):
            shapes.append(rb"[^\r\n]*?")
        elif shapes[-1:] != [_ANYTHING]:
            shapes.append(_ANYTHING)
    return re.compile(b"".join(shapes))


_ANYTHING = rb"[\s\S]*"


def _digest(name: str, body: bytes) -> bytes:
    if name == "crc32":
        return str(zlib.crc32(body)).encode()
    return hashlib.new(name.removesuffix("-hex"), body, usedforsecurity=False).hexdigest().encode()
