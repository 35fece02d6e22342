"""The check of JSON Web Tokens (RFC 7519): signatures by PyJWT, claims here, by the time that is given.

A token proves who sent it; what was sent it proves only where a claim holds the digest of the body. This module is
imported only where a scheme has tokens: loading it takes a while.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jwt
import msgspec
from jwt.algorithms import Algorithm, HMACAlgorithm, get_default_algorithms
from msgspec import Struct

from gateway.decode.content import Content
from gateway.jsonpath import lookup
from gateway.model import JSON
from gateway.verify.keys import NO_KEYS, KeyRequest, Keys, keys_in, request_of
from gateway.verify.material import behind, octets, read, text_of
from gateway.verify.message import states_body
from gateway.verify.publickey import read_key
from gateway.verify.signature import PUBLIC, Signature, key_of
from gateway.verify.webtoken import WITH_PUBLIC_KEY, WITH_SECRET, Expected, WebToken

_LONGEST = 16_000
_MOST_KEYS = 8


class _OfAnyLength(HMACAlgorithm):
    """HMAC with the secret that the service has made: nobody here can make it longer."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002 - the length does not matter
        return None


def _engine() -> jwt.PyJWS:
    engine = jwt.PyJWS(algorithms=[])
    known: Mapping[str, Algorithm] = get_default_algorithms()
    for name in WITH_PUBLIC_KEY:
        engine.register_algorithm(name, known[name])
    for name, digest in zip(WITH_SECRET, ("SHA256", "SHA384", "SHA512"), strict=True):
        engine.register_algorithm(name, _OfAnyLength(getattr(HMACAlgorithm, digest)))
    return engine


_ENGINE: Final = _engine()


class Token(Struct, frozen=True):
    """A token as read, before anything of it is proven: its text, and the fields of its header and its claims."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, JSON]

    @property
    def kid(self) -> str:
        """The id of its key, "" without one."""
        return str(self.header.get("kid") or "")


def made(claims: JSON, key: Any, algorithm: str, kid: str = "") -> str:
    """The text of a token with these claims, signed with a secret in bytes or a private key."""
    return _ENGINE.encode(msgspec.json.encode(claims), key, algorithm, {"kid": kid} if kid else None)


def text_at(scheme: WebToken, content: Content) -> str | None:
    """The text of the token, None where there is none."""
    raw = read(content, scheme.source)
    text = None if raw is None else behind(scheme.prefix, text_of(raw).strip())
    return text.strip() if text and len(text) <= _LONGEST else None


def token_of(scheme: WebToken, content: Content) -> Token | None:
    """The token of a request, None where there is none that could be one of an allowed algorithm."""
    text = text_at(scheme, content)
    if not text:
        return None
    try:
        read_back = _ENGINE.decode_complete(octets(text), options={"verify_signature": False})
        claims = msgspec.json.decode(read_back["payload"])
    except (jwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError):
        return None
    header = read_back["header"]
    if not isinstance(claims, dict) or header.get("alg") not in scheme.algorithms:
        return None
    return Token(text, header, claims)


def problem_of(scheme: WebToken, token: Token, secrets: Sequence[str], content: Content, now: float) -> str:
    """What is wrong with a token but its signature, in words for the operator; "" for nothing.

    `stale` begins what the time alone makes wrong.
    """
    claims = token.claims
    if stale := _stale(scheme, claims, now):
        return stale
    audience = claims.get("aud")
    given = audience if isinstance(audience, list) else [audience]
    if scheme.audience is not None and not sum([_fits(one, scheme.audience, secrets, content) for one in given]):
        return "has another audience (aud)"
    if scheme.issuer is not None and not _fits(claims.get("iss"), scheme.issuer, secrets, content):
        return "has another issuer (iss)"
    for path, expected in scheme.claims:
        if not _fits(lookup(claims, path), expected, secrets, content):
            return f"has another value at {'.'.join(map(str, path))}"
    if scheme.stated is not None and not states_body(scheme.stated, content, claims):
        return "is that of another body"
    return ""


def _stale(scheme: WebToken, claims: Mapping[str, JSON], now: float) -> str:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if claims.get(name) is not None}
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in times.values()):
        return "has a time that is none"
    if "exp" in times and now > times["exp"] + scheme.leeway:
        return "stale: it has expired (exp)"
    if "exp" not in times and scheme.expires:
        return "never expires: it has no exp"
    ahead = max((times[name] for name in ("nbf", "iat") if name in times), default=now)
    return "stale: it holds only later (nbf, iat)" if ahead > now + scheme.leeway else ""


def _fits(value: JSON, expected: Expected, secrets: Sequence[str], content: Content) -> bool:
    if expected.secret and isinstance(value, str):
        return sum([hmac.compare_digest(octets(value), octets(secret)) for secret in secrets]) > 0
    if expected.url:
        return isinstance(value, str) and value == content.request.url
    return any(type(value) is type(one) and value == one for one in expected.values)


def request_for(scheme: WebToken, token: Token, content: Content) -> KeyRequest | None:
    """The document of keys that the token needs; None when it needs none."""
    return None if scheme.fetch is None else request_of(scheme.fetch, content, token.kid)


def is_signed(
    scheme: WebToken, token: Token, secrets: Sequence[str], content: Content, now: float, keys: Keys = NO_KEYS
) -> bool:
    """Whether one of the keys signed a token."""
    return sum([_signed(scheme, token.text, key) for key in keys_of(scheme, token, secrets, content, now, keys)]) > 0


def keys_of(
    scheme: WebToken, token: Token, secrets: Sequence[str], content: Content, now: float, keys: Keys = NO_KEYS
) -> Sequence[Any]:
    """The keys that may have signed a token: secrets or public keys of the route, pinned ones, or fetched ones."""
    if scheme.has_secret_key:
        return _secret_keys(scheme, secrets)
    if scheme.fetch is not None:
        wanted = request_for(scheme, token, content)
        if wanted is None or wanted.url not in keys:
            return ()
        return keys_in(scheme.fetch, keys[wanted.url], token.kid, now)[:_MOST_KEYS]
    found: list[Any] = []
    for text in scheme.public_keys or secrets:
        if scheme.public_keys or not scheme.marked or text.startswith(PUBLIC):
            try:
                found.append(read_key(text))
            except ValueError:
                continue
    return found


def _secret_keys(scheme: WebToken, secrets: Sequence[str]) -> list[bytes]:
    found: list[bytes] = []
    for secret in secrets:
        try:
            found.append(secret_key(scheme, secret))
        except ValueError:
            continue
    return found


def secret_key(scheme: WebToken, secret: str) -> bytes:
    """The key that a secret stands for; ValueError when the secret is not written as the scheme says."""
    return key_of(Signature(digest="sha256", source=scheme.source, key=scheme.key), secret)


def _signed(scheme: WebToken, text: str, key: Any) -> bool:
    try:
        _ENGINE.decode_complete(octets(text), key, algorithms=scheme.algorithms)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return False
    return True
