"""Requests as people paste them: header lines, what `curl -v` prints, JSON; a query string or a whole URL."""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from gateway.model import JSON

_REQUEST_LINE = re.compile(r"(?P<method>[A-Z]{3,10}) (?P<target>\S+)(?: HTTP/[\d.]+)?")
_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(?P<value>.*)")
_LINE_END = re.compile(r"\r\n|\r|\n")  # of `str.splitlines` only these: a value may hold the others
_MOST_FIELDS = 1000
_MOST_FAULTS = 10


class Head(Struct, frozen=True):
    """A pasted request without its body. `method` and `query` come from a request line; header names are lower case.

    `faults` are the lines that are no headers, the first few by their number; they are skipped.
    """

    headers: Mapping[str, str]
    method: str = ""
    query: Mapping[str, str] = {}
    faults: tuple[str, ...] = ()


def head(text: str) -> Head:
    """Read the pasted text of headers. Of `curl -v`, only the lines of the request (`> `) count."""
    if text.lstrip().startswith(("{", "[")):
        return _from_json(text)
    lines = list(enumerate(_LINE_END.split(text), 1))
    if any(line.startswith("> ") for _, line in lines):
        lines = [(number, line[2:]) for number, line in lines if line.startswith("> ")]
    method, found = "", dict[str, str]()
    pairs, faults = [], []
    for number, line in lines:
        stripped = line.strip()
        if request := _REQUEST_LINE.fullmatch(stripped):
            method, found = request["method"], query(request["target"])
        elif header := _HEADER.fullmatch(stripped):
            pairs.append((header["name"], header["value"]))
        elif stripped:
            faults.append(f"line {number}: expected “Name: value”")
    if len(faults) > _MOST_FAULTS:
        faults[_MOST_FAULTS:] = [f"and {len(faults) - _MOST_FAULTS} more lines"]
    return Head(joined_headers(pairs), method, found, tuple(faults))


def query(text: str) -> dict[str, str]:
    """Read a query string, with or without its question mark, or that of a URL or path; the first of a name counts."""
    text = text.strip()
    if text.startswith("/") or "://" in text:
        try:
            text = urlsplit(text).query
        except ValueError:
            return {}
    try:
        pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _from_json(text: str) -> Head:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Head({}, faults=(f"not JSON: {error}",))
    pairs = list(header_pairs(value))
    return Head(joined_headers(pairs), faults=() if pairs or not value else ("expected an object of names and values",))


def header_pairs(value: JSON) -> Iterable[tuple[str, str]]:
    """Names and values of an object, or of a list of {name, value} as browsers export them."""
    if isinstance(value, dict):
        for name, given in value.items():
            for one in given if isinstance(given, list) else [given]:
                yield name, _text(one)
        return
    for one in value:
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            yield one["name"], _text(one.get("value"))


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def joined_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case; repeated ones joined by commas (RFC 9110 section 5.3)."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower().strip(), []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}
