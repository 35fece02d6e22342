"""CloudEvents 1.0 over HTTP: binary, structured and batched events become the structured envelope with `data` decoded.

Rules of the CloudEvents HTTP protocol binding, sections 3.1 to 3.3, and of its JSON event format, section 3.1.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from gateway.decode.bounds import EVENTS
from gateway.model import JSON

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

MEDIA = frozenset({STRUCTURED, BATCH})
"""The media types of events whose attributes travel in the body."""

_UNREADABLE = ("image/", "audio/", "video/", "font/", "application/octet-stream", "application/zip", "application/pdf")
_PREFIX = "ce-"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')

ReadData = Callable[[str, bytes], tuple[JSON, str]]
"""Decodes data of a content type: (content type, bytes) -> (value, fault)."""


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the attributes travel in `ce-*` headers and the body is the data alone."""
    return "ce-specversion" in headers


def from_headers(headers: Mapping[str, str], body: bytes, read: ReadData) -> tuple[JSON, str]:
    """Return the envelope of a binary event and the fault in its data, if any; without a body there is no `data`."""
    envelope: dict[str, JSON] = {
        name.removeprefix(_PREFIX): _attribute(text) for name, text in headers.items() if name.startswith(_PREFIX)
    }
    content_type = headers.get("content-type", "")
    if content_type:
        envelope["datacontenttype"] = content_type
    if not body:
        return envelope, ""
    data, fault = _data(content_type, body, read)
    return {**envelope, "data": data}, fault


def from_json(value: JSON, read: ReadData) -> tuple[JSON, str]:
    """Return one envelope or an array of them with `data_base64` decoded, and the fault of the first bad one.

    Only the first `EVENTS` of an array are decoded; the others are only counted.
    """
    if isinstance(value, dict):
        return _decode_data(value, read)
    if not isinstance(value, list):
        return value, "not a CloudEvent: expected an object or an array of objects"
    decoded = [_decode_data(event, read) for event in value[:EVENTS]]
    faults = [f"[{index}]: {fault}" for index, (_, fault) in enumerate(decoded) if fault]
    return [event for event, _ in decoded] + value[EVENTS:], faults[0] if faults else ""


def _decode_data(event: JSON, read: ReadData) -> tuple[JSON, str]:
    if not isinstance(event, dict):
        return event, "not a CloudEvent: expected an object"
    encoded = event.get("data_base64")
    if encoded is None:
        return event, ""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return event, "data_base64: not base64"
    content_type = event.get("datacontenttype", "")
    data, fault = _data(content_type if isinstance(content_type, str) else "", raw, read)
    rest = {name: content for name, content in event.items() if name != "data_base64"}
    return {**rest, "data": data}, fault


def _data(content_type: str, raw: bytes, read: ReadData) -> tuple[JSON, str]:
    """The data that `read` finds in bytes; of what nobody reads, such as a picture, how much of it there is."""
    media = content_type.partition(";")[0].strip().lower()
    if b"\0" in raw and (media == "" or media.startswith(_UNREADABLE)):
        return f"{len(raw):,} bytes of {media or 'no known type'}", ""
    return read(content_type, raw)


def _attribute(text: str) -> str:
    """Decode a header value (binding section 3.1.3.2): open a quoted string, then percent-decode once."""
    quoted = _QUOTED.fullmatch(text.strip())
    return unquote(re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text, errors="replace")
