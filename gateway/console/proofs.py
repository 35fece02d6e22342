"""The authentication schemes of a service in words, and the URL that carries the secret, if one does."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from gateway.jsonpath import Step
from gateway.model import Request
from gateway.verify.diagnosis import algorithm_of
from gateway.verify.material import Source
from gateway.verify.message import Part
from gateway.verify.schemes import SECRET as SECRETS
from gateway.verify.schemes import BasicSecret, HeaderSecret, PathSecret, QuerySecret, Scheme, TokenSecret, sent
from gateway.verify.signature import Signature
from gateway.verify.webtoken import WebToken

SECRET: Final = "SECRET"  # noqa: S105 - the placeholder for one
"""What stands for the secret of a route wherever one is shown."""

_PARTS: Final = {
    "body": "the body",
    "timestamp": "the timestamp",
    "method": "the method",
    "url": "the URL",
    "secret": "the secret",
    "sorted-form": "the form fields in order",
}


class Proof(Struct, frozen=True):
    """One way to be authentic: `words` say it; `there`: the request has the checked part, which proves nothing."""

    words: str
    there: bool = False


def proofs(schemes: Sequence[Scheme], request: Request | None = None) -> tuple[Proof, ...]:
    """Every scheme in words; any one of them has to hold."""
    return tuple(Proof(words(scheme), request is not None and _is_there(scheme, request)) for scheme in schemes)


def words(scheme: Scheme) -> str:
    """One scheme in words: `HMAC-SHA256 of the body in the header X-Hub-Signature-256`."""
    if isinstance(scheme, Signature):
        return _signature(scheme)
    if isinstance(scheme, WebToken):
        return _token(scheme)
    if isinstance(scheme, PathSecret):
        return "the secret as the last segment of the URL"
    if isinstance(scheme, QuerySecret):
        return f"the secret in the URL, as ?{scheme.name}="
    if isinstance(scheme, HeaderSecret):
        behind = f", behind “{scheme.prefix.strip()}”" if scheme.prefix.strip() else ""
        return f"the secret in the header {_header_case(scheme.name)}{behind}"
    if isinstance(scheme, BasicSecret):
        user = (
            f"the user {scheme.user} and the secret as password"
            if scheme.user
            else "a secret of the form user:password"
        )
        return f"HTTP Basic with {user}"
    digest = f"{scheme.hash.upper()} of the secret" if scheme.hash else "the secret"
    return f"{digest} in the body, at {_path(scheme.path)}"


def url_with_secret(url: str, schemes: Sequence[Scheme]) -> str:
    """The URL for a sender that can only call it, with SECRET in the place of the secret; "" without such a scheme.

    It may be the one way, or what has to stand beside a signature.
    """
    for scheme in sent(schemes):
        if isinstance(scheme, PathSecret):
            return f"{url}/{SECRET}"
        if isinstance(scheme, QuerySecret):
            return f"{url}?{quote(scheme.name)}={SECRET}"
    return ""


def _signature(scheme: Signature) -> str:
    covered = " + ".join(_part(part) for part in scheme.message)
    words = f"{algorithm_of(scheme)} of {covered} in {_source(scheme.source)}"
    details = _of_key(scheme)
    if scheme.prefix:
        details.append(f"behind “{scheme.prefix}”")
    if scheme.encoding != "hex":
        details.append(f"in {scheme.encoding}")
    if scheme.timestamp is not None and scheme.window is not None:
        details.append(f"not older than {scheme.window:g} s")
    return f"{words} ({', '.join(details)})" if details else words


def _token(scheme: WebToken) -> str:
    details = _of_key(scheme)
    if scheme.prefix.strip():
        details.insert(0, f"behind “{scheme.prefix.strip()}”")
    if scheme.audience is not None and scheme.audience.secret:
        details.append("for the secret as its audience")
    if scheme.stated is not None:
        details.append("with the digest of the body")
    words = f"{' or '.join(scheme.algorithms)} token in {_source(scheme.source)}"
    return f"{words} ({', '.join(details)})" if details else words


def _of_key(scheme: Signature | WebToken) -> list[str]:
    """Which public key checks it, and what must stand beside it."""
    found = []
    if scheme.is_keyed_by_route:
        found.append("the secret is the public key")
    if scheme.public_keys:
        found.append("by the public key of the service")
    if scheme.fetch is not None:
        found.append(f"by a key from {', '.join(scheme.fetch.hosts)}")
    if scheme.also == tuple(SECRETS):
        found.append("and the secret in the URL or in Authorization")
    elif scheme.also:
        found.append(f"and {' or '.join(words(one) for one in scheme.also)}")
    return found


def _part(part: Part) -> str:
    if part.kind == "text":
        return f"“{part.text}”"
    if part.kind == "digest":
        return f"the {part.text.partition('-')[0].upper()} of the body"
    if part.kind == "stamp":
        return f"the timestamp in whole {part.text}"
    if part.kind == "lines":
        return f"lines of {', '.join(_path(one.path) for one in part.sources)}"
    return _source(part.source) if part.source is not None else _PARTS[part.kind]


def _source(source: Source) -> str:
    if source.kind == "header":
        return f"the header {_header_case(source.name)}"
    return f"the form field {source.name}" if source.kind == "form" else f"the body at {_path(source.path)}"


def _header_case(header: str) -> str:
    """A header name in its usual capitals; case does not matter (RFC 9110 section 5.1)."""
    return "-".join(part.capitalize() for part in header.split("-"))


def _path(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".") or "its top"


def _is_there(scheme: Scheme, request: Request) -> bool:
    if isinstance(scheme, Signature | WebToken):
        return scheme.source.kind == "header" and scheme.source.name in request.headers
    if isinstance(scheme, QuerySecret):
        return scheme.name in request.query
    if isinstance(scheme, HeaderSecret):
        return scheme.name in request.headers
    if isinstance(scheme, BasicSecret):
        return request.headers.get("authorization", "").lower().startswith("basic ")
    return not isinstance(scheme, TokenSecret) and bool(request.path_secret)
