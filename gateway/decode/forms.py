"""HTML forms as webhooks use them: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578)."""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from gateway.model import JSON

FIELDS = 1000
"""The most fields that one form may have."""

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^;\s"]{1,200}))', re.I)
_PARAMETER = re.compile(r';\s*(name|filename\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))', re.I)


class File(Struct, frozen=True):
    """An uploaded file: `size` is in bytes; the content is only in the raw request."""

    filename: str
    content_type: str
    size: int


Pair = tuple[str, str | File]


def urlencoded(body: bytes) -> list[tuple[str, str]]:
    """Return the fields in the order sent; ValueError when there are more than `FIELDS`."""
    text = body.decode("utf-8", "replace").strip()
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELDS)
    except ValueError:
        raise ValueError(f"a form with more than {FIELDS} fields") from None


def multipart(body: bytes, content_type: str) -> list[Pair]:
    """Return the parts in the order sent, fields as text, files as `File`; ValueError for none or too many."""
    delimiter = b"\n--" + _boundary(body, content_type)
    pieces = (b"\n" + body).split(delimiter, FIELDS + 2)
    if len(pieces) > FIELDS + 2:
        raise ValueError(f"a form with more than {FIELDS} fields")
    if len(pieces) == 1:
        raise ValueError("not multipart: the boundary of the Content-Type is nowhere in the body")
    parts = takewhile(lambda piece: not piece.startswith(b"--"), pieces[1:])
    pairs = [pair for part in parts for pair in _part(part)]
    if not pairs:
        raise ValueError("not multipart: no part has a name")
    return pairs


def fields(pairs: Iterable[Pair]) -> dict[str, JSON]:
    """Merge the pairs into one flat object: a repeated name becomes an array, a file loses its content."""
    found: dict[str, list[JSON]] = {}
    for name, value in pairs:
        plain = value if isinstance(value, str) else _file_facts(value)
        found.setdefault(name, []).append(plain)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _file_facts(file: File) -> dict[str, JSON]:
    return {"filename": file.filename, "content_type": file.content_type, "size": file.size}


def _boundary(body: bytes, content_type: str) -> bytes:
    match = _BOUNDARY.search(content_type)
    if match is not None:
        return (match[1] or match[2]).encode("utf-8", "replace")
    first = body[:210].split(b"\n", 1)[0].strip()
    if not first.startswith(b"--") or len(first) < len(b"--x"):
        raise ValueError("not multipart: the Content-Type names no boundary")
    return first[2:]


def _part(piece: bytes) -> Iterator[Pair]:
    newline = b"\r\n" if piece.startswith(b"\r\n") else b"\n"
    head, _, content = piece.removesuffix(b"\r").partition(newline * 2)
    headers = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    parameters = {match[1].lower(): _parameter(match) for match in _PARAMETER.finditer(disposition)}
    if "name" not in parameters:
        return
    filename = parameters.get("filename*", parameters.get("filename"))
    if filename is None:
        yield parameters["name"], content.decode("utf-8", "replace")
    else:
        yield parameters["name"], File(filename, headers.get("content-type", "application/octet-stream"), len(content))


def _parameter(match: re.Match[str]) -> str:
    if match[1].endswith("*"):  # RFC 8187: charset'language'percent-encoded
        return unquote(str(match[3] or match[2] or "").rpartition("'")[2], errors="replace")
    return str(match[3]) if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
