"""A recorded request as a sample may show it: without the credentials that it holds, by their names and by their looks.

A sample is committed, and read by many. Its runner signs it with a secret of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.language.functions.credentials import (
    MASK,
    hidden_keys,
    hide,
    is_credential,
    names_credential,
    without_named,
)
from gateway.model import JSON, Request
from gateway.verify.masking import SHORTEST, kept_request, mask_tokens
from gateway.verify.schemes import Scheme

_PIECE = re.compile(r"[\s\S]{1,4000}(?:(?=\s)|\Z)|\S{4001,}|[\s\S]")
"""As much of a text as `hide` looks at, which ends between words."""
_LARGEST = 5_000_000


def masked(request: Request, schemes: Sequence[Scheme] = (), secrets: Sequence[str] = ()) -> Request:
    """The request without `secrets`, without what the schemes say is one, and without what looks like one.

    A compressed body is shown inflated; one that does not inflate is left out.
    """
    try:
        content = Content.of(request, _LARGEST)
    except Refused:
        return replace(_plain(request), body=b"")
    kept = kept_request(content, schemes, secrets)
    body = content.body if kept.body is request.body else kept.body
    known = [secret for secret in secrets if len(secret) >= SHORTEST]
    return replace(_plain(kept), body=_body(Content(replace(kept, body=body)), known))


def _plain(request: Request) -> Request:
    """The request with named credentials masked in headers and query, and without what says who sent it from where."""
    dropped = {"content-encoding", "content-length"}
    headers = {
        name: MASK if names_credential(name) else hide(text)
        for name, text in request.headers.items()
        if name not in dropped
    }
    query = {name: MASK if names_credential(name) else hide(text) for name, text in request.query.items()}
    return replace(request, headers=headers, query=query, url="", path_secret="")


def _body(content: Content, secrets: Sequence[str]) -> bytes:
    body = mask_tokens(content.body, secrets) if secrets else content.body
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = dict.fromkeys(text for text in _credentials(content.value) if len(text) >= SHORTEST)
        return mask_tokens(body, list(found)) if found else body
    clean = _clean(value)
    return body if clean == value else msgspec.json.encode(clean)


def _clean(value: JSON, *, inside: bool = False) -> JSON:
    """The value with credentials masked: by the names of keys, and inside of texts."""
    if isinstance(value, dict):
        hidden = hidden_keys(value)
        return {
            key: MASK
            if key in hidden or is_credential(key, inner, inside=inside)
            else _clean(inner, inside=inside or names_credential(key))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_clean(one, inside=inside) for one in without_named(value, row=True)]
    return _hidden(value) if isinstance(value, str) else value


def _hidden(text: str) -> str:
    return "".join(hide(piece[0]) for piece in _PIECE.finditer(text)) if text else text


def _credentials(value: JSON, *, inside: bool = False) -> Iterator[str]:
    """The credentials in a decoded value, as texts."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if is_credential(key, inner, inside=inside):
                yield str(inner)
            else:
                yield from _credentials(inner, inside=inside or names_credential(key))
    elif isinstance(value, list):
        for one in value:
            yield from _credentials(one, inside=inside)
