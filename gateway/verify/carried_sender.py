"""The senders that put their secret into the request as it is."""

import base64
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.carried import (
    BasicSecret,
    Carried,
    HeaderSecret,
    PathSecret,
    QuerySecret,
    TokenSecret,
    hashed,
)
from gateway.verify.material import as_text, basic_credentials, behind, octets
from gateway.verify.placing import with_header, with_parameter, with_value
from gateway.verify.sender import WORD, Sender


class PathSender(Sender[PathSecret]):
    """Behind the name of the route in the URL."""

    kind = "path"

    def hinted(self, content: Content) -> bool:
        """Whether the URL has a secret."""
        return bool(content.request.path_secret)

    def prove(self, content: Content, word: str, moment: float) -> Request:  # noqa: ARG002
        """The request with the word as the last segment of its URL."""
        request = content.request
        if request.path_secret:
            return request
        base, mark, query = request.url.partition("?")
        return replace(request, path_secret=word, url=f"{base}/{quote(word, safe='')}{mark}{query}")


class QuerySender(Sender[QuerySecret]):
    """As a parameter of the URL."""

    kind = "query"

    def names(self) -> AbstractSet[str]:
        """Its kind, or the parameter."""
        return {self.kind, self.scheme.name.lower()}

    def hinted(self, content: Content) -> bool:
        """Whether the parameter is there."""
        return self.scheme.name in content.request.query

    def prove(self, content: Content, word: str, moment: float) -> Request:  # noqa: ARG002
        """The request with the parameter."""
        return with_parameter(content.request, self.scheme.name, word)


class HeaderSender(Sender[HeaderSecret]):
    """In a header, behind its prefix."""

    kind = "header"

    def names(self) -> AbstractSet[str]:
        """Its kind, the header, or the prefix."""
        return {self.kind, self.scheme.name, self.scheme.prefix.strip().lower()} - {""}

    def hinted(self, content: Content) -> bool:
        """Whether the header is there with its prefix."""
        text = content.request.headers.get(self.scheme.name)
        return text is not None and behind(self.scheme.prefix, text) is not None

    def prove(self, content: Content, word: str, moment: float) -> Request:  # noqa: ARG002
        """The request with the header."""
        return with_header(content.request, self.scheme.name, self.scheme.prefix + word)


class BasicSender(Sender[BasicSecret]):
    """As the password, or user and password, of HTTP Basic."""

    kind = "basic"

    def hinted(self, content: Content) -> bool:
        """Whether there is HTTP Basic."""
        return bool(basic_credentials(content.request.headers.get("authorization", "")))

    def example(self) -> str:
        """A password; a user in front of it where the scheme names none."""
        return WORD if self.scheme.user else f"user:{WORD}"

    def prove(self, content: Content, word: str, moment: float) -> Request:  # noqa: ARG002
        """The request with the header Authorization."""
        both = f"{self.scheme.user}:{word}" if self.scheme.user else word
        return with_header(content.request, "authorization", f"Basic {base64.b64encode(octets(both)).decode()}")


class TokenSender(Sender[TokenSecret]):
    """In the body, as it is or as its digest."""

    kind = "token"

    def hinted(self, content: Content) -> bool:
        """Whether a text is there."""
        return any(as_text(found) for found in content.glimpse.each(self.scheme.path))

    def prove(self, content: Content, word: str, moment: float) -> Request:  # noqa: ARG002
        """The request with the text in its body."""
        if self.hinted(content):
            return content.request
        text = hashed(word, self.scheme.hash) if self.scheme.hash else word
        return with_value(content.request, self.scheme.path, text)


_SENDERS: Final[Mapping[type[Carried], type[Sender[Any]]]] = {
    PathSecret: PathSender,
    QuerySecret: QuerySender,
    HeaderSecret: HeaderSender,
    BasicSecret: BasicSender,
    TokenSecret: TokenSender,
}


def carrier(scheme: Carried) -> Sender[Any]:
    """The sender that proves itself by a secret that the request carries."""
    return _SENDERS[type(scheme)](scheme)
