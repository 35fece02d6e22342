"""Whether a request is authentic: its raw bytes against every scheme of the service and every secret of the route.

Neither the answer nor its timing tells the sender which scheme, secret or step failed.
"""

import hmac
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify.material import as_text, basic_credentials, behind, octets
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme, TokenSecret, parse_scheme
from gateway.verify.signature import Signature, claim, proves, reads_as

__all__ = ["NOT_AUTHENTIC", "Proof", "Scheme", "parse_scheme", "verify"]

NOT_AUTHENTIC: Final = "The request is not authentic"
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


def verify(schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float) -> Proof:
    """Return the proof of the first scheme that the request satisfies with one of the secrets.

    Raises Refused (401) when there is none. `now` is in seconds since the epoch. Empty secrets never match.
    """
    active = [secret for secret in secrets if secret]
    proof = None
    for scheme in schemes:  # each is tried, also after a proof: the time that it takes tells nothing
        found = _proof(scheme, schemes, active, content, now)
        proof = proof or found
    if proof is None:
        raise Refused(401, NOT_AUTHENTIC)
    return proof


def _proof(
    scheme: Scheme, schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float
) -> Proof | None:
    if isinstance(scheme, Signature):
        return _signature_proof(scheme, schemes, secrets, content, now)
    if isinstance(scheme, TokenSecret):
        tokens = [as_text(found) or "" for found in content.glimpse.each(scheme.path)]
        fits = bool(tokens) and _any_true(
            not _any_true(not _equal(token, secret) for token in tokens) for secret in secrets
        )
    else:
        given = _candidates(scheme, content.request)
        fits = _any_true(_equal(candidate, secret) for candidate in given for secret in secrets)
    return Proof(scheme) if fits else None


def _signature_proof(
    scheme: Signature, schemes: Sequence[Scheme], secrets: Sequence[str], content: Content, now: float
) -> Proof | None:
    claimed = claim(scheme, content, now)
    if claimed is None:
        return None
    proven = [found for secret in secrets if (found := proves(scheme, claimed, secret)) is not None]
    if not proven:
        return None
    index, digest = proven[0]
    if scheme.timestamp is None and len(schemes) > 1:
        stamped = [one for one in schemes if isinstance(one, Signature) and one.timestamp is not None]
        if stamped and reads_as(claimed.messages[index], stamped):
            return None
    if scheme.covers_body_alone:
        return Proof(scheme, digest) if content.bodies[index] is content.body else Proof(scheme, message=digest)
    if scheme.field and len(scheme.message) == 1:
        return Proof(scheme, digest, field=scheme.field)
    return Proof(scheme, message=digest, field=scheme.field)


def _any_true(answers: Iterable[bool]) -> bool:
    """Tell whether one of the answers is true; unlike `any` it looks at all of them, so that timing reveals nothing."""
    return sum(answers) > 0


def _candidates(scheme: Scheme, request: Request) -> list[str]:
    """Return the credentials for a static scheme in the request; several when one can be read in several ways."""
    if isinstance(scheme, PathSecret):
        return [request.path_secret]
    if isinstance(scheme, QuerySecret):
        return [request.query.get(scheme.name, "")]
    if isinstance(scheme, BasicSecret):
        return _basic(scheme.user, request.headers.get("authorization", ""))
    if isinstance(scheme, HeaderSecret):
        rest = behind(scheme.prefix, request.headers.get(scheme.name, "").strip())
        return [] if rest is None else [rest.strip()]
    return []


def _basic(user: str, header: str) -> list[str]:
    """Return the credentials, as sent and percent-decoded: senders copy them out of a URL (RFC 3986 userinfo)."""
    name, colon, password = basic_credentials(header).partition(":")
    both = [(name, password), (unquote(name), unquote(password))] if colon else []
    if not user:
        return [f"{name}:{password}" for name, password in both]
    return [password for name, password in both if _equal(name, user)]


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(octets(given), octets(secret))
