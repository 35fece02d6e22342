"""Tokens: signed by the right key, of a pinned algorithm, for this route, at this time, and for this body."""

import base64
import hashlib
import json

import jwt
import pytest

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Cause, Request
from gateway.verify.diagnosis import diagnose
from gateway.verify.jws import made, secret_key
from gateway.verify.keys import KeyRequest, holds
from gateway.verify.verify import fetches, parse_schemes, verify, wanted
from tests.verify import pki

NOW = pki.NOW
SECRET = "the audience, which is long enough"
URL = "https://www.googleapis.com/oauth2/v3/certs"
GOOGLE = {
    "jwt": ["RS256", "ES256"],
    "header": "Authorization",
    "prefix": "Bearer ",
    "keys": {"jwks": URL},
    "issuer": ["https://accounts.google.com"],
    "audience": "secret",
}
CLAIMS = {"iss": "https://accounts.google.com", "aud": SECRET, "exp": NOW + 60, "iat": NOW}
BODY = b'{"a": 1}'
HASH = hashlib.sha256(BODY).hexdigest()


def key_of(key, kid: str, **more) -> dict:
    """A public key as a JWKS has it."""
    algorithm = (
        jwt.algorithms.RSAAlgorithm if hasattr(key, "key_size") and key.key_size > 1000 else jwt.algorithms.ECAlgorithm
    )
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, **more}


JWKS = json.dumps(
    {"keys": [key_of(pki.rsa_key(), "k1", use="sig"), key_of(pki.ec_key(), "k2"), {"kty": "new"}]}
).encode()


def token(claims=CLAIMS, key=None, algorithm="RS256", kid="k1") -> str:
    """A token as a sender makes it."""
    return jwt.encode(claims, key or pki.rsa_key(), algorithm, headers={"kid": kid} if kid else {})


def request(text: str, body: bytes = BODY) -> Request:
    """A request that carries it."""
    return Request(headers={"authorization": f"Bearer {text}"}, body=body, url="https://h/in/x")


def passes(document, request_, secret=SECRET, keys=None, now=NOW) -> bool:
    """Whether it is authentic."""
    try:
        return bool(
            verify(parse_schemes([document]), [secret], Content(request_), now, {URL: JWKS} if keys is None else keys)
        )
    except Refused as refused:
        return refused.status != 401


def test_a_fetched_key():
    """Google: the key that the token names, from its JWKS; one that names none is tried with each."""
    assert passes(GOOGLE, request(token()))
    assert passes(GOOGLE, request(token(kid="")))
    assert passes(GOOGLE, request(token(key=pki.ec_key(), algorithm="ES256", kid="k2")))
    assert not passes(GOOGLE, request(token(key=pki.rsa_key("another"))))
    assert not passes(GOOGLE, request(token(kid="k2")))
    assert not passes(GOOGLE, request(token(kid="k3")))
    assert not passes(GOOGLE, request(token()), keys={URL: b"no keys"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aud": "another"}, "has another audience (aud)"),
        ({"aud": None}, "has another audience (aud)"),
        ({"aud": ["another", SECRET]}, ""),
        ({"iss": "https://evil.example"}, "has another issuer (iss)"),
        ({"exp": NOW - 61}, "stale: it has expired (exp)"),
        ({"exp": NOW - 59}, ""),
        ({"exp": None}, "never expires: it has no exp"),
        ({"exp": "soon"}, "has a time that is none"),
        ({"exp": True}, "has a time that is none"),
        ({"iat": NOW + 61}, "stale: it holds only later"),
        ({"nbf": NOW + 61}, "stale: it holds only later"),
    ],
)
def test_claims(change, words):
    """Audience, issuer and times are checked by the time that is given; what is wrong is told to the operator."""
    made = token({name: value for name, value in {**CLAIMS, **change}.items() if value is not None})
    assert passes(GOOGLE, request(made)) == (not words)
    if words:
        found = diagnose(parse_schemes([GOOGLE]), [SECRET], Content(request(made)), NOW, {URL: JWKS})
        assert words in found.why
        assert (found.cause is Cause.STALE) == words.startswith("stale")


def test_algorithms_are_pinned():
    """Neither `none`, nor another algorithm, nor a public key as the secret of HS256 proves anything."""
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    payload = token().split(".")[1]
    assert not passes(GOOGLE, request(f"{header}.{payload}."))
    assert not passes(GOOGLE, request(token(algorithm="RS512")))
    confused = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    import hmac

    mac = hmac.digest(pki.pem(pki.rsa_key()).encode(), f"{confused}.{payload}".encode(), "sha256")
    forged = f"{confused}.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    keyed = {"jwt": "RS256", "header": "Authorization", "prefix": "Bearer "}
    assert passes(keyed, request(token()), pki.pem(pki.rsa_key()))
    assert not passes(keyed, request(forged), pki.pem(pki.rsa_key()))
    assert not passes({**keyed, "jwt": "HS256"}, request(forged), pki.pem(pki.rsa_key()))


def test_tokens_of_samples():
    """A token that is made here is one: of a private key, and of a secret of any length."""
    assert passes(GOOGLE, request(made(CLAIMS, pki.rsa_key(), "RS256", "k1")))
    assert not passes(GOOGLE, request(made(CLAIMS, pki.rsa_key(), "RS256", "k2")))
    plain = {"jwt": "HS256", "header": "Authorization", "prefix": "Bearer "}
    assert passes(plain, request(made(CLAIMS, secret_key(parse_schemes([plain])[0], "short"), "HS256")), "short")


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c", "....", "e30.e30.e30", "x" * 20_000, "eyJhbGciOiJSUzI1NiJ9." + "W1t" * 3000 + ".AA"]
)
def test_what_is_no_token(text):
    """Other text is refused like any other proof that is missing."""
    assert not passes(GOOGLE, request(text))
    assert diagnose(parse_schemes([GOOGLE]), [SECRET], Content(request(text)), NOW).cause is Cause.UNSIGNED


def test_a_claim_with_the_digest_of_the_body():
    """Netlify (hex, HS256, no expiry) and Gong (base64 or hex, a public key as the secret, the URL as a claim)."""
    netlify = {
        "jwt": "HS256",
        "header": "X-Webhook-Signature",
        "issuer": "netlify",
        "expires": False,
        "body": {"claim": "sha256"},
    }
    made = jwt.encode({"iss": "netlify", "sha256": HASH}, SECRET, "HS256")
    headers = {"x-webhook-signature": made}
    assert passes(netlify, Request(headers=headers, body=BODY))
    assert not passes(netlify, Request(headers=headers, body=BODY + b" "))
    assert not passes(netlify, Request(headers=headers, body=BODY), "another secret, which is long, too")
    short = {"x-webhook-signature": jwt.PyJWT().encode({"iss": "netlify", "sha256": HASH}, "x" * 40, "HS256")}
    assert passes(netlify, Request(headers=short, body=BODY), "x" * 40)
    gong = {
        "jwt": "RS256", "header": "Authorization", "prefix": "Bearer ",
        "claims": {"webhook_url": "url"}, "body": {"claim": "body_sha256", "encoding": "base64"},
    }  # fmt: skip
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    claims = {"webhook_url": "https://h/in/x", "body_sha256": digest, "exp": NOW + 60}
    assert passes(gong, request(token(claims)), pki.pem(pki.rsa_key()))
    assert not passes(gong, request(token(claims), b"{}"), pki.pem(pki.rsa_key()))
    assert not passes(gong, request(token({**claims, "webhook_url": "https://h/in/y"})), pki.pem(pki.rsa_key()))


def test_keys_that_are_not_there():
    """Nothing is fetched for who could not prove it anyway; a key that is not to be had is our fault: 503, later."""
    schemes = parse_schemes([GOOGLE])
    assert fetches(schemes)
    [asked] = wanted(schemes, [SECRET], Content(request(token())), NOW)
    assert asked == KeyRequest("jwks", URL, ("www.googleapis.com",), "k1")
    assert holds(asked, JWKS)
    assert not holds(KeyRequest("jwks", URL, (), "k3"), JWKS)
    with pytest.raises(Refused) as refused:
        verify(schemes, [SECRET], Content(request(token())), NOW)
    assert (refused.value.status, refused.value.cause, refused.value.retry) == (503, Cause.KEYS, 60)
    assert "www.googleapis.com" in refused.value.why
    for stranger in (
        Request(),
        request("x"),
        request(token({**CLAIMS, "aud": "guess"})),
        request(token(algorithm="RS512")),
    ):
        assert wanted(schemes, [SECRET], Content(stranger), NOW) == ()
        with pytest.raises(Refused) as refused:
            verify(schemes, [SECRET], Content(stranger), NOW)
        assert refused.value.status == 401
