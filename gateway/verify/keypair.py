"""Pairs of keys of samples: each follows from a word, so that no sample holds a private key.

Whoever knows the word can sign: such a pair shows that a scheme is written as its service signs, and protects nothing.
This module is imported only where a scheme has public keys: loading it takes a while.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.jsonpath import Step
from gateway.verify.keys import Fetch
from gateway.verify.publickey import HASHES, read_key

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_CURVE_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the base point of P-256 (FIPS 186-4, D.1.2.3)."""

_AHEAD: Final = {"p": 26, "q": 100}
"""How far each prime of the RSA keys is behind the number that the name of the prime gives."""

_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The validity of a certificate without an end (RFC 5280 section 4.1.2.5), so that it holds whenever a sample is."""


@lru_cache(64)
def private(kind: str, word: str) -> PrivateKey:
    """The private key of a kind (ed25519, ecdsa, rsa) that follows from a word, which may hold any text."""
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
    if kind == "ed25519":
        return Ed25519PrivateKey.from_private_bytes(digest)
    if kind == "ecdsa":
        return ec.derive_private_key(int.from_bytes(digest) % (_CURVE_ORDER - 1) + 1, ec.SECP256R1())
    return _rsa_key(digest)


def _rsa_key(digest: bytes) -> rsa.RSAPrivateKey:
    """An RSA key of 2048 bits: the modulus is the same for all words, the public exponent follows from the word.

    Primes of its own for each word would take a search of their own. With another exponent a signature is another one,
    which is all that a sample needs.
    """
    p, q = (_prime(name) for name in _AHEAD)
    order = (p - 1) * (q - 1)
    e = int.from_bytes(digest[:8]) | 1
    while math.gcd(e, order) > 1:
        e += 2
    d = pow(e, -1, order)
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)  # the numbers are known to fit each other


def _prime(name: str) -> int:
    """A prime of 1024 bits, of which the two highest are set, so that a product of two has 2048."""
    text = hashlib.shake_256(f"mattergate sample {name}".encode()).digest(128)
    return (int.from_bytes(text) | 3 << 1022 | 1) + _AHEAD[name]


def public(kind: str, word: str) -> str:
    """The public half of the pair of a word, in PEM: all schemes read that, and it never looks like a secret."""
    key = private(kind, word).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def is_public(text: str) -> bool:
    """Whether a text is a public key already, whose private half nobody here has."""
    try:
        return bool(read_key(text))
    except ValueError:
        return False


def signature(key: PrivateKey, digest: str, style: str, message: bytes) -> bytes:
    """The signature of a message; `digest` and `style` as `publickey.signed` has them."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        der = key.sign(message, ec.ECDSA(HASHES[digest]()))
        return b"".join(number.to_bytes(32) for number in decode_dss_signature(der)) if style == "raw" else der
    if style == "pss":
        pss = padding.PSS(padding.MGF1(HASHES[digest]()), padding.PSS.DIGEST_LENGTH)
        return key.sign(message, pss, HASHES[digest]())
    return key.sign(message, padding.PKCS1v15(), HASHES[digest]())


@lru_cache(64)
def document(fetch: Fetch, kind: str, word: str) -> bytes:
    """The document at the URL of `fetch`, with the public half of the pair of a word.

    It is a certificate of that key's own, a PEM (in JSON where the scheme says so), or a JWKS with a key of each kind,
    the `kid` of which is the kind.
    """
    if fetch.kind == "jwks":
        return msgspec.json.encode({"keys": [_jwk(one, word) for one in ("rsa", "ecdsa", "ed25519")]})
    if fetch.kind == "certificate":
        return _certificate(fetch.names, private(kind, word))
    pem = public(kind, word)
    return pem.encode() if fetch.at is None else msgspec.json.encode(_nested(fetch.at, pem))


def _jwk(kind: str, word: str) -> Mapping[str, Any]:
    key = private(kind, word).public_key()
    forms: Mapping[str, Any] = {"rsa": RSAAlgorithm, "ecdsa": ECAlgorithm, "ed25519": OKPAlgorithm}
    return {**forms[kind].to_jwk(key, as_dict=True), "kid": kind, "use": "sig"}


def _certificate(names: Sequence[str], key: PrivateKey) -> bytes:
    """A certificate in PEM that a key gives itself, for a name that the scheme asks for."""
    name = names[0].replace("*", "sample") if names else "sample.example"
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_ALWAYS[0])
        .not_valid_after(_ALWAYS[1])
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM)


def _nested(path: Sequence[Step], text: str) -> object:
    """A JSON value that has a text at a path."""
    value: object = text
    for step in reversed(path):
        value = [None] * step + [value] if isinstance(step, int) else {step: value}
    return value
