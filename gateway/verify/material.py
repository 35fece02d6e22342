"""What a signature or a token may be read from: one request, its body as sent and inflated, its decoded value."""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from gateway import jsonpath
from gateway.decode import forms
from gateway.decode.decode import decode
from gateway.jsonpath import STAR, Step
from gateway.model import JSON, Request


class Source(Struct, frozen=True):
    """A place in a request: `kind` is header, json, form or pair (in the signature); `name` or `path` says which."""

    kind: str
    name: str = ""
    path: tuple[Step, ...] = ()


class Material:
    """One request under verification; what needs parsing is parsed once, when a scheme asks for it."""

    def __init__(self, request: Request, inflated: bytes | None = None) -> None:
        self.request = request
        self.content = request.body if inflated is None else inflated
        # Senders that compress sign either form: both are tried, the wire bytes first.
        self.bodies = (request.body,) if inflated is None else (request.body, inflated)

    @cached_property
    def value(self) -> JSON:
        """The decoded body."""
        return decode(self.request, self.content).value

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The text fields of a form body in the order sent; empty for other bodies."""
        content_type = self.request.headers.get("content-type", "")
        try:
            if content_type.lower().startswith("multipart/"):
                pairs = forms.multipart(self.content, content_type)
                return [(name, text) for name, text in pairs if isinstance(text, str)]
            return forms.urlencoded(self.content)
        except ValueError:
            return []

    def read(self, source: Source) -> str | None:
        """Return the text at a header, JSON path or form field, None where there is none."""
        if source.kind == "header":
            return self.request.headers.get(source.name)
        if source.kind == "form":
            return next((text for name, text in self.form if name == source.name), None)
        return as_text(jsonpath.lookup(self.value, source.path))


def as_text(value: JSON) -> str | None:
    """Return a JSON string or number as text, None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def reach(value: JSON, path: tuple[Step, ...]) -> Iterator[JSON]:
    """Yield what the path leads to under each element that a `*` branches over, MISSING where it leads nowhere."""
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
