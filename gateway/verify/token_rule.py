"""Schemes with JSON Web Tokens, read from documents.

jwt: RS256, or a list of algorithms of one kind      header | json | form, prefix
key, public_key, keys       as in schemes with signatures (`gateway.verify.signature_rule`)
audience, issuer            a text, a list of texts, secret (a secret of the route) or url (the URL of the request)
claims                      a mapping of paths in the token to what must be there, written in the same way
expires: false              takes tokens without exp; leeway: how far clocks may differ
body: {claim: PATH, ...}    the claim that holds a digest of the body
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from gateway.verify.carried import Carried
from gateway.verify.message import Stated
from gateway.verify.rule import convert, path_of, words
from gateway.verify.signature_rule import (
    BodyRule,
    KeysRule,
    Written,
    check_bound,
    duration,
    fetch_of,
    public_keys,
    source_of,
)
from gateway.verify.webtoken import WITH_PUBLIC_KEY, WITH_SECRET, Expected, WebToken

KIND: Final = "jwt"


class _Jwt(Struct, forbid_unknown_fields=True, kw_only=True):
    jwt: str | list[str]
    header: str | None = None
    json: str | None = None
    form: str | None = None
    prefix: str = ""
    key: Written = "utf8"
    public_key: str | list[str] | None = None
    keys: KeysRule | None = None
    audience: str | list[str] | None = None
    issuer: str | list[str] | None = None
    claims: dict[str, Any] = {}
    expires: bool = True
    leeway: str = "60s"
    body: BodyRule | None = None
    also: Any = None


def parse(raw: Mapping[str, Any], also: tuple[Carried, ...]) -> WebToken:
    """Read a scheme with the key jwt; `also` is read already. ValueError names the key."""
    given = convert(raw, _Jwt)
    scheme = WebToken(
        source=source_of("jwt", given),
        algorithms=_algorithms(given.jwt),
        prefix=given.prefix,
        key=given.key,
        audience=None if given.audience is None else _expected("audience", given.audience),
        issuer=None if given.issuer is None else _expected("issuer", given.issuer),
        claims=tuple((path_of("claims", name), _expected(f"claims.{name}", one)) for name, one in given.claims.items()),
        expires=given.expires,
        leeway=duration("leeway", given.leeway) or 0.0,
        stated=None if given.body is None else _stated(given.body),
        also=also,
        public_keys=public_keys(given.public_key),
        fetch=None if given.keys is None else fetch_of(given.keys),
    )
    _check(scheme)
    return scheme


def _check(scheme: WebToken) -> None:
    """Raise ValueError for a scheme whose parts contradict each other, or that any customer of a vendor satisfies."""
    if scheme.has_secret_key and (scheme.public_keys or scheme.fetch is not None):
        raise ValueError("jwt: an algorithm with a public key is needed with public_key or keys, such as RS256")
    if scheme.public_keys and scheme.fetch is not None:
        raise ValueError("public_key: expected either this or keys")
    if not scheme.has_secret_key and scheme.key != "utf8":
        raise ValueError("key: says how the secret of HS256 is written; how a public key is written shows")
    expected = (scheme.audience, scheme.issuer, *(one for _, one in scheme.claims))
    check_bound(scheme, bool(scheme.also) or any(one is not None and one.secret for one in expected))
    load()


def load() -> None:
    """Load what checks tokens now: that takes too long for when a request waits."""
    from gateway.verify import jws

    _ = jws


def _algorithms(given: str | list[str]) -> tuple[str, ...]:
    found = (given,) if isinstance(given, str) else tuple(given)
    known = (*WITH_SECRET, *WITH_PUBLIC_KEY)
    wrong = next((name for name in found if name not in known), None)
    if wrong is not None or not found:
        hint = words(str(wrong), known)
        raise ValueError(f"jwt: expected some of {', '.join(known)}, got {wrong!r}{f'; {hint}' if hint else ''}")
    if len({name in WITH_SECRET for name in found}) > 1:
        raise ValueError("jwt: expected algorithms of one kind: a public key must never be the secret of an HS one")
    return found


def _expected(key: str, given: Any) -> Expected:
    if given in ("secret", "url"):
        return Expected(secret=given == "secret", url=given == "url")
    found = tuple(given) if isinstance(given, list) else (given,)
    if not found or not all(isinstance(one, str | int | float | bool) and one != "" for one in found):
        raise ValueError(f"{key}: expected a value, a list of values, or one of the words secret and url")
    return Expected(found)


def _stated(given: BodyRule) -> Stated:
    if given.claim is None or given.header is not None or given.query is not None:
        raise ValueError("body: expected claim, the path in the token at which the digest of the body is")
    return Stated(given.digest, given.encoding, given.prefix, claim=path_of("body.claim", given.claim))
