"""From the body of an HTTP request to the JSON of an incoming webhook (contract 1.2)."""

import re
from email.parser import BytesParser
from urllib.parse import unquote_to_bytes

import msgspec
from aiohttp import StreamReader

from gateway.standin.incoming import DECODE
from gateway.standin.refusal import RefusedError

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_MULTIPART_NAMES = {
    "text": "text",
    "username": "username",
    "iconurl": "icon_url",
    "iconemoji": "icon_emoji",
    "channelname": "channel",
    "type": "type",
}
_MEDIA_TYPE = re.compile(r"[^\s/;=]+(/[^\s/;=]+)?\s*(;\s*[^\s;=]+=(\"[^\"]*\"|[^\s;\"]+)\s*)*;?\s*")
_STRAY = re.compile(rb";|%(?![0-9A-Fa-f]{2})")
TOO_LARGE = RefusedError(413, "api.context.request_body_too_large.app_error", "body too large")


async def read_body(content: StreamReader, limit: int) -> bytes:
    """Read the whole body but keep at most `limit` bytes and one more, which tells that it was cut."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        if size <= limit:
            chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)[: limit + 1]


def payload_of(body: bytes, declared: str, query: str, limit: int) -> bytes:
    """Find the JSON in a body that was `declared` to be of a content type; raises RefusedError.

    A body longer than `limit` bytes was cut: its JSON no longer parses, unless the first value was whole. `query` is
    the raw one of the address, where a form may have its field as well.
    """
    if declared and not _MEDIA_TYPE.fullmatch(declared):
        raise RefusedError(400, "web.incoming_webhook.parse_form.app_error", "malformed content type")
    media_type = declared.partition(";")[0].strip().lower()
    if media_type not in {_FORM, _MULTIPART}:
        return body[:limit]
    if len(body) > limit:
        raise TOO_LARGE
    if media_type == _FORM:
        return _field(body) or _field(query.encode())
    return _multipart(body, declared)


def _field(form: bytes) -> bytes:
    """The field `payload` of a form; empty without one."""
    if _STRAY.search(form):
        raise RefusedError(400, "web.incoming_webhook.parse_form.app_error", "no form")
    for pair in form.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"payload":
            return unquote_to_bytes(value.replace(b"+", b" "))
    return b""


def _multipart(body: bytes, declared: str) -> bytes:
    """Map form parts straight onto the request's keys, as the server does: only Go's names are known."""
    form = BytesParser().parsebytes(
        b"Content-Type: " + declared.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
    )
    if not form.is_multipart():
        raise RefusedError(400, "web.incoming_webhook.parse_multipart.app_error", "no parts")
    fields: dict[str, str] = {}
    for part in form.get_payload():
        name = str(part.get_param("name", "", "content-disposition")).lower()  # type: ignore[union-attr]
        if name not in _MULTIPART_NAMES:
            raise RefusedError(400, DECODE, f"unknown part {name!r}")
        content = part.get_payload(decode=True)  # type: ignore[union-attr]
        fields[_MULTIPART_NAMES[name]] = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return msgspec.json.encode(fields)
