"""Bytes are written and read in each encoding."""

import pytest

from gateway.verify.encoding import decoded, encoded

RAW = b"\xfb\xff\x00"


@pytest.mark.parametrize("encoding", ["hex", "base64", "base64url"])
def test_encodings(encoding):
    """What is written can be read back, without padding, too."""
    text = encoded(RAW, encoding)
    assert decoded(text, encoding) == RAW
    assert decoded(encoded(RAW + b"1", encoding).rstrip("="), encoding) == RAW + b"1"


@pytest.mark.parametrize(
    ("text", "encoding"), [("0", "hex"), ("g0", "hex"), ("é", "hex"), ("a", "base64"), ("*", "base64")]
)
def test_other_text_is_no_signature(text, encoding):
    """Text that is not in the encoding is nothing, and no error."""
    assert decoded(text, encoding) is None
