"""One request from its bytes to a reading: what is read before proof, what a recorded request can be changed in."""

import base64
import gzip
import hmac
import json
import time
from contextlib import suppress
from urllib.parse import quote_plus

import pytest
from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.language.functions.haste import TakesLong
from gateway.mattermost.fit import Limits
from gateway.model import Outcome, Request
from gateway.pipeline.entry import keys
from gateway.pipeline.judge import LIGHT_BYTES, Judgement, judge, light
from gateway.pipeline.route import Route
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings
from gateway.verify import signer
from gateway.verify.signature import Signature
from tests import builtin
from tests.cost import bytes_of, seconds_of

NOW = 1_760_000_000.0
STAMP = str(int(NOW))
SECRET = "whsec_" + base64.b64encode(b"correct horse battery staple").decode()
LIMIT = 5_000_000


def route_of(service: str, **settings) -> Route:
    """A route of a service with one secret."""
    return Route(RouteSettings(name="r", service=service, destinations=("d",), **settings), LIMIT, 64)


def judged(service: str, request: Request, moments=(NOW,), **settings) -> Judgement:
    """Judge a request as ingress does."""
    words = dict.fromkeys(word_of(one) for one in builtin.service(service).verify if isinstance(one, Signature))
    settings = settings or {"secrets": tuple(map(Secret, words or (SECRET,)))}
    route = route_of(service, **settings)
    secrets = [secret.reveal() for secret in route.secrets]
    rest = (secrets, moments, Limits(), time.perf_counter)
    if (content := light(request, LIMIT, 64)) is not None:
        with suppress(TakesLong):
            return judge(route, builtin.service(service), content, *rest, hasty=True)
    return judge(route, builtin.service(service), Content.of(request, LIMIT, 64), *rest)


def seconds_in_the_loop(service: str, request: Request) -> float:
    """Seconds until a request is judged on an open route, or found to be one that is judged beside the event loop."""
    route, known = route_of(service, allow_unsigned=True), builtin.service(service)

    def begin() -> None:
        if (content := light(request, LIMIT, 64)) is not None:
            judge(route, known, content, [], (NOW,), Limits(), time.perf_counter, hasty=True)

    return seconds_of(begin)


def keys_of(service: str, request: Request) -> set[str] | None:
    """The duplicate keys of a request, None when it is refused."""
    try:
        found = judged(service, request)
    except Refused:
        return None
    if found.refusal is not None or found.reading is None:
        return None
    made = keys(route_of(service), builtin.service(service), found.content, found.reading.key, found.proof)
    return {key.key for key in made}


SIGNING = [
    (name, number)
    for name, service in builtin.services().items()
    for number, scheme in enumerate(service.verify)
    if isinstance(scheme, Signature) and scheme.is_plain and scheme.source.kind == "header"
    if name not in builtin.REPEATING
]


def word_of(scheme: Signature) -> str:
    """The secret that its sender signs with."""
    return SECRET if scheme.key in {"utf8", "whsec"} else signer.sender_of(scheme).example()


def signed(service: str, number: int, body: bytes = b'{"title": "Disk full"}', **headers: str) -> Request:
    """A request as the service signs it by the scheme of this number, with a delivery id of its own."""
    known = builtin.service(service)
    scheme = known.verify[number]
    headers = {"content-type": "application/json", **headers}
    ids = [header for selector in known.delivery_id for header in selector.headers]
    headers |= {header: headers.get(header, "d-1") for header in ids[:1]}
    if scheme.field:
        body = scheme.field.encode() + b"=" + quote_plus(body).encode()
        headers["content-type"] = "application/x-www-form-urlencoded"
    request = Request(headers=headers, body=body, url="https://gateway.example/in/r")
    return signer.sender_of(scheme).prove(Content(request), word_of(scheme), NOW)


def changed(request: Request) -> dict[str, Request]:
    """What somebody can make of a recorded request without its secret."""
    headers, body = dict(request.headers), request.body
    upper = {name: value.upper() if "sign" in name and "," not in value else value for name, value in headers.items()}
    without = {name: value for name, value in headers.items() if "id" not in name and "delivery" not in name}
    recoded = {**headers, "content-encoding": "gzip"}
    form = {**headers, "content-type": "application/x-www-form-urlencoded"}
    found = {
        "other ids": replace(request, headers={k: v.replace("d-1", "d-2") for k, v in headers.items()}),
        "no ids": replace(request, headers=without),
        "ids of others": replace(request, headers={"idempotency-key": "x", "x-github-delivery": "x", **headers}),
        "query": replace(request, query={"site": "https://evil.example"}, url=request.url + "?site=x"),
        "put": replace(request, method="PUT"),
        "upper case": replace(request, headers=upper),
        "cloud event": replace(request, headers={**headers, "ce-specversion": "1.0", "ce-id": "9", "ce-type": "x"}),
        "as form": replace(request, headers=form, body=b"payload=" + quote_plus(body).encode()),
        "other fields": replace(request, body=body + b"&json=%7B%22title%22%3A+%22evil%22%7D&x=1"),
        "other escapes": replace(request, body=body.replace(b"payload=%7B", b"x=1&p%61yload={")),
        "first field": replace(request, body=b"payload=evil&" + body),
        "time in body": replace(request, body=STAMP.encode() + b":" + body),
        "trailing": replace(request, body=body + b"\n"),
    }
    for level in range(10):
        found[f"gzip {level}"] = replace(request, headers=recoded, body=gzip.compress(body, level, mtime=level))
    for kind in ("text/plain", "text/xml", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
                 "application/cloudevents+json", "application/x-www-form-urlencoded", ""):  # fmt: skip
        found[f"as {kind}"] = replace(request, headers={**headers, "content-type": kind})
    return found


@pytest.mark.parametrize(("service", "number"), SIGNING)
def test_a_recorded_request_counts_once(service, number):
    """However it is dressed: another form of it is not proven, or has a key of the first."""
    first = signed(service, number)
    known = keys_of(service, first)
    assert known, "the request itself is authentic"
    for name, request in changed(first).items():
        again = keys_of(service, request)
        assert again is None or known & again, name


def test_the_other_scheme_of_a_service_does_not_count_it_again():
    """What Gitea signs as a body and as a field is the same to who recorded it; so is what Grafana signs."""
    body = b'{"title": "Disk full"}'
    field = signed("gitea", 2)
    plain = replace(field, headers={**field.headers, "content-type": "application/json"}, body=body)
    assert keys_of("gitea", field) & keys_of("gitea", plain)
    stamped = signed("grafana", 1)
    bare = {name: value for name, value in stamped.headers.items() if name != "x-grafana-alerting-timestamp"}
    assert keys_of("grafana", stamped)
    assert keys_of("grafana", replace(stamped, headers=bare, body=STAMP.encode() + b":" + stamped.body)) is None


def test_what_hides_the_id_of_a_signed_body_does_not_hide_the_body():
    """Slack's id is in the body: as text in another charset it is not found."""
    first = signed("slack", 0, b'{"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}}')
    odd = replace(first, headers={**first.headers, "content-type": "text/plain; charset=utf-16"})
    assert keys_of("slack", first) & keys_of("slack", odd)


def test_a_timestamp_keeps_its_request_known_for_as_long_as_it_holds():
    """A body without id is known for 5 minutes; a sender whose clock is ahead gives it 10."""
    found = judged("slack", signed("slack", 0, b"command=/x&text=y"))
    assert found.proof is not None
    made = keys(route_of("slack"), builtin.service("slack"), found.content, found.reading.key, found.proof)
    assert sorted(key.window for key in made) == [300.0, 600.0]


def test_only_the_signed_field_is_read():
    """Neither the other fields, nor what headers make of them, nor is anything else kept."""
    first = signed("gitea", 2, b'{"title": "Disk full", "secret_of": "Gitea"}')
    found = judged("gitea", changed(first)["other fields"])
    assert found.reading is not None
    assert found.content.value == {"title": "Disk full", "secret_of": "Gitea"}
    assert b"evil" not in found.content.request.body
    odd = changed(first)["cloud event"]
    assert judged("gitea", odd).content.value == {"title": "Disk full", "secret_of": "Gitea"}


SORTED = ({"hmac": "sha256", "header": "X-Sig", "message": ["url", {"form": "sorted"}]},)
"""A scheme that covers the fields of a form, and not its bytes."""


@pytest.mark.parametrize(
    ("verify", "message", "read"),
    [
        (SORTED, b'u b"}payload{"text": "a ', {"payload": '{"text": "a ', ' b"}': ""}),
        (({"hmac": "sha256", "header": "X-Sig"},), b'payload={"text": "a & b"}', {"text": "a & b"}),
    ],
)
def test_a_form_is_read_as_it_was_signed(verify, message, read):
    """What a signature covers as fields ends where these end; only where it covers the bytes can it be read better."""
    secret = Secret("s3cret")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers["x-sig"] = hmac.new(b"s3cret", message, "sha256").hexdigest()
    request = Request(headers=headers, body=b'payload={"text": "a & b"}', url="u")
    found = judged("generic", request, verify=verify, secrets=(secret,))
    assert found.refusal is None
    assert found.content.value == read


def test_any_of_the_moments_may_be_the_time():
    """After the clock has jumped, the time before it counts as well."""
    request = signed("slack", 0)
    assert judged("slack", request, (NOW + 3600, NOW)).refusal is None
    assert judged("slack", request, (NOW + 3600,)).refusal is not None


def test_methods_and_handshakes_have_no_reading():
    """An answer to a handshake is not an event, and what no webhook does neither."""
    deleted = judged("generic", Request("DELETE", body=b"x"), allow_unsigned=True)
    assert (deleted.reading, deleted.reply, deleted.refusal) == (None, None, None)
    head = judged("generic", Request("HEAD"), allow_unsigned=True)
    assert (head.reading, head.reply.status) == (None, 200)
    asked = signed("slack", 0, b'{"type": "url_verification", "challenge": "c"}')
    assert json.loads(judged("slack", asked).reply.body) == {"challenge": "c"}


def many(kind: str) -> tuple[str, bytes]:
    """A body of which one sign too many makes it costly to read."""
    return {
        "xml": ("text/xml", b"<a>" + b"<b/>" * 1_200_000 + b"</a>"),
        "namespaces": ("text/xml", b"<a xmlns='%b'>" % (b"u" * 10_000) + b"<b/><c/>" * 30_000 + b"</a>"),
        "json": ("application/json", b"[" + b"[]," * 1_500_000 + b"0]"),
        "objects": ("application/json", b"[" + b'{"":0},' * 500_000 + b"0]"),
        "parameters": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: a" + b"; n=1" * 600_000),
        "fields": ("application/x-www-form-urlencoded", b"a=1&" * 1_000_000),
        "lines": ("text/plain", b"a\n" * 1_000_000),
        "tags": ("application/json", b'{"text": "' + b"<p>" * 1_000_000 + b'"}'),
    }[kind]


HOSTILE = ("xml", "namespaces", "json", "objects", "parameters", "fields", "lines", "tags")


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("service", ["slack", "github", "gitea"])
def test_the_refusal_of_a_stranger_is_cheap(kind, service):
    """What is not proven is not parsed: at most inflated and hashed, also where a token could stand in the body."""
    content_type, body = many(kind)
    request = Request(headers={"content-type": content_type, "x-hub-signature-256": "sha256=00"}, body=body)
    assert judged(service, request).refusal is not None
    assert seconds_of(lambda: judged(service, request)) < 0.15
    assert bytes_of(lambda: judged(service, request)) < 2.5 * len(body) + 4_000_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_small_request_costs_little_on_an_open_route(kind):
    """What 100 kB hold when they are inflated: nobody proved anything, but the route asks for nothing."""
    content_type, body = many(kind)
    packed = gzip.compress(body[:900_000])
    request = Request(headers={"content-type": content_type, "content-encoding": "gzip"}, body=packed)
    found = judged("generic", request, allow_unsigned=True)
    assert found.reading.outcome is Outcome.MESSAGE, "an authentic sender is never refused for what it sends"
    assert seconds_of(lambda: judged("generic", request, allow_unsigned=True)) < 0.3
    assert bytes_of(lambda: judged("generic", request, allow_unsigned=True)) < 12_000_000


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("size", [6_000, 30_000, 47_000])
def test_what_is_light_is_quick(kind, size):
    """What the event loop judges itself takes it 20 ms at most; the bound is generous, for slow machines."""
    content_type, body = many(kind)
    request = Request(headers={"content-type": content_type}, body=body[:size])
    assert seconds_in_the_loop("generic", request) < 0.05


@pytest.mark.parametrize("item", [b"1e308,", b'"",', b"[],"])
def test_items_that_do_not_match_do_not_hold_the_loop_up(item):
    """Each is a fault of its own, of a shape that wants objects there. The bound is generous, as above."""
    alerts = b'{"status":"firing","version":"4","groupKey":"a","receiver":"r","alerts":[%s0]}'
    for size in (8_000, 17_000, 47_000):
        body = alerts % (item * (size // len(item)))
        assert seconds_in_the_loop("alertmanager", Request(body=body)) < 0.03


@pytest.mark.parametrize("unit", ["|\n", "1. a\n", "a\n\n", "*a*", "<b>x</b> ", "<p>", "<http://a>", "[a] "])
@pytest.mark.parametrize("length", [1_900, 6_000, 20_000, 40_000])
def test_markdown_with_html_does_not_hold_the_loop_up(unit, length):
    """One tag makes a parser read all of a text, however its blocks and marks hide in escapes or in many texts."""
    text = "<b>x</b>\n\n|a|\n|-|\n" + unit * (length // len(unit))
    comment = {"action": "created", "issue": {"number": 1, "title": "t"}, "comment": {"body": text}}
    blocks = [{"type": "markdown", "text": "<i>y</i>" + text[at : at + 900]} for at in range(0, len(text), 900)]
    pushed = {"repository": {"full_name": "a/b"}, "sender": {"login": "a"}}
    hidden = json.dumps(comment | pushed).replace("<", "\\u003c").encode()
    headers = {"content-type": "application/json", "x-github-event": "issue_comment"}
    assert seconds_in_the_loop("github", Request(headers=headers, body=hidden)) < 0.05
    assert seconds_in_the_loop("slack", Request(headers=headers, body=json.dumps({"blocks": blocks}).encode())) < 0.05


def test_what_takes_long_is_read_in_full_beside_the_loop():
    """The judgement is begun again without haste, and is the same as one that never was in haste."""
    comment = {"body": "<b>x</b>" + "\n- a *b*" * 3000, "user": {"login": "a"}, "html_url": "https://x.example/1"}
    told = {"action": "created", "issue": {"number": 1, "title": "t"}, "comment": comment, "sender": {"login": "a"}}
    body = json.dumps(told | {"repository": {"full_name": "a/b"}}).encode()
    request = Request(headers={"content-type": "application/json", "x-github-event": "issue_comment"}, body=body)
    route, known = route_of("github", allow_unsigned=True), builtin.service("github")
    rest = ([], (NOW,), Limits(), time.perf_counter)
    with pytest.raises(TakesLong):
        judge(route, known, light(request, LIMIT, 64), *rest, hasty=True)
    calm = judge(route, known, Content.of(request, LIMIT, 64), *rest)
    assert judged("github", request, allow_unsigned=True).reading == calm.reading
    assert (calm.reading.outcome, calm.reading.translator) == (Outcome.MESSAGE, "github/issue_comment")


@pytest.mark.parametrize("event", [{}, {"data": 1}, {"type": "a.b", "data": {f"size_{at}": at for at in range(90)}}])
@pytest.mark.parametrize("count", [20, 40, 150])
def test_events_of_unknown_shape_are_quick_or_judged_beside_the_loop(event, count):
    """A batch of events is told event by event, each by all that it holds."""
    batch = json.dumps([{"source": "/x", "id": str(number), **event} for number in range(count)]).encode()
    request = Request(headers={"content-type": "application/cloudevents-batch+json"}, body=b" " + batch)
    if light(request, LIMIT, 64) is not None:
        assert seconds_of(lambda: judged("cloudevents", request, allow_unsigned=True)) < 0.05
    else:
        assert count > 40 or len(batch) > 20_000


def test_what_is_light():
    """By the inflated size, by what costs most, and not where that could be hidden."""
    usual = Request(body=json.dumps({"commits": [{"message": "Fix it <now>"}] * 20}).encode())
    assert light(usual, LIMIT, 64).body == usual.body
    packed = replace(usual, headers={"content-encoding": "gzip"}, body=gzip.compress(usual.body))
    assert light(packed, LIMIT, 64).body == usual.body
    bomb = replace(packed, body=gzip.compress(bytes(LIGHT_BYTES + 1)))
    for body in (bytes(LIGHT_BYTES + 1), b"<b>" * 4000, b"`" * 20_000, b"{" * 20_000, b"base64" + bytes(20_000)):
        assert light(Request(body=body), LIMIT, 64) is None
    assert light(bomb, LIMIT, 64) is None
    with pytest.raises(Refused) as refused:
        light(bomb, LIGHT_BYTES, 64)
    assert refused.value.status == 413
