"""Authentic requests pass, everything else is refused alike, and nothing secret is kept."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify.carried import SECRET as SECRET_PLACES
from gateway.verify.masking import kept_request
from gateway.verify.verify import NOT_TAKEN, parse_scheme, parse_schemes, read_schemes, verify
from tests.cost import bytes_of, seconds_of
from tests.verify import pki

NOW = 1_760_000_000.0
SECRET = "open sesame"
OTHERS = ["old secret", SECRET]
BODY = b'{"n": 1}'


def digest(message: bytes, key: bytes = SECRET.encode(), name: str = "sha256") -> bytes:
    """The HMAC that a sender would make."""
    return hmac.digest(key, message, name)


def b64(raw: bytes) -> str:
    """Base64 as headers carry it."""
    return base64.b64encode(raw).decode()


def passes(document: dict, request: Request, secrets: list[str] = OTHERS, inflated: bytes | None = None) -> bool:
    """Whether one scheme lets the request through; every refusal must look the same."""
    scheme = parse_scheme(document)
    try:
        return verify([scheme], secrets, Content(request, inflated), NOW).scheme is scheme
    except Refused as refused:
        if (refused.status, refused.title, refused.detail) == (401, NOT_TAKEN, ""):
            return False
        raise


STATIC = [
    ({"path": True}, Request(path_secret=SECRET), Request(path_secret="x")),
    ({"query": "key"}, Request(query={"key": SECRET}), Request(query={"other": SECRET})),
    (
        {"header": "X-Gitlab-Token"},
        Request(headers={"x-gitlab-token": SECRET}),
        Request(headers={"x-gitlab-token": ""}),
    ),
    (
        {"header": "Authorization", "prefix": "Bearer "},
        Request(headers={"authorization": f"bearer {SECRET}"}),
        Request(headers={"authorization": SECRET}),
    ),
    (
        {"basic": "ann"},
        Request(headers={"authorization": "Basic " + b64(f"ann:{SECRET}".encode())}),
        Request(headers={"authorization": "Basic " + b64(f"bob:{SECRET}".encode())}),
    ),
    (
        {"basic": "a@b"},
        Request(headers={"authorization": "Basic " + b64(b"a%40b:open%20sesame")}),
        Request(headers={"authorization": "Basic !!"}),
    ),
    (
        {"token": "auth.token"},
        Request(body=b'{"auth": {"token": "open sesame"}}'),
        Request(body=b'{"auth": {"token": ["open sesame"]}}'),
    ),
    (
        {"token": "token"},
        Request(headers={"content-type": "application/x-www-form-urlencoded"}, body=b"a=1&token=open+sesame"),
        Request(body=b"\xff\x00"),
    ),
    (
        {"token": "value.*.clientState"},
        Request(body=b'{"value": [{"clientState": "open sesame"}, {"clientState": "open sesame"}]}'),
        Request(body=b'{"value": [{"clientState": "open sesame"}, {}]}'),
    ),
    (
        {"token": "notifications.OrganizationId"},
        Request(body=b"<notifications><OrganizationId>open sesame</OrganizationId></notifications>"),
        Request(body=b'{"value": []}'),
    ),
]


@pytest.mark.parametrize(("document", "good", "bad"), STATIC)
def test_static_schemes(document, good, bad):
    """A secret that stands somewhere in the request is accepted there, any of the active ones, and nowhere else."""
    assert passes(document, good)
    assert not passes(document, good, ["another"])
    assert not passes(document, bad)
    assert not passes(document, Request())


def test_basic_with_the_user_in_the_secret():
    """With `basic: true` the secret is user and password together, as sent or percent-decoded."""
    plain = Request(headers={"authorization": "basic " + b64(b"ann:pass:word")})
    encoded = Request(headers={"authorization": "Basic " + b64(b"ann%40x:p%2Fw")})
    assert passes({"basic": True}, plain, ["ann:pass:word"])
    assert passes({"basic": True}, encoded, ["ann@x:p/w"])
    assert not passes({"basic": True}, Request(headers={"authorization": "Basic " + b64(b"nocolon")}), ["nocolon"])


def test_empty_secrets_never_match():
    """A secret that is not set opens nothing, neither as a value nor as a key."""
    unsigned = Request(headers={"x": digest(BODY, b"").hex()}, body=BODY)
    assert not passes({"path": True}, Request(path_secret=""), [""])
    assert not passes({"hmac": "sha256", "header": "X"}, unsigned, [""])
    with pytest.raises(Refused):
        verify([], [SECRET], Content(Request()), NOW)


STAMP = str(int(NOW))
SIGNED = {
    "github": (
        {"hmac": "sha256", "header": "X-Hub-Signature-256", "prefix": "sha256="},
        Request(headers={"x-hub-signature-256": "sha256=" + digest(BODY).hex()}, body=BODY),
    ),
    "intercom, sha1": (
        {"hmac": "sha1", "header": "X-Hub-Signature", "prefix": "sha1="},
        Request(headers={"x-hub-signature": "sha1=" + digest(BODY, name="sha1").hex()}, body=BODY),
    ),
    "terraform, sha512": (
        {"hmac": "sha512", "header": "X-TFE"},
        Request(headers={"x-tfe": digest(BODY, name="sha512").hex().upper()}, body=BODY),
    ),
    "patreon, md5": (
        {"hmac": "md5", "header": "X-P"},
        Request(headers={"x-p": digest(BODY, name="md5").hex()}, body=BODY),
    ),
    "shopify, base64": (
        {"hmac": "sha256", "header": "X-S", "encoding": "base64"},
        Request(headers={"x-s": b64(digest(BODY))}, body=BODY),
    ),
    "base64url without padding": (
        {"hmac": "sha256", "header": "X-S", "encoding": "base64url"},
        Request(headers={"x-s": base64.urlsafe_b64encode(digest(BODY)).decode().rstrip("=")}, body=BODY),
    ),
    "semaphore, prefix left off": (
        {"hmac": "sha256", "header": "X-S", "optional_prefix": "sha256="},
        Request(headers={"x-s": digest(BODY).hex()}, body=BODY),
    ),
    "semaphore, prefix sent": (
        {"hmac": "sha256", "header": "X-S", "optional_prefix": "sha256="},
        Request(headers={"x-s": "sha256=" + digest(BODY).hex()}, body=BODY),
    ),
    "stripe": (
        {
            "hmac": "sha256",
            "header": "Stripe-Signature",
            "pairs": {"signature": "v1", "timestamp": "t"},
            "message": ["timestamp", ".", "body"],
        },
        Request(
            headers={"stripe-signature": f"t={STAMP},v1=00ff, v1={digest(STAMP.encode() + b'.' + BODY).hex()},v0=1"},
            body=BODY,
        ),
    ),
    "paddle": (
        {
            "hmac": "sha256",
            "header": "Paddle-Signature",
            "pairs": {"delimiter": ";", "signature": "h1", "timestamp": "ts"},
            "message": ["timestamp", ":", "body"],
        },
        Request(headers={"paddle-signature": f"ts={STAMP};h1={digest(STAMP.encode() + b':' + BODY).hex()}"}, body=BODY),
    ),
    "slack": (
        {
            "hmac": "sha256",
            "header": "X-Slack-Signature",
            "prefix": "v0=",
            "timestamp": {"header": "X-Slack-Request-Timestamp"},
            "message": ["v0:", "timestamp", ":", "body"],
        },
        Request(
            headers={
                "x-slack-request-timestamp": STAMP,
                "x-slack-signature": "v0=" + digest(f"v0:{STAMP}:".encode() + BODY).hex(),
            },
            body=BODY,
        ),
    ),
    "zendesk, ISO time": (
        {
            "hmac": "sha256",
            "header": "X-Z",
            "encoding": "base64",
            "timestamp": {"header": "X-Z-Timestamp"},
            "unit": "iso",
            "message": ["timestamp", "body"],
        },
        Request(
            headers={"x-z-timestamp": "2025-10-09T08:53:20Z", "x-z": b64(digest(b"2025-10-09T08:53:20Z" + BODY))},
            body=BODY,
        ),
    ),
    "pagerduty, list without timestamp": (
        {"hmac": "sha256", "header": "X-PagerDuty-Signature", "pairs": {"signature": "v1"}},
        Request(headers={"x-pagerduty-signature": "v1=abcd,v1=" + digest(BODY).hex()}, body=BODY),
    ),
    "docusign, numbered headers": (
        {"hmac": "sha256", "header": "X-DocuSign-Signature-{n}", "encoding": "base64"},
        Request(
            headers={"x-docusign-signature-1": b64(b"0" * 32), "x-docusign-signature-2": b64(digest(BODY))}, body=BODY
        ),
    ),
    "trello, body then URL": (
        {"hmac": "sha1", "header": "X-T", "encoding": "base64", "message": ["body", "url"]},
        Request(headers={"x-t": b64(digest(BODY + b"https://h/in/t", name="sha1"))}, body=BODY, url="https://h/in/t"),
    ),
    "hubspot, milliseconds": (
        {
            "hmac": "sha256",
            "header": "X-H",
            "encoding": "base64",
            "timestamp": {"header": "X-H-T"},
            "unit": "ms",
            "message": ["method", "url", "body", "timestamp"],
        },
        Request(
            headers={"x-h-t": STAMP + "250", "x-h": b64(digest(b"POSThttps://h/x" + BODY + STAMP.encode() + b"250"))},
            body=BODY,
            url="https://h/x",
        ),
    ),
    "transifex, headers and a digest": (
        {
            "hmac": "sha256",
            "header": "X-TX",
            "encoding": "base64",
            "message": ["POST\n", {"header": "X-TX-Url"}, "\n", {"header": "Date"}, "\n", {"digest": "md5-hex"}],
        },
        Request(
            headers={
                "x-tx-url": "https://h/y",
                "date": "Thu",
                "x-tx": b64(digest(b"POST\nhttps://h/y\nThu\n" + hashlib.md5(BODY).hexdigest().encode())),
            },
            body=BODY,
        ),
    ),
    "twilio, sorted form": (
        {"hmac": "sha1", "header": "X-Tw", "encoding": "base64", "message": ["url", {"form": "sorted"}]},
        Request(
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "x-tw": b64(digest(b"https://h/?a=1Bodyhi thereFrom+1", name="sha1")),
            },
            body=b"From=%2B1&Body=hi+there",
            url="https://h/?a=1",
        ),
    ),
    "gitea, form mode": (
        {"hmac": "sha256", "header": "X-Gitea-Signature", "message": [{"form": "payload"}]},
        Request(
            headers={"x-gitea-signature": digest(b'{"a": "b c"}').hex()},
            body=b"payload=%7B%22a%22%3A+%22b+c%22%7D",
        ),
    ),
    "mailgun, everything in the body": (
        {
            "hmac": "sha256",
            "json": "signature.signature",
            "timestamp": {"json": "signature.timestamp"},
            "message": ["timestamp", {"json": "signature.token"}],
        },
        Request(
            body=b'{"signature": {"timestamp": "%s", "token": "tt", "signature": "%s"}}'
            % (STAMP.encode(), digest(STAMP.encode() + b"tt").hex().encode())
        ),
    ),
}


@pytest.mark.parametrize("name", SIGNED)
def test_signatures(name):
    """Each way of signing in the catalog is one mapping: the right request passes, any change to it does not."""
    document, request = SIGNED[name]
    assert passes(document, request)
    assert not passes(document, request, ["wrong", "also wrong"])
    assert not passes(document, Request(headers=dict.fromkeys(request.headers, "??")))
    assert not passes(document, Request(body=request.body[:-1] + b"!", headers={}))
    other = Request(request.method, request.headers, request.query, b'{"x": 2}', "", request.url)
    assert not passes(document, other)


def test_signature_in_a_form_field():
    """A multipart form may carry its own signature; a literal that looks like a word is written as text."""
    field = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n--q'
    signature = digest(b"1body").hex()
    body = f"--q\r\n{field.format('a', '1')}\r\n{field.format('sig', signature)}--\r\n".encode()
    document = {"hmac": "sha256", "form": "sig", "message": [{"form": "a"}, {"text": "body"}]}
    headers = {"content-type": "multipart/form-data; boundary=q"}
    assert passes(document, Request(headers=headers, body=body))
    assert not passes({**document, "message": [{"form": "b"}]}, Request(headers=headers, body=body))


def test_standard_webhooks():
    """Standard Webhooks: a base64 key after whsec_, id and time in the message, a space list of tagged signatures."""
    document = {
        "hmac": "sha256",
        "header": "webhook-signature",
        "tagged": "v1",
        "encoding": "base64",
        "key": "whsec",
        "timestamp": {"header": "webhook-timestamp"},
        "message": [{"header": "webhook-id"}, ".", "timestamp", ".", "body"],
    }
    signature = b64(digest(b"msg_1." + STAMP.encode() + b"." + BODY, b"key bytes"))
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": STAMP,
        "webhook-signature": f"v1a,AAAA v1,AAAA v1,{signature}",
    }
    request = Request(headers=headers, body=BODY)
    assert passes(document, request, ["whsec_" + b64(b"key bytes")])
    assert passes(document, request, [b64(b"key bytes")])
    assert not passes(document, request, ["whsec_not base64!"])
    assert "webhook-id" in parse_scheme(document).headers


@pytest.mark.parametrize(
    ("age", "window", "fresh"),
    [(299, "300s", True), (301, "300s", False), (-301, "300s", False), (301, "10m", True), (10**8, "off", True)],
)
def test_window(age, window, fresh):
    """A timestamp too old or too far ahead is refused, unless the window is wider or off."""
    document = {
        "hmac": "sha256",
        "header": "X-S",
        "timestamp": {"header": "X-T"},
        "window": window,
        "message": ["timestamp", "body"],
    }
    stamp = str(NOW - age)
    assert (
        passes(document, Request(headers={"x-t": stamp, "x-s": digest(stamp.encode() + BODY).hex()}, body=BODY))
        == fresh
    )


@pytest.mark.parametrize("stamp", ["nan", "inf", "1e9", "", "-1", "yesterday", "\u0661"])
def test_unreadable_timestamps_are_stale(stamp):
    """A timestamp that is not a plain number proves no freshness, even when it is signed."""
    document = {"hmac": "sha256", "header": "X-S", "timestamp": {"header": "X-T"}, "message": ["timestamp", "body"]}
    headers = {"x-t": stamp, "x-s": digest(stamp.encode() + BODY).hex()}
    assert not passes(document, Request(headers=headers, body=BODY))
    assert not passes({**document, "unit": "iso"}, Request(headers=headers, body=BODY))


def test_compressed_bodies_are_signed_either_way():
    """With a Content-Encoding the signature may cover the bytes on the wire or the inflated ones."""
    document = {"hmac": "sha256", "header": "X-S"}
    wire = Request(headers={"x-s": digest(b"deflated").hex()}, body=b"deflated")
    inflated = Request(headers={"x-s": digest(BODY).hex()}, body=b"deflated")
    assert passes(document, wire, inflated=BODY)
    assert passes(document, inflated, inflated=BODY)
    assert not passes(document, inflated)


def test_any_scheme_may_match():
    """The scheme that fits is returned, whichever place it has in the list."""
    schemes = [parse_scheme({"path": True}), parse_scheme({"query": "k"}), parse_scheme({"header": "X"})]
    assert verify(schemes, OTHERS, Content(Request(query={"k": SECRET})), NOW).scheme is schemes[1]


@given(
    st.binary(), st.dictionaries(st.sampled_from(["x-s", "x-t", "authorization", "content-type"]), st.text()), st.text()
)
def test_hostile_requests_are_only_refused(body, headers, secret):
    """Whatever arrives, the answer of every scheme is yes or the one refusal."""
    for document in (
        {
            "hmac": "sha256",
            "header": "X-S",
            "pairs": {"signature": "v", "timestamp": "t"},
            "message": ["timestamp", "body"],
        },
        {
            "hmac": "sha256",
            "header": "X-S",
            "timestamp": {"header": "X-T"},
            "unit": "iso",
            "key": "base64",
            "message": ["timestamp", "body"],
        },
        {"hmac": "sha256", "form": "sig", "message": ["url", {"form": "text"}, {"header": "X-T"}]},
        {"hmac": "sha256", "header": "X-S", "message": ["url", {"form": "sorted"}, {"header": "X-T"}]},
        {"basic": True},
        {"token": "a.*.b"},
    ):
        request = Request(headers=headers, body=body, url=secret, query={"q": secret})
        passes(document, request, [secret])
        kept_request(Content(request), [parse_scheme(document)], [secret])


@pytest.mark.parametrize("encoded", [None, b"inflated"])
def test_a_proof_has_the_digest_of_exactly_the_inflated_body(encoded):
    """Made here, whichever secret fits; one of the bytes on the wire, or of more than the body, stands apart."""
    body = b"wire" if encoded is None else encoded
    plain = parse_scheme({"hmac": "sha256", "header": "X-S"})

    def proven(signed: bytes, scheme=plain) -> tuple[bytes, bytes]:
        request = Request(headers={"x-s": digest(signed).hex().upper(), "x-t": "7"}, body=b"wire")
        proof = verify([scheme], OTHERS, Content(request, encoded), NOW)
        return proof.digest, proof.message

    assert proven(body) == (digest(body), b"")
    if encoded is not None:
        assert proven(b"wire") == (b"", digest(b"wire"))
    more = parse_scheme({"hmac": "sha256", "header": "X-S", "message": [{"header": "X-T"}, "body"]})
    assert proven(b"7" + body, more) == (b"", digest(b"7" + body))


GITEA = {"hmac": "sha256", "header": "X-S", "message": [{"form": "payload"}]}


def test_a_signature_over_a_field_proves_that_field_only():
    """The proof names it, and its digest is that of the field, however that is written in the form."""
    scheme = parse_scheme(GITEA)
    headers = {"x-s": digest(b'{"a": 1}').hex()}
    for body in (b"payload=%7B%22a%22%3A+1%7D", b"x=1&p%61yload={%22a%22:%201}", b'payload={"a": 1}&json=[]'):
        proof = verify([scheme], OTHERS, Content(Request(headers=headers, body=body)), NOW)
        assert (proof.field, proof.digest) == ("payload", digest(b'{"a": 1}'))


@pytest.mark.parametrize(
    "body",
    [
        b"payload=%7B%7D&payload=x",
        b"payload=x&payload=%7B%7D",
        b"payload=%7B%7D&p%61yload=%7B%7D",
        b"Payload=%7B%7D",
        b"{}",
        b"",
    ],
)
def test_two_fields_or_none_prove_nothing(body):
    """Who signed one of two did not say which."""
    assert passes(GITEA, Request(headers={"x-s": digest(b"{}").hex()}, body=b"a=b&payload=%7B%7D"))
    assert not passes(GITEA, Request(headers={"x-s": digest(b"{}").hex()}, body=body))


STAMPED_AND_NOT = [
    {"hmac": "sha256", "header": "X-S"},
    {"hmac": "sha256", "header": "X-S", "timestamp": {"header": "X-T"}, "message": ["timestamp", ":", "body"]},
]


def proof_of(headers: dict[str, str], body: bytes, documents=STAMPED_AND_NOT, now: float = NOW):
    """The proof of a request under several schemes, None without one."""
    try:
        return verify(
            [parse_scheme(one) for one in documents], OTHERS, Content(Request(headers=headers, body=body)), now
        )
    except Refused:
        return None


def test_a_timestamp_that_is_signed_cannot_move_into_the_body():
    """The signature of `time:body` would hold for ever as one of a body without time."""
    signature = digest(STAMP.encode() + b":" + BODY).hex()
    assert proof_of({"x-s": signature, "x-t": STAMP}, BODY)
    assert not proof_of({"x-s": signature}, STAMP.encode() + b":" + BODY)
    assert not proof_of({"x-s": signature, "x-t": STAMP}, STAMP.encode() + b":" + BODY)
    assert proof_of({"x-s": digest(BODY).hex()}, BODY)
    assert proof_of({"x-s": digest(BODY).hex(), "x-t": STAMP}, BODY), "it is not signed, and nothing reads it"


@pytest.mark.parametrize("stamp", ["", None, f"{STAMP}, {STAMP}", f"{STAMP}.", f"+{STAMP}", "٣", f"0x{STAMP}", "1e9"])
def test_a_scheme_that_signs_a_timestamp_needs_it(stamp):
    """Absent, repeated (the header is then a list) or malformed: not proven, though the signature holds."""
    for window in ("300s", "off"):
        document = {**STAMPED_AND_NOT[1], "window": window}
        headers = {"x-s": digest((stamp or "").encode() + b":" + BODY).hex()} | (
            {} if stamp is None else {"x-t": stamp}
        )
        assert not passes(document, Request(headers=headers, body=BODY))


@pytest.mark.parametrize("pairs", ["t={0},t={0},v1={1}", "t=1,v1={1},t={0}", "v1={1}", "t=,v1={1}"])
def test_a_timestamp_in_the_signature_is_there_once(pairs):
    """Of two, nobody knows which is signed."""
    document, _ = SIGNED["stripe"]
    signature = digest(STAMP.encode() + b"." + BODY).hex()
    assert passes(document, Request(headers={"stripe-signature": f"t={STAMP},v1={signature}"}, body=BODY))
    assert not passes(document, Request(headers={"stripe-signature": pairs.format(STAMP, signature)}, body=BODY))


def test_no_part_in_front_of_a_timestamp_swallows_the_next():
    """An id that holds the delimiter could hide the true timestamp behind which a later one stands in the body."""
    document = {
        "hmac": "sha256",
        "header": "X-S",
        "timestamp": {"header": "X-T"},
        "message": [{"header": "X-Id"}, ".", "timestamp", ".", "body"],
    }
    old = str(int(NOW) - 10_000)
    recorded = f'msg_1.{old}.{{"title": "x.{STAMP}.{{}}"}}'.encode()
    signature = digest(recorded).hex()
    forged = {"x-s": signature, "x-id": f'msg_1.{old}.{{"title": "x', "x-t": STAMP}
    assert b".".join([forged["x-id"].encode(), STAMP.encode(), b'{}"}']) == recorded
    assert not passes(document, Request(headers=forged, body=b'{}"}'))
    fresh = {"x-s": digest(f"msg_1.{STAMP}.{{}}".encode()).hex(), "x-id": "msg_1", "x-t": STAMP}
    assert passes(document, Request(headers=fresh, body=b"{}"))


@given(st.integers(0, 2 * 10**9), st.text(max_size=20), st.sampled_from(["s", "ms"]))
def test_what_a_stamped_scheme_signs_is_never_a_proof_without_its_time(seconds, text, unit):
    """Whatever the time and the body."""
    stamped = {**STAMPED_AND_NOT[1], "unit": unit, "message": ["v0:", "timestamp", ":", "body"]}
    message = f"v0:{seconds}:{text}".encode()
    assert not proof_of({"x-s": digest(message).hex()}, message, [STAMPED_AND_NOT[0], stamped])


HOSTILE = {
    "xml": ("text/xml", b"<a>" + b"<b/>" * 1_200_000 + b"</a>"),
    "json": ("application/json", b"[" + b"[]," * 1_500_000 + b"0]"),
    "parameters": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: a" + b"; n=1" * 600_000),
    "fields": ("application/x-www-form-urlencoded", b"a=1&" * 1_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("document", [{"hmac": "sha256", "header": "X-S"}, GITEA])
def test_a_signature_on_bytes_parses_nothing(name, document):
    """Over the body or one field: the refusal costs as much as hashing the body, and no memory."""
    content_type, body = HOSTILE[name]
    request = Request(headers={"content-type": content_type, "x-s": "00" * 32}, body=body)
    assert seconds_of(lambda: passes(document, request)) < 0.1
    assert bytes_of(lambda: passes(document, request)) < 2.5 * len(body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=1&" * 2000),
        ("multipart/form-data; boundary=x", b"evil"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: a; name="f"; filename="evil"\r\n\r\nx\r\n--x--',
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_not_an_empty_one(content_type, body):
    """The recorded signature of an empty form would prove any that is too large, or has files."""
    document = {"hmac": "sha256", "header": "X-S", "message": ["url", {"form": "sorted"}]}
    headers = {"x-s": digest(b"u").hex()}
    assert passes(document, Request(headers=headers, url="u"))
    assert not passes(document, Request(headers={**headers, "content-type": content_type}, url="u", body=body))


def test_the_word_secret():
    """In a list it stands for four places; a list without schemes is that word alone."""
    assert parse_schemes(["secret"]) == parse_schemes([]) == tuple(SECRET_PLACES)
    both = parse_schemes([{"header": "X-Token"}, "secret", {"path": True}])
    assert both == (parse_scheme({"header": "X-Token"}), *SECRET_PLACES)
    _, faults = read_schemes(["secrt", "secret", {"hmac": "sha256"}])
    assert [index for index, _ in faults] == [0, 2]
    assert 'did you mean "secret"?' in faults[0][1]


STATED = "SHA-256=" + b64(hashlib.sha256(BODY).digest())
COMPOSED = {
    "Weblate, decimals that are signed without": (
        {
            "hmac": "sha256",
            "header": "webhook-signature",
            "tagged": "v1",
            "encoding": "base64",
            "timestamp": {"header": "webhook-timestamp"},
            "message": [{"header": "webhook-id"}, ".", {"timestamp": "s"}, ".", "body"],
        },
        Request(
            headers={
                "webhook-id": "m1",
                "webhook-timestamp": STAMP + ".987",
                "webhook-signature": "v1," + b64(digest(b"m1." + STAMP.encode() + b"." + BODY)),
            },
            body=BODY,
        ),
    ),
    "Nextcloud Flow, the digest of body and secret": (
        {"hash": "sha256", "header": "X-Nextcloud-Webhooks", "message": ["body", "secret"]},
        Request(
            headers={"x-nextcloud-webhooks": hashlib.sha256(BODY + SECRET.encode()).hexdigest()},
            body=BODY,
        ),
    ),
    "Threema, six fields of a form": (
        {
            "hmac": "sha256",
            "form": "mac",
            "timestamp": {"form": "date"},
            "message": [{"form": name} for name in ("from", "to", "messageId", "date", "nonce", "box")],
        },
        Request(
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=b"from=ECHOECHO&to=%%2AMYIDENT&messageId=01&date=%b&nonce=0a&box=0b&nickname=x&mac=%b"
            % (STAMP.encode(), digest(b"ECHOECHO*MYIDENT01%b0a0b" % STAMP.encode()).hex().encode()),
        ),
    ),
    "Drone, an HTTP signature over Date and Digest": (
        {
            "hmac": "sha256",
            "header": "Signature",
            "pairs": {"signature": "signature"},
            "encoding": "base64",
            "timestamp": {"header": "Date"},
            "unit": "http",
            "message": ["date: ", "timestamp", "\ndigest: ", {"header": "Digest"}],
            "body": {"header": "Digest", "prefix": "SHA-256=", "encoding": "base64"},
        },
        Request(
            headers={
                "date": "Thu, 09 Oct 2025 08:53:20 GMT",
                "digest": STATED,
                "signature": 'keyId="hmac-key",algorithm="hmac-sha256",headers="date digest",signature="'
                + b64(digest(f"date: Thu, 09 Oct 2025 08:53:20 GMT\ndigest: {STATED}".encode()))
                + '"',
            },
            body=BODY,
        ),
    ),
    "Twilio, JSON with its digest in the URL": (
        {
            "hmac": "sha1",
            "header": "X-Twilio-Signature",
            "encoding": "base64",
            "message": ["url"],
            "body": {"query": "bodySHA256"},
        },
        Request(
            headers={
                "x-twilio-signature": b64(
                    digest(b"https://h/x?bodySHA256=" + hashlib.sha256(BODY).hexdigest().encode(), name="sha1")
                )
            },
            url="https://h/x?bodySHA256=" + hashlib.sha256(BODY).hexdigest(),
            query={"bodySHA256": hashlib.sha256(BODY).hexdigest()},
            body=BODY,
        ),
    ),
    "Dropbox Sign, fields in a JSON of a form": (
        {
            "hmac": "sha256",
            "json": "event.event_hash",
            "timestamp": {"json": "event.event_time"},
            "message": ["timestamp", {"json": "event.event_type"}],
        },
        Request(
            headers={"content-type": "multipart/form-data; boundary=q"},
            body=b'--q\r\nContent-Disposition: form-data; name="json"\r\n\r\n{"event": {"event_time": "%s", '
            b'"event_type": "signed", "event_hash": "%s"}}\r\n--q--\r\n'
            % (STAMP.encode(), digest(STAMP.encode() + b"signed").hex().encode()),
        ),
    ),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_ways_of_few_senders(name):
    """What only one sender does is said in the same words; another secret, body or place proves nothing."""
    document, request = COMPOSED[name]
    assert passes(document, request)
    assert not passes(document, request, ["wrong"])
    changed = request.body.replace(b"signed", b"viewed").replace(b"=0b", b"=0c").replace(b'"n": 1', b'"n": 2')
    assert changed != request.body
    assert not passes(document, Request(request.method, request.headers, request.query, changed, "", request.url))


@pytest.mark.parametrize(("kind", "key"), [("rsa", pki.rsa_key), ("ed25519", pki.ed_key)])
def test_a_pinned_key_needs_a_secret_beside_it(kind, key):
    """Wise (RSA) and SourceHut (Ed25519) sign for all of their users with one key: the URL has a secret."""
    document = {
        kind: True if kind == "ed25519" else "sha256",
        "header": "X-Sig",
        "encoding": "base64",
        "message": ["body", {"header": "X-Nonce"}],
        "public_key": [pki.pem(pki.rsa_key("old")), pki.pem(key())],
        "also": {"path": True},
    }
    made = pki.signed(BODY + b"n1", hashes.SHA256()) if kind == "rsa" else key().sign(BODY + b"n1")
    headers = {"x-sig": b64(made), "x-nonce": "n1"}
    assert passes(document, Request(headers=headers, body=BODY, path_secret=SECRET))
    assert not passes(document, Request(headers=headers, body=BODY, path_secret="guess"))
    assert not passes(document, Request(headers=headers, body=BODY))
    assert not passes(document, Request(headers={**headers, "x-nonce": "n2"}, body=BODY, path_secret=SECRET))
    assert not passes(document, Request(body=BODY, path_secret=SECRET))


def test_what_of_it_is_kept():
    """A token is masked as the credential that it is, and so is a secret beside a signature; public keys are none."""
    bearer = {"jwt": "HS256", "header": "Authorization", "prefix": "Bearer "}
    request = Request(headers={"authorization": "Bearer eyJ.eyJ.abc", "x-copy": "of eyJ.eyJ.abc"}, body=BODY)
    kept = kept_request(Content(request), parse_schemes([bearer]), ["a secret"])
    assert kept.headers == {"authorization": "***", "x-copy": "of ***"}
    signed = {"rsa": "sha256", "header": "X-Sig", "public_key": pki.pem(pki.rsa_key()), "also": {"query": "key"}}
    request = Request(
        headers={"x-sig": "c2ln"}, query={"key": "a secret"}, url="https://h/in/x?key=a%20secret", body=BODY
    )
    kept = kept_request(Content(request), parse_schemes([signed]), ["a secret"])
    assert (kept.headers, kept.query) == ({"x-sig": "c2ln"}, {"key": "***"})
    assert "secret" not in kept.url
