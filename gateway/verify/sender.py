"""What every sender of samples does: it names itself, is recognised by what a request has, and proves itself."""

import base64
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from gateway.decode.content import Content
from gateway.model import Request
from gateway.verify.material import octets

S = TypeVar("S")

WORD: Final = "s3cret"
"""The secret of examples."""


class Sender(Generic[S]):
    """The sender that proves itself by one scheme. Its `word` is a secret of the route, or a pair of keys follows."""

    kind: ClassVar = ""

    def __init__(self, scheme: S) -> None:
        self.scheme = scheme

    def names(self) -> AbstractSet[str]:
        """The words by which a sample may choose the scheme, in lower case."""
        return {self.kind}

    def hinted(self, content: Content) -> bool:  # noqa: ARG002 - of subclasses
        """Whether something of the scheme is in the request, so that it is the one that is meant."""
        return False

    def sent(self, content: Content) -> float | None:  # noqa: ARG002 - of subclasses
        """The signed time of the request, None where it has none yet."""
        return None

    def example(self) -> str:
        """A word that suits the scheme, for a sample."""
        return WORD

    def secrets(self, word: str) -> Sequence[str]:
        """The secrets of a route that this sender can prove itself to: the word, or the public key that follows."""
        return (word,)

    def prove(self, content: Content, word: str, moment: float) -> Request:
        """The request with its proof in place, sent at `moment`. Raises ValueError where that has no place."""
        raise NotImplementedError


class Keyed(Protocol):
    """A scheme whose key is a secret of the route, or the public half of a pair of keys."""

    @property
    def key(self) -> str:
        """How the secret is written: as it is, or encoded."""

    @property
    def has_secret_key(self) -> bool:
        """Whether sender and gateway have the same key."""

    @property
    def is_keyed_by_route(self) -> bool:
        """Whether the public key is the secret of the route."""


K = TypeVar("K", bound=Keyed)


class KeyedSender(Sender[K]):
    """The sender of a scheme with a key."""

    def example(self) -> str:
        """A secret as the scheme has it written; any word where a pair of keys follows."""
        return written_key(self.scheme.key) if self.scheme.has_secret_key else WORD

    def secrets(self, word: str) -> Sequence[str]:
        """The word, or the public key that follows from it, where that is the secret of the route."""
        return self.public_secrets(word) if self.scheme.is_keyed_by_route else (word,)

    def public_secrets(self, word: str) -> Sequence[str]:
        """The public key that follows from the word, and the word besides where the scheme asks for it, too."""
        raise NotImplementedError


def written_key(how: str) -> str:
    """The word of examples as the secret of a scheme whose key is written in base64, hex, with whsec_ or as it is."""
    if how == "utf8":
        return WORD
    key = octets(WORD)
    return key.hex() if how == "hex" else ("whsec_" if how == "whsec" else "") + base64.b64encode(key).decode()


def public_secrets(kind: str, word: str, *, also: bool) -> Sequence[str]:
    """The secrets of a route whose secret is the public key of a pair, and with `also` the word besides.

    A word that is a public key is that of a recorded signature.
    """
    from gateway.verify import keypair

    if keypair.is_public(word):
        return (word,)
    return (keypair.public(kind, word), word) if also else (keypair.public(kind, word),)


def refuse_public(word: str) -> None:
    """Raise ValueError where a word is a public key, with which nobody signs."""
    from gateway.verify import keypair

    if keypair.is_public(word):
        raise ValueError(
            "the secret is a public key, which signs nothing: write a word as secret, from which a pair of keys "
            "follows; or put the recorded signature into the request, and write sign: false"
        )
