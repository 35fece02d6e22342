"""Signatures with what they cover; that `verify` accepts them is tested in test_signer."""

import json

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.signature_sender import SignatureSender
from gateway.verify.verify import parse_scheme
from tests.verify import pki

NOW = 1_767_268_800.0


def sender(**raw) -> SignatureSender:
    """The sender of a scheme."""
    return SignatureSender(parse_scheme(raw))


def test_the_signed_time_is_read():
    """What the request says is its time; without one it has none yet."""
    timed = {"timestamp": {"header": "X-Time"}, "unit": "ms", "message": ["timestamp", ".", "body"]}
    signing = sender(hmac="sha256", header="X-Sig", pairs={"signature": "v1"}, **timed)
    assert signing.sent(Content(Request())) is None
    assert signing.sent(Content(signing.prove(Content(Request()), "k", NOW))) == NOW


def test_a_scheme_is_named_by_its_algorithm_or_place():
    """In lower case."""
    assert sender(ed25519=True, header="X-Sig").names() == {"ed25519", "x-sig"}
    assert sender(rsa="sha256", json="a.Sig", message=[{"json": "b"}]).names() == {"rsa", "$.a.sig"}


def test_each_element_is_signed():
    """Those that have a signature keep it; a body without elements is told."""
    signing = sender(hmac="sha256", each="items", json="sig", message=[{"json": "id"}])
    body = {"items": [{"id": "1"}, {"id": "2", "sig": "00"}, {"id": "1"}]}
    made = json.loads(signing.prove(Content(Request(body=json.dumps(body).encode())), "k", NOW).body)["items"]
    assert (made[0], made[1]["sig"], len(made[0]["sig"])) == (made[2], "00", 64)
    with pytest.raises(ValueError, match=r"no elements at \$\.items"):
        signing.prove(Content(Request(body=b"{}")), "k", NOW)


def test_the_url_of_a_certificate_is_put_in():
    """On the first of the hosts; one that the request names stays."""
    keys = {"certificate": {"header": "X-Cert"}, "hosts": ["sns.*.amazonaws.com"]}
    signing = sender(rsa="sha256", header="X-Sig", keys=keys, also="secret")
    assert (
        signing.prove(Content(Request()), "k", NOW).headers["x-cert"] == "https://sns.sample.amazonaws.com/sample.pem"
    )
    named = Request(headers={"x-cert": "https://evil.example/key"})
    assert signing.prove(Content(named), "k", NOW).headers["x-cert"] == "https://evil.example/key"


def test_nobody_signs_with_a_public_key():
    """A recorded signature stays; without one the remedy is told."""
    signing, key = sender(ed25519=True, header="X-Sig"), pki.pem(pki.ed_key())
    recorded = Request(headers={"x-sig": "00"})
    assert signing.prove(Content(recorded), key, NOW) == recorded
    assert signing.secrets(key) == (key,)
    with pytest.raises(ValueError, match="write a word as secret"):
        signing.prove(Content(Request()), key, NOW)


def test_what_cannot_be_signed_is_told():
    """A missing part is not signed as if it were empty."""
    with pytest.raises(ValueError, match="lacks a part that the signature covers"):
        sender(hmac="sha256", header="X-Sig", message=[{"json": "a"}]).prove(Content(Request(body=b"{}")), "k", NOW)
