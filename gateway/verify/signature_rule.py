"""Schemes with signatures, read from documents.

One of     hmac: DIGEST, hash: DIGEST, ed25519: true, ecdsa: DIGEST, rsa: DIGEST
where      header | json | form; prefix, optional_prefix, pairs, tagged; encoding; each (an array of signed elements)
which key  key (how the secret is written); public_key (pinned), keys (fetched), neither: the secret is the public key
what       message, a list of parts; timestamp, unit, window; body (where the signed digest of the body stands)
and also   a secret that stands beside the signature
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from gateway import units
from gateway.jsonpath import STAR, Step
from gateway.verify import hosts
from gateway.verify.carried import Carried
from gateway.verify.keys import Fetch, Kind
from gateway.verify.material import Source
from gateway.verify.message import DIGESTS, STAMPS, Part, Stated
from gateway.verify.rule import convert, path_of, words
from gateway.verify.signature import NUMBERED, Pairs, Signature

KINDS: Final = ("hmac", "hash", "ed25519", "ecdsa", "rsa")

_WORDS: Final = ("body", "timestamp", "method", "url", "secret")
_STYLES: Final[Mapping[str, tuple[str, ...]]] = {"ecdsa": ("der", "raw"), "rsa": ("pkcs1", "pss")}

Digest = Literal["sha256", "sha1", "sha512", "sha384", "md5"]
Encoding = Literal["hex", "base64", "base64url"]
Written = Literal["utf8", "base64", "hex", "whsec"]


class Place(Struct, forbid_unknown_fields=True):
    """Where a text is in a request: exactly one of these."""

    header: str | None = None
    json: str | None = None
    form: str | None = None


class BodyRule(Struct, forbid_unknown_fields=True):
    """Where a digest of the body stands that the signature or token covers."""

    header: str | None = None
    query: str | None = None
    claim: str | None = None
    digest: Literal["sha256", "sha1", "sha512", "sha384", "md5"] = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""


class KeysRule(Struct, forbid_unknown_fields=True):
    """Which document has the public keys: one of jwks, certificate and pem."""

    jwks: str | Place | None = None
    certificate: str | Place | None = None
    pem: str | Place | None = None
    hosts: list[str] = []
    names: list[str] = []
    at: str | None = None


class _Signed(Struct, forbid_unknown_fields=True, kw_only=True):
    hmac: Literal["sha256", "sha1", "sha512", "sha384", "md5"] | None = None
    hash: Literal["sha256", "sha1", "sha512", "sha384", "md5"] | None = None
    ed25519: Literal[True] | None = None
    ecdsa: Literal["sha256"] | None = None
    rsa: Literal["sha256", "sha1", "sha512", "sha384"] | None = None
    style: str = ""
    header: str | None = None
    json: str | None = None
    form: str | None = None
    prefix: str = ""
    optional_prefix: str = ""
    pairs: Pairs | None = None
    tagged: str = ""
    each: str | None = None
    encoding: Encoding = "hex"
    key: Written = "utf8"
    public_key: str | list[str] | None = None
    keys: KeysRule | None = None
    timestamp: Place | None = None
    unit: Literal["s", "ms", "iso", "http"] = "s"
    window: str = "300s"
    message: tuple[str | dict[str, Any], ...] = ("body",)
    body: BodyRule | None = None
    also: Any = None


def parse(raw: Mapping[str, Any], kind: str, also: tuple[Carried, ...]) -> Signature:
    """Read a scheme that has a key of this kind; `also` is read already. ValueError names the key."""
    given = convert(raw, _Signed)
    others = [name for name in KINDS if name != kind and getattr(given, name) is not None]
    if others:
        raise ValueError(f"{others[0]}: not beside {kind}; write it as a scheme of its own")
    source = source_of(kind, given)
    _check_form(given, source)
    timestamp = _timestamp(given)
    message = tuple(_part(one, timestamp is not None) for one in given.message)
    public = public_keys(given.public_key)
    scheme = Signature(
        algorithm=kind,
        digest="" if kind == "ed25519" else getattr(given, kind),
        style=_style(kind, given.style),
        source=source,
        prefix=given.prefix or given.optional_prefix,
        prefix_required=bool(given.prefix),
        pairs=given.pairs,
        tagged=given.tagged,
        encoding=given.encoding,
        key=given.key,
        timestamp=timestamp,
        unit=given.unit,
        window=duration("window", given.window),
        message=message,
        stated=None if given.body is None else _stated(given.body, message),
        each=None if given.each is None else path_of("each", given.each),
        also=also,
        public_keys=public,
        fetch=None if given.keys is None else fetch_of(given.keys),
    )
    _check(scheme)
    return scheme


def _check_form(given: _Signed, source: Source) -> None:
    if NUMBERED in source.name and source.kind != "header":
        raise ValueError(f"{source.kind}: {NUMBERED} is for header names")
    if given.pairs is not None and (given.tagged or not given.pairs.signature or not given.pairs.delimiter):
        raise ValueError("pairs: expected a signature key and a delimiter, and no tagged beside it")
    if given.prefix and given.optional_prefix:
        raise ValueError("optional_prefix: expected either this or prefix")
    if given.each is not None and source.kind != "json":
        raise ValueError("each: expected json beside it, the path of the signature in an element")


def _check(scheme: Signature) -> None:
    """Raise ValueError for a scheme that proves nothing, or whose parts contradict each other."""
    if not scheme.message:
        raise ValueError("message: expected at least one part")
    if _covers_itself(scheme):
        raise ValueError(
            f"{scheme.source.kind}: a signature that stands in the body cannot cover all of it; list in message the "
            "parts that the sender signs, such as {json: PATH}, {lines: [PATH, ...]} or {form: NAME}, or name the "
            "header that has the signature"
        )
    if scheme.timestamp is not None and not _signs(scheme.message, scheme.timestamp):
        raise ValueError("timestamp: the signature does not cover it; add timestamp to message, or leave it out")
    if scheme.algorithm == "hash" and not scheme.holds_secret:
        raise ValueError("message: anybody can make a digest; add the part secret, or take hmac")
    if scheme.algorithm == "hash" and all(part.kind in {"secret", "text"} for part in scheme.message):
        raise ValueError("message: the digest of a secret alone is a token: write {token: PATH, hash: DIGEST}")
    if scheme.has_secret_key:
        given = "public_key" if scheme.public_keys else "keys" if scheme.fetch is not None else ""
        if given:
            raise ValueError(f"{given}: not a key of a {scheme.algorithm} scheme: its key is the secret of the route")
    else:
        if scheme.public_keys and scheme.fetch is not None:
            raise ValueError("public_key: expected either this or keys")
        if scheme.key != "utf8":
            raise ValueError(f"key: not a key of a {scheme.algorithm} scheme: how a public key is written shows")
        load()
        check_bound(scheme, scheme.holds_secret or bool(scheme.also))


def _covers_itself(scheme: Signature) -> bool:
    """Whether the signed message holds the signature: nobody can make such a one."""
    kind = scheme.source.kind
    return kind in {"json", "form"} and (
        scheme.covers_body
        or (kind == "form" and any(part.kind == "sorted-form" for part in scheme.message))
        or any(scheme.source in (part.source, *part.sources) for part in scheme.message)
    )


def load() -> None:
    """Load what checks signatures with public keys now: that takes too long for when a request waits."""
    from gateway.verify import publickey

    _ = publickey


def check_bound(scheme: Any, binds: bool) -> None:
    """Raise ValueError where keys of a whole vendor prove a request, and nothing that it is meant for this route."""
    if not binds and not scheme.is_keyed_by_route and not scheme.has_secret_key:
        key = "public_key" if scheme.public_keys else "keys"
        raise ValueError(
            f"{key}: it proves who made the request, not for whom: any customer of that service passes. Add "
            "also: secret, or {token: PATH} of an account in the body, or a part secret in message"
        )


def _style(kind: str, given: str) -> str:
    styles = _STYLES.get(kind, ())
    if given and given not in styles:
        expected = f"expected {' or '.join(styles)}" if styles else f"not a key of a {kind} scheme"
        raise ValueError(f"style: {expected}, got {given!r}")
    return given or (styles[0] if styles else "")


def public_keys(given: str | list[str] | None) -> tuple[str, ...]:
    """The pinned public keys of a scheme; ValueError for one that cannot be read."""
    if given is None:
        return ()
    from gateway.verify import publickey

    found = (given,) if isinstance(given, str) else tuple(given)
    for text in found:
        try:
            publickey.read_key(text)
        except ValueError as error:
            raise ValueError(f"public_key: {error}") from None
    if not found:
        raise ValueError("public_key: expected a key, or a list of keys")
    return found


def fetch_of(given: KeysRule) -> Fetch:
    """Where keys are fetched; ValueError names the key and what is expected there."""
    kinds: tuple[Kind, ...] = ("jwks", "certificate", "pem")
    chosen = [(kind, where) for kind in kinds if (where := getattr(given, kind)) is not None]
    if len(chosen) != 1:
        raise ValueError("keys: expected exactly one of jwks, certificate, pem, to say what the document is")
    kind, where = chosen[0]
    if given.at is not None and kind != "pem":
        raise ValueError("keys.at: expected pem beside it")
    if given.names and kind != "certificate":
        raise ValueError("keys.names: expected certificate beside it")
    at = None if given.at is None else path_of("keys.at", given.at)
    names = tuple(_host("keys.names", name) for name in given.names)
    if isinstance(where, str):
        host = hosts.host_of(where)
        if not host or given.hosts:
            raise ValueError(f"keys.{kind}: expected https://HOST/PATH without port and user, and no hosts beside it")
        return Fetch(kind, url=where, hosts=(_host(f"keys.{kind}", host),), at=at, names=names)
    if not given.hosts:
        raise ValueError("keys.hosts: expected the hosts on which the URL may lie, as a request names it")
    allowed = tuple(_host("keys.hosts", host) for host in given.hosts)
    return Fetch(kind, source=source_of(f"keys.{kind}", where), hosts=allowed, at=at, names=names)


def _host(key: str, text: str) -> str:
    try:
        return hosts.parse_host(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _stated(given: BodyRule, message: tuple[Part, ...]) -> Stated:
    chosen = [(kind, name) for kind in ("header", "query") if (name := getattr(given, kind)) is not None]
    if len(chosen) != 1 or given.claim is not None or not chosen[0][1]:
        raise ValueError("body: expected exactly one of header, query, to say where the digest of the body is")
    kind, name = chosen[0]
    source = Source(kind, name.lower() if kind == "header" else name)
    covered = any(part.kind == "url" if kind == "query" else part.source == source for part in message)
    if not covered:
        part = "the part url" if kind == "query" else f"a part {{header: {name}}}"
        raise ValueError(f"body: the signature does not cover that digest; add {part} to message")
    return Stated(given.digest, given.encoding, given.prefix, source)


def _timestamp(given: _Signed) -> Source | None:
    in_pairs = given.pairs is not None and given.pairs.timestamp
    if given.timestamp is None:
        return Source("pair", given.pairs.timestamp) if given.pairs is not None and in_pairs else None
    if in_pairs:
        raise ValueError("timestamp: expected either this or a timestamp key in pairs")
    return source_of("timestamp", given.timestamp)


def _signs(message: tuple[Part, ...], timestamp: Source) -> bool:
    """Whether the message holds the timestamp: as a part of its own, or inside of the body."""
    kinds = {part.kind for part in message}
    within = timestamp.kind in {"json", "form"} and "body" in kinds
    return bool(kinds & STAMPS) or within or any(timestamp in (part.source, *part.sources) for part in message)


def duration(key: str, text: str) -> float | None:
    """The seconds of a duration, None for "off"; ValueError names the key."""
    if text == "off":
        return None
    try:
        return units.seconds(text)
    except ValueError as error:
        raise ValueError(f'{key}: {error}, or "off"') from None


def source_of(key: str, place: Any) -> Source:
    """The place that exactly one of the keys header, json and form names."""
    given = [(kind, name) for kind in ("header", "json", "form") if (name := getattr(place, kind)) is not None]
    if len(given) != 1 or not given[0][1]:
        raise ValueError(f"{key}: expected exactly one of header, json, form, to say where it is")
    kind, name = given[0]
    return Source(kind, path=path_of("json", name)) if kind == "json" else Source(kind, _name(kind, name))


def _name(kind: str, name: str) -> str:
    return name.lower() if kind == "header" else name


def _part(raw: str | dict[str, Any], stamped: bool) -> Part:
    """Read one part of a message: a word, literal text, or a mapping."""
    if isinstance(raw, str):
        if raw not in _WORDS and raw.replace("_", "").isalpha() and raw.islower() and len(raw) > 1:
            hint = words(raw, _WORDS)
            known = f"{', '.join(_WORDS)}{f'; {hint}' if hint else ''}"
            raise ValueError(f"message: {raw!r} is none of {known}; write literal text as {{text: {raw}}}")
        part = Part(raw) if raw in _WORDS else Part("text", raw)
    else:
        part = _mapped_part(raw)
    if part.kind in STAMPS and not stamped:
        raise ValueError("message: the timestamp has no place; add timestamp: {header: NAME} or pairs.timestamp")
    return part


def _mapped_part(raw: dict[str, Any]) -> Part:
    (key, value), *more = raw.items() or [("", None)]
    default = dict(more).get("default") if len(more) == 1 else None
    if not more and key in _WORDS and value in (None, True):
        return Part(key)
    if isinstance(value, str) and value and (not more or isinstance(default, str)):
        if default is None and (fixed := _fixed_part(key, value)) is not None:
            return fixed
        if key in {"header", "form"} and value != "sorted":
            return Part("source", source=Source(key, _name(key, value)), default=default)
        if key == "json":
            return Part("source", source=Source(key, path=path_of(key, value)), default=default)
    if not more and key == "lines" and isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return Part("lines", sources=tuple(Source("json", path=_line(one)) for one in value))
    raise ValueError(
        f"message: {raw} is no part; expected one of {', '.join(_WORDS)}, literal text, {{header: NAME}}, "
        "{json: PATH}, {form: sorted}, {form: NAME}, {timestamp: s|ms}, {lines: [PATH, ...]}, {text: LITERAL}, "
        "{digest: ALGORITHM-ENCODING} such as sha256-hex, or crc32"
    )


def _fixed_part(key: str, value: str) -> Part | None:
    if key == "text":
        return Part("text", value)
    if key == "digest" and value in DIGESTS:
        return Part("digest", value)
    if key == "timestamp" and value in {"s", "ms"}:
        return Part("stamp", value)
    return Part("sorted-form") if key == "form" and value == "sorted" else None


def _line(text: str) -> tuple[Step, ...]:
    path = path_of("lines", text)
    if not path or STAR in path:
        raise ValueError("lines: expected paths of values in the body")
    return path
