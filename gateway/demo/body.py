"""From the body of an HTTP request to the JSON of an incoming webhook (contract 1.2)."""

from email.parser import BytesParser
from urllib.parse import parse_qs

import msgspec
from aiohttp import StreamReader

from gateway.demo.incoming import DECODE, RefusedError

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


async def read_body(content: StreamReader, limit: int) -> bytes:
    """Read the whole body but keep at most `limit` bytes and one more, which tells that it was cut."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        if size <= limit:
            chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)[: limit + 1]


def payload_of(body: bytes, declared: str, limit: int) -> bytes:
    """Find the JSON in a body that was `declared` to be of a content type (contract 1.2); raises RefusedError.

    A body longer than `limit` bytes was cut: as JSON it no longer parses, which is all that its sender is told.
    """
    media_type = declared.partition(";")[0].strip().lower()
    if declared and not _is_media_type(media_type):
        raise RefusedError(400, "web.incoming_webhook.media_type.app_error", "malformed content type")
    cut = len(body) > limit
    if media_type not in {_FORM, _MULTIPART}:
        if cut:
            raise RefusedError(400, DECODE, "unexpected end of JSON input")
        return body
    if cut:
        raise RefusedError(413, "api.context.request_body_too_large.app_error", "body too large")
    if media_type == _FORM:
        try:
            return parse_qs(body.decode(), strict_parsing=bool(body)).get("payload", [""])[0].encode()
        except ValueError as error:
            raise RefusedError(400, "web.incoming_webhook.parse_form.app_error", str(error)) from error
    return _multipart(body, declared)


def _is_media_type(value: str) -> bool:
    return bool(value) and all(part and part.isascii() and " " not in part for part in value.split("/", 1))


def _multipart(body: bytes, declared: str) -> bytes:
    """Map form parts straight onto the request's keys, as the server does: only Go's names are known."""
    form = BytesParser().parsebytes(b"Content-Type: " + declared.encode() + b"\r\n\r\n" + body)
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
