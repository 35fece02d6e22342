"""Keys and certificates of tests: made once, by the library that checks them."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

NOW = 1_760_000_000.0


def rsa_key(name: str = "sender", bits: int = 2048) -> rsa.RSAPrivateKey:
    """A private RSA key, one for each name."""
    return _rsa_key(name, bits)


@cache
def _rsa_key(_: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """A private P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    """A private Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate()


def pem(key) -> str:
    """The public half in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(message: bytes, algorithm: hashes.HashAlgorithm, name: str = "sender") -> bytes:
    """An RSA signature, PKCS#1 v1.5."""
    return rsa_key(name).sign(message, padding.PKCS1v15(), algorithm)


def certificate(name: str, issuer: str = "", key: str = "sender", issuer_key: str = "", days: int = 30) -> bytes:
    """A certificate in PEM for a name, signed by itself or by another key; it holds for `days` from NOW."""
    now = datetime.fromtimestamp(NOW, UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer or name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(rsa_key(key).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(rsa_key(issuer_key or key), hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM)
