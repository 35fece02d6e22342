"""The one engine of signatures: where a signature is, how it is written, and which bytes it covers.

Every signing sender of the catalog is a choice of these parameters. HMAC (RFC 2104) and plain digests have the secret
of the route as their key; other algorithms have a public key, which is the secret of the route, pinned, or fetched.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.jsonpath import STAR, Step
from gateway.verify.carried import Carried
from gateway.verify.encoding import decoded
from gateway.verify.keys import NO_KEYS, Fetch, Keys, keys_in, request_of
from gateway.verify.material import Source, behind, read, text_of
from gateway.verify.message import Part, Stated, grammar, is_header, message, sent_at

NUMBERED = "{n}"
"""In a header name: stands for 1, 2, 3 and so on, one header for each active key."""

PUBLIC: Final = ("whpk_", "-----BEGIN ")
"""How a secret begins that says of itself that it is a public key: it is never a key of HMAC, nor a password."""

_SECRET_KEYED: Final = frozenset({"hmac", "hash"})
_MOST_NUMBERED = 20
_MOST_CANDIDATES = 100
_MOST_PUBLIC = 8
"""Signatures that are tried with public keys, each of which takes 50 to 200 us."""


class Pairs(Struct, frozen=True, forbid_unknown_fields=True):
    """A signature header of `key=value` pairs: which key holds a signature, and which the timestamp, if any."""

    signature: str
    timestamp: str = ""
    delimiter: str = ","


class Signature(Struct, frozen=True, kw_only=True, dict=True):
    """A scheme in which a signature or digest of a message stands in the request.

    `algorithm` is hmac, hash, ed25519, ecdsa or rsa with a `digest`; `style` der or raw (ecdsa), pkcs1 or pss (rsa).
    `window` is in seconds, None for any age; `unit` is that of the timestamp: s, ms, iso or http. `also` are further
    places, one of which must carry a secret. `each` is the path of an array of which each element has a signature of
    its own. A public key is one of `public_keys` or of the document that `fetch` describes; with neither it is the
    secret of the route, which must be `marked` as one where other schemes of the list take secrets.

    What follows from the message is computed once, not for each request.
    """

    digest: str
    source: Source
    algorithm: str = "hmac"
    style: str = ""
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
    stated: Stated | None = None
    each: tuple[Step, ...] | None = None
    also: tuple[Carried, ...] = ()
    public_keys: tuple[str, ...] = ()
    fetch: Fetch | None = None
    marked: bool = False

    @cached_property
    def is_plain(self) -> bool:
        """Whether it is an HMAC of a message that does not depend on the secret, and nothing else: most are."""
        more = self.also or self.stated is not None or self.each is not None
        return self.algorithm == "hmac" and not more and not self.holds_secret

    @cached_property
    def has_secret_key(self) -> bool:
        """Whether who can verify a signature could also make it."""
        return self.algorithm in _SECRET_KEYED

    @cached_property
    def is_keyed_by_route(self) -> bool:
        """Whether the secret of the route is the public key."""
        return not (self.has_secret_key or self.public_keys or self.fetch is not None)

    @cached_property
    def holds_secret(self) -> bool:
        """Whether the secret is a part of the signed message."""
        return any(part.kind == "secret" for part in self.message)

    @cached_property
    def covers_body_alone(self) -> bool:
        """Whether the signed message is exactly the body, as most are."""
        return self.message == _BODY_ALONE

    @cached_property
    def covers_body(self) -> bool:
        """Whether the signed message holds the whole body or a digest of it, or says where one is."""
        return self.stated is not None or not _BODY.isdisjoint([part.kind for part in self.message])

    @cached_property
    def binds_body(self) -> bool:
        """Whether nobody can find another body with the same signature: for a CRC everybody can."""
        whole = any(part.kind == "body" or (part.kind == "digest" and part.text != "crc32") for part in self.message)
        return whole or self.stated is not None

    @cached_property
    def headers(self) -> AbstractSet[str]:
        """The headers, in lower case, that the signed message holds whole: its `{header: NAME}` parts."""
        return {part.source.name for part in self.message if part.source is not None and part.source.kind == "header"}

    @cached_property
    def field(self) -> str:
        """The name of the form field that is all of the body that the signature covers; "" for any other signature."""
        sources = [part.source for part in self.message if part.kind in _PAYLOAD and not is_header(part.source)]
        return sources[0].name if len(sources) == 1 and sources[0] is not None and sources[0].kind == "form" else ""


_BODY = frozenset({"body", "digest"})
_PAYLOAD = frozenset({"body", "digest", "sorted-form", "source", "lines"})
_BODY_ALONE = (Part("body"),)


class Claim(Struct, frozen=True):
    """The signatures that a request carries under one scheme, and the messages that they may sign.

    There is one message for each of the content's `bodies`, or one where the scheme covers no body.
    """

    signatures: tuple[bytes, ...]
    messages: tuple[bytes, ...]


def claim(scheme: Signature, content: Content, now: float, secret: str = "") -> Claim | None:
    """Read signatures and messages once for all secrets; None when one is missing, unreadable or stale.

    `secret` is needed for a scheme of which it is a part of the message.
    """
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
    messages = [message_of(scheme, content, body, stamp or "", secret) for body in bodies]
    if None in messages:
        return None
    return Claim(signatures, tuple(one for one in messages if one is not None))


def message_of(scheme: Signature, content: Content, body: bytes, stamp: str, secret: str = "") -> bytes | None:
    """The message that a scheme signs of a request with this body and timestamp; None when a part is missing."""
    return message(scheme.message, scheme.unit, content, body, stamp, secret)


@lru_cache(256)
def element(scheme: Signature, index: int) -> Signature:
    """The scheme of one element of an array of which each has a signature."""
    before = (*(scheme.each or ()), index)
    parts = tuple(
        part if part.source is None or part.source.kind != "json" else replace(part, source=_below(before, part.source))
        for part in scheme.message
    )
    stamp = scheme.timestamp
    if stamp is not None and stamp.kind == "json":
        stamp = _below(before, stamp)
    return replace(scheme, each=None, source=_below(before, scheme.source), timestamp=stamp, message=parts)


def _below(path: tuple[Step, ...], source: Source) -> Source:
    return replace(source, path=(*path, *source.path))


def elements(scheme: Signature, content: Content) -> Sequence[Signature]:
    """The schemes of all elements of the array; none where it has none, or too many."""
    if scheme.each is None:
        return (scheme,)
    count = 0
    for count, _ in enumerate(content.glimpse.each((*scheme.each, STAR)), 1):
        if count > _MOST_CANDIDATES:
            return ()
    return [element(scheme, index) for index in range(count)]


def stamp_of(scheme: Signature, content: Content, beside: str | None) -> str | None:
    """Return the text of the timestamp: what stands `beside` the signature, or elsewhere; None where there is none."""
    if scheme.timestamp is None or scheme.timestamp.kind == "pair":
        return beside
    found = read(content, scheme.timestamp)
    return None if found is None else text_of(found)


def reads_as(signed: bytes, schemes: Iterable[Signature]) -> bool:
    """Tell whether the signed message is what one of these schemes signs, which cover a timestamp.

    Whoever recorded a request of such a scheme could send its whole message as the body of a scheme without timestamp:
    the signature is the same, and would hold for ever.
    """
    return any(grammar(scheme.message, scheme.unit).fullmatch(signed) for scheme in schemes)


def proves(scheme: Signature, claimed: Claim, secret: str) -> tuple[int, bytes] | None:
    """Return the index of the message that the secret signed, and its digest as computed here; None for none.

    Every signature is compared with every message, so that timing reveals nothing.
    """
    try:
        key = key_of(scheme, secret)
    except ValueError:
        return None
    proven = None
    for index, signed in enumerate(claimed.messages):
        if scheme.algorithm == "hash":
            expected = hashlib.new(scheme.digest, signed, usedforsecurity=False).digest()
        else:
            expected = hmac.digest(key, signed, scheme.digest)
        for signature in claimed.signatures:
            if hmac.compare_digest(expected, signature):
                proven = index, expected
    return proven


def proves_publicly(scheme: Signature, claimed: Claim, keys: Sequence[Any]) -> tuple[int, bytes] | None:
    """The same for public keys. The digest is that of the message: of a signature there may be several for one."""
    from gateway.verify import publickey  # the parser of schemes has loaded it

    kind, digest, style = scheme.algorithm, scheme.digest, scheme.style
    for index, signed in enumerate(claimed.messages):
        for signature in claimed.signatures[:_MOST_PUBLIC]:
            for key in keys:
                plain = getattr(key, "key", key)  # of a JWK
                if publickey.signed(plain, kind, digest, style, signature, signed):
                    return index, hashlib.sha256(signed).digest()
    return None


def public_keys(
    scheme: Signature, content: Content, secrets: Sequence[str], now: float, keys: Keys = NO_KEYS
) -> Sequence[Any]:
    """The public keys that may have made a signature: pinned ones, fetched ones, or the secrets of the route."""
    from gateway.verify import publickey

    if scheme.fetch is not None:
        wanted = request_of(scheme.fetch, content)
        return () if wanted is None or wanted.url not in keys else keys_in(scheme.fetch, keys[wanted.url], "", now)
    found: list[Any] = []
    for text in scheme.public_keys or secrets:
        if scheme.public_keys or not scheme.marked or text.startswith(PUBLIC):
            try:
                found.append(publickey.read_key(text))
            except ValueError:
                continue  # a secret for another scheme; `diagnosis` says so
    return found


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
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':  # HTTP signatures quote their values
        value = value[1:-1]
    return key.strip(), value


def _is_fresh(stamp: str, scheme: Signature, now: float) -> bool:
    """Whether a timestamp is one, and within the window."""
    sent = sent_at(stamp, scheme.unit)
    return sent is not None and (scheme.window is None or abs(now - sent) <= scheme.window)
