"""Public keys and signatures made with their private halves; the algorithms are those of `cryptography`.

A key is read from any form in which services hand one out: PEM (a key or a certificate), its base64 without the lines
around it (SubjectPublicKeyInfo, RFC 5280), `whpk_` and base64 (Standard Webhooks), or the 32 bytes of an Ed25519 key
(RFC 8032) in hex or base64. This module is imported only where a scheme has such a key: loading it takes a while.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from gateway.verify import hosts
from gateway.verify.encoding import decoded

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

HASHES: Final[Mapping[str, type[hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512]]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_KINDS: Final = {"ed25519": Ed25519PublicKey, "ecdsa": EllipticCurvePublicKey, "rsa": RSAPublicKey}
_LEAST_BITS: Final = 2048
_MOST_CERTIFICATES: Final = 6
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")
_ARMOUR = b"-----BEGIN "


@lru_cache(256)
def read_key(text: str) -> PublicKey:
    """The key of a text in one of the forms above; ValueError when it is none, or of another kind, or too short."""
    bare = text.strip()
    if bare.startswith(_ARMOUR.decode()):
        return from_pem(bare.encode())
    bare = bare.removeprefix("whpk_")
    raw = bytes.fromhex(bare) if _HEX_KEY.fullmatch(bare) else decoded("".join(bare.split()), "base64")
    if raw is None or not raw:
        raise ValueError("the public key is neither PEM, nor base64, nor 32 bytes in hex")
    try:
        return Ed25519PublicKey.from_public_bytes(raw) if len(raw) == 32 else _checked(load_der_public_key(raw))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the public key is not one: expected an Ed25519, P-256 or RSA key") from None


def from_pem(document: bytes) -> PublicKey:
    """The key of a PEM text, or of the first certificate in it. Raises ValueError."""
    try:
        if b"-----BEGIN CERTIFICATE-----" in document:
            return _checked(x509.load_pem_x509_certificates(document)[0].public_key())
        return _checked(load_pem_public_key(document))
    except (ValueError, UnsupportedAlgorithm, IndexError) as error:
        none = "the PEM text holds no public key of the kinds Ed25519, P-256, RSA"
        raise ValueError(str(error) if "bits" in str(error) else none) from None


def _checked(key: object) -> PublicKey:
    if isinstance(key, RSAPublicKey) and key.key_size < _LEAST_BITS:
        raise ValueError(f"the RSA key has {key.key_size} bits, which is too short: expected {_LEAST_BITS}")
    other_curve = isinstance(key, EllipticCurvePublicKey) and not isinstance(key.curve, SECP256R1)
    if isinstance(key, PublicKey) and not other_curve:
        return key
    raise ValueError("the key is of another kind than Ed25519, P-256 and RSA")


@lru_cache(16)
def chain(document: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text, each signed by the next one (RFC 8446 section 4.4.2); else ValueError."""
    try:
        found = x509.load_pem_x509_certificates(document)[:_MOST_CERTIFICATES]
        for issued, issuer in pairwise(found):
            issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise ValueError(f"the document is no chain of certificates: {error}") from None
    return tuple(found)


def certified(document: bytes, now: float, names: Sequence[str]) -> PublicKey | None:
    """The key of a chain that holds at `now`, of which the first certificate has one of the names; None otherwise.

    `names` are patterns of `gateway.verify.hosts`, () for any name.
    """
    moment = datetime.fromtimestamp(now, UTC)
    try:
        found = chain(document)
        if not all(one.not_valid_before_utc <= moment <= one.not_valid_after_utc for one in found):
            return None
        if names and not any(hosts.allows(names, name) for name in names_of(found[0])):
            return None
        return _checked(found[0].public_key())
    except (ValueError, UnsupportedAlgorithm):
        return None


def names_of(certificate: x509.Certificate) -> list[str]:
    """The DNS names of a certificate, or where it has none its common name, in lower case."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return [str(one.value).lower() for one in common]


def signed(key: PublicKey, kind: str, digest: str, style: str, signature: bytes, message: bytes) -> bool:
    """Whether the private half of a key signed a message.

    `kind` is ed25519, ecdsa or rsa; `style` is der or raw (ECDSA), pkcs1 or pss (RSA).
    """
    if not isinstance(key, _KINDS[kind]):
        return False
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(_der(signature) if style == "raw" else signature, message, ECDSA(HASHES[digest]()))
        elif style == "pss":
            scheme = padding.PSS(padding.MGF1(HASHES[digest]()), padding.PSS.AUTO)
            key.verify(signature, message, scheme, HASHES[digest]())
        else:
            key.verify(signature, message, padding.PKCS1v15(), HASHES[digest]())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _der(raw: bytes) -> bytes:
    """The DER form (RFC 3279) of a P-256 signature that is r and s, 32 bytes each (RFC 7518). Raises ValueError."""
    if len(raw) != 64:
        raise ValueError("a raw P-256 signature has 64 bytes")
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
