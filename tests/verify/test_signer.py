"""Whatever a scheme asks for, the sender puts into the request, and `verify` finds it there."""

import pytest

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify import signer
from gateway.verify.verify import parse_scheme, verify

NOW = 1_767_268_800.0
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}

PLAIN = [
    {"path": True},
    {"query": "token"},
    {"header": "X-Token"},
    {"header": "Authorization", "prefix": "Bearer "},
    {"basic": True},
    {"basic": "gitlab"},
    {"token": "auth.token"},
    {"token": "events.*.token"},
]
SIGNED = [
    {"hmac": "sha256", "header": "X-Sig"},
    {"hmac": "sha1", "header": "X-Sig", "prefix": "sha1=", "encoding": "base64"},
    {"hmac": "sha512", "header": "X-Sig-{n}", "encoding": "base64url", "key": "hex"},
    {"hmac": "sha256", "header": "X-Sig", "pairs": {"signature": "v1", "timestamp": "t"},
     "message": ["timestamp", ".", "body"]},
    {"hmac": "sha256", "header": "X-Sig", "pairs": {"signature": "v1"}, "timestamp": {"header": "X-Time"},
     "unit": "ms", "message": ["timestamp", ".", "body"]},
    {"hmac": "sha256", "header": "X-Sig", "tagged": "v1", "key": "whsec", "encoding": "base64", "unit": "iso",
     "timestamp": {"header": "X-Time"}, "message": [{"header": "X-Id"}, ".", "timestamp", ".", "body"]},
    {"hmac": "sha256", "json": "sig.value", "timestamp": {"json": "sig.at"},
     "message": ["timestamp", {"json": "event"}]},
    {"hmac": "sha256", "header": "X-Sig", "key": "base64", "message": ["method", "url", {"digest": "sha256-hex"}]},
]  # fmt: skip


@pytest.mark.parametrize("raw", PLAIN + SIGNED, ids=str)
@pytest.mark.parametrize("url", ["https://gate.example/in/a", "https://gate.example/in/a?b=1"])
def test_what_is_signed_is_authentic_for_its_secret_alone(raw, url):
    """The proof is there, holds at its time for its secret, and nothing that was written is changed."""
    scheme = parse_scheme(raw)
    sender = signer.sender_of(scheme)
    secret = sender.example()
    asked = Request(headers=JSON, body=b'{"event": "a", "events": [{}, {}]}', url=url)
    request = sender.prove(Content(asked), secret, NOW)
    assert verify([scheme], [sender.held(secret)], Content(request), NOW).scheme == scheme
    with pytest.raises(Refused):
        verify([scheme], ["another"], Content(request), NOW)
    assert sender.hinted(Content(request))
    assert not sender.hinted(Content(asked))
    assert sender.prove(Content(request), "another", NOW + 5) == request
    assert (
        signer.chosen([parse_scheme({"hmac": "md5", "header": "X-Other"}), scheme], Content(request)).scheme == scheme
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"hmac": "sha256", "header": "X-Sig", "message": [{"form": "payload"}]},
        {"hmac": "sha1", "header": "X-Sig", "message": ["url", {"form": "sorted"}], "encoding": "base64"},
        {"hmac": "sha256", "form": "signature", "timestamp": {"form": "timestamp"}, "message": ["timestamp"]},
        {"token": "token"},
    ],
    ids=str,
)
def test_forms_are_signed(raw):
    """A proof that is a field of the form is added to it."""
    scheme = parse_scheme(raw)
    body = b"a=b" if "token" in raw else b"payload=%7B%7D&a=b"
    request = signer.sender_of(scheme).prove(Content(Request(headers=FORM, body=body)), "k", NOW)
    assert verify([scheme], ["k"], Content(request), NOW).scheme == scheme


def test_the_signed_time_is_read():
    """What the request says is its time; without one it has none yet."""
    scheme = parse_scheme(SIGNED[4])
    sender = signer.sender_of(scheme)
    assert sender.sent(Content(Request())) is None
    assert sender.sent(Content(sender.prove(Content(Request()), "k", NOW))) == NOW


def test_a_scheme_is_chosen_by_number_or_name():
    """A choice that there is not names those that there are."""
    schemes = [parse_scheme(raw) for raw in (SIGNED[0], SIGNED[1], {"path": True}, {"query": "token"})]
    plain = Content(Request())
    chosen = [signer.chosen(schemes, plain, sign).scheme for sign in (None, 1, "X-Sig", "path", "Token")]
    assert chosen == [schemes[at] for at in (0, 1, 0, 2, 3)]
    for wrong in (4, "basic"):
        with pytest.raises(ValueError, match="it has hmac, path, query, token, x-sig"):
            signer.chosen(schemes, plain, wrong)


def test_a_proof_without_a_place_is_told():
    """A body that is no object has no place for a token."""
    for body in (b"[1]", b"text", b""):
        with pytest.raises(ValueError, match=r"no place for \$\.token"):
            signer.sender_of(parse_scheme({"token": "token"})).prove(Content(Request(body=body)), "k", NOW)
