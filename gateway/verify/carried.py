"""Secrets of a route that a request carries as they are: in its path, query, a header, HTTP Basic, or its body."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from gateway.decode.content import Content
from gateway.jsonpath import Step
from gateway.model import Request
from gateway.verify.material import as_text, basic_credentials, behind, octets


class PathSecret(Struct, frozen=True, tag="path"):
    """`{path: true}`: the last segment of the URL is a secret."""


class QuerySecret(Struct, frozen=True, tag="query"):
    """`{query: NAME}`: a query parameter is a secret."""

    name: str


class HeaderSecret(Struct, frozen=True, tag="header"):
    """`{header: NAME, prefix: "Bearer "}`: a header, behind its prefix in any case (RFC 9110), is a secret."""

    name: str
    prefix: str = ""


class BasicSecret(Struct, frozen=True, tag="basic"):
    """`{basic: USER}` or `{basic: true}` (`user` empty: the secret is "user:password"): HTTP Basic, RFC 7617."""

    user: str = ""


class TokenSecret(Struct, frozen=True, tag="token"):
    """`{token: PATH}`: a value in the body is a secret, or its `hash` in hex; with `*`, that of every element."""

    path: tuple[Step, ...]
    hash: str = ""


Carried = PathSecret | QuerySecret | HeaderSecret | BasicSecret | TokenSecret
"""One place in which a request may carry a secret of the route."""

SECRET: Final[Sequence[Carried]] = (
    PathSecret(), QuerySecret("token"), HeaderSecret("authorization", "Bearer "), BasicSecret(),
)  # fmt: skip
"""What the word `secret` stands for in a list of schemes: a secret in the URL or in the header Authorization."""


def carries(scheme: Carried, secrets: Sequence[str], content: Content) -> bool:
    """Whether one of the secrets, none of which is empty, is where the scheme looks for it.

    Every candidate is compared with every secret, so that timing reveals nothing.
    """
    if isinstance(scheme, TokenSecret):
        tokens = [as_text(found) or "" for found in content.glimpse.each(scheme.path)]
        wanted = [hashed(secret, scheme.hash) for secret in secrets] if scheme.hash else secrets
        if scheme.hash:
            tokens = [token.lower() for token in tokens]
        return bool(tokens) and _any_true(not _any_true(not _equal(token, one) for token in tokens) for one in wanted)
    given = _candidates(scheme, content.request)
    return _any_true(_equal(candidate, secret) for candidate in given for secret in secrets)


def hashed(secret: str, digest: str) -> str:
    """The digest of a secret in hex, as a token of the body may be written."""
    return hashlib.new(digest, octets(secret), usedforsecurity=False).hexdigest()


def _any_true(answers: Iterable[bool]) -> bool:
    """Tell whether one of the answers is true; unlike `any` it looks at all of them, so that timing reveals nothing."""
    return sum(answers) > 0


def _candidates(scheme: Carried, request: Request) -> list[str]:
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
