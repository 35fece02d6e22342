"""Tokens with the claims that their schemes ask for; that `verify` accepts them is tested in test_signer."""

import hashlib

import pytest

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.jws import token_of
from gateway.verify.token_sender import WebTokenSender, kind_of
from gateway.verify.verify import parse_scheme

NOW = 1_767_268_800.0
URL = "https://h/in/r"


def test_claims_are_filled_in():
    """The first of several values, the word, the URL, the times, and the digest of the body."""
    scheme = parse_scheme({
        "jwt": ["ES256", "RS256"], "header": "X-Token", "keys": {"jwks": "https://login.example.com/keys"},
        "issuer": ["a", "b"], "audience": "secret", "claims": {"hook.url": "url", "n": 3},
        "body": {"claim": "hook.sha"},
    })  # fmt: skip
    sender = WebTokenSender(scheme)
    request = sender.prove(Content(Request(url=URL, body=b"{}")), "w", NOW)
    token = token_of(scheme, Content(request))
    assert token.header == {"alg": "ES256", "typ": "JWT", "kid": "ecdsa"}
    assert token.claims == {
        "iat": NOW, "exp": NOW + 300, "iss": "a", "aud": "w", "n": 3,
        "hook": {"url": URL, "sha": hashlib.sha256(b"{}").hexdigest()},
    }  # fmt: skip
    assert sender.sent(Content(request)) == NOW
    assert sender.sent(Content(Request())) is None
    assert sender.prove(Content(request), "another", NOW + 1) == request


def test_a_token_has_no_place_for_claims_that_contradict_each_other():
    """The claim is named."""
    scheme = parse_scheme({"jwt": "HS256", "header": "X-Token", "claims": {"a": "text", "a.b": "text"}})
    with pytest.raises(ValueError, match=r"no place for the claim \$\.a\.b"):
        WebTokenSender(scheme).prove(Content(Request()), "w", NOW)


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("RS512", "rsa"), ("PS256", "rsa"), ("ES256", "ecdsa"), ("EdDSA", "ed25519")]
)
def test_the_kind_of_key(algorithm, kind):
    """By the algorithm that signs, the first one; with a secret beside it the word is on the route, too."""
    scheme = parse_scheme({"jwt": [algorithm], "header": "X-Token", "prefix": "Bearer ", "audience": "secret"})
    assert kind_of(scheme) == kind
    assert WebTokenSender(scheme).names() == {"jwt", "x-token"}
    public, word = WebTokenSender(scheme).secrets("w")
    assert (public.startswith("-----BEGIN PUBLIC KEY-----"), word) == (True, "w")
