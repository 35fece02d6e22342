"""How requests prove their sender, tried with the secret."""

import base64
import hashlib
import hmac
import json

import pytest

from gateway.catalog.draft_names import Seen
from gateway.catalog.draft_proof import proof_of, proven
from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.verify import parse_scheme, verify

BODY, URL, AT = b'{"a": 1}', "https://g.example/in/x", b"1700000000"
KEY = b"k" * 24


def seen(headers=None, body=BODY, query=None):
    """One request."""
    return [Seen(Request("POST", headers or {}, query or {}, body, "", URL), json.loads(BODY))]


def signed(message, key=b"s3cret", digest="sha256"):
    """The signature of a message."""
    return hmac.new(key, message, digest)


def b64(raw):
    """Bytes in base64."""
    return base64.b64encode(raw).decode()


CASES = {
    "prefix": ({"x-signature": "sha256=" + signed(BODY).hexdigest()}, "s3cret", ["body"]),
    "pairs": (
        {"x-signature": "t=1700000000,v1=" + signed(AT + b"." + BODY).hexdigest()}, "s3cret",
        ["timestamp", ".", "body"],
    ),
    "semicolons": (
        {"x-signature": "t=1700000000;s=" + signed(AT + b":" + BODY).hexdigest()}, "s3cret",
        ["timestamp", ":", "body"],
    ),
    "standard webhooks": (
        {
            "webhook-id": "m1", "webhook-timestamp": "1700000000",
            "webhook-signature": "v1," + b64(signed(b"m1." + AT + b"." + BODY, KEY).digest()),
        },
        "whsec_" + b64(KEY), [{"header": "Webhook-Id"}, ".", "timestamp", ".", "body"],
    ),
    "v0": (
        {"x-a-timestamp": "1700000000", "x-a-signature": "v0=" + signed(b"v0:" + AT + b":" + BODY).hexdigest()},
        "s3cret", ["v0:", "timestamp", ":", "body"],
    ),
    "sha512 and base64": (
        {"x-a-timestamp": "1700000000", "x-a-signature": b64(signed(AT + BODY, digest="sha512").digest())},
        "s3cret", ["timestamp", "body"],
    ),
    "url": ({"x-signature": b64(signed(URL.encode() + BODY, digest="sha1").digest())}, "s3cret", ["url", "body"]),
    "hex key": ({"x-signature": signed(BODY, KEY).hexdigest()}, KEY.hex(), ["body"]),
    "laid out anew": ({"x-signature": signed(b'{"a":1}').hexdigest()}, "s3cret", ["body"]),
    "body though there is a time": (
        {"x-request-timestamp": "1700000000", "x-signature": signed(BODY).hexdigest()}, "s3cret", ["body"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_way_is_found_with_the_secret(case):
    """And it is the way: it proves the request within its window, and no other secret does."""
    headers, secret, message = CASES[case]
    proof = proof_of(seen(headers), secret)
    [raw] = proof.schemes
    assert proof.proven
    assert raw.get("message", ["body"]) == message
    body = b'{"a":1}' if case == "laid out anew" else BODY
    assert verify([parse_scheme(raw)], [secret], Content(Request("POST", headers, {}, body, "", URL)), float(AT))
    assert not proof_of(seen(headers), "another").proven


def test_without_the_secret_the_likeliest_is_said_to_be_unproven():
    """By how it is written; a secret that does not fit is told."""
    stamped = {"x-a-timestamp": "1700000000", "x-a-signature": hashlib.sha256(b"x").hexdigest()}
    proof = proof_of(seen(stamped))
    assert proof.schemes == [
        {
            "hmac": "sha256", "header": "X-A-Signature", "timestamp": {"header": "X-A-Timestamp"},
            "message": ["timestamp", ".", "body"],
        }
    ]  # fmt: skip
    assert not proof.proven
    assert "not proven" in proof.comment
    assert "--secret-env" in proof.comment
    assert proof.signed == {"x-a-signature", "x-a-timestamp"}
    assert "proves none of the ways" in proof_of(seen(stamped), "s3cret").comment
    [standard] = proof_of(seen(CASES["standard webhooks"][0])).schemes
    assert standard["key"] == "whsec"


@pytest.mark.parametrize(
    ("request_", "scheme"),
    [
        (seen({"authorization": "Bearer abcdefgh12345"}), {"header": "Authorization", "prefix": "Bearer "}),
        (seen({"authorization": "Basic " + b64(b"u:s3cret-12345")}), {"basic": True}),
        (seen({"x-api-key": "abcdefgh"}), {"header": "X-Api-Key"}),
        (seen(query={"token": "abcdefgh"}), {"query": "token"}),
        ([Seen(Request(), {"token": "abcdefgh", "a": 1})], {"token": "token"}),
    ],
)
def test_secrets_that_are_sent_as_they_are(request_, scheme):
    """In a header, the query or the body, known by their names."""
    assert list(proof_of(request_).schemes) == [scheme]


def test_the_secret_itself_is_found():
    """Wherever it stands, whatever it is called."""
    assert list(proof_of(seen({"x-odd": "s3cret"}), "s3cret").schemes) == [{"header": "X-Odd"}]
    assert list(proof_of(seen(query={"odd": "s3cret"}), "s3cret").schemes) == [{"query": "odd"}]
    assert proof_of(seen({"authorization": "Basic " + b64(b"u:pw")}), "u:pw").proven
    nothing = proof_of(seen())
    assert (nothing.schemes, "nothing in these requests" in nothing.comment) == ([], True)


@pytest.mark.parametrize(
    ("secret", "proven", "order"), [("s3cret", True, ["at", "token"]), ("", False, ["token", "at"])]
)
def test_a_signature_in_the_body_covers_what_stands_beside_it(secret, proven, order):
    """Not all of the body, which holds it: with the secret, the order of the parts is found."""
    parts = {"token": "abc", "at": 1700000000, "test": True}
    value = {"signature": {**parts, "signature": signed(AT + b"abc").hexdigest()}, "name": "it"}
    request = Request("POST", body=json.dumps(value).encode())
    found = proof_of([Seen(request, value)], secret)
    assert found.proven is proven
    message = [{"json": f"signature.{name}"} for name in order]
    assert found.schemes == [{"hmac": "sha256", "json": "signature.signature", "message": message}]
    assert proof_of([Seen(Request(body=b'{"sign": ""}'), {"sign": signed(b"").hexdigest()})]).schemes == []


def test_it_is_told_how_many_requests_the_secret_proves():
    """All are tried once the way is found by the first; of a service that is there, by its own schemes."""
    headers = {"x-signature": signed(BODY).hexdigest()}
    requests = [*seen(headers), *seen(headers), *seen(headers), *seen({"x-signature": "00" * 32}), *seen()]
    assert proof_of(requests, "s3cret").comment == "the secret that was given proves the signatures of 3 of 5 requests"
    schemes = [parse_scheme({"hmac": "sha256", "header": "X-Signature"})]
    assert [proven(schemes, one.request, "s3cret") for one in requests] == [True, True, True, False, False]


def test_a_sender_that_rotates_secrets_has_several_signatures():
    """As pairs, whether this shows in these requests or not: `v1=` alone is one of them."""
    first, other = signed(BODY).hexdigest(), signed(BODY, b"new").hexdigest()
    scheme = {"hmac": "sha256", "pairs": {"signature": "v1"}, "header": "X-Signature"}
    for texts in ([f"v1={first}"], [f"v1={first}", f"v1={other},v1={first}"]):
        requests = [one for text in texts for one in seen({"x-signature": text})]
        proof = proof_of(requests, "s3cret")
        assert list(proof.schemes) == [scheme]
        assert f"proves the signatures of {len(texts)} of {len(texts)} requests" in proof.comment
    plain = [one for text in (f"s={first}", f"s={other},s={first}") for one in seen({"x-signature": text})]
    assert "of 2 of 2 requests" in proof_of(plain, "s3cret").comment


@pytest.mark.parametrize("how", ["header", "body"])
def test_a_signature_by_a_key_is_no_secret(how):
    """It is too long for a digest; what proves it is not known."""
    text = b64(b"s" * 256)
    one = Seen(Request(), {"Signature": text}) if how == "body" else seen({"x-signature": text})[0]
    proof = proof_of([one])
    assert proof.schemes == []
    assert "ignature may be a signature by a public key" in proof.comment
