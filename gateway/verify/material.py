"""Places in a request from which signatures and tokens are read, and the encoding of their text as bytes."""

from collections.abc import Iterator

from msgspec import Struct

from gateway import jsonpath
from gateway.decode.content import Content
from gateway.jsonpath import STAR, Step
from gateway.model import JSON


class Source(Struct, frozen=True):
    """A place in a request: `kind` is header, json, form or pair (in the signature); `name` or `path` says which."""

    kind: str
    name: str = ""
    path: tuple[Step, ...] = ()


def read(content: Content, source: Source) -> str | None:
    """Return the text at a header, JSON path or form field, None where there is none."""
    if source.kind == "header":
        return content.request.headers.get(source.name)
    if source.kind == "form":
        return next((text for name, text in content.form if name == source.name), None)
    return as_text(jsonpath.lookup(content.value, source.path))


def as_text(value: JSON) -> str | None:
    """Return a JSON string or number as text, None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def reach(value: JSON, path: tuple[Step, ...]) -> Iterator[JSON]:
    """Yield the value at the path, one for each element that a `*` branches over; MISSING where there is none."""
    cut = path.index(STAR) if STAR in path else len(path)
    found = jsonpath.lookup(value, path[:cut])
    if cut == len(path):
        yield found
        return
    for child in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from reach(child, path[cut + 1 :])


def octets(text: str) -> bytes:
    """Encode text as it came off the wire: bytes that were not UTF-8 travel in strings as surrogates (PEP 383)."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
