"""Requests with the proofs that their senders would give: the reverse of `verify`, for samples and demonstrations.

    sender = chosen(schemes, content)
    request = sender.prove(content, secret, moment)

One class a kind of scheme. What a request has of a proof stays as it is: only what is absent (timestamp, id, signature)
is put in, so that the examples of a vendor's documentation can be tried as they are written.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar, Final, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from gateway.decode import jsontext
from gateway.decode.content import Content
from gateway.jsonpath import MISSING, STAR, Step, written
from gateway.model import JSON, Request
from gateway.verify.encoding import encoded
from gateway.verify.material import Source, as_text, basic_credentials, behind, octets
from gateway.verify.message import sent_at
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme, TokenSecret
from gateway.verify.signature import (
    NUMBERED,
    Signature,
    key_of,
    message_of,
    read_signatures,
    stamp_of,
    texts_at,
)
from gateway.verify.webtoken import WebToken

S = TypeVar("S")

WORD: Final = "s3cret"
"""The secret of examples."""

_ID: Final = "sample1"
"""A header that a signature covers, where the request has none: no separator of a signed message is in it."""
_FORM: Final = "application/x-www-form-urlencoded"


class Sender(Generic[S]):
    """The sender that proves itself by one scheme."""

    kind: ClassVar = ""

    def __init__(self, scheme: S) -> None:
        self.scheme = scheme

    def names(self) -> AbstractSet[str]:
        """The words by which a sample may choose the scheme, in lower case."""
        return {self.kind}

    def hinted(self, content: Content) -> bool:  # noqa: ARG002 - of subclasses
        """Whether something of the scheme is in the request, so that it is the one that is meant."""
        return False

    def sent(self, content: Content) -> float | None:  # noqa: ARG002 - of subclasses
        """The signed time of the request, None where it has none yet."""
        return None

    def example(self) -> str:
        """A secret that suits the scheme, for a sample."""
        return WORD

    def held(self, secret: str) -> str:
        """The secret of the route for a sender with this one: the same, or the public half of a pair of keys."""
        return secret

    def prove(self, content: Content, secret: str, moment: float) -> Request:
        """The request with its proof in place, sent at `moment`. Raises ValueError where that has no place."""
        raise NotImplementedError


_SENDERS: dict[type, type[Sender[Any]]] = {}
_Class = TypeVar("_Class", bound=type[Sender[Any]])


def register(scheme: type) -> Callable[[_Class], _Class]:
    """Make a class the sender of a kind of scheme."""

    def add(sender: _Class) -> _Class:
        _SENDERS[scheme] = sender
        return sender

    return add


def sender_of(scheme: Scheme) -> Sender[Any]:
    """The sender that proves itself by a scheme."""
    return _SENDERS[type(scheme)](scheme)


def chosen(schemes: Sequence[Scheme], content: Content, sign: int | str | None = None) -> Sender[Any]:
    """The sender that `sign` chooses: a number from 0, or a name.

    Without, and among several of a name, it is the first that the request hints at, or the first. Raises ValueError for
    a choice that there is not.
    """
    senders = [sender_of(scheme) for scheme in schemes]
    if isinstance(sign, int) and sign < len(senders):
        return senders[sign]
    if sign is not None:
        named = [one for one in senders if str(sign).lower() in one.names()]
        if not named:
            known = ", ".join(sorted({name for one in senders for name in one.names()}))
            raise ValueError(f"sign: the service has no scheme {sign!r}; it has {known}, also by their numbers from 0")
        senders = named
    return next((one for one in senders if one.hinted(content)), senders[0])


@register(PathSecret)
class _PathSender(Sender[PathSecret]):
    kind = "path"

    def hinted(self, content: Content) -> bool:
        return bool(content.request.path_secret)

    def prove(self, content: Content, secret: str, moment: float) -> Request:  # noqa: ARG002
        request = content.request
        if request.path_secret:
            return request
        base, mark, query = request.url.partition("?")
        return replace(request, path_secret=secret, url=f"{base}/{quote(secret, safe='')}{mark}{query}")


@register(QuerySecret)
class _QuerySender(Sender[QuerySecret]):
    kind = "query"

    def names(self) -> AbstractSet[str]:
        return {self.kind, self.scheme.name.lower()}

    def hinted(self, content: Content) -> bool:
        return self.scheme.name in content.request.query

    def prove(self, content: Content, secret: str, moment: float) -> Request:  # noqa: ARG002
        request, name = content.request, self.scheme.name
        if name in request.query:
            return request
        mark = "&" if "?" in request.url else "?"
        url = f"{request.url}{mark}{urlencode({name: secret})}"
        return replace(request, query={**request.query, name: secret}, url=url)


@register(HeaderSecret)
class _HeaderSender(Sender[HeaderSecret]):
    kind = "header"

    def names(self) -> AbstractSet[str]:
        return {self.kind, self.scheme.name, self.scheme.prefix.strip().lower()} - {""}

    def hinted(self, content: Content) -> bool:
        text = content.request.headers.get(self.scheme.name)
        return text is not None and behind(self.scheme.prefix, text) is not None

    def prove(self, content: Content, secret: str, moment: float) -> Request:  # noqa: ARG002
        return _with_header(content.request, self.scheme.name, self.scheme.prefix + secret)


@register(BasicSecret)
class _BasicSender(Sender[BasicSecret]):
    kind = "basic"

    def hinted(self, content: Content) -> bool:
        return bool(basic_credentials(content.request.headers.get("authorization", "")))

    def example(self) -> str:
        return WORD if self.scheme.user else f"user:{WORD}"

    def prove(self, content: Content, secret: str, moment: float) -> Request:  # noqa: ARG002
        both = f"{self.scheme.user}:{secret}" if self.scheme.user else secret
        return _with_header(content.request, "authorization", f"Basic {base64.b64encode(octets(both)).decode()}")


@register(TokenSecret)
class _TokenSender(Sender[TokenSecret]):
    kind = "token"

    def hinted(self, content: Content) -> bool:
        return any(as_text(found) for found in content.glimpse.each(self.scheme.path))

    def prove(self, content: Content, secret: str, moment: float) -> Request:  # noqa: ARG002
        if self.hinted(content):
            return content.request
        return _with_value(content.request, self.scheme.path, secret)


@register(Signature)
class _HmacSender(Sender[Signature]):
    kind = "hmac"

    def names(self) -> AbstractSet[str]:
        place = self.scheme.source
        return {self.kind, (place.name or written(place.path)).lower()}

    def hinted(self, content: Content) -> bool:
        scheme = self.scheme
        places = [place for place in (scheme.source, scheme.timestamp) if place is not None and place.kind != "pair"]
        if any(texts_at(place, content) for place in places) or not scheme.headers.isdisjoint(content.request.headers):
            return True
        return bool(scheme.field) and content.field(scheme.field) is not None

    def sent(self, content: Content) -> float | None:
        _, beside = read_signatures(self.scheme, content)
        stamp = stamp_of(self.scheme, content, beside)
        return None if stamp is None else sent_at(stamp.strip(), self.scheme.unit)

    def example(self) -> str:
        key = octets(WORD)
        how = self.scheme.key
        if how == "utf8":
            return WORD
        return ("whsec_" if how == "whsec" else "") + encoded(key, "hex" if how == "hex" else "base64")

    def prove(self, content: Content, secret: str, moment: float) -> Request:
        scheme = self.scheme
        if not scheme.has_secret_key or scheme.each is not None or scheme.stated is not None:
            raise ValueError("only its sender can sign by this scheme")
        for also in scheme.also[:1]:
            content = Content(sender_of(also).prove(content, secret, moment))
        texts, stamp = read_signatures(scheme, content)
        if texts:
            return content.request
        if scheme.timestamp is not None:
            stamp = stamp_of(scheme, content, stamp)
            if stamp is None:
                stamp = _stamp(moment, scheme.unit)
                if scheme.timestamp.kind != "pair":
                    content = Content(_with_text(content.request, scheme.timestamp, stamp))
        for name in sorted(scheme.headers):
            content = Content(_with_header(content.request, name, _ID))
        message = message_of(scheme, content, content.bodies[0], stamp or "", secret)
        if message is None:
            raise ValueError("the request lacks a part that the signature covers, or cannot be told from what follows")
        signature = self._written(encoded(self._digest(message, secret), scheme.encoding), stamp or "")
        return _with_text(content.request, scheme.source, signature)

    def _digest(self, message: bytes, secret: str) -> bytes:
        if self.scheme.algorithm == "hash":
            return hashlib.new(self.scheme.digest, message, usedforsecurity=False).digest()
        return hmac.digest(key_of(self.scheme, secret), message, self.scheme.digest)

    def _written(self, signature: str, stamp: str) -> str:
        """The signature as it stands in its place."""
        scheme = self.scheme
        if scheme.pairs is not None:
            beside = scheme.pairs.timestamp if scheme.timestamp is None or scheme.timestamp.kind == "pair" else ""
            pairs = [f"{beside}={stamp}"] if beside else []
            signature = scheme.pairs.delimiter.join([*pairs, f"{scheme.pairs.signature}={signature}"])
        elif scheme.tagged:
            signature = f"{scheme.tagged},{signature}"
        return scheme.prefix + signature


@register(WebToken)
class _TokensSender(Sender[WebToken]):
    kind = "jwt"

    def hinted(self, content: Content) -> bool:
        return bool(texts_at(self.scheme.source, content))

    def prove(self, content: Content, secret: str, moment: float) -> Request:  # noqa: ARG002
        if self.hinted(content):
            return content.request
        raise ValueError("only its sender can make a token")


def _stamp(moment: float, unit: str) -> str:
    if unit == "http":
        return format_datetime(datetime.fromtimestamp(int(moment), UTC), usegmt=True)
    if unit == "iso":
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(moment * 1000 if unit == "ms" else moment))


def _first(name: str) -> str:
    """The name of a header, the first one of those that are numbered."""
    return name.replace(NUMBERED, "1")


def _with_header(request: Request, name: str, text: str) -> Request:
    """The request with a header, where it has none of the name."""
    return request if name in request.headers else replace(request, headers={**request.headers, name: text})


def _with_text(request: Request, place: Source, text: str) -> Request:
    if place.kind == "header":
        return _with_header(request, _first(place.name), text)
    return _with_value(request, (place.name,) if place.kind == "form" else place.path, text)


def _with_value(request: Request, path: tuple[Step, ...], text: str) -> Request:
    """The request with a text at a path of its body, JSON or a form. Raises ValueError where there is no such place."""
    if request.headers.get("content-type", "").startswith(_FORM) and len(path) == 1:
        more = urlencode({str(path[0]): text}).encode()
        return replace(request, body=b"&".join(filter(None, (request.body, more))))
    value: JSON = MISSING
    with suppress(ValueError):
        value = jsontext.parse(request.body)
    if not _put(value, path, text):
        raise ValueError(f"the body has no place for {written(path)}, where its proof would stand")
    return replace(request, body=msgspec.json.encode(value))


def _put(value: JSON, path: tuple[Step, ...], text: str) -> bool:
    """Set what is at a path; False where an object or list on the way is missing."""
    if not path:
        return False
    step, rest = path[0], path[1:]
    if step == STAR:
        return isinstance(value, list) and bool(rest) and all(_put(one, rest, text) for one in value)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return bool(rest) and _put(value[step], rest, text)
    if not isinstance(value, dict):
        return False
    if rest:
        return _put(value.setdefault(step, {}), rest, text)
    value[step] = text
    return True
