"""Handshake rules as service documents write them, read into frozen values.

when:   method (one or a list), header, query, json: name or path -> value, {present: true} or {secret: true};
        signed: true answers only authentic requests, secret: true those with a secret in URL or Authorization
take:   {json: PATH} | {query: NAME} | {header: NAME}, the text that `{value}` stands for in the reply
hmac:   sha256, or {digest: sha256, encoding: hex, prefix: ""}: the HMAC of that text, `{hmac}` in the reply
reply:  status, type, headers, body; a body that is a mapping or a list is sent as JSON
effect: store | show | store and show | fetch; fetch needs `hosts`, the hosts on which the URL may lie
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.jsonpath import Step
from gateway.model import JSON
from gateway.verify.hosts import parse_host
from gateway.verify.rule import convert, path_of


class Effect(StrEnum):
    """The side effect of a handshake on its value, besides the reply."""

    NONE = "none"
    STORE = "store"
    SHOW = "show"
    STORE_AND_SHOW = "store and show"
    FETCH = "fetch"


class Take(Struct, frozen=True):
    """A place in a request: `kind` is json, query or header; `name` or `path` says which."""

    kind: str
    name: str = ""
    path: tuple[Step, ...] = ()


class Predicate(Struct, frozen=True):
    """A condition on a place: it is there or not (`present`), it is a secret of the route, or it equals a value."""

    take: Take
    equals: JSON = None
    present: bool | None = None
    secret: bool = False


class HmacOf(Struct, frozen=True, forbid_unknown_fields=True):
    """How to compute and write the HMAC of the taken text; the route's first secret is the key."""

    digest: Literal["sha256", "sha1", "sha512", "md5"] = "sha256"
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    prefix: str = ""


class ReplyTemplate(Struct, frozen=True, forbid_unknown_fields=True):
    """The reply before its holes are filled; an empty `type` becomes that of the body: JSON or plain text."""

    status: int = 200
    type: str = ""
    headers: dict[str, str] = {}
    body: str | dict[str, Any] | list[Any] = ""


class Handshake(Struct, frozen=True, kw_only=True):
    """One rule. `methods` empty: any; `hosts` are patterns of `gateway.verify.hosts`.

    `secret`: the request must carry a secret of the route in its URL or in Authorization.
    """

    methods: tuple[str, ...]
    conditions: tuple[Predicate, ...]
    signed: bool
    secret: bool
    take: Take | None
    hmac: HmacOf | None
    reply: ReplyTemplate
    effect: Effect
    hosts: tuple[str, ...]


class _When(Struct, forbid_unknown_fields=True):
    method: str | list[str] = []
    header: dict[str, JSON] = {}
    query: dict[str, JSON] = {}
    json: dict[str, JSON] = {}
    signed: bool = False
    secret: bool = False


class _Take(Struct, forbid_unknown_fields=True):
    json: str | None = None
    query: str | None = None
    header: str | None = None


class _Document(Struct, forbid_unknown_fields=True):
    when: _When
    reply: ReplyTemplate = ReplyTemplate()
    take: _Take | None = None
    hmac: str | HmacOf | None = None
    effect: Effect = Effect.NONE
    hosts: list[str] = []


def parse_handshake(raw: Mapping[str, Any]) -> Handshake:
    """Read one rule from its mapping; ValueError names the key and what is expected there."""
    given = convert(raw, _Document)
    hashed = convert({"digest": given.hmac}, HmacOf) if isinstance(given.hmac, str) else given.hmac
    conditions = tuple(
        _predicate(kind, name, wanted)
        for kind in ("header", "query", "json")
        for name, wanted in getattr(given.when, kind).items()
    )
    methods = [given.when.method] if isinstance(given.when.method, str) else given.when.method
    if not conditions and not methods and not given.when.secret:
        raise ValueError("when: expected a condition, else the rule would answer every event")
    rule = Handshake(
        methods=tuple(method.upper() for method in methods),
        conditions=conditions,
        signed=given.when.signed,
        secret=given.when.secret,
        take=None if given.take is None else _parse_take(given.take),
        hmac=hashed,
        reply=_reply(given.reply),
        effect=given.effect,
        hosts=tuple(_host(host) for host in given.hosts),
    )
    _check(rule)
    return rule


def _check(rule: Handshake) -> None:
    """Raise ValueError for a rule whose parts contradict each other."""
    if rule.take is None and (rule.effect is not Effect.NONE or rule.hmac is not None):
        raise ValueError("take: required, because effect and hmac use the value that it takes")
    if (rule.effect is Effect.FETCH) != bool(rule.hosts):
        raise ValueError("hosts: expected a list of hosts with effect: fetch, and only with it")
    if rule.effect is Effect.FETCH and not rule.signed:
        means = "which means that a way of `verify` holds, the secret of the route where that is [secret]"
        raise ValueError(f"when: expected signed: true with effect: fetch, {means}: else anybody could have it fetched")
    reply = msgspec.json.encode((rule.reply.body, rule.reply.headers)).decode()
    if rule.hmac is None and "{hmac}" in reply:
        raise ValueError("reply: {hmac} needs the key hmac, which says how to compute it")
    if rule.take is None and "{value}" in reply:
        raise ValueError("reply: {value} needs the key take, which says where the value is")


def _host(text: str) -> str:
    try:
        return parse_host(text)
    except ValueError as error:
        raise ValueError(f"hosts: {error}") from None


def _reply(given: ReplyTemplate) -> ReplyTemplate:
    if not 200 <= given.status <= 299:
        raise ValueError(f"reply.status: expected 200 to 299, got {given.status}")
    kind = given.type or ("text/plain" if isinstance(given.body, str) else "application/json")
    if "html" in kind.lower() or "xml" in kind.lower() or "script" in kind.lower():
        raise ValueError("reply.type: expected a type that browsers do not run, such as text/plain or application/json")
    if isinstance(given.body, str) and "json" in kind.lower() and "{" in given.body:
        raise ValueError("reply.body: expected a mapping for a JSON reply, so that values are quoted")
    return msgspec.structs.replace(given, type=kind)


def _parse_take(given: _Take) -> Take:
    chosen = [(kind, name) for kind in ("json", "query", "header") if (name := getattr(given, kind)) is not None]
    if len(chosen) != 1:
        raise ValueError("take: expected exactly one of {json: PATH}, {query: NAME}, {header: NAME}")
    return _place(*chosen[0])


def _place(kind: str, name: str) -> Take:
    if kind != "json":
        return Take(kind, name.lower() if kind == "header" else name)
    return Take(kind, path=path_of("json", name))


def _predicate(kind: str, name: str, wanted: JSON) -> Predicate:
    place = _place(kind, name)
    if wanted == {"secret": True}:
        return Predicate(place, secret=True)
    if isinstance(wanted, dict) and list(wanted) == ["present"] and isinstance(wanted["present"], bool):
        return Predicate(place, present=wanted["present"])
    if isinstance(wanted, str | int | float):
        return Predicate(place, equals=wanted)
    raise ValueError(f"when.{kind}.{name}: expected a value, {{present: true}} or {{secret: true}}")
