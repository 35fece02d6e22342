"""Secrets: the type that holds one, and `redact`, which masks secrets inside other text.

A Secret prints as `<secret>` everywhere. This module keeps a weak reference to every Secret, so that `redact` can mask
its text inside log lines and error texts that were built from other values.
"""

import hmac
import re
from collections.abc import Iterator
from typing import Final, NoReturn
from weakref import WeakValueDictionary

MASK: Final = "<secret>"
"""What is printed instead of a secret."""

_SHORTEST = 4
"""Shorter secrets are not masked inside other text: they are parts of ordinary words."""

_HOOK_PATH = re.compile(r"((?:/|%2f)hooks(?:/|%2f)(?:commands(?:/|%2f))?)([a-z0-9]+)", re.IGNORECASE)
_LONG_ID = 16
"""From this length on, the id of a hook is masked without its URL too: Mattermost's ids have 26 characters."""

_live_secrets: "WeakValueDictionary[int, Secret]" = WeakValueDictionary()

_FEW = 100
"""To look for up to so many starts in a text costs less than to look up each of its parts among them."""
_PIECE = 4096
"""Characters of a text whose parts are looked up at once: bounds the memory of a long text."""


class Secret:
    """Text that only `reveal` shows. Equality takes constant time; neither JSON nor pickle can hold one.

    `variable` is the environment variable that it comes from, "" for none; that is no secret.
    """

    __slots__ = ("__weakref__", "_needles", "_text", "variable")

    def __init__(self, text: str, variable: str = "") -> None:
        self._text = text
        self.variable = variable
        self._needles = _needles(text)
        _live_secrets[id(self)] = self
        _index.latest = object()

    def reveal(self) -> str:
        """Return the text, for the place that sends or compares it."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_to_bytes(self._text), _to_bytes(other._text))

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: call reveal() where its text is needed")


class _Index:
    """What to mask by its first `_SHORTEST` characters, made anew after a Secret was made or has died.

    `latest` is another object for each Secret that is made.
    """

    def __init__(self) -> None:
        self.latest = object()
        self._made: tuple[tuple[object, int], dict[str, list[str]]] | None = None

    def by_start(self) -> dict[str, list[str]]:
        """The index of what there is to mask now."""
        living = (self.latest, len(_live_secrets))
        made = self._made
        if made is not None and made[0] == living:
            return made[1]
        index: dict[str, list[str]] = {}
        for reference in _live_secrets.valuerefs():
            if (secret := reference()) is not None:
                for needle in secret._needles:
                    index.setdefault(needle[:_SHORTEST], []).append(needle)
        self._made = (living, index)  # in one step: other threads mask, too
        return index


_index = _Index()


def redact(text: str) -> str:
    """Mask every living secret in a text, and whatever looks like the id of a Mattermost hook URL."""
    spans = [match.span(2) for match in _HOOK_PATH.finditer(text)] if "hooks" in text.lower() else []
    for needle in _possible(text):
        spans.extend(_occurrences(needle, text))
    return _mask_spans(text, sorted(spans)) if spans else text


def _possible(text: str) -> Iterator[str]:
    """What there is to mask, of that whose start is in the text.

    A gateway may have hundreds of secrets, and a log line has dozens of short texts: to look for each secret in each
    text costs more than all else that is done for an event.
    """
    index = _index.by_start()
    if len(index) <= _FEW:
        starts = {start for start in index if start in text}
    else:
        starts = {start for piece in _pieces(text) for start in index.keys() & _runs(piece)}
    for start in starts:
        yield from index[start]


def _pieces(text: str) -> Iterator[str]:
    """Pieces of a long text, which share the characters of a start less one."""
    for at in range(0, len(text), _PIECE):
        yield text[at : at + _PIECE + _SHORTEST - 1]


def _runs(text: str) -> set[str]:
    return {text[at : at + _SHORTEST] for at in range(len(text) - _SHORTEST + 1)}


def _occurrences(needle: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _mask_spans(text: str, spans: list[tuple[int, int]]) -> str:
    """Mask sorted spans of the original text; overlapping secrets are masked as a whole."""
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        if start > done or not pieces:
            pieces += [text[done:start], MASK]
        done = max(done, end)
    return "".join(pieces) + text[done:]


def _needles(text: str) -> tuple[str, ...]:
    """List what to mask for a secret: the text, and for a hook URL its id, which Mattermost repeats in errors."""
    whole = (text,) if len(text) >= _SHORTEST else ()
    match = _HOOK_PATH.search(text)
    return (*whole, match[2]) if match is not None and len(match[2]) >= _LONG_ID else whole


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
