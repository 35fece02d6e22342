"""The content of one request, inflated once and decoded once."""

from functools import cached_property
from typing import Self

import msgspec

from gateway.decode import forms, jsontext
from gateway.decode.compression import inflate
from gateway.decode.decode import Decoded, decode
from gateway.model import JSON, Request


class Content:
    """A request with its body inflated. Its value is decoded at first use, and nests at most `depth` deep.

    `body` is the body without its Content-Encoding. `bodies` are the bodies that a signature may cover, since senders
    that compress sign either form: the one on the wire first, then the inflated one.
    """

    def __init__(self, request: Request, inflated: bytes | None = None, depth: int = jsontext.DEPTH) -> None:
        self.request = request
        self.body = request.body if inflated is None else inflated
        self.bodies = (self.body,) if inflated is None else (request.body, inflated)
        self.depth = depth

    @classmethod
    def of(cls, request: Request, limit: int, depth: int = jsontext.DEPTH) -> Self:
        """The content of a request, inflated to at most `limit` bytes. Raises Refused (400, 413, 415)."""
        encoding = request.headers.get("content-encoding", "")
        return cls(request, inflate(request.body, encoding, limit) if encoding else None, depth)

    @cached_property
    def decoded(self) -> Decoded:
        """The decoded value, its kind, and the fault if there is one."""
        return decode(self.request, self.body, self.depth)

    @property
    def value(self) -> JSON:
        """The decoded body, or the query of a request without a body."""
        return self.decoded.value

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The text fields of a form body in the order sent; empty for other bodies."""
        content_type = self.request.headers.get("content-type", "")
        try:
            if content_type.lower().startswith("multipart/"):
                pairs = forms.multipart(self.body, content_type)
                return [(name, text) for name, text in pairs if isinstance(text, str)]
            return forms.urlencoded(self.body)
        except ValueError:
            return []

    def legible(self) -> "Content":
        """The content with bytes that are not UTF-8 replaced in headers and URL (which repeats the header `Host`).

        Verification needs the original bytes; JSON cannot represent them.
        """
        request = self.request
        if request.url.isascii() and all(map(str.isascii, request.headers.values())):
            return self
        headers = {name: _replace_undecodable(value) for name, value in request.headers.items()}
        plain = msgspec.structs.replace(request, headers=headers, url=_replace_undecodable(request.url))
        return Content(plain, self.body if len(self.bodies) > 1 else None, self.depth)


def _replace_undecodable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
