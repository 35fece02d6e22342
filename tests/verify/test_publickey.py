"""Public keys are read from every form that services hand out, and check the signatures of their private halves."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.verify.publickey import certified, chain, read_key, signed
from tests.verify import pki

RAW = pki.ed_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
FORMS = {
    "hex": RAW.hex(),
    "hex in capitals": RAW.hex().upper(),
    "base64": base64.b64encode(RAW).decode(),
    "whpk_": "whpk_" + base64.b64encode(RAW).decode(),
    "PEM": pki.pem(pki.ed_key()),
    "PEM without its lines": "".join(pki.pem(pki.ed_key()).splitlines()[1:-1]),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_key(form):
    """The same key comes out of each."""
    assert read_key(FORMS[form]).public_bytes(Encoding.Raw, PublicFormat.Raw) == RAW


def test_other_keys():
    """RSA and P-256 keys are read from PEM, from its base64, and from a certificate."""
    for key in (pki.rsa_key(), pki.ec_key()):
        text = pki.pem(key)
        assert read_key(text) == read_key("".join(text.splitlines()[1:-1])) == key.public_key()
    assert read_key(pki.certificate("a.example.com").decode()) == pki.rsa_key().public_key()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "neither PEM, nor base64"),
        ("s3cret!", "neither PEM, nor base64"),
        ("c2VjcmV0", "expected an Ed25519, P-256 or RSA key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "holds no public key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "holds no public key"),
        (pki.pem(pki.rsa_key("short", 1024)), "1024 bits, which is too short"),
        (pki.pem(ec.generate_private_key(ec.SECP384R1())), "holds no public key"),
    ],
)
def test_what_is_no_key(text, fault):
    """Other text, other curves and short keys are refused with what is expected."""
    with pytest.raises(ValueError) as error:
        read_key(text)
    assert fault in str(error.value)


def raw_ecdsa(der: bytes) -> bytes:
    """R and s, 32 bytes each."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def test_signatures():
    """Each algorithm takes what its key signed, in its own style alone, and nothing else."""
    message = b"message"
    ecdsa = pki.ec_key().sign(message, ec.ECDSA(hashes.SHA256()))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    cases = [
        (pki.ed_key(), "ed25519", "", "", pki.ed_key().sign(message)),
        (pki.ec_key(), "ecdsa", "sha256", "der", ecdsa),
        (pki.ec_key(), "ecdsa", "sha256", "raw", raw_ecdsa(ecdsa)),
        (pki.rsa_key(), "rsa", "sha1", "pkcs1", pki.signed(message, hashes.SHA1())),
        (pki.rsa_key(), "rsa", "sha256", "pkcs1", pki.signed(message, hashes.SHA256())),
        (pki.rsa_key(), "rsa", "sha512", "pkcs1", pki.signed(message, hashes.SHA512())),
        (pki.rsa_key(), "rsa", "sha256", "pss", pki.rsa_key().sign(message, pss, hashes.SHA256())),
    ]
    for index, (key, kind, digest, style, signature) in enumerate(cases):
        assert signed(key.public_key(), kind, digest, style, signature, message)
        assert not signed(key.public_key(), kind, digest, style, signature, b"another")
        assert not signed(key.public_key(), kind, digest, style, b"\x00" * len(signature), message)
        assert not signed(key.public_key(), kind, digest, style, b"", message)
        for other_index, (other, other_kind, other_digest, other_style, _) in enumerate(cases):
            if other_index != index:
                assert not signed(other.public_key(), other_kind, other_digest, other_style, signature, message)


def test_certificates():
    """A certificate holds within its time and for its name; each of a chain is signed by the next."""
    leaf, root = pki.certificate("sns.amazonaws.com", "root", issuer_key="root"), pki.certificate("root", key="root")
    assert certified(leaf + root, pki.NOW, ["sns.amazonaws.com"]) == pki.rsa_key().public_key()
    assert certified(leaf, pki.NOW, ()) == pki.rsa_key().public_key()
    assert certified(leaf, pki.NOW, ["*.amazonaws.com"]) is not None
    assert certified(leaf, pki.NOW, ["sns.example.com"]) is None
    assert certified(leaf, pki.NOW + 90 * 86400, ()) is None
    assert certified(leaf, pki.NOW - 90 * 86400, ()) is None
    assert certified(leaf + pki.certificate("root", key="another"), pki.NOW, ()) is None
    assert certified(b"no certificate", pki.NOW, ()) is None
    with pytest.raises(ValueError, match="no chain of certificates"):
        chain(b"-----BEGIN CERTIFICATE-----")
