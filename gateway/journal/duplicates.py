"""The form of duplicate keys: 16 bytes of a digest, masked by what the digest is of.

The mask keeps the keys of one route and kind apart from those of all others, as a hash over all three would; unlike a
hash it can be taken off again, so that a journal can look for the same key in the form of an earlier schema.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, get_args

Kind = Literal["id", "body"]
"""What a digest is of: the delivery id, or what was proven or signed of the content."""

Use = Literal["ticket", "trigger", "post", "reply"]
"""What is used up: a ticket, the trigger of a click or command, a post with a trigger word; by a reply, its act."""

SIZE: Final = 16
"""Bytes of a key: enough to tell bodies apart."""

_TEXT: Final = re.compile(r"(.*) (id|body) ([0-9a-f]{32})", re.DOTALL)


def key_of(route: str, kind: Kind | Use, digest: bytes) -> bytes:
    """The key of a digest, of which the first 16 bytes count."""
    return (int.from_bytes(digest[:SIZE]) ^ _mask(route, kind)).to_bytes(SIZE)


def use_key(route: str, use: Use, name: str) -> bytes:
    """The key of the one use of a ticket, trigger, post or act of this id, by callbacks that are stored as a route."""
    return key_of(route, use, hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())


def from_text(text: str) -> bytes | None:
    """The key that schemas before the fifth kept as a text, `ROUTE KIND HEX`; None for another text."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    route, kind, digest = found.groups()
    return key_of(route, "id" if kind == "id" else "body", bytes.fromhex(digest))


def as_texts(route: str, key: bytes) -> Iterator[str]:
    """The texts that schemas before the fifth may have kept for a key of this route, one of each kind."""
    for kind in get_args(Kind):
        yield f"{route} {kind} {key_of(route, kind, key).hex()}"


@lru_cache(4096)
def _mask(route: str, kind: Kind | Use) -> int:
    return int.from_bytes(hashlib.sha256(f"{route} {kind}".encode()).digest()[:SIZE])
