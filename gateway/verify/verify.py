"""Whether a request is authentic: its raw bytes against every scheme of the service and every secret of the route.

Neither the answer nor its timing tells the sender which scheme, secret or step failed.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify.material import as_text, octets
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme, TokenSecret, parse_scheme
from gateway.verify.signature import Signature, claim, proves, reads_as

__all__ = ["MASK", "NOT_AUTHENTIC", "Proof", "Scheme", "kept_request", "parse_scheme", "signs", "tokens", "verify"]

NOT_AUTHENTIC: Final = "The request is not authentic"
"""The title of every refusal: wrong, missing and stale proofs look the same to the sender."""

MASK: Final = "***"

_BARE_URL = re.compile(r"https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~/-]*)?")
"""A URL without user, query and fragment: nothing in it can be a secret but a segment of the path."""

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


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
    proofs = [proof for scheme in schemes if (proof := _proof(scheme, schemes, active, content, now)) is not None]
    if not proofs:
        raise Refused(401, NOT_AUTHENTIC)
    return proofs[0]


def signs(scheme: Scheme, header: str) -> bool:
    """Tell whether the scheme's signature covers a header: true only for a `{header: NAME}` part of its message."""
    if not isinstance(scheme, Signature):
        return False
    sources = [part.source for part in scheme.message if part.source is not None]
    return any(source.kind == "header" and source.name == header.lower() for source in sources)


def kept_request(request: Request, schemes: Sequence[Scheme]) -> Request:
    """Return the request as the journal keeps it: credentials in headers, query, path and URL are `***` or empty.

    The body stays as it is, also where a `{token: PATH}` scheme reads a secret in it: see `tokens`.
    """
    headers = _CREDENTIALS.union([scheme.name for scheme in schemes if isinstance(scheme, HeaderSecret)])
    query = {scheme.name for scheme in schemes if isinstance(scheme, QuerySecret)}
    bare = not request.path_secret and _BARE_URL.fullmatch(request.url)
    if bare and headers.isdisjoint(request.headers) and query.isdisjoint(request.query):
        return request  # nearly all requests: a signature is no secret
    return msgspec.structs.replace(
        request,
        headers=_mask_values(request.headers, headers),
        query=_mask_values(request.query, query),
        path_secret="",
        url=request.url if bare else _mask_url(request.url, request.path_secret, query),
    )


def tokens(content: Content, schemes: Sequence[Scheme]) -> list[str]:
    """Return the values that `{token: PATH}` schemes read in the body: credentials to be masked where it is shown."""
    found = [content.glimpse.each(scheme.path) for scheme in schemes if isinstance(scheme, TokenSecret)]
    return [text for values in found for value in values if (text := as_text(value))]


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
    if scheme.timestamp is None:
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
        text = request.headers.get(scheme.name, "").strip()
        start, rest = text[: len(scheme.prefix)], text[len(scheme.prefix) :]
        return [rest.strip()] if start.lower() == scheme.prefix.lower() else []
    return []


def _basic(user: str, header: str) -> list[str]:
    """Return the credentials, as sent and percent-decoded: senders copy them out of a URL (RFC 3986 userinfo)."""
    kind, _, encoded = header.strip().partition(" ")
    if kind.lower() != "basic":
        return []
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        return []
    name, colon, password = plain.partition(":")
    both = [(name, password), (unquote(name), unquote(password))] if colon else []
    if not user:
        return [f"{name}:{password}" for name, password in both]
    return [password for name, password in both if _equal(name, user)]


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(octets(given), octets(secret))


def _mask_values(values: Mapping[str, str], names: AbstractSet[str]) -> dict[str, str]:
    return {name: MASK if name in names else value for name, value in values.items()}


def _mask_url(url: str, path_secret: str, query: set[str]) -> str:
    """Return the URL with the secrets in path and query masked, without user and fragment; empty if it is no URL."""
    try:
        scheme, host, path, text, _ = urlsplit(url)
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return ""
    segments = [MASK if path_secret and unquote(segment) == path_secret else segment for segment in path.split("/")]
    shown = [(name, MASK if name in query else value) for name, value in pairs]
    host = host.rpartition("@")[2]
    return urlunsplit(
        (scheme, host, "/".join(segments), urlencode(shown, safe="*", quote_via=quote, errors="replace"), "")
    )
