"""HTML forms as webhooks use them: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578).

One field can be cut out of the bytes of a form without reading the others: that is all that a signature over it needs.
"""

import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from gateway.decode.bounds import FIELDS, TooManyError
from gateway.model import JSON

LIFTED: Final = frozenset({"payload", "payload_json", "json", "data", "rawrequest"})
"""Form fields (in lower case) that hold the whole event as JSON: GitHub, Slack, Discord, Dropbox Sign, Jotform."""

_HEAD: Final = 4096
"""The most bytes in the headers of a part."""
_PARAMETERS: Final = 16
"""The most parameters of a Content-Disposition."""
_BAD_ESCAPES: Final = 1000
"""The most percent signs in a field that begin no escape."""

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^;\s"]{1,200}))', re.I)
_PARAMETER = re.compile(r'[^;"]*;\s*([\w-]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^;\s"]*))')
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class File(Struct, frozen=True):
    """An uploaded file: `size` is in bytes; the content is only in the raw request."""

    filename: str
    content_type: str
    size: int


Pair = tuple[str, str | File]


def is_multipart(content_type: str) -> bool:
    """Whether a Content-Type says that the body is multipart."""
    return content_type[:10].lower() == "multipart/"


def urlencoded(body: bytes) -> list[tuple[str, str]]:
    """Return the fields in the order sent; TooManyError when there are more than `FIELDS`."""
    pairs = (piece.partition(b"=") for piece in _pieces(body))
    return [(_text(name), _text(value)) for name, _, value in pairs]


def multipart(body: bytes, content_type: str) -> list[Pair]:
    """Return the parts in the order sent, fields as text, files as `File`; ValueError for none or too many."""
    pairs = [_pair(*part) for part in _parts(body, content_type)]
    if not pairs:
        raise ValueError("not multipart: no part has a name")
    return pairs


def only_field(body: bytes, content_type: str, name: str) -> tuple[bytes, bytes] | None:
    """Cut one field out of the bytes of a form: its value, and a form that has nothing else. Never raises.

    None when the form does not have exactly one field of this name, which might be read in two ways.
    """
    try:
        if is_multipart(content_type):
            return _only_part(body, content_type, name)
        found = [piece for piece in _pieces(body) if _text(piece.partition(b"=")[0]) == name]
        return (_unquoted(found[0].partition(b"=")[2]), found[0]) if len(found) == 1 else None
    except ValueError:
        return None


def fields(pairs: Iterable[Pair]) -> dict[str, JSON]:
    """Merge the pairs into one flat object: a repeated name becomes an array, a file loses its content."""
    found: dict[str, list[JSON]] = {}
    for name, value in pairs:
        plain = value if isinstance(value, str) else _file_facts(value)
        found.setdefault(name, []).append(plain)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _pieces(body: bytes) -> list[bytes]:
    """The fields of a form as they are written."""
    pieces = body.strip().split(b"&", FIELDS)
    if len(pieces) > FIELDS:
        raise TooManyError(f"a form with more than {FIELDS} fields")
    return [piece for piece in pieces if piece]


def _text(raw: bytes) -> str:
    return _unquoted(raw).decode("utf-8", "replace")


def _unquoted(raw: bytes) -> bytes:
    """Decode `+` and percent escapes."""
    return unescaped(raw.replace(b"+", b" "))


def unescaped(raw: bytes) -> bytes:
    """Decode percent escapes, in linear time and memory; what is no escape stands for itself.

    Raises TooManyError for too many percent signs that begin none.
    """
    if b"%" not in raw:
        return raw
    raw, bad = _BAD_ESCAPE.subn(b"%25", raw, count=_BAD_ESCAPES + 1)
    if bad > _BAD_ESCAPES:
        raise TooManyError("a form with too many percent signs that begin no escape")
    # Quoted-printable (RFC 2045) is the same with another sign, and `binascii` decodes that 30 times faster.
    return binascii.a2b_qp(raw.replace(b"=", b"%3D").replace(b"%", b"="))


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


def _parts(body: bytes, content_type: str) -> Iterator[tuple[str, str | None, str, bytes]]:
    """Name, file name, content type and content of each part that has a name."""
    delimiter = b"\n--" + _boundary(body, content_type)
    pieces = (b"\n" + body).split(delimiter, FIELDS + 2)
    if len(pieces) > FIELDS + 2:
        raise TooManyError(f"a form with more than {FIELDS} fields")
    if len(pieces) == 1:
        raise ValueError("not multipart: the boundary of the Content-Type is nowhere in the body")
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        head, content = _split(piece)
        headers = dict(_headers(head))
        parameters = _parameters(headers.get("content-disposition", ""))
        if "name" in parameters:
            filename = parameters.get("filename*", parameters.get("filename"))
            yield parameters["name"], filename, headers.get("content-type", "application/octet-stream"), content


def _pair(name: str, filename: str | None, content_type: str, content: bytes) -> Pair:
    if filename is None:
        return name, content.decode("utf-8", "replace")
    return name, File(filename, content_type, len(content))


def _only_part(body: bytes, content_type: str, name: str) -> tuple[bytes, bytes] | None:
    found = [(content, filename) for given, filename, _, content in _parts(body, content_type) if given == name]
    if len(found) != 1 or found[0][1] is not None:
        return None
    boundary, content = _boundary(body, content_type), found[0][0]
    written = name.replace("\\", "\\\\").replace('"', '\\"').encode()
    head = b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n' % (boundary, written)
    return content, b"%b%b\r\n--%b--\r\n" % (head, content, boundary)


def _split(piece: bytes) -> tuple[bytes, bytes]:
    """The headers of a part and its content."""
    newline = b"\r\n" if piece.startswith(b"\r\n") else b"\n"
    end = piece.find(newline * 2, 0, _HEAD)
    if end < 0:
        if len(piece) > _HEAD:
            raise TooManyError(f"a part of a form with more than {_HEAD} bytes of headers")
        return piece.removesuffix(b"\r"), b""
    return piece[:end], piece[end + 2 * len(newline) :].removesuffix(b"\r")


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def _parameters(disposition: str) -> dict[str, str]:
    """The first parameters of a Content-Disposition, as far as they are well-formed."""
    found: dict[str, str] = {}
    at = 0
    for _ in range(_PARAMETERS):
        match = _PARAMETER.match(disposition, at)
        if match is None:
            break
        found.setdefault(match[1].lower(), _parameter(match))
        at = match.end()
    return found


def _parameter(match: re.Match[str]) -> str:
    if match[1].endswith("*"):  # RFC 8187: charset'language'percent-encoded
        return unquote(str(match[3] or match[2] or "").rpartition("'")[2], errors="replace")
    return str(match[3]) if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
