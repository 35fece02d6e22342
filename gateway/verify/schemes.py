"""Verification schemes as documents and settings write them, one mapping each, read into frozen values.

verify:
  - secret                                     # in the URL (path, ?token=) or as Authorization: Bearer or Basic
  - {hmac: sha256, header: X-Hub-Signature-256, prefix: "sha256="}
  - {hmac: sha256, header: X-Slack-Signature, prefix: "v0=", timestamp: {header: X-Slack-Request-Timestamp},
     message: ["v0:", timestamp, ":", body]}
  - {hmac: sha256, header: Stripe-Signature, pairs: {signature: v1, timestamp: t}, message: [timestamp, ".", body]}
  - {ed25519: true, header: X-Signature-Ed25519, timestamp: {header: X-Signature-Timestamp}, message: [timestamp, body]}
  - {jwt: RS256, header: Authorization, prefix: "Bearer ", keys: {jwks: "https://..."}, audience: secret}
  - {header: Authorization, prefix: "Bearer "}

`gateway.verify.signature_rule` reads those with signatures, `gateway.verify.token_rule` those with tokens.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.verify import signature_rule, token_rule
from gateway.verify.carried import (
    SECRET,
    BasicSecret,
    Carried,
    HeaderSecret,
    PathSecret,
    QuerySecret,
    TokenSecret,
)
from gateway.verify.message import ALGORITHMS
from gateway.verify.rule import convert, path_of, words
from gateway.verify.signature import Signature
from gateway.verify.webtoken import WebToken

__all__ = [
    "SECRET", "BasicSecret", "HeaderSecret", "PathSecret", "QuerySecret", "Scheme", "TokenSecret", "headers_of",
    "parse_scheme", "parse_schemes", "read_schemes", "sent",
]  # fmt: skip

Scheme = Carried | Signature | WebToken
"""One way in which a request shows that its sender holds a secret of the route, or the private half of a public key."""

WORD: Final = "secret"
"""Stands for the schemes `SECRET` in a list, which are also those of a service that lists none."""

_STATIC: Final = ("path", "query", "header", "basic", "token")
KINDS: Final = (*signature_rule.KINDS, token_rule.KIND, *_STATIC)
"""The keys of which a scheme has one that says what it is."""


class _Static(Struct, forbid_unknown_fields=True, omit_defaults=True):
    path: bool | None = None
    query: str | None = None
    header: str | None = None
    basic: bool | str | None = None
    token: str | None = None
    prefix: str = ""
    hash: str = ""


def parse_scheme(raw: Mapping[str, Any]) -> Scheme:
    """Read one scheme from its mapping; ValueError names the key and what is expected there."""
    kind = next((kind for kind in KINDS if kind in raw), None) if isinstance(raw, Mapping) else None
    if kind is None:
        likely = words(raw, KINDS) if isinstance(raw, Mapping) else words(str(raw), (WORD,))
        hint = f"; {likely}" if likely else ""
        raise ValueError(
            f"a verify scheme is the word secret, or a mapping with one of the keys {', '.join(KINDS)}{hint}"
        )
    if kind == "hash" and any(key in raw for key in ("path", "query", "basic", "token")):
        kind = next(key for key in _STATIC if key in raw)
    if kind in _STATIC:
        return _static(convert(raw, _Static), kind)
    also = parse_also(raw.get("also"))
    if kind == token_rule.KIND:
        return token_rule.parse(raw, also)
    return signature_rule.parse(raw, kind, also)


def parse_also(raw: Any) -> tuple[Carried, ...]:
    """Read the places of which one must carry a secret beside a signature: the word `secret`, or a mapping."""
    if raw is None:
        return ()
    if raw == WORD:
        return tuple(SECRET)
    kind = next((kind for kind in _STATIC if kind in raw), None) if isinstance(raw, Mapping) else None
    if kind is None:
        raise ValueError(f"also: expected the word secret, or a mapping with one of the keys {', '.join(_STATIC)}")
    try:
        return (_static(convert(raw, _Static), kind),)
    except ValueError as error:
        raise ValueError(f"also.{error}") from None


def read_schemes(raws: Sequence[Any]) -> tuple[tuple[Scheme, ...], list[tuple[int, str]]]:
    """Read a list of schemes; the second value names what is wrong, by the index of the scheme.

    A list that has nothing in it is [secret].
    """
    found: list[Scheme] = []
    faults: list[tuple[int, str]] = []
    for index, raw in enumerate(raws):
        try:
            found += SECRET if raw == WORD else (parse_scheme(raw),)
        except ValueError as error:
            faults.append((index, str(error)))
    if not raws:
        found += SECRET
    return _marked(tuple(dict.fromkeys(found))), faults


def parse_schemes(raws: Sequence[Any]) -> tuple[Scheme, ...]:
    """Read a list of schemes without faults; ValueError for the first one that has any."""
    found, faults = read_schemes(raws)
    if faults:
        raise ValueError(faults[0][1])
    return found


def _marked(schemes: tuple[Scheme, ...]) -> tuple[Scheme, ...]:
    """Schemes in which a secret is not both a public key and a secret.

    Everybody may know a public key: were it also tried as the key of an HMAC or as a password, everybody could sign. So
    beside schemes with secrets, only a text that says so is a public key, and such a text is never a secret.
    """
    keyed = [one for one in schemes if isinstance(one, Signature | WebToken) and one.is_keyed_by_route]
    if not keyed or len(keyed) == len(schemes):
        return schemes
    return tuple(replace(one, marked=True) if one in keyed else one for one in schemes)


def sent(schemes: Sequence[Scheme]) -> list[Carried]:
    """The places in which requests carry a credential that opens the route to whoever reads it."""
    found: list[Carried] = []
    for scheme in schemes:
        if isinstance(scheme, Signature):
            found += scheme.also
        elif isinstance(scheme, WebToken):
            found += scheme.sent
        else:
            found.append(scheme)
    return found


def headers_of(schemes: Sequence[Scheme]) -> list[str]:
    """The headers in which schemes look for a proof, in lower case."""
    found: list[str] = []
    for scheme in schemes:
        if isinstance(scheme, HeaderSecret):
            found.append(scheme.name)
        elif isinstance(scheme, Signature | WebToken) and scheme.source.kind == "header":
            found.append(scheme.source.name)
    return found


def _static(given: _Static, kind: str) -> Carried:
    others = [name for name in _STATIC if name != kind and getattr(given, name) is not None]
    if others:
        raise ValueError(f"{others[0]}: not a key of a {kind} scheme; write it as a scheme of its own")
    if given.prefix and kind != "header":
        raise ValueError(f"prefix: not a key of a {kind} scheme")
    if given.hash and (kind != "token" or given.hash not in ALGORITHMS):
        raise ValueError(f"hash: expected one of {', '.join(ALGORITHMS)}, in a token scheme")
    value = getattr(given, kind)
    if not value:
        expected = {"path": "true", "basic": "true or a user name"}.get(kind, "a name")
        raise ValueError(f"{kind}: expected {expected}, got {value!r}")
    if kind == "path":
        return PathSecret()
    if kind == "query":
        return QuerySecret(value)
    if kind == "header":
        return HeaderSecret(value.lower(), given.prefix)
    if kind == "basic":
        return BasicSecret("" if value is True else value)
    return TokenSecret(path_of("token", value, stars=True), given.hash)
