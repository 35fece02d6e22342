"""Whatever a scheme asks for, the sender puts into the request, and `verify` finds it there."""

import pytest

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify import signer
from gateway.verify.verify import parse_scheme, verify
from tests.verify import pki
from tests.verify.test_keys import SNS
from tests.verify.test_vectors import VECTORS
from tests.verify.test_verify import SIGNED as SIGNED_REQUESTS

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


ALSO = {"query": "account"}
PINNED = {"ed25519": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "ecdsa": pki.pem(pki.ec_key())}
JWKS = {"jwks": "https://login.example.com/keys"}
KEYED = [
    {"ed25519": True, "header": "X-Sig", "timestamp": {"header": "X-Time"}, "message": ["timestamp", "body"]},
    {"ed25519": True, "header": "X-Sig", "public_key": PINNED["ed25519"], "also": "secret"},
    {"ed25519": True, "header": "X-Sig", "also": ALSO},
    {"ecdsa": "sha256", "header": "X-Sig", "encoding": "base64"},
    {"ecdsa": "sha256", "style": "raw", "header": "X-Sig", "encoding": "base64url"},
    {"ecdsa": "sha256", "header": "X-Sig", "public_key": [PINNED["ecdsa"]], "also": ALSO},
    {"rsa": "sha1", "header": "X-Sig", "encoding": "base64"},
    {"rsa": "sha512", "style": "pss", "header": "X-Sig", "encoding": "base64"},
    {"rsa": "sha256", "header": "X-Sig", "keys": {"pem": "https://api.example.com/a", "at": "b.0.c"}, "also": "secret"},
    {"ed25519": True, "header": "X-Sig", "keys": {"pem": "https://api.example.com/a"}, "also": "secret"},
    {"rsa": "sha256", "header": "X-Sig", "encoding": "base64", "timestamp": {"header": "X-Time"}, "unit": "iso",
     "message": [{"header": "X-Id"}, "|", {"header": "X-Time"}, "|", "secret", "|", {"digest": "crc32"}],
     "keys": {"certificate": {"header": "X-Cert-Url"}, "hosts": ["api.example.com"], "names": ["*.example.com"]}},
    {"ecdsa": "sha256", "json": "Signature", "encoding": "base64", "message": [{"lines": ["event", "Time"]}],
     "timestamp": {"json": "Time"}, "unit": "iso", "also": {"token": "Topic"},
     "keys": {"certificate": {"json": "CertUrl"}, "hosts": ["sns.*.amazonaws.com"]}},
]  # fmt: skip
STATED = [
    {"hmac": "sha256", "header": "X-Sig", "message": [{"header": "Digest"}],
     "body": {"header": "Digest", "prefix": "SHA-256=", "encoding": "base64"}},
    {"hmac": "sha256", "header": "X-Sig", "message": ["url"], "body": {"query": "bodySHA256"}},
    {"hmac": "sha256", "header": "X-Sig", "also": ALSO},
    {"hmac": "sha256", "each": "events", "json": "proof.sig", "message": [{"json": "at", "default": ""}]},
    {"hash": "sha256", "header": "X-Sig", "message": ["body", "secret"]},
    {"token": "auth", "hash": "sha1"},
]  # fmt: skip
TOKENS = [
    {"jwt": "HS256", "header": "X-Sig", "key": "base64", "issuer": ["a", "b"], "expires": False,
     "body": {"claim": "sha256"}},
    {"jwt": ["RS256", "ES256"], "header": "Authorization", "prefix": "Bearer ", "keys": JWKS, "audience": "secret",
     "issuer": "https://login.example.com"},
    {"jwt": "ES256", "header": "X-Sig", "keys": JWKS, "audience": "gateway", "also": "secret"},
    {"jwt": "EdDSA", "header": "X-Sig", "keys": JWKS, "audience": "secret"},
    {"jwt": "PS256", "header": "X-Sig", "claims": {"webhook.url": "url", "tenant": "secret"}},
    {"jwt": "RS256", "json": "token", "public_key": pki.pem(pki.rsa_key()), "audience": "secret"},
]  # fmt: skip
OF_VENDORS = [document for document, _ in SIGNED_REQUESTS.values()]
OF_VENDORS += [document for documents, *_ in VECTORS.values() for document in documents] + SNS
OF_VENDORS = [document for document in OF_VENDORS if "'form'" not in str(document) and "each" not in document]


def scheme_name(raw):
    """The scheme as text, without its public key: it is another at every run, and a test has one name."""
    return str({name: value for name, value in raw.items() if name != "public_key"})


@pytest.mark.parametrize("raw", PLAIN + SIGNED + KEYED + STATED + TOKENS + OF_VENDORS, ids=scheme_name)
@pytest.mark.parametrize("url", ["https://gate.example/in/a", "https://gate.example/in/a?b=1"])
def test_what_is_signed_is_authentic_for_its_word_alone(raw, url):
    """The proof is there, holds at its time for its word, and nothing that was written is changed."""
    scheme = parse_scheme(raw)
    sender = signer.sender_of(scheme)
    word = sender.example()
    body = b'{"event": "a", "events": [{}, {}], "signature": {"token": "t"}}'
    asked = Request(headers=JSON, body=body, url=url)
    request = sender.prove(Content(asked), word, NOW)
    schemes = signer.tried([scheme], word)
    keys = signer.documents(schemes, Content(request), word)
    assert verify(schemes, sender.secrets(word), Content(request), NOW, keys).scheme == schemes[0]
    others = signer.tried([scheme], "another")
    theirs = signer.documents(others, Content(request), "another")
    held = [sender.secrets("another")]
    if others != [scheme] or theirs:
        held.append(sender.secrets(word))  # the secret beside the signature is right, and the public key is not
    for secrets in held:
        with pytest.raises(Refused) as refused:
            verify(others, secrets, Content(request), NOW, theirs)
        assert refused.value.status == 401
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


def test_a_scheme_is_chosen_by_number_or_name():
    """A choice that there is not names those that there are."""
    schemes = [parse_scheme(raw) for raw in (SIGNED[0], SIGNED[1], {"path": True}, {"query": "token"})]
    plain = Content(Request())
    chosen = [signer.chosen(schemes, plain, sign).scheme for sign in (None, 1, "X-Sig", "path", "Token", "secret")]
    assert chosen == [schemes[at] for at in (0, 1, 0, 2, 3, 2)]
    for wrong in (4, "basic"):
        with pytest.raises(ValueError, match="it has hmac, path, query, secret, token, x-sig"):
            signer.chosen(schemes, plain, wrong)


def test_a_pinned_key_still_proves_what_its_owner_signed():
    """The sample's own key stands beside it."""
    pinned = parse_scheme({"ed25519": True, "header": "X-Sig", "public_key": pki.pem(pki.ed_key()), "also": ALSO})
    headers = {"x-sig": pki.ed_key().sign(b"{}").hex()}
    recorded = Content(Request(headers=headers, query={"account": "a1"}, body=b"{}"))
    schemes = signer.tried([pinned], "a1")
    assert signer.sender_of(schemes[0]).prove(recorded, "a1", NOW) == recorded.request
    assert verify(schemes, ["a1"], recorded, NOW).scheme == schemes[0]
