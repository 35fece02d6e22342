"""The sender that signs: with the secret of the route, or with the private half of a pair of keys that follows from it.

A public key that the scheme has, pinned or in a document, is that of the vendor, whose private half nobody here has.
So the sample has a pair of its own: `signer` puts its public half beside a pinned key, or in place of a document.
"""

import hashlib
import hmac
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.jsonpath import written
from gateway.model import Request
from gateway.verify.carried_sender import carrier
from gateway.verify.encoding import encoded
from gateway.verify.keys import Fetch, request_of
from gateway.verify.material import Source
from gateway.verify.message import Stated, sent_at
from gateway.verify.placing import with_header, with_text
from gateway.verify.sender import KeyedSender, public_secrets, refuse_public
from gateway.verify.signature import (
    NUMBERED,
    Signature,
    elements,
    key_of,
    message_of,
    read_signatures,
    stamp_of,
    texts_at,
)

_ID: Final = "sample1"
"""A header that a signature covers, where the request has none: no separator of a signed message is in it."""
_AT_VENDOR: Final = "/sample.pem"
"""The path of a document of keys, where the request names none."""


class SignatureSender(KeyedSender[Signature]):
    """All kinds of signatures, of the whole request or of each element of an array."""

    def names(self) -> AbstractSet[str]:
        """The algorithm, or the place of the signature."""
        place = self.scheme.source
        return {self.scheme.algorithm, (place.name or written(place.path)).lower()}

    def hinted(self, content: Content) -> bool:
        """Whether a signature, its time, or what else it covers by name is there."""
        scheme = self._first(content)
        places = [place for place in (scheme.source, scheme.timestamp) if place is not None and place.kind != "pair"]
        if any(texts_at(place, content) for place in places) or not scheme.headers.isdisjoint(content.request.headers):
            return True
        return bool(scheme.field) and content.field(scheme.field) is not None

    def sent(self, content: Content) -> float | None:
        """The time that the signature covers."""
        scheme = self._first(content)
        _, beside = read_signatures(scheme, content)
        stamp = stamp_of(scheme, content, beside)
        return None if stamp is None else sent_at(stamp.strip(), scheme.unit)

    def _first(self, content: Content) -> Signature:
        """The scheme, or that of the first element that has a signature of its own."""
        return next(iter(elements(self.scheme, content)), self.scheme)

    def public_secrets(self, word: str) -> Sequence[str]:
        """See `KeyedSender`."""
        return public_secrets(self.scheme.algorithm, word, also=bool(self.scheme.also))

    def prove(self, content: Content, word: str, moment: float) -> Request:
        """The request with time, identifiers and signature; one that has a signature stays as it is."""
        for also in self.scheme.also[:1]:
            content = Content(carrier(also).prove(content, word, moment))
        each = elements(self.scheme, content)
        if not each:
            raise ValueError(f"the body has no elements at {written(self.scheme.each or ())}, which would be signed")
        for scheme in each:
            content = Content(_signed(scheme, content, word, self.secrets(word)[0], moment))
        return content.request


def _signed(scheme: Signature, content: Content, word: str, secret: str, moment: float) -> Request:
    """The request with the signature of one message; `secret` is what the route has for the sender's `word`."""
    texts, stamp = read_signatures(scheme, content)
    if texts:
        return content.request
    if scheme.fetch is not None:
        content = Content(with_url(scheme.fetch, content))
    if scheme.timestamp is not None:
        stamp = stamp_of(scheme, content, stamp)
        if stamp is None:
            stamp = _stamp(moment, scheme.unit)
            if scheme.timestamp.kind != "pair":
                content = Content(_placed(content.request, scheme.timestamp, stamp))
    if scheme.stated is not None and scheme.stated.source is not None:
        content = Content(with_text(content.request, scheme.stated.source, digest_of(scheme.stated, content)))
    for name in sorted(scheme.headers):
        content = Content(with_header(content.request, name, _ID))
    message = message_of(scheme, content, content.bodies[0], stamp or "", secret)
    if message is None:
        raise ValueError("the request lacks a part that the signature covers, or cannot be told from what follows")
    signature = _written(scheme, encoded(_digest(scheme, message, word), scheme.encoding), stamp or "")
    return _placed(content.request, scheme.source, signature)


def _digest(scheme: Signature, message: bytes, word: str) -> bytes:
    if scheme.algorithm == "hash":
        return hashlib.new(scheme.digest, message, usedforsecurity=False).digest()
    if scheme.algorithm == "hmac":
        return hmac.digest(key_of(scheme, word), message, scheme.digest)
    from gateway.verify import keypair

    refuse_public(word)
    return keypair.signature(keypair.private(scheme.algorithm, word), scheme.digest, scheme.style, message)


def _written(scheme: Signature, signature: str, stamp: str) -> str:
    """The signature as it stands in its place."""
    if scheme.pairs is not None:
        beside = scheme.pairs.timestamp if scheme.timestamp is None or scheme.timestamp.kind == "pair" else ""
        pairs = [f"{beside}={stamp}"] if beside else []
        signature = scheme.pairs.delimiter.join([*pairs, f"{scheme.pairs.signature}={signature}"])
    elif scheme.tagged:
        signature = f"{scheme.tagged},{signature}"
    return scheme.prefix + signature


def _stamp(moment: float, unit: str) -> str:
    if unit == "http":
        return format_datetime(datetime.fromtimestamp(int(moment), UTC), usegmt=True)
    if unit == "iso":
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(moment * 1000 if unit == "ms" else moment))


def _placed(request: Request, place: Source, text: str) -> Request:
    """The request with a text at a place, in the first header of those that are numbered."""
    return with_text(request, replace(place, name=place.name.replace(NUMBERED, "1")), text)


def digest_of(stated: Stated, content: Content) -> str:
    """The digest of the body as a request or token states it."""
    digest = hashlib.new(stated.digest, content.bodies[0], usedforsecurity=False).digest()
    return stated.prefix + encoded(digest, stated.encoding)


def with_url(fetch: Fetch, content: Content) -> Request:
    """The request with the URL of its document of keys, on the first of the hosts, where it has to name one."""
    if fetch.source is None or request_of(fetch, content) is not None:
        return content.request
    if texts_at(fetch.source, content):
        return content.request  # on another host
    return with_text(content.request, fetch.source, f"https://{fetch.hosts[0].replace('*', 'sample')}{_AT_VENDOR}")
