"""A stored request as a command line that repeats it: any bytes survive a POSIX shell, secrets are `$SECRET`."""

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.console.masked import readable, shown_request
from gateway.model import Request
from gateway.verify.masking import MASK
from gateway.verify.material import octets
from gateway.verify.schemes import BasicSecret, HeaderSecret, Scheme

ARGUMENT: Final = 100_000
"""Bytes of the largest body that is an argument (Linux takes 128 KiB); a larger one comes through a pipe."""

_HOLE: Final = "\ue000SECRET\ue000"
"""The place of a secret, in text that may hold `***` of its own."""
_VARIABLE: Final = '"$SECRET"'
_MADE_BY_CURL: Final = frozenset({"host", "content-length", "connection", "transfer-encoding", "expect", "te"})
_NOT_REPEATED: Final = frozenset({"cookie", "proxy-authorization"})
_MASKED_IN_URL = re.compile(rf"(?<=[/=]){re.escape(MASK)}(?=[/?&]|$)")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,-]+")
_PIECES = re.compile(r"(?P<plain>[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]+)|[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]+")


def command(request: Request, schemes: Sequence[Scheme], limit: int) -> str:
    """The command that repeats a journalled request; `schemes` say how it proved itself, `limit` bounds inflating.

    A compressed body stays so unless a secret stands in it.
    """
    clean = shown_request(request, schemes, limit, _HOLE)
    if _HOLE.encode() not in clean.body:
        headers = {**clean.headers, **_coding(request)}
        body = request.body
    else:
        headers, body = dict(clean.headers), clean.body
    url = quote(_MASKED_IN_URL.sub(_HOLE, clean.url)) if clean.url else '"$URL"'
    parts = [f"curl --globoff --request {quote(request.method)} {url}"]
    parts += [option for name, value in headers.items() for option in _header(name, value, schemes)]
    if not body:
        return _lines(parts)
    if "content-type" not in headers:
        parts.append("--header 'content-type:'")
    text = readable(body)
    if text is not None and "\r" not in text and len(body) <= ARGUMENT:
        return _lines([*parts, f"--data-raw {quote(text)}"])
    piped = _lines([*parts, "--data-binary @-"])
    if text is not None and "\r" not in text:
        return f"printf %s {quote(text)} |\n{piped}"
    encoded = base64.b64encode(body.replace(_HOLE.encode(), MASK.encode())).decode()
    return f"printf %s '{encoded}' | base64 -d |\n{piped}"


def _coding(request: Request) -> dict[str, str]:
    coding = request.headers.get("content-encoding")
    return {} if coding is None else {"content-encoding": coding}


def _lines(parts: Sequence[str]) -> str:
    return " \\\n  ".join(parts)


def _header(name: str, value: str, schemes: Sequence[Scheme]) -> Iterator[str]:
    """The option for a header, none for what curl makes itself. A masked one shows how the secret stands in it."""
    if name in _MADE_BY_CURL or name in _NOT_REPEATED:
        return
    if value != MASK:
        yield f"--header {quote(f'{name}: {value}' if value else f'{name};')}"
        return
    bearers = [scheme.prefix for scheme in schemes if isinstance(scheme, HeaderSecret) and scheme.name == name]
    users = [scheme.user for scheme in schemes if isinstance(scheme, BasicSecret)]
    if users and not bearers and name == "authorization":
        yield f"--user {quote(f'{users[0]}:{_HOLE}' if users[0] else _HOLE)}"
    else:
        prefix = bearers[0] if bearers else ""
        yield f"--header {quote(f'{name}: {prefix}{_HOLE}')}"


def quote(text: str) -> str:
    """The text as one word of the shell: what is printable in quotes, other bytes by printf, secrets as a variable."""
    if _BARE.fullmatch(text):
        return text
    parts = ["".join(map(_piece, _PIECES.finditer(part))) for part in text.split(_HOLE)]
    return _VARIABLE.join(parts) or "''"


def _piece(match: re.Match[str]) -> str:
    if match["plain"]:
        return "'" + match[0].replace("'", "'\\''") + "'"
    return "\"$(printf '" + "".join(f"\\{octet:03o}" for octet in octets(match[0])) + "')\""
