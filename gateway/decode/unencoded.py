"""Forms in which a field holds JSON as it is, not percent-encoded: `curl -d 'payload={"text": "this & that"}'`.

Read as a form (URL Standard, 5.1), such a field ends at the first `&` of its text, `+` becomes a space, and quotes that
a shell did not take away stand around the JSON. Here the field reaches as far as its JSON does.

A signature over a form field or over all of them covers the fields of a form, so that only what no such signature
covers may be read like this.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from gateway.decode import forms
from gateway.decode.forms import LIFTED

MOST: Final = 300_000
"""Bytes of a form that is read like this: what Mattermost takes of a request (MaximumPayloadSizeBytes)."""

_QUOTE, _SPACE = b'" '
_NAMES = "|".join(sorted(LIFTED))
_START = re.compile(
    rf"(?:\A|&)\s*+(?P<around>['\"]?)(?P<name>{_NAMES})=\s*+(?P<quote>['\"]?)\s*+(?=[{{\[])".encode(), re.IGNORECASE
)
_WORDS = re.compile(
    rb"(?:\A|&)(?P<name>payload)=(?P<value>(?=[^&= ]*+[ ])[^&=]*+)(?:&(?![^&=]*=)[^&]*)+", re.IGNORECASE
)
"""A text with spaces, which a form would have encoded, up to where something looks like another field."""
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{\[]|[}\]]', re.DOTALL)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ESCAPED = re.compile(rb"\\([\"\\])")
_ENDS = {
    quotes: re.compile(re.escape(quotes) + rb"\s*(?:&|\Z)")
    for quotes in (b"", b"'", b'"', b"''", b'""', b"'\"", b"\"'")
}


class Unencoded(Struct, frozen=True):
    """A field with the texts that may be its JSON, likeliest first, and the other fields of the form.

    `text` is that field as text, should none of them be JSON. `differs` says that a form would be read otherwise.
    """

    name: str
    texts: tuple[bytes, ...]
    text: str
    others: list[tuple[str, str]]
    differs: bool


def looks_unencoded(body: bytes) -> bool:
    """Whether a body begins like such a form."""
    return _START.match(body) is not None


def read(body: bytes) -> Unencoded | None:
    """The first field whose value begins like JSON, or has spaces; None where there is none.

    It ends where the JSON does; JSON that does not end, with the form, and a text before the next `name=`. Raises
    TooManyError as `forms.urlencoded` does.
    """
    if (_QUOTE not in body and _SPACE not in body) or len(body) > MOST:  # a form that is one has neither
        return None
    start = _START.search(body)
    if start is None:
        words = _WORDS.search(body)
        return _field(body, words, words.start("value"), words.end(), words.end() + 1, ()) if words else None
    for first, last, after in _extents(body, start):
        return _field(body, start, first, last, after, _texts(body[first:last]))
    return _field(body, start, start.start("quote"), len(body), len(body), ())


def _field(body: bytes, start: re.Match[bytes], first: int, last: int, after: int, texts: Iterable[bytes]) -> Unencoded:
    """The field whose value is between `first` and `last`; others are before it, and from `after` on."""
    value = body[first:last]
    others = [*forms.urlencoded(body[: start.start()]), *forms.urlencoded(body[after:])]
    text = forms.unescaped(value).decode("utf-8", "replace").strip()
    differs = first != start.end() or b"&" in value or b"+" in value
    return Unencoded(start["name"].decode(), tuple(texts), text, others, differs)


def _extents(body: bytes, start: re.Match[bytes]) -> Iterator[tuple[int, int, int]]:
    """Where the value begins and ends, and where the other fields go on."""
    around, quote = start["around"], start["quote"]
    string = _STRING.match(body, start.start("quote")) if quote == b'"' else None
    if string and (end := _ENDS[around].match(body, string.end())):  # a shell's: "{\"text\": 1}"
        yield string.start(), string.end(), end.end()
    last = _end_of_value(body, start.end())
    if last and (end := _ENDS[quote + around].match(body, last)):
        yield start.end(), last, end.end()


def _end_of_value(body: bytes, at: int) -> int:
    """Where the array or object that begins at `at` ends, 0 when it does not."""
    depth = 0
    for token in _TOKEN.finditer(body, at):
        if token[0] in (b"{", b"["):
            depth += 1
        elif token[0] in (b"}", b"]"):
            depth -= 1
            if not depth:
                return token.end()
    return 0


def _texts(value: bytes) -> Iterator[bytes]:
    """The value with its percent escapes decoded, as those write it who know of `&`; else as it is.

    A plus sign stays one: what would write a space as `+` would not have left a quotation mark.
    """
    for written in (forms.unescaped(value), value):
        if written[:1] != b'"':
            yield written
        else:
            yield _ESCAPED.sub(rb"\1", written[1:-1])
