"""Services that test an endpoint before they use it get the answer they expect, and nobody else gets anything."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.jsonpath import MISSING
from gateway.model import Request
from gateway.verify.handshake import Effect, Reply, answer, parse_handshake
from gateway.verify.hosts import allows, host_of

SECRETS = ["new secret", "old secret"]

SLACK = {
    "when": {"method": "POST", "json": {"type": "url_verification"}, "signed": True},
    "take": {"json": "challenge"},
    "reply": {"body": {"challenge": "{value}"}},
}
DROPBOX = {
    "when": {"method": "GET", "query": {"challenge": {"present": True}}},
    "take": {"query": "challenge"},
    "reply": {"body": "{value}"},
}
META = {
    "when": {"method": "GET", "query": {"hub.mode": "subscribe", "hub.verify_token": {"secret": True}}},
    "take": {"query": "hub.challenge"},
    "reply": {"body": "{value}"},
}
GRAPH = {
    "when": {"method": "POST", "query": {"validationToken": {"present": True}}},
    "take": {"query": "validationToken"},
    "reply": {"type": "text/plain", "body": "{value}"},
}
ASANA = {
    "when": {"method": "POST", "header": {"X-Hook-Secret": {"present": True}}},
    "take": {"header": "X-Hook-Secret"},
    "reply": {"headers": {"X-Hook-Secret": "{value}"}},
    "effect": "store",
}
ZOOM = {
    "when": {"json": {"event": "endpoint.url_validation"}, "signed": True},
    "take": {"json": "payload.plainToken"},
    "hmac": "sha256",
    "reply": {"body": {"plainToken": "{value}", "encryptedToken": "{hmac}"}},
}
X_CRC = {
    "when": {"method": "GET", "query": {"crc_token": {"present": True}}},
    "take": {"query": "crc_token"},
    "hmac": {"digest": "sha256", "encoding": "base64", "prefix": "sha256="},
    "reply": {"body": {"response_token": "{hmac}"}},
}
SNS = {
    "when": {"header": {"x-amz-sns-message-type": "SubscriptionConfirmation"}, "signed": True},
    "take": {"json": "SubscribeURL"},
    "effect": "fetch",
    "hosts": ["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"],
}
NOTION = {
    "when": {
        "method": "POST",
        "json": {"verification_token": {"present": True}, "type": {"present": False}},
        "secret": True,
    },
    "take": {"json": "verification_token"},
    "effect": "store and show",
}
OKTA = {
    "when": {"method": "GET", "header": {"X-Okta-Verification-Challenge": {"present": True}}},
    "take": {"header": "X-Okta-Verification-Challenge"},
    "reply": {"body": {"verification": "{value}"}},
}
EVENT_GRID = {
    "when": {"json": {"[0].eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"}},
    "take": {"json": "[0].data.validationCode"},
    "reply": {"body": {"validationResponse": "{value}"}},
}
DISCORD = {"when": {"json": {"type": 0}, "signed": True}, "reply": {"status": 204}}
XERO = {"when": {"json": {"firstEventSequence": 0, "lastEventSequence": 0}, "signed": True}}


def ask(document: dict, request: Request, value=MISSING, secrets=SECRETS, **options) -> Reply | None:
    """Answer with one rule."""
    return answer([parse_handshake(document)], content(request, value), secrets, **options)


def content(request: Request, value=MISSING) -> Content:
    """The content of a request whose body is this value."""
    if value is MISSING:
        return Content(request)
    return Content(replace(request, body=json.dumps(value).encode()))


def test_slack():
    """Slack: the challenge goes back in JSON, for authentic requests only."""
    body = {"type": "url_verification", "challenge": 'c"1'}
    reply = ask(SLACK, Request(), body)
    assert reply is not None
    assert (reply.status, reply.content_type, json.loads(reply.body)) == (200, "application/json", {"challenge": 'c"1'})
    assert reply.signed
    assert ask(SLACK, Request(), body, authentic=True) == reply
    assert ask(SLACK, Request(), body, authentic=False) is None
    assert ask(SLACK, Request(), {"type": "event_callback"}) is None
    assert ask(SLACK, Request(), {"type": "url_verification"}) is None


@pytest.mark.parametrize(
    ("document", "method", "query"),
    [
        (DROPBOX, "GET", {"challenge": "c<1>"}),
        (META, "GET", {"hub.mode": "subscribe", "hub.verify_token": "old secret", "hub.challenge": "c<1>"}),
        (GRAPH, "POST", {"validationToken": "c<1>"}),
    ],
)
def test_echo_of_a_query_parameter(document, method, query):
    """Dropbox, Meta and Microsoft Graph: a parameter comes back as plain text that no browser runs."""
    reply = ask(document, Request(method, query=query))
    assert reply is not None
    assert (reply.status, reply.content_type, reply.body, reply.signed) == (200, "text/plain", b"c<1>", False)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(document, Request("PUT", query=query)) is None


@pytest.mark.parametrize("token", ["wrong", ""])
def test_meta_needs_the_verify_token(token):
    """Meta: a stranger without the verify token gets no echo."""
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1"}
    assert ask(META, Request("GET", query=query), secrets=["good", ""]) is None


def test_asana():
    """Asana: the secret is echoed and stored, once; later only an authentic request may replace it."""
    request = Request(headers={"x-hook-secret": "s1"})
    reply = ask(ASANA, request, {}, secrets=[])
    assert reply is not None
    assert reply.headers["X-Hook-Secret"] == "s1"
    assert (reply.effect, reply.value, reply.body) == (Effect.STORE, "s1", b"")
    assert ask(ASANA, request, {}) is None
    assert ask(ASANA, request, {}, authentic=True) == reply
    assert ask(ASANA, Request(headers={"x-hook-secret": "s1\r\nX-Evil: 1"}), {}, secrets=[]) is None


def test_zoom_and_x():
    """Zoom and X: the reply shows knowledge of the secret by an HMAC of the challenge, under the newest secret."""
    raw = hmac.new(b"new secret", b"abc", hashlib.sha256)
    zoom = ask(ZOOM, Request(), {"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}})
    assert zoom is not None
    assert json.loads(zoom.body) == {"plainToken": "abc", "encryptedToken": raw.hexdigest()}
    crc = Request("GET", query={"crc_token": "abc"})
    reply = ask(X_CRC, crc)
    assert reply is not None
    assert json.loads(reply.body)["response_token"].startswith("sha256=")
    assert ask(X_CRC, crc, secrets=[]) is None


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", True),
        ("https://sns.cn-north-1.amazonaws.com.cn:443/?Token=1", True),
        ("http://sns.eu-west-1.amazonaws.com/", False),
        ("https://evil-amazonaws.com/", False),
        ("https://amazonaws.com.evil.example/", False),
        ("https://sns.amazonaws.com@evil.example/", False),
        ("https://evil.example\\.amazonaws.com/", False),
        ("https://evil.example/#.amazonaws.com", False),
        ("https://sns.amazonaws.com:8443/", False),
        ("https://sns.amazonaws.com/\r\nHost: x", False),
    ],
)
def test_sns_fetches_only_pinned_urls(url, fetched):
    """SNS: the confirmation URL is fetched when it is https and lies on an allowed host; any other is not, and told."""
    request = Request(headers={"x-amz-sns-message-type": "SubscriptionConfirmation"})
    reply = ask(SNS, request, {"SubscribeURL": url})
    assert reply is not None
    assert (reply.effect, reply.value, reply.signed) == (Effect.FETCH, url, True)
    assert reply.hosts == tuple(SNS["hosts"])
    assert allows(reply.hosts, host_of(reply.value)) == fetched


@pytest.mark.parametrize(
    ("rule", "request_", "value", "reply"),
    [
        (OKTA, Request("GET", headers={"x-okta-verification-challenge": "c1"}), None, (200, b'{"verification":"c1"}')),
        (
            EVENT_GRID,
            Request(),
            [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "v1"}}],
            (200, b'{"validationResponse":"v1"}'),
        ),
        (DISCORD, Request(), {"type": 0}, (204, b"")),
        (XERO, Request(), {"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "E"}, (200, b"")),
    ],
    ids=["Okta", "Event Grid", "Discord", "Xero"],
)
def test_documented_exchanges(rule, request_, value, reply):
    """A header echoed in JSON, a code in an array, and two requests that are only looked at."""
    found = ask(rule, request_, value)
    assert found is not None
    assert (found.status, found.body) == reply
    assert ask(rule, Request(), {"type": 1, "firstEventSequence": 3}) is None


def test_a_secret_is_stored_for_who_has_one():
    """Once the route has a secret in its URL, a service stores its own behind that URL, and nobody else does."""
    rule = {**ASANA, "when": {**ASANA["when"], "secret": True}}
    headers = {"x-hook-secret": "learned"}
    stored = answer([parse_handshake(rule)], Content(Request(headers=headers, path_secret=SECRETS[1])), SECRETS)
    assert stored is not None
    assert (stored.effect, stored.value, stored.headers["X-Hook-Secret"]) == (Effect.STORE, "learned", "learned")
    for stranger in (Request(headers=headers), Request(headers=headers, path_secret="guess")):
        assert answer([parse_handshake(rule)], Content(stranger), SECRETS) is None


def test_notion():
    """Notion: the token of the first request is shown to the operator and kept as the key; events are no handshake."""
    reply = ask(NOTION, Request(path_secret=SECRETS[0]), {"verification_token": "t1"})
    assert reply is not None
    assert (reply.status, reply.effect, reply.value) == (200, Effect.STORE_AND_SHOW, "t1")
    assert ask(NOTION, Request(), {"verification_token": "t1"}) is None
    event = {"verification_token": "t1", "type": "page.created"}
    assert ask(NOTION, Request(path_secret=SECRETS[0]), event) is None


def test_json_conditions_compare_values():
    """Numbers, booleans and texts are compared as what they are."""
    document = {"when": {"json": {"a": 1, "b": True}}, "reply": {"body": "ok"}}
    assert ask(document, Request(), {"a": 1, "b": True}) is not None
    assert ask(document, Request(), {"a": True, "b": True}) is None
    assert ask(document, Request(), {"a": 1}) is None


def test_built_in():
    """HEAD and a bare GET are answered 200 on every route; events are not answered here."""
    assert answer([], Content(Request("HEAD")), []) == Reply(200)
    bare = answer([], Content(Request("GET")), [])
    assert bare is not None
    assert (bare.status, bare.content_type) == (200, "text/plain")
    assert answer([], Content(Request("GET", query={"a": "1"})), []) is None
    assert answer([], Content(Request("POST")), []) is None


@pytest.mark.parametrize(("rate", "allowed"), [("120", "120"), ("", "*"), ("*", "*"), ("-1", "*"), ("many", "*")])
def test_cloudevents_validation(rate, allowed):
    """CloudEvents senders that ask for leave to send get it, at the rate they ask for."""
    headers = {"webhook-request-origin": "events.example.com", "webhook-request-rate": rate}
    reply = answer([], Content(Request("OPTIONS", headers=headers)), [])
    assert reply is not None
    assert reply.status == 200
    assert reply.headers["WebHook-Allowed-Origin"] == "events.example.com"
    assert reply.headers["WebHook-Allowed-Rate"] == allowed


def test_other_options():
    """OPTIONS without an origin says which methods there are."""
    reply = answer([], Content(Request("OPTIONS")), [])
    assert reply is not None
    assert reply.status == 204
    assert "POST" in reply.headers["Allow"]


@given(st.text(), st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_hostile_requests(text, value):
    """Rules never fail on what strangers send."""
    rules = [parse_handshake(document) for document in (SLACK, DROPBOX, META, ASANA, ZOOM, X_CRC, SNS, NOTION)]
    request = Request("GET", headers={"x-hook-secret": text}, query={"challenge": text, "crc_token": text})
    answer(rules, content(request, value), [])
    answer(rules, content(request, {"type": "url_verification", "challenge": text}), SECRETS)
