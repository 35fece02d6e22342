"""Requests that are about to be sent: a draft that may change, its proof by any scheme, its bytes on the wire."""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from random import Random
from typing import Final
from urllib.parse import parse_qsl, quote

from msgspec import Struct

from gateway.verify.encoding import encoded
from gateway.verify.message import Part
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme
from gateway.verify.signature import NUMBERED, Signature, key_of

SECRET: Final = "whsec_" + base64.b64encode(b"a secret of the hostile run that nobody may see").decode()
"""The secret of every route, written so that each kind of key can be read from it."""

USER: Final = "sender:" + "that-nobody-may-see-either"
"""The second secret of every route: a user and a password, for `{basic: true}`."""

Header = tuple[bytes, bytes]


class Draft(Struct):
    """A request that may still change. `query` is raw, without the question mark; `path` is percent-encoded."""

    method: str
    path: str
    query: str
    headers: list[Header]
    body: bytes

    def get(self, name: bytes) -> bytes | None:
        """The value of the first header of this name, in any case."""
        lower = name.lower()
        return next((value for own, value in self.headers if own.lower() == lower), None)

    def set(self, name: bytes, value: bytes) -> None:
        """Replace the headers of this name by one."""
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name: bytes) -> None:
        """Remove the headers of this name."""
        lower = name.lower()
        self.headers = [pair for pair in self.headers if pair[0].lower() != lower]

    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def wire(self) -> bytes:
        """The request as HTTP/1.1, with Host and Content-Length unless it brings its own."""
        lines = [f"{self.method} {self.target()} HTTP/1.1".encode("latin-1", "replace")]
        names = {name.lower() for name, _ in self.headers}
        if b"host" not in names:
            lines.append(b"Host: gateway.example.com")
        lines += [name + b": " + value for name, value in self.headers]
        if b"content-length" not in names and b"transfer-encoding" not in names:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join((*lines, b"", self.body))


def prove(draft: Draft, scheme: Scheme, secret: str = SECRET, user: str = USER, now: float | None = None) -> bool:
    """Add the proof of a scheme to a draft as it is now; False where this request cannot carry one."""
    if isinstance(scheme, Signature):
        return _sign(draft, scheme, secret, time.time() if now is None else now)
    if isinstance(scheme, PathSecret):
        draft.path = f"{draft.path}/{quote(secret, safe='')}"
    elif isinstance(scheme, QuerySecret):
        others = [pair for pair in draft.query.split("&") if pair and not pair.startswith(f"{quote(scheme.name)}=")]
        draft.query = "&".join([*others, f"{quote(scheme.name)}={quote(secret, safe='')}"])
    elif isinstance(scheme, HeaderSecret):
        draft.set(scheme.name.encode(), (scheme.prefix + secret).encode())
    elif isinstance(scheme, BasicSecret):
        plain = f"{scheme.user}:{secret}" if scheme.user else user
        draft.set(b"Authorization", b"Basic " + base64.b64encode(plain.encode()))
    else:
        return False
    return True


def _sign(draft: Draft, scheme: Signature, secret: str, now: float) -> bool:
    if scheme.algorithm != "hmac" or scheme.holds_secret or scheme.also or scheme.source.kind != "header":
        return False
    stamp = _stamp(now, scheme.unit)
    if scheme.timestamp is not None and scheme.timestamp.kind not in {"header", "pair"}:
        return False
    if scheme.timestamp is not None and scheme.timestamp.kind == "header":
        draft.set(scheme.timestamp.name.encode(), stamp.encode())
    if (stated := scheme.stated) is not None:
        if stated.source is None or stated.source.kind != "header":
            return False
        digest = encoded(hashlib.new(stated.digest, draft.body).digest(), stated.encoding)
        draft.set(stated.source.name.encode(), (stated.prefix + digest).encode())
    pieces = [_piece(draft, part, stamp) for part in scheme.message]
    if None in pieces:
        return False
    message = b"".join(piece for piece in pieces if piece is not None)
    digest = hmac.digest(key_of(scheme, secret), message, scheme.digest)
    draft.set(
        scheme.source.name.replace(NUMBERED, "1").encode(), _written(scheme, encoded(digest, scheme.encoding), stamp)
    )
    return True


def _stamp(now: float, unit: str) -> str:
    if unit == "http":
        return formatdate(now, usegmt=True)
    if unit == "iso":
        return datetime.fromtimestamp(int(now), UTC).isoformat()
    return str(int(now * (1000 if unit == "ms" else 1)))


def _piece(draft: Draft, part: Part, stamp: str) -> bytes | None:
    """One part of the signed message; None where the request has no such part."""
    if part.source is not None and part.source.kind == "header":
        if draft.get(part.source.name.encode()) is None:
            draft.set(part.source.name.encode(), b"msg_" + hashlib.sha256(draft.body).hexdigest()[:16].encode())
        return draft.get(part.source.name.encode())
    if part.source is not None and part.source.kind == "form":
        fields = parse_qsl(draft.body.decode("utf-8", "replace"), keep_blank_values=True)
        return next((text.encode() for name, text in fields if part.source.name == name), None)
    if part.kind == "digest" and part.text != "crc32":
        algorithm, _, encoding = part.text.partition("-")
        return encoded(hashlib.new(algorithm, draft.body).digest(), encoding).encode()
    own = {"body": draft.body, "method": draft.method.upper().encode()}
    own |= dict.fromkeys(("timestamp", "stamp"), stamp.encode())
    return own.get(part.kind, part.text.encode() if part.kind == "text" else None)


def _written(scheme: Signature, signature: str, stamp: str) -> bytes:
    if scheme.pairs is not None:
        stamped = f"{scheme.pairs.timestamp}={stamp}{scheme.pairs.delimiter}" if scheme.pairs.timestamp else ""
        return f"{stamped}{scheme.pairs.signature}={signature}".encode()
    return (f"{scheme.tagged},{signature}" if scheme.tagged else scheme.prefix + signature).encode()


def break_proof(draft: Draft, schemes: Sequence[Scheme], rng: Random) -> None:
    """Damage every proof that a draft carries: another digit, a prefix alone, nothing, far too much, not text."""
    names = {_header_of(scheme) for scheme in schemes}
    for name, given in [pair for pair in draft.headers if pair[0].lower() in names]:
        at = rng.randrange(len(given)) if given else 0
        odd = (
            given[:-1] + (b"0" if given[-1:] != b"0" else b"1"),
            given[:at],
            b"",
            b"0" * 50 + given,
            b",".join([given[::-1]] * 150),
            b"\xff\xfe" + given,
            hashlib.sha256(given).hexdigest().encode(),
            b"Basic " + b"A" * 5000,
            b"Basic !",
            b"bearer \xff",
        )
        draft.set(name, rng.choice(odd)[:15_000])
    secret = quote(SECRET, safe="")
    draft.path, draft.query = draft.path.replace(secret, secret[:-1]), draft.query.replace(secret, secret[:-1])


def _header_of(scheme: Scheme) -> bytes:
    """The header, in lower case, in which a scheme looks for its proof; b"" for one that looks elsewhere."""
    if isinstance(scheme, Signature):
        return scheme.source.name.replace(NUMBERED, "1").encode() if scheme.source.kind == "header" else b""
    if isinstance(scheme, BasicSecret):
        return b"authorization"
    return scheme.name.lower().encode() if isinstance(scheme, HeaderSecret) else b""
