"""Handshakes: requests that a service sends before it trusts an endpoint, answered by rules in its document.

    handshake:
      - when: {json: {type: url_verification}, signed: true}
        take: {json: challenge}
        reply: {body: {challenge: "{value}"}}

Without a rule, every endpoint answers HEAD, a bare GET, OPTIONS, and CloudEvents webhook validation.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from gateway.decode.content import Content
from gateway.jsonpath import MISSING
from gateway.model import JSON, Request
from gateway.verify.carried import SECRET, carries
from gateway.verify.encoding import encoded
from gateway.verify.handshake_rule import Effect, Handshake, Predicate, Take, parse_handshake
from gateway.verify.material import as_text, octets

__all__ = ["Effect", "Handshake", "Reply", "answer", "parse_handshake"]

METHODS: Final = "GET, HEAD, OPTIONS, POST, PUT"

_STORES: Final = frozenset({Effect.STORE, Effect.STORE_AND_SHOW})
_LONGEST = 4096
_HOLE = re.compile(r"\{(value|hmac)\}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


class Reply(Struct, frozen=True):
    """The answer to a handshake, ready to be sent, and its side effect.

    `effect` says what to do with `value`, the text taken from the request: STORE it as a secret of the route, SHOW it
    to the operator, or both, FETCH it as a URL, if it lies on one of `hosts`. `signed`: send this only when the request
    is authentic.
    """

    status: int
    content_type: str = "text/plain"
    headers: Mapping[str, str] = {}
    body: bytes = b""
    effect: Effect = Effect.NONE
    value: str = ""
    signed: bool = False
    hosts: tuple[str, ...] = ()


def answer(
    rules: Sequence[Handshake], content: Content, secrets: Sequence[str], authentic: bool | None = None
) -> Reply | None:
    """Return the answer to a handshake, None when the request is not one. Of the body, only what rules name is read.

    `authentic` says whether the request is verified (None: not known yet); False skips the rules that require it. Once
    the route has secrets, a rule that stores one requires an authentic request, too: no stranger replaces a secret.
    """
    active = [secret for secret in secrets if secret]
    request = content.request
    for rule in rules:
        if rule.signed and authentic is False:
            continue
        if rule.effect in _STORES and active and not (rule.signed or rule.secret or authentic):
            continue
        if _rule_applies(rule, content, active) and (reply := _reply(rule, content, active)) is not None:
            return reply
    return _built_in_reply(request)


def _rule_applies(rule: Handshake, content: Content, secrets: Sequence[str]) -> bool:
    if rule.methods and content.request.method.upper() not in rule.methods:
        return False
    if rule.secret and not any(carries(place, secrets, content) for place in SECRET):
        return False
    return all(
        _condition_holds(condition, _value_at(condition.take, content), secrets) for condition in rule.conditions
    )


def _value_at(take: Take, content: Content) -> JSON:
    if take.kind == "header":
        return content.request.headers.get(take.name, MISSING)
    if take.kind == "query":
        return content.request.query.get(take.name, MISSING)
    return content.glimpse.at(take.path) if content.body else MISSING


def _condition_holds(condition: Predicate, found: JSON, secrets: Sequence[str]) -> bool:
    if condition.present is not None:
        return (found is not MISSING) == condition.present
    text = as_text(found)
    if condition.secret:
        return text is not None and any(hmac.compare_digest(octets(text), octets(secret)) for secret in secrets)
    if condition.take.kind == "json" and not isinstance(found, str):
        return type(found) is type(condition.equals) and bool(found == condition.equals)
    return text is not None and text == as_text(condition.equals)


def _reply(rule: Handshake, content: Content, secrets: Sequence[str]) -> Reply | None:
    """Fill in the rule's reply; None when the value is absent, too long, or not allowed as a header."""
    taken = "" if rule.take is None else as_text(_value_at(rule.take, content))
    if taken is None or len(taken) > _LONGEST or (rule.take is not None and not taken):
        return None
    holes = {"value": taken}
    if rule.hmac is not None:
        if not secrets:
            return None
        digest = hmac.digest(octets(secrets[0]), octets(taken), rule.hmac.digest)
        holes["hmac"] = rule.hmac.prefix + encoded(digest, rule.hmac.encoding)
    headers = {name: _fill(text, holes) for name, text in rule.reply.headers.items()}
    if not all(_PRINTABLE.fullmatch(text) for text in headers.values()):
        return None
    return Reply(
        status=rule.reply.status,
        content_type=rule.reply.type,
        headers={"X-Content-Type-Options": "nosniff", **headers},
        body=_body(rule.reply.body, holes),
        effect=rule.effect,
        value=taken,
        signed=rule.signed,
        hosts=rule.hosts,
    )


def _body(template: JSON, holes: Mapping[str, str]) -> bytes:
    """Fill a text, or the strings of a JSON value; JSON is encoded afterwards: no value can break out of its string."""
    if isinstance(template, str):
        return octets(_fill(template, holes))
    return msgspec.json.encode(_fill_json(template, holes))


def _fill_json(template: JSON, holes: Mapping[str, str]) -> JSON:
    if isinstance(template, str):
        return octets(_fill(template, holes)).decode("utf-8", "replace")
    if isinstance(template, dict):
        return {key: _fill_json(child, holes) for key, child in template.items()}
    return [_fill_json(child, holes) for child in template] if isinstance(template, list) else template


def _fill(template: str, holes: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: holes.get(hole[1], hole[0]), template)


def _built_in_reply(request: Request) -> Reply | None:
    method = request.method.upper()
    if method == "HEAD":
        return Reply(200)
    if method == "GET" and not request.body and not request.query:
        return Reply(200, body=b"mattergate listens here: send webhooks with POST.\n")
    return _options(request.headers) if method == "OPTIONS" else None


def _options(headers: Mapping[str, str]) -> Reply:
    """Answer OPTIONS; one with an origin asks for permission to send (CloudEvents HTTP webhooks, section 4)."""
    origin = headers.get("webhook-request-origin", "").strip()
    if not origin or not _PRINTABLE.fullmatch(origin):
        return Reply(204, headers={"Allow": METHODS})
    rate = headers.get("webhook-request-rate", "").strip()
    allowed = rate if re.fullmatch(r"[1-9][0-9]{0,8}", rate) else "*"
    return Reply(200, headers={"Allow": METHODS, "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": allowed})
