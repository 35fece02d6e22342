"""The content of one request, inflated once and decoded once."""

from typing import Self

import msgspec

from gateway.decode import forms
from gateway.decode.bounds import DEPTH
from gateway.decode.compression import inflate
from gateway.decode.decode import Decoded, decode
from gateway.decode.glimpse import Glimpse
from gateway.decode.lazy import lazy
from gateway.errors import Refused
from gateway.model import JSON, Request


class Content:
    """A request with its body inflated. Its value is decoded at first use, and nests at most `depth` deep.

    `body` is the body without its Content-Encoding. `bodies` are the bodies that a signature may cover, since senders
    that compress sign either form: the one on the wire first, then the inflated one.

    `exact` says that the fields of a form are read as a signature covers them, and no other way.

    Until the sender is proven, only `bodies`, `field`, `form` and `glimpse` are read.
    """

    def __init__(self, request: Request, inflated: bytes | None = None, depth: int = DEPTH) -> None:
        self.request = request
        self.body = request.body if inflated is None else inflated
        self.bodies = (self.body,) if inflated is None else (request.body, inflated)
        self.depth = depth
        self.exact = False

    @classmethod
    def of(cls, request: Request, limit: int, depth: int = DEPTH) -> Self:
        """The content of a request, inflated to at most `limit` bytes. Raises Refused (400, 413, 415)."""
        encoding = request.headers.get("content-encoding", "")
        return cls(request, inflate(request.body, encoding, limit) if encoding else None, depth)

    @classmethod
    def as_far_as_known(cls, request: Request, limit: int, depth: int = DEPTH) -> Self:
        """As `of`; the body stays as it is where it cannot be inflated."""
        try:
            return cls.of(request, limit, depth)
        except Refused:
            return cls(request, depth=depth)

    @lazy
    def decoded(self) -> Decoded:
        """The decoded value, its kind, and the fault if there is one."""
        return decode(self.request, self.body, self.depth, exact=self.exact)

    @property
    def value(self) -> JSON:
        """The decoded body, or the query of a request without a body."""
        return self.decoded.value

    @lazy
    def glimpse(self) -> Glimpse:
        """The values at declared paths, for what must be known of a request before its sender is proven."""
        return Glimpse(self.request, self.body)

    @lazy
    def form(self) -> list[tuple[str, str]] | None:
        """The fields of a form body in the order sent; None where there is more in it than fields of text."""
        try:
            if not forms.is_multipart(self._content_type):
                return forms.urlencoded(self.body)
            pairs = forms.multipart(self.body, self._content_type)
        except ValueError:
            return None
        fields = [(name, text) for name, text in pairs if isinstance(text, str)]
        return fields if len(fields) == len(pairs) else None

    def field(self, name: str) -> bytes | None:
        """The value of a form field, cut out of the bytes of the body; None unless there is exactly one of the name."""
        found = forms.only_field(self.body, self._content_type, name)
        return None if found is None else found[0]

    def only(self, name: str) -> "Content":
        """The content of a request that has nothing in its body but this form field, of which there is exactly one.

        Where a signature covers the field alone, nobody else's words must be read beside it: no other field, no
        charset, no attributes of a CloudEvent in headers.
        """
        found = forms.only_field(self.body, self._content_type, name)
        if found is None:
            raise ValueError(f"not exactly one field {name}")
        kept = {key: value for key, value in self.request.headers.items() if not key.startswith(("ce-", "content-"))}
        multipart = forms.is_multipart(self._content_type)
        kept["content-type"] = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
        alone = Content(msgspec.structs.replace(self.request, headers=kept, body=found[1]), None, self.depth)
        alone.exact = True
        return alone

    @property
    def _content_type(self) -> str:
        return self.request.headers.get("content-type", "")

    def legible(self) -> "Content":
        """The content with bytes that are not UTF-8 replaced in headers and URL (which repeats the header `Host`).

        Verification needs the original bytes; JSON cannot represent them.
        """
        request = self.request
        if request.url.isascii() and all(map(str.isascii, request.headers.values())):
            return self
        headers = {name: _replace_undecodable(value) for name, value in request.headers.items()}
        plain = msgspec.structs.replace(request, headers=headers, url=_replace_undecodable(request.url))
        twin = Content(plain, self.body if len(self.bodies) > 1 else None, self.depth)
        twin.exact = self.exact
        return twin


def _replace_undecodable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
