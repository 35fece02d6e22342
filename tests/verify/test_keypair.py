"""Pairs of keys follow from words: the same pair from the same word, and another one from another."""

import pytest

from gateway.verify import keypair
from gateway.verify.keys import Fetch, KeyRequest, holds, keys_in
from gateway.verify.publickey import read_key, signed

SCHEMES = [("ed25519", "", ""), ("ecdsa", "sha256", "der"), ("ecdsa", "sha256", "raw"), ("rsa", "sha1", "pkcs1"),
           ("rsa", "sha512", "pss")]  # fmt: skip


@pytest.mark.parametrize(("kind", "digest", "style"), SCHEMES)
def test_what_a_pair_signs_its_public_half_proves(kind, digest, style):
    """And that of no other word."""
    signature = keypair.signature(keypair.private(kind, "a word"), digest, style, b"message")
    public, other = (read_key(keypair.public(kind, word)) for word in ("a word", "another"))
    assert signed(public, kind, digest, style, signature, b"message")
    assert not signed(other, kind, digest, style, signature, b"message")
    assert keypair.is_public(keypair.public(kind, "a word"))


def test_a_pair_is_the_same_everywhere():
    """Samples hold no keys, so those that follow must not change; and an RSA key is a whole one."""
    raw = keypair.private("ed25519", "s3cret").public_key().public_bytes_raw()
    assert raw.hex() == "272c48438ca6e3c96b5ac9c5e32efc968fa49960c3fcd9c748ef35865bfd065d"
    numbers = keypair.private("rsa", "s3cret").private_numbers()
    assert numbers.private_key().key_size == 2048, "the numbers are checked, primes and all"
    assert keypair.private("ecdsa", "\ud800").curve.name == "secp256r1"


@pytest.mark.parametrize("text", ["s3cret", "", "a word with spaces", "-----BEGIN"])
def test_a_word_is_no_public_key(text):
    """Only what can be read as one is."""
    assert not keypair.is_public(text)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize(
    "fetch",
    [
        Fetch("pem", "https://a.example/k"),
        Fetch("pem", "https://a.example/k", at=("keys", 1, "pem")),
        Fetch("certificate", "https://a.example/k", names=("sns.*.example.com",)),
        Fetch("jwks", "https://a.example/k"),
    ],
)
@pytest.mark.parametrize("now", [86_400.0, 9e9])
def test_a_document_has_the_key(fetch, kind, now):
    """As the fetched one of a vendor is read, at any time."""
    document = keypair.document(fetch, kind, "a word")
    assert holds(KeyRequest(fetch.kind, fetch.url, (), kind if fetch.kind == "jwks" else "", fetch.at), document)
    (found,) = keys_in(fetch, document, kind, now)
    assert getattr(found, "key", found) == read_key(keypair.public(kind, "a word"))
