"""A stored request as people may see it: inflated, with every secret masked, and its body readable.

The journal keeps requests masked (`gateway.verify.masking`). What the settings have as a secret today, and tokens that
an earlier version or another route left in a body, are masked here once more.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal

import msgspec
from msgspec import Struct

from gateway import secret
from gateway.decode.compression import inflate
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify import masking
from gateway.verify.schemes import Scheme, sent

SHOWN: Final = 200_000
"""Characters of a body that a page shows."""
DUMPED: Final = 1024
"""Bytes of a binary body that a page shows."""
PRETTY: Final = 5_000_000
"""Bytes above which JSON is shown without indentation, as it came."""

_ROW = 16
_TEXT_CONTROLS = {"\n", "\r", "\t", "\f"}


class BodyView(Struct, frozen=True):
    """A body to read: JSON indented, other text as it is, bytes as a hexadecimal dump. `size` is that of all of it.

    `cut` says that `text` is only its beginning.
    """

    kind: Literal["empty", "json", "text", "binary"]
    text: str
    size: int
    cut: bool = False


class RequestView(Struct, frozen=True):
    """A request without secrets. `url` is empty when it could not be read."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: BodyView


def shown_request(request: Request, schemes: Sequence[Scheme], limit: int, mask: str = masking.MASK) -> Request:
    """The request with its body inflated (to at most `limit` bytes; else it stays as it is) and its secrets masked."""
    coding = request.headers.get("content-encoding", "")
    headers = dict(request.headers)
    body = request.body
    if coding:
        with suppress(Refused):
            body = inflate(body, coding, limit)
            del headers["content-encoding"]
    return msgspec.structs.replace(
        request,
        headers={name: _redact(value, mask) for name, value in headers.items()},
        query={name: _redact(value, mask) for name, value in request.query.items()},
        url=_redact(request.url, mask),
        body=_mask_body(body, masking.body_tokens(Content(request, body), sent(schemes)), mask),
    )


def view(request: Request) -> RequestView:
    """What a page shows of a masked request."""
    return RequestView(request.method, request.url, request.headers, request.query, body_view(request.body))


def body_view(body: bytes) -> BodyView:
    """A body to read."""
    if not body:
        return BodyView("empty", "", 0)
    text = readable(body)
    if text is None:
        return BodyView("binary", _dump(body[:DUMPED]), len(body), len(body) > DUMPED)
    kind: Literal["json", "text"] = "text"
    if len(body) <= PRETTY and text.lstrip().startswith(("{", "[")):
        with suppress(msgspec.DecodeError, RecursionError):
            text, kind = msgspec.json.format(text, indent=2), "json"
    return BodyView(kind, text[:SHOWN], len(body), len(text) > SHOWN)


def readable(body: bytes) -> str | None:
    """The body as text, None when it is no text that a person could read."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if any(ord(sign) < 32 and sign not in _TEXT_CONTROLS for sign in set(text)) else text


def _mask_body(body: bytes, tokens: Sequence[str], mask: str) -> bytes:
    body = masking.mask_tokens(body, tokens, mask)
    try:
        return _redact(body.decode(), mask).encode()
    except UnicodeDecodeError:
        return body


def _redact(text: str, mask: str) -> str:
    found = secret.redact(text)
    return text if found == text else found.replace(secret.MASK, mask)


def _dump(data: bytes) -> str:
    """Rows of offset, hexadecimal bytes and the printable ones among them."""
    rows = []
    for at in range(0, len(data), _ROW):
        row = data[at : at + _ROW]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        rows.append(f"{at:08x}  {row.hex(' '):<{3 * _ROW}} {shown}")
    return "\n".join(rows)
