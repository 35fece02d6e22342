"""Hashing in pieces gives what hashing at once gives."""

import hashlib
import hmac

import pytest

from gateway.digest import hexdigest, keyed

SIZES = [0, 1, 2046, 2047, 2048, 8_000, 99_999, 100_000, 250_000]


@pytest.mark.parametrize("size", SIZES)
def test_pieces_make_the_same_digests(size):
    """Whatever the size of the data, digest and HMAC are those of the standard library."""
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    assert hexdigest(data) == hashlib.sha256(data).hexdigest()[:32]
    for name in ("sha256", "sha1", "sha512", "md5"):
        assert keyed(b"key", data, name) == hmac.digest(b"key", data, name)
