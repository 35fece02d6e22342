"""Schemes with signatures are read strictly; the usual ones and their faults are in test_schemes."""

import pytest

from gateway.verify.carried import SECRET, PathSecret, TokenSecret
from gateway.verify.keys import Fetch
from gateway.verify.material import Source
from gateway.verify.message import Part, Stated
from gateway.verify.schemes import parse_scheme
from tests.verify import pki

RSA = {"rsa": "sha256", "header": "X"}
SNS = {"certificate": {"json": "SigningCertURL"}, "hosts": ["sns.*.amazonaws.com"], "names": ["sns.amazonaws.com"]}


def test_public_keys():
    """A key is pinned, fetched, or the secret of the route; what binds the request to this route stands beside it."""
    scheme = parse_scheme({**RSA, "public_key": pki.pem(pki.rsa_key()), "also": {"path": True}})
    assert (scheme.algorithm, scheme.digest, scheme.style, scheme.also) == ("rsa", "sha256", "pkcs1", (PathSecret(),))
    assert parse_scheme({**RSA, "style": "pss"}).is_keyed_by_route
    fetched = parse_scheme({**RSA, "keys": SNS, "also": {"token": "TopicArn"}})
    assert fetched.also == (TokenSecret(("TopicArn",)),)
    source = Source("json", path=("SigningCertURL",))
    assert fetched.fetch == Fetch(
        "certificate", source=source, hosts=("sns.*.amazonaws.com",), names=("sns.amazonaws.com",)
    )
    pinned = parse_scheme({**RSA, "keys": {"pem": "https://api.example.com/c", "at": "a.key"}, "also": "secret"})
    assert pinned.also == tuple(SECRET)
    assert pinned.fetch == Fetch("pem", url="https://api.example.com/c", hosts=("api.example.com",), at=("a", "key"))


def test_parts():
    """Parts that few senders have."""
    scheme = parse_scheme(
        {
            "hmac": "sha256",
            "header": "X",
            "timestamp": {"header": "T"},
            "message": [
                {"timestamp": "s"}, {"lines": ["A", "b.C"]}, {"digest": "sha256-base64"}, {"json": "x", "default": ""},
                {"header": "Digest"}, "secret",
            ],
            "body": {"header": "Digest", "encoding": "base64", "prefix": "SHA-256="},
        }
    )  # fmt: skip
    assert scheme.message == (
        Part("stamp", "s"),
        Part("lines", sources=(Source("json", path=("A",)), Source("json", path=("b", "C")))),
        Part("digest", "sha256-base64"),
        Part("source", source=Source("json", path=("x",)), default=""),
        Part("source", source=Source("header", "digest")),
        Part("secret"),
    )
    assert scheme.stated == Stated("sha256", "base64", "SHA-256=", Source("header", "digest"))
    assert not scheme.is_plain


HASH = {"hash": "sha256", "header": "X"}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({**RSA, "public_key": pki.pem(pki.rsa_key())}, "public_key: it proves who made the request, not for whom"),
        ({**RSA, "keys": SNS}, "keys: it proves who made the request, not for whom"),
        ({**RSA, "public_key": "x!", "also": "secret"}, "public_key: the public key is neither PEM"),
        ({**RSA, "public_key": [], "also": "secret"}, "public_key: expected a key"),
        ({**RSA, "public_key": pki.pem(pki.rsa_key()), "keys": SNS, "also": "secret"}, "either this or keys"),
        ({**RSA, "key": "hex"}, "key: not a key of a rsa scheme"),
        ({**RSA, "style": "raw"}, "style: expected pkcs1 or pss"),
        ({**RSA, "hmac": "sha256"}, "not beside hmac"),
        ({**RSA, "also": {"cookie": "x"}}, "also: expected the word secret"),
        ({**RSA, "also": {"path": False}}, "also.path: expected true"),
        ({"hmac": "sha256", "header": "X", "keys": SNS}, "keys: not a key of a hmac scheme"),
        ({"hmac": "sha256", "header": "X", "style": "raw"}, "style: not a key of a hmac scheme"),
        ({**RSA, "keys": {"jwks": "http://a.example.com/"}, "also": "secret"}, "keys.jwks: expected https://HOST"),
        ({**RSA, "keys": {"jwks": "https://co.uk/x"}, "also": "secret"}, "anybody can have a host below co.uk"),
        ({**RSA, "keys": {}, "also": "secret"}, "keys: expected exactly one of jwks, certificate, pem"),
        ({**RSA, "keys": {"certificate": {"json": "U"}}, "also": "secret"}, "keys.hosts: expected the hosts"),
        ({**RSA, "keys": {**SNS, "hosts": ["com"]}, "also": "secret"}, "keys.hosts: 'com' allows too much"),
        ({**RSA, "keys": {"jwks": "https://a.example.com/", "at": "x"}, "also": "secret"}, "keys.at: expected pem"),
        (HASH, "message: anybody can make a digest"),
        ({"hmac": "sha256", "json": "s"}, "json: a signature that stands in the body"),
        (
            {"hmac": "sha256", "form": "s", "message": ["url", {"digest": "sha256-hex"}]},
            "form: a signature that stands",
        ),
        ({"hmac": "sha256", "form": "s", "message": [{"form": "sorted"}]}, "form: a signature that stands"),
        ({"hmac": "sha256", "json": "s", "message": [{"json": "s"}]}, "json: a signature that stands"),
        ({**HASH, "message": ["secret"]}, "write {token: PATH, hash: DIGEST}"),
        ({**RSA, "each": "items"}, "each: expected json beside it"),
        ({**RSA, "body": {"header": "Digest"}}, "body: the signature does not cover that digest; add a part"),
        ({**RSA, "body": {"query": "sha"}}, "add the part url to message"),
        ({**RSA, "body": {"claim": "x"}}, "body: expected exactly one of header, query"),
        ({**RSA, "message": [{"timestamp": "s"}]}, "the timestamp has no place"),
        ({**RSA, "message": [{"lines": []}]}, "is no part"),
        ({**RSA, "message": [{"lines": ["a.*"]}]}, "without *"),
        ({**RSA, "message": ["boddy"]}, 'did you mean "body"?'),
    ],
)
def test_faults(document, fault):
    """The text names the key and what is expected."""
    with pytest.raises(ValueError) as error:
        parse_scheme(document)
    assert fault in str(error.value)
