"""Schemes with tokens are read strictly: algorithms are pinned, and the token must be meant for this route."""

import pytest

from gateway.verify.message import Stated
from gateway.verify.schemes import parse_scheme
from gateway.verify.webtoken import Expected, WebToken
from tests.verify import pki

GOOGLE = {
    "jwt": "RS256",
    "header": "Authorization",
    "prefix": "Bearer ",
    "keys": {"jwks": "https://www.googleapis.com/oauth2/v3/certs"},
    "issuer": ["https://accounts.google.com", "accounts.google.com"],
    "audience": "secret",
    "claims": {"email_verified": True},
}


def test_a_token():
    """Every key in its place."""
    scheme = parse_scheme(GOOGLE)
    assert isinstance(scheme, WebToken)
    assert (scheme.algorithms, scheme.prefix, scheme.expires, scheme.leeway) == (("RS256",), "Bearer ", True, 60.0)
    assert scheme.audience == Expected(secret=True)
    assert scheme.issuer == Expected(("https://accounts.google.com", "accounts.google.com"))
    assert scheme.claims == ((("email_verified",), Expected((True,))),)
    netlify = parse_scheme({"jwt": "HS256", "header": "X", "expires": False, "body": {"claim": "sha256"}})
    assert (netlify.stated, netlify.expires) == (Stated(claim=("sha256",)), False)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"jwt": "none"}, "jwt: expected some of HS256"),
        ({"jwt": []}, "jwt: expected some of"),
        ({"jwt": "RS265"}, 'did you mean "RS256"?'),
        ({"jwt": ["HS256", "RS256"]}, "a public key must never be the secret"),
        ({"jwt": "HS256"}, "an algorithm with a public key is needed"),
        ({"audience": "url"}, "keys: it proves who made the request, not for whom"),
        ({"public_key": pki.pem(pki.rsa_key())}, "public_key: expected either this or keys"),
        ({"key": "hex"}, "key: says how the secret"),
        ({"audience": []}, "audience: expected a value"),
        ({"claims": {"a[": 1}}, "claims: not a path"),
        ({"claims": {"a": {}}}, "claims.a: expected a value"),
        ({"leeway": "soon"}, "leeway"),
        ({"body": {"header": "Digest"}}, "body: expected claim"),
        ({"header": None}, "jwt: expected exactly one of header, json, form"),
        ({"isuer": "x"}, 'did you mean "issuer"?'),
    ],
)
def test_faults(change, fault):
    """The text names the key and what is expected."""
    with pytest.raises(ValueError) as error:
        parse_scheme({**GOOGLE, **change})
    assert fault in str(error.value)
