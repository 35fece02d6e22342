"""Verification schemes as documents and settings write them, one mapping each, read into frozen values.

verify:
  - {hmac: sha256, header: X-Hub-Signature-256, prefix: "sha256="}
  - {hmac: sha256, header: X-Slack-Signature, prefix: "v0=", timestamp: {header: X-Slack-Request-Timestamp},
     message: ["v0:", timestamp, ":", body]}
  - {hmac: sha256, header: Stripe-Signature, pairs: {signature: v1, timestamp: t}, message: [timestamp, ".", body]}
  - {header: Authorization, prefix: "Bearer "}
"""

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from gateway import jsonpath, units
from gateway.jsonpath import STAR, Step
from gateway.verify.material import Source
from gateway.verify.signature import NUMBERED, Pairs, Part, Signature


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
    """`{token: PATH}`: a value in the decoded body is a secret; with `*`, every element must carry it."""

    path: tuple[Step, ...]


Scheme = PathSecret | QuerySecret | HeaderSecret | BasicSecret | TokenSecret | Signature
"""One way in which a request shows that its sender holds a secret of the route."""

_Shape = TypeVar("_Shape")
_KINDS = ("hmac", "path", "query", "header", "basic", "token")
_WORDS = ("body", "timestamp", "method", "url")
_DIGESTS = ("md5-hex", "sha256-hex", "crc32")
_LIKE_A_WORD = re.compile(r"[a-z_]{2,}")


class _Static(Struct, forbid_unknown_fields=True):
    path: bool | None = None
    query: str | None = None
    header: str | None = None
    basic: bool | str | None = None
    token: str | None = None
    prefix: str = ""


class _Place(Struct, forbid_unknown_fields=True):
    header: str | None = None
    json: str | None = None
    form: str | None = None


class _Hmac(Struct, forbid_unknown_fields=True, kw_only=True):
    hmac: Literal["sha256", "sha1", "sha512", "md5"]
    header: str | None = None
    json: str | None = None
    form: str | None = None
    prefix: str = ""
    optional_prefix: str = ""
    pairs: Pairs | None = None
    tagged: str = ""
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    key: Literal["utf8", "base64", "hex", "whsec"] = "utf8"
    timestamp: _Place | None = None
    unit: Literal["s", "ms", "iso"] = "s"
    window: str = "300s"
    message: tuple[str | dict[str, Any], ...] = ("body",)


def parse_scheme(raw: Mapping[str, Any]) -> Scheme:
    """Read one scheme from its mapping; ValueError names the key and what is expected there."""
    kind = next((kind for kind in _KINDS if kind in raw), None) if isinstance(raw, Mapping) else None
    if kind is None:
        raise ValueError(f"a verify scheme is a mapping with one of the keys {', '.join(_KINDS)}")
    return _hmac(_convert(raw, _Hmac)) if kind == "hmac" else _static(_convert(raw, _Static), kind)


def _convert(raw: Mapping[str, Any], shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _static(given: _Static, kind: str) -> Scheme:
    others = [name for name in _KINDS[1:] if name != kind and getattr(given, name) is not None]
    if others:
        raise ValueError(f"{others[0]}: not a key of a {kind} scheme; write it as a scheme of its own")
    if given.prefix and kind != "header":
        raise ValueError(f"prefix: not a key of a {kind} scheme")
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
    return TokenSecret(_path("token", value))


def _hmac(given: _Hmac) -> Signature:
    source = _source("hmac", _Place(given.header, given.json, given.form))
    if NUMBERED in source.name and source.kind != "header":
        raise ValueError(f"{source.kind}: {NUMBERED} is for header names")
    if given.pairs is not None and (given.tagged or not given.pairs.signature or not given.pairs.delimiter):
        raise ValueError("pairs: expected a signature key and a delimiter, and no tagged beside it")
    if given.prefix and given.optional_prefix:
        raise ValueError("optional_prefix: expected either this or prefix")
    timestamp = _timestamp(given)
    message = tuple(_part(raw, timestamp is not None) for raw in given.message)
    if not message:
        raise ValueError("message: expected at least one part")
    if timestamp is not None and not _signs(message, timestamp):
        raise ValueError("timestamp: the signature does not cover it; add timestamp to message, or leave it out")
    return Signature(
        digest=given.hmac,
        source=source,
        prefix=given.prefix or given.optional_prefix,
        prefix_required=bool(given.prefix),
        pairs=given.pairs,
        tagged=given.tagged,
        encoding=given.encoding,
        key=given.key,
        timestamp=timestamp,
        unit=given.unit,
        window=_window(given.window),
        message=message,
    )


def _timestamp(given: _Hmac) -> Source | None:
    in_pairs = given.pairs is not None and given.pairs.timestamp
    if given.timestamp is None:
        return Source("pair", given.pairs.timestamp) if given.pairs is not None and in_pairs else None
    if in_pairs:
        raise ValueError("timestamp: expected either this or a timestamp key in pairs")
    return _source("timestamp", given.timestamp)


def _signs(message: tuple[Part, ...], timestamp: Source) -> bool:
    """Whether the message holds the timestamp: as a part of its own, or inside of the body."""
    kinds = {part.kind for part in message}
    return "timestamp" in kinds or (timestamp.kind in {"json", "form"} and "body" in kinds)


def _window(text: str) -> float | None:
    if text == "off":
        return None
    try:
        return units.seconds(text)
    except ValueError as error:
        raise ValueError(f'window: {error}, or "off"') from None


def _source(key: str, place: _Place) -> Source:
    given = [(kind, name) for kind in ("header", "json", "form") if (name := getattr(place, kind)) is not None]
    if len(given) != 1 or not given[0][1]:
        raise ValueError(f"{key}: expected exactly one of header, json, form, to say where it is")
    kind, name = given[0]
    return Source(kind, path=_path("json", name)) if kind == "json" else Source(kind, _name(kind, name))


def _name(kind: str, name: str) -> str:
    return name.lower() if kind == "header" else name


def _path(key: str, text: str) -> tuple[Step, ...]:
    try:
        path = jsonpath.parse(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if key == "json" and STAR in path:
        raise ValueError("json: expected a path without *")
    return path


def _part(raw: str | dict[str, Any], stamped: bool) -> Part:
    """Read one part of a message: a word, literal text, or a mapping with one key."""
    if isinstance(raw, str):
        if _LIKE_A_WORD.fullmatch(raw) and raw not in _WORDS:
            raise ValueError(f"message: {raw!r} is none of {', '.join(_WORDS)}; write literal text as {{text: {raw}}}")
        part = Part(raw) if raw in _WORDS else Part("text", raw)
    else:
        part = _mapped_part(raw)
    if part.kind == "timestamp" and not stamped:
        raise ValueError("message: the timestamp has no place; add timestamp: {header: NAME} or pairs.timestamp")
    return part


def _mapped_part(raw: dict[str, Any]) -> Part:
    (key, value), *more = raw.items() or [("", None)]
    if not more and key in _WORDS and value in (None, True):
        return Part(key)
    if not more and isinstance(value, str) and value:
        if key == "text":
            return Part("text", value)
        if key == "digest" and value in _DIGESTS:
            return Part("digest", value)
        if key == "form" and value == "sorted":
            return Part("sorted-form")
        if key in {"header", "form"}:
            return Part("source", source=Source(key, _name(key, value)))
        if key == "json":
            return Part("source", source=Source(key, path=_path(key, value)))
    raise ValueError(
        f"message: {raw} is no part; expected one of {', '.join(_WORDS)}, literal text, {{header: NAME}}, "
        f"{{json: PATH}}, {{form: sorted}}, {{form: NAME}}, {{digest: {'|'.join(_DIGESTS)}}}, {{text: LITERAL}}"
    )
