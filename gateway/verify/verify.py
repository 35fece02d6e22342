"""Whether a request is authentic: its raw bytes against every scheme of the service and every secret of the route.

Neither the answer nor its timing tells the sender which scheme, secret or step failed.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Cause
from gateway.verify.carried import carries
from gateway.verify.hosts import host_of
from gateway.verify.keys import NO_KEYS, RETRY, KeyRequest, Keys, request_of
from gateway.verify.message import states_body
from gateway.verify.schemes import Scheme, parse_scheme, parse_schemes, read_schemes
from gateway.verify.signature import (
    PUBLIC,
    Signature,
    claim,
    elements,
    proves,
    proves_publicly,
    public_keys,
    reads_as,
)
from gateway.verify.webtoken import WebToken

__all__ = [
    "NOT_TAKEN", "Proof", "Scheme", "fetches", "parse_scheme", "parse_schemes", "read_schemes", "verify", "wanted",
]  # fmt: skip

NOT_TAKEN: Final = "The request is not authentic"
"""The title of every refusal: wrong, missing and stale proofs look the same to the sender."""


class Proof(Struct, frozen=True):
    """The scheme under which a request is authentic.

    `digest` is that of the inflated body, or of the one form `field` that the signature covers, where the signature
    covers exactly that. Where it covers something else, `message` is the digest of what it covers. Both are computed
    here, not taken from the request; without a signature they are empty.
    """

    scheme: Scheme
    digest: bytes = b""
    message: bytes = b""
    field: str = ""


def verify(
    schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float, keys: Keys = NO_KEYS
) -> Proof:
    """Return the proof of the first scheme that the request satisfies with one of the secrets.

    `now` is in seconds since the epoch, `keys` are the documents that `wanted` asked for. Empty secrets never match,
    and public keys not where a secret is needed.

    Raises Refused: 401 when there is no proof, 503 when a key is absent that could make one.
    """
    active = [secret for secret in secrets if secret]
    private = [secret for secret in active if not secret.startswith(PUBLIC)]
    proof = None
    for scheme in schemes:  # each is tried, also after a proof: the time that it takes tells nothing
        if isinstance(scheme, Signature):
            if scheme.is_plain:
                found = _plain_proof(scheme, schemes, private, content, now)
            else:
                found = _signature_proof(scheme, schemes, active, content, now, keys)
        else:
            found = _other_proof(scheme, active, private, content, now, keys)
        proof = proof or found
    if proof is None:
        raise _refusal(schemes, secrets, content, now, keys)
    return proof


def fetches(schemes: Sequence[Scheme]) -> bool:
    """Whether a scheme needs keys that are fetched: then `wanted` says which."""
    return any(getattr(scheme, "fetch", None) is not None for scheme in schemes)


def wanted(schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float) -> tuple[KeyRequest, ...]:
    """The documents of keys that could prove a request; none for one that they could not prove.

    That is one without signature, a stale one, or one that lacks a secret which the scheme asks for as well: strangers
    make nobody fetch anything for them.
    """
    active = [secret for secret in secrets if secret]
    found = [_wanted(scheme, active, content, now) for scheme in schemes if getattr(scheme, "fetch", None) is not None]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _wanted(scheme: Scheme, secrets: Sequence[str], content: Content, now: float) -> KeyRequest | None:
    if isinstance(scheme, Signature):
        if scheme.fetch is None or not _carries_also(scheme, secrets, content):
            return None
        first = elements(scheme, content)[:1]
        if not secrets or not first or claim(first[0], content, now, secrets[0]) is None:
            return None
        return request_of(scheme.fetch, content)
    from gateway.verify import jws  # the parser of schemes has loaded it

    if not isinstance(scheme, WebToken) or not _carries_also(scheme, secrets, content):
        return None
    token = jws.token_of(scheme, content)
    if token is None or jws.problem_of(scheme, token, secrets, content, now):
        return None
    return jws.request_for(scheme, token, content)


def _refusal(schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float, keys: Keys) -> Refused:
    absent = [one for one in wanted(schemes, secrets, content, now) if one.url not in keys] if fetches(schemes) else []
    if not absent:
        return Refused(401, NOT_TAKEN)
    why = f"the keys that could prove it cannot be fetched from {host_of(absent[0].url)} now"
    return Refused(503, "Service Unavailable", cause=Cause.KEYS, retry=RETRY, why=why)


def _carries_also(scheme: Scheme, secrets: Sequence[str], content: Content) -> bool:
    """Whether the request carries a secret beside its signature, where the scheme asks for one."""
    also = getattr(scheme, "also", ())
    return not also or sum([carries(one, secrets, content) for one in also]) > 0


def _other_proof(
    scheme: Scheme, active: Sequence[str], private: Sequence[str], content: Content, now: float, keys: Keys
) -> Proof | None:
    if isinstance(scheme, Signature):
        return None
    if not isinstance(scheme, WebToken):
        return Proof(scheme) if carries(scheme, private, content) else None
    from gateway.verify import jws  # the parser of schemes has loaded it

    usable = private if scheme.has_secret_key else active
    token = jws.token_of(scheme, content)
    if token is None or not _carries_also(scheme, private, content):
        return None
    if jws.problem_of(scheme, token, usable, content, now):
        return None
    return Proof(scheme) if jws.is_signed(scheme, token, usable, content, now, keys) else None


def _plain_proof(
    scheme: Signature, schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float
) -> Proof | None:
    claimed = claim(scheme, content, now)
    if claimed is None:
        return None
    proven = [found for secret in secrets if (found := proves(scheme, claimed, secret)) is not None]
    if not proven:
        return None
    return _proof_of(scheme, schemes, content, claimed.messages, proven[0])


def _signature_proof(
    scheme: Signature, schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float, keys: Keys
) -> Proof | None:
    private = [secret for secret in secrets if not secret.startswith(PUBLIC)]
    if not _carries_also(scheme, private, content):
        return None
    if scheme.stated is not None and not states_body(scheme.stated, content):
        return None
    each = elements(scheme, content)
    for secret in secrets if scheme.is_keyed_by_route else private:
        found = [_proof_with(one, schemes, secret, content, now, keys) for one in each]
        proofs = [one for one in found if one is not None]
        if proofs and len(proofs) == len(found):
            if scheme.each is None:
                return proofs[0]
            return Proof(scheme, message=hashlib.sha256(b"".join(one.message for one in proofs)).digest())
    return None


def _proof_with(
    scheme: Signature, schemes: Sequence[Scheme], secret: str, content: Content, now: float, keys: Keys
) -> Proof | None:
    """The proof by one secret of the route."""
    claimed = claim(scheme, content, now, secret)
    if claimed is None:
        return None
    if scheme.has_secret_key:
        proven = proves(scheme, claimed, secret)
    else:
        proven = proves_publicly(scheme, claimed, public_keys(scheme, content, (secret,), now, keys))
    return None if proven is None else _proof_of(scheme, schemes, content, claimed.messages, proven)


def _proof_of(
    scheme: Signature,
    schemes: Sequence[Scheme],
    content: Content,
    messages: Sequence[bytes],
    proven: tuple[int, bytes],
) -> Proof | None:
    """The proof by a signature that fits; None where it is that of a message which another scheme reads otherwise."""
    index, digest = proven
    if scheme.timestamp is None and len(schemes) > 1:
        stamped = [one for one in schemes if isinstance(one, Signature) and one.timestamp is not None]
        if stamped and reads_as(messages[index], stamped):
            return None
    if scheme.covers_body_alone:
        return Proof(scheme, digest) if content.bodies[index] is content.body else Proof(scheme, message=digest)
    if scheme.field and len(scheme.message) == 1:
        return Proof(scheme, digest, field=scheme.field)
    return Proof(scheme, message=digest, field=scheme.field)
