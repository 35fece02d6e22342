"""Requests in curl commands, as documentation shows them and browsers copy them ("Copy as cURL")."""

import base64
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote_plus, urlsplit

from gateway.model import Request
from gateway.pipeline.pasted import joined_headers, query

_ANSI_C = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.S)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.S)
_PLAIN_ESCAPES: Final[Mapping[str, str]] = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "e": "\x1b"}

_LONG: Final[Mapping[str, str]] = {
    "X": "request", "H": "header", "d": "data", "F": "form", "u": "user", "G": "get", "A": "user-agent",
    "b": "cookie", "e": "referer", "I": "head", "o": "output", "m": "max-time", "x": "proxy", "w": "write-out",
    "c": "cookie-jar", "E": "cert", "T": "upload-file", "D": "dump-header", "K": "config", "r": "range",
}  # fmt: skip
"""The short options that take a value, or matter here, by their long names."""
_BARE: Final = frozenset({"get", "head"})
_OTHERS: Final = frozenset(
    "output max-time proxy write-out cookie-jar cert dump-header config range connect-timeout key cacert retry"
    " resolve retry-delay limit-rate interface".split()
)
"""Options whose value says nothing about the request."""
_DATA: Final = frozenset("data data-raw data-ascii data-binary data-urlencode json".split())
_HEADERS: Final[Mapping[str, str]] = {"user-agent": "User-Agent", "cookie": "Cookie", "referer": "Referer"}
_BOUNDARY: Final = "a-boundary-of-the-draft"


def is_curl(text: str) -> bool:
    """Whether a text is a curl command, or several."""
    return re.match(r"\s*(?:\$ *)?curl\s", text) is not None


def requests(text: str) -> list[Request]:
    """The requests of the curl commands in a text. Raises ValueError, which says what cannot be read."""
    plain = _ANSI_C.sub(lambda found: shlex.quote(_unescaped(found[1])), text.replace("\\\r\n", " "))
    try:
        words = shlex.split(plain, comments=True)
    except ValueError as error:
        raise ValueError(f"this curl command cannot be read: {error}") from None
    starts = [at for at, word in enumerate(words) if word == "curl"]
    return [_request(words[start + 1 : end]) for start, end in zip(starts, [*starts[1:], len(words)], strict=True)]


def _unescaped(text: str) -> str:
    """What stands in `$'...'` of a shell."""
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code[0] in "01234567" else _PLAIN_ESCAPES.get(code, code)


def _request(words: Sequence[str]) -> Request:
    given = list(_options(iter(words)))

    def each(wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
        return [(name, value) for name, value in given if wanted(name)]

    headers = [
        (name.strip(), text.strip()) for _, line in each("header".__eq__) for name, _, text in [line.partition(":")]
    ]
    headers += [(_HEADERS[name], value) for name, value in each(_HEADERS.__contains__)]
    for _, user in each("user".__eq__):
        headers.append(("Authorization", "Basic " + base64.b64encode(user.encode()).decode()))
    body, kind = _body(each(lambda name: name in _DATA or name == "form"))
    urls = [value for _, value in each("url".__eq__)]
    url = urls[0] if urls else ""
    flags = {name for name, _ in given}
    if "get" in flags and body:
        url, body, kind = f"{url}{'&' if '?' in url else '?'}{body.decode()}", b"", ""
    named = joined_headers(headers)
    if kind:
        named.setdefault("content-type", kind)
    method = next((value for _, value in reversed(each("request".__eq__))), "")
    method = method or ("HEAD" if "head" in flags else "POST" if body else "GET")
    return Request(method.upper(), named, query(url) if urlsplit(url).query else {}, body, "", url)


def _options(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """The options of one command by their long names; what is no option is a `url`."""
    for word in words:
        if word in ("|", "&&", ";", "||"):
            return
        if word.startswith("--"):
            name = word[2:]
            takes = name in _OTHERS or name in _DATA or (name in _LONG.values() and name not in _BARE) or name == "url"
            yield (name, next(words, "")) if takes else (name, "")
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word[1:], words)
        else:
            yield "url", word.rstrip(";")


def _short(letters: str, words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Short options in one word: `-sSXPOST`."""
    for at, letter in enumerate(letters):
        name = _LONG.get(letter, letter)
        if letter in _LONG and name not in _BARE:
            yield name, letters[at + 1 :] or next(words, "")
            return
        yield name, ""


def _body(given: Sequence[tuple[str, str]]) -> tuple[bytes, str]:
    """The body and its Content-Type; both are empty without data."""
    for name, value in given:
        at = value.partition("=")[2] if name == "form" else value
        if at.startswith(("@", "<")) and name != "data-raw":
            raise ValueError(f"--{name} {value}: what is in that file is not known; give the body in the command")
    forms = [value.partition("=") for name, value in given if name == "form"]
    if forms:
        parts = [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, _, text in forms
        ]
        whole = "".join((*parts, f"--{_BOUNDARY}--\r\n"))
        return whole.encode("utf-8", "surrogatepass"), f"multipart/form-data; boundary={_BOUNDARY}"
    if not given:
        return b"", ""
    if given[0][0] == "json":
        return "".join(value for _, value in given).encode("utf-8", "surrogatepass"), "application/json"
    pieces = [_encoded(value) if name == "data-urlencode" else value for name, value in given]
    return "&".join(pieces).encode("utf-8", "surrogatepass"), "application/x-www-form-urlencoded"


def _encoded(value: str) -> str:
    name, sign, text = value.partition("=")
    return f"{name}={quote_plus(text)}" if sign and name else quote_plus(text if sign else value)
