"""Bytes as text: hex, base64 and base64url, as signatures and keys are written."""

import binascii


def decoded(text: str, encoding: str) -> bytes | None:
    """Decode hex, base64 or base64url, padded or not; None when the text is not that."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        if encoding == "base64url":
            text = text.replace("-", "+").replace("_", "/")
        bare = text.rstrip("=")
        return binascii.a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
    except ValueError:
        return None


def encoded(raw: bytes, encoding: str) -> str:
    """Write bytes as hex, base64 or base64url, padded."""
    if encoding == "hex":
        return raw.hex()
    text = binascii.b2a_base64(raw, newline=False).decode()
    return text.replace("+", "-").replace("/", "_") if encoding == "base64url" else text
