"""Places in a request from which signatures and tokens are read, and the encoding of their text as bytes."""

import base64

from msgspec import Struct

from gateway.decode.content import Content
from gateway.jsonpath import Step
from gateway.model import JSON


class Source(Struct, frozen=True):
    """A place in a request: `kind` is header, query, json, form or pair (in the signature); `name` or `path` which."""

    kind: str
    name: str = ""
    path: tuple[Step, ...] = ()


def read(content: Content, source: Source) -> bytes | None:
    """Return the text at a header, JSON path or form field as bytes; None where there is none, or several fields."""
    if source.kind == "form":
        return content.field(source.name)
    if source.kind == "header":
        text = content.request.headers.get(source.name)
    elif source.kind == "query":
        text = content.request.query.get(source.name)
    else:
        text = as_text(content.glimpse.at(source.path))
    return None if text is None else octets(text)


def as_text(value: JSON) -> str | None:
    """Return a JSON string or number as text, None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def octets(text: str) -> bytes:
    """Encode text as it came off the wire: bytes that were not UTF-8 travel in strings as surrogates (PEP 383)."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def text_of(raw: bytes) -> str:
    """Decode bytes as text of the wire: the reverse of `octets`."""
    return raw.decode("utf-8", "surrogateescape")


def behind(prefix: str, text: str) -> str | None:
    """Return what stands behind a prefix, written in any case; None when the text does not begin with it."""
    return text[len(prefix) :] if text[: len(prefix)].lower() == prefix.lower() else None


def basic_credentials(authorization: str) -> str:
    """Return `user:password` of HTTP Basic (RFC 7617); "" for any other header."""
    kind, _, credentials = authorization.strip().partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return text_of(base64.b64decode(credentials.strip(), validate=True))
    except ValueError:
        return ""
