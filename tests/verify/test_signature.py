"""Secrets are read as keys; the senders' schemes are in test_verify."""

import pytest

from gateway.verify.material import Source
from gateway.verify.schemes import parse_scheme
from gateway.verify.signature import Signature, key_of

RAW = b"\xfb\xff\x00"


@pytest.mark.parametrize(
    ("key", "secret", "raw"),
    [
        ("utf8", "pä", "pä".encode()),
        ("hex", "fbff00", RAW),
        ("base64", "+/8A", RAW),
        ("whsec", "whsec_+/8A", RAW),
        ("whsec", "+/8A", RAW),
    ],
)
def test_keys(key, secret, raw):
    """A secret is the key itself, or the key in hex or base64."""
    assert key_of(Signature(digest="sha256", source=Source("header", "x"), key=key), secret) == raw


@pytest.mark.parametrize("key", ["hex", "base64", "whsec"])
@pytest.mark.parametrize("secret", ["s3cret!", "", "whsec_"])
def test_a_secret_that_is_no_key(key, secret):
    """An unreadable secret is an error that does not show it."""
    with pytest.raises(ValueError, match="the secret is not") as error:
        key_of(Signature(digest="sha256", source=Source("header", "x"), key=key), secret)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("message", "headers"),
    [
        (["body"], set()),
        ([{"header": "X-Id"}, "body"], {"x-id"}),
        ([{"json": "x-id"}, {"form": "x-id"}, "body"], set()),
    ],
)
def test_headers_that_are_signed(message, headers):
    """Only a header that is a part of the signed message is covered, not that of the signature."""
    assert parse_scheme({"hmac": "sha256", "header": "X-S", "message": message}).headers == headers
