"""Requests with the proofs that their senders would give: the reverse of `verify`, for samples and demonstrations.

    sender = chosen(schemes, content)
    request = sender.prove(content, word, moment)
    verify(tried(schemes, word), sender.secrets(word), Content(request), moment, documents(schemes, request, word))

One class a kind of scheme. What a request has of a proof stays as it is: only what is absent (timestamp, id, signature,
token) is put in, so that the examples of a vendor's documentation can be tried as they are written.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.verify.carried import SECRET
from gateway.verify.carried_sender import carrier
from gateway.verify.keys import Keys, request_of
from gateway.verify.schemes import Scheme
from gateway.verify.sender import WORD, Sender
from gateway.verify.signature import Signature
from gateway.verify.signature_sender import SignatureSender
from gateway.verify.token_sender import WebTokenSender, kind_of
from gateway.verify.webtoken import WebToken

__all__ = ["WORD", "Sender", "chosen", "documents", "sender_of", "tried"]


def sender_of(scheme: Scheme) -> Sender[Any]:
    """The sender that proves itself by a scheme."""
    if isinstance(scheme, Signature):
        return SignatureSender(scheme)
    return WebTokenSender(scheme) if isinstance(scheme, WebToken) else carrier(scheme)


def chosen(schemes: Sequence[Scheme], content: Content, sign: int | str | None = None) -> Sender[Any]:
    """The sender that `sign` chooses: a number from 0, or a name.

    Without, and among several of a name, it is the first that the request hints at, or the first. Raises ValueError for
    a choice that there is not.
    """
    senders = [sender_of(scheme) for scheme in schemes]
    if isinstance(sign, int) and sign < len(senders):
        return senders[sign]
    if sign is not None:
        named = [one for one in senders if str(sign).lower() in _names(one)]
        if not named:
            known = ", ".join(sorted({name for one in senders for name in _names(one)}))
            raise ValueError(f"sign: the service has no scheme {sign!r}; it has {known}, also by their numbers from 0")
        senders = named
    return next((one for one in senders if one.hinted(content)), senders[0])


def _names(sender: Sender[Any]) -> AbstractSet[str]:
    """What it calls itself, and the word `secret` for the places that it stands for in a list of schemes."""
    return sender.names() | {"secret"} if sender.scheme in SECRET else sender.names()


def tried(schemes: Sequence[Scheme], word: str) -> Sequence[Scheme]:
    """The schemes as a sample tries them: beside a pinned key there is that of the sample's own sender."""
    return [_with_own_key(one, word) if getattr(one, "public_keys", ()) else one for one in schemes]


def _with_own_key(scheme: Scheme, word: str) -> Scheme:
    from gateway.verify import keypair

    if not isinstance(scheme, Signature | WebToken):
        return scheme
    return replace(scheme, public_keys=(*scheme.public_keys, keypair.public(_kind(scheme), word)))


def documents(schemes: Sequence[Scheme], content: Content, word: str) -> Keys:
    """The documents of keys that verification fetches for a request, with the public half of the sample's own pair."""
    found: dict[str, bytes] = {}
    for scheme in schemes:
        if isinstance(scheme, Signature | WebToken) and scheme.fetch is not None:
            from gateway.verify import keypair

            wanted = request_of(scheme.fetch, content)
            if wanted is not None:
                found[wanted.url] = keypair.document(scheme.fetch, _kind(scheme), word)
    return found


def _kind(scheme: Signature | WebToken) -> str:
    return kind_of(scheme) if isinstance(scheme, WebToken) else scheme.algorithm
