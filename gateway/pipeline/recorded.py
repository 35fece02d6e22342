"""Requests in files, as people record them: JSON, HAR (browsers and proxies), raw HTTP, curl commands, or a bare body.

What a file is shows in its content, not in its name:

- JSON with `headers` beside `body`: a request; a list of such, or one a line: several.
- JSON with `log.entries`: HAR, of which the requests with a body count.
- `POST /path HTTP/1.1` in front: requests as on the wire, several with `###` between them as in .http files.
- `curl ...`: one command, or several.
- Everything else is the body of a request, and what it holds shows when it is decoded.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from gateway.model import JSON, Request
from gateway.pipeline import curlcommand
from gateway.pipeline.pasted import head, header_pairs, joined_headers, query

_LINE = re.compile(rb"(?P<method>[A-Z]{3,10}) (?P<target>\S+)(?: HTTP/[\d.]+)\s*?\r?\n")
_BETWEEN = re.compile(rb"^###[^\n]*\n", re.M)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_USUAL: Final = frozenset("host content-type content-length user-agent accept".split())
"""Headers of which one stands in every request."""
_BODIES: Final = ("body", "content", "json")
"""Keys of the body in a request in JSON."""


def requests(data: bytes) -> list[Request]:
    """The requests in a file. Raises ValueError, which says why there are none."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise ValueError("it is empty; save a request in it")
    if curlcommand.is_curl(start[:40].decode("utf-8", "replace")):
        return curlcommand.requests(start.decode("utf-8", "surrogateescape"))
    if start.startswith((b"{", b"[")) and (found := _in_json(start)) is not None:
        return found
    pieces = [piece for piece in _BETWEEN.split(start) if piece.strip()]
    if pieces and all(_LINE.match(piece.lstrip()) for piece in pieces):
        return [one for piece in pieces for one in _on_the_wire(piece.lstrip())]
    return [_with_headers(start) or Request(body=data)]


def _in_json(data: bytes) -> list[Request] | None:
    """The requests in JSON; None for what is none."""
    try:
        return list(_requests(json.loads(data)))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        pass
    try:
        return [one for line in data.splitlines() if line.strip() for one in _requests(json.loads(line))]
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None


def _requests(value: JSON) -> Iterator[Request]:
    if isinstance(value, dict) and isinstance(value.get("log"), dict) and isinstance(value["log"].get("entries"), list):
        found = [
            _of_har(one["request"]) for one in value["log"]["entries"] if isinstance(one, dict) and "request" in one
        ]
        with_body = [one for one in found if one.body]
        if not with_body:
            raise ValueError(f"none of the {len(found)} requests of this HAR has a body; export it with content")
        yield from with_body
    elif isinstance(value, list) and value and all(map(_is_request, value)):
        yield from map(_of_json, value)
    else:
        yield _of_json(value) if _is_request(value) else Request(body=_encoded(value))


def _is_request(value: JSON) -> bool:
    if not isinstance(value, dict):
        return False
    if _is_request(value.get("request")):
        return True
    return isinstance(value.get("headers"), dict | list) and any(key in value for key in _BODIES)


def _of_json(value: Mapping[str, Any]) -> Request:
    """A request with `headers` (an object or a list), `body`, and perhaps `method`, `url`, `query`."""
    if not isinstance(value.get("headers"), dict | list):
        return _of_json(value["request"])
    key = next(key for key in _BODIES if key in value)
    body, headers = value[key], joined_headers(header_pairs(value["headers"]))
    if isinstance(body, str):
        raw = _from_base64(body) if value.get("encoding") == "base64" else body.encode("utf-8", "surrogatepass")
    else:
        raw = b"" if body is None else _encoded(body)
        headers.setdefault("content-type", "application/json")
    url, asked = str(value.get("url") or ""), value.get("query")
    named = {str(name): str(text) for name, text in asked.items()} if isinstance(asked, dict) else query(url)
    return Request(str(value.get("method") or "POST").upper(), headers, named, raw, "", url)


def _of_har(value: Mapping[str, Any]) -> Request:
    """An entry's request: http://www.softwareishard.com/blog/har-12-spec/#request."""
    posted = value.get("postData")
    posted = posted if isinstance(posted, dict) else {}
    text = posted.get("text") or urlencode(dict(header_pairs(posted.get("params") or ())))
    body = _from_base64(text) if posted.get("encoding") == "base64" else text.encode("utf-8", "surrogatepass")
    pairs = [(name, one) for name, one in header_pairs(value.get("headers") or ()) if not name.startswith(":")]
    headers = joined_headers(pairs)
    if kind := posted.get("mimeType"):
        headers.setdefault("content-type", str(kind))
    url = str(value.get("url") or "")
    return Request(str(value.get("method") or "POST").upper(), headers, query(url), body, "", url)


def _on_the_wire(data: bytes) -> Iterator[Request]:
    """One request, and those that follow it where its Content-Length says that it ends."""
    line = _LINE.match(data)
    while line is not None:
        front, body = _divided(data[line.end() :])
        known = head(front).headers
        length = known.get("content-length", "")
        size = int(length) if length.isdigit() else len(body)
        rest = body[size:].lstrip()
        line_after = _LINE.match(rest)
        if not rest or line_after:
            body = body[:size]
        target = line["target"].decode("utf-8", "surrogateescape")
        url = target if "://" in target else f"https://{known.get('host', '')}{target}"
        yield Request(line["method"].decode(), _without_length(known), query(target), body, "", url)
        data, line = rest, line_after


def _with_headers(data: bytes) -> Request | None:
    """A request without its first line: header lines, one of them usual, a blank line, the body."""
    front, body = _divided(data)
    found = head(front)
    if not body or found.faults or _USUAL.isdisjoint(found.headers):
        return None
    return Request(headers=_without_length(found.headers), body=body)


def _divided(data: bytes) -> tuple[str, bytes]:
    end = _HEAD_END.search(data)
    front, body = (data[: end.start()], data[end.end() :]) if end else (data, b"")
    return front.decode("utf-8", "surrogateescape"), body


def _without_length(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name != "content-length"}


def _encoded(value: JSON) -> bytes:
    return msgspec.json.encode(value)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error:
        raise ValueError("a body that should be base64 is none") from None
