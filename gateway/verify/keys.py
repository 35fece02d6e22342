"""Public keys that a scheme needs and that are not in the settings: where they are, and how their documents are read.

    keys: {jwks: https://login.example.com/keys}                             # RFC 7517, chosen by the token's kid
    keys: {certificate: {json: SigningCertURL}, hosts: ["sns.*.amazonaws.com"]}  # X.509 in PEM, its URL in the request
    keys: {pem: https://api.example.com/config, at: webhook.public_key}      # PEM, here at a path of a JSON document

Nothing here fetches: `gateway.verify.verify.wanted` says what a request needs as `KeyRequest`s, the caller fetches the
documents (over https, from the named hosts alone), and hands them to `verify` as `Keys`.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from gateway.decode.content import Content
from gateway.jsonpath import Step, lookup
from gateway.verify import hosts
from gateway.verify.material import Source, read, text_of

Kind = Literal["jwks", "certificate", "pem"]

Keys = Mapping[str, bytes]
"""Fetched documents by URL, as they came. One that could not be fetched is absent."""

NO_KEYS: Final[Keys] = {}

MOST_BYTES: Final = 100_000
"""Bytes of the largest document of keys that is read; those of Google and Microsoft have 20 KB."""

RETRY: Final = 60
"""Seconds after which a sender is asked to send again what only a key could prove that cannot be had now."""

_LONGEST_URL = 1000
_MOST_KEYS = 20


class KeyRequest(Struct, frozen=True):
    """One document of keys that a request needs. `hosts` are patterns (`gateway.verify.hosts`), `url` lies on them.

    `kid` is the id of the key in a JWKS that the token names ("" where it names none), `at` the path of a PEM in JSON:
    `holds` looks for them.
    """

    kind: Kind
    url: str
    hosts: tuple[str, ...]
    kid: str = ""
    at: tuple[Step, ...] | None = None


class Fetch(Struct, frozen=True):
    """Where a scheme's keys are: at the fixed `url`, or at the URL that the request has at `source`, on `hosts`.

    `at` is the path of the PEM in a JSON document; without it the document is the PEM. `names` are patterns of which a
    certificate must have one as its name; () for any name.
    """

    kind: Kind
    url: str = ""
    source: Source | None = None
    hosts: tuple[str, ...] = ()
    at: tuple[Step, ...] | None = None
    names: Sequence[str] = ()


def request_of(fetch: Fetch, content: Content, kid: str = "") -> KeyRequest | None:
    """The document that a request needs; None when it names none, or one on another host."""
    url = fetch.url
    if fetch.source is not None:
        raw = read(content, fetch.source)
        url = "" if raw is None else text_of(raw)
    if not url or len(url) > _LONGEST_URL or not hosts.allows(fetch.hosts, hosts.host_of(url)):
        return None
    return KeyRequest(fetch.kind, url, fetch.hosts, kid, fetch.at)


def holds(request: KeyRequest, document: bytes) -> bool:
    """Whether a fetched document is readable and has the key that a request asks for."""
    if len(document) > MOST_BYTES:
        return False
    from gateway.verify import publickey

    if request.kind == "jwks":
        return any(not request.kid or one.key_id == request.kid for one in _jwks(document))
    try:
        if request.kind == "certificate":
            return bool(publickey.chain(document))
        return bool(publickey.from_pem(_pem(document, request.at)))
    except ValueError:
        return False


def keys_in(fetch: Fetch, document: bytes, kid: str, now: float) -> Sequence[Any]:
    """The keys of a fetched document that may have signed: `PyJWK` of a JWKS, else public keys of `cryptography`.

    Of a JWKS those with the id `kid`, or the first ones where that is ""; a certificate must be valid at `now`.
    """
    if len(document) > MOST_BYTES:
        return ()
    from gateway.verify import publickey

    if fetch.kind == "jwks":
        found = [one for one in _jwks(document) if not kid or one.key_id == kid]
        return found[:_MOST_KEYS]
    if fetch.kind == "certificate":
        key = publickey.certified(document, now, fetch.names)
        return () if key is None else (key,)
    try:
        return (publickey.from_pem(_pem(document, fetch.at)),)
    except ValueError:
        return ()


@lru_cache(16)
def _jwks(document: bytes) -> tuple[Any, ...]:
    """The keys for signatures of a JWKS (RFC 7517) as `PyJWK`, without unusable ones; () when it is none."""
    import jwt

    try:
        keys = jwt.PyJWKSet.from_dict(msgspec.json.decode(document)).keys
    except (jwt.PyJWTError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
        return ()
    return tuple(one for one in keys if one.public_key_use in {None, "sig"} and one.key_type != "oct")


def _pem(document: bytes, at: tuple[Step, ...] | None) -> bytes:
    """The PEM text of a document, or at a path in its JSON; empty where there is none. Raises ValueError."""
    if at is None:
        return document
    try:
        found = lookup(msgspec.json.decode(document), at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("the document is not JSON") from None
    return found.encode("utf-8", "replace") if isinstance(found, str) else b""
