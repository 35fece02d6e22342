"""JSON of which only some values are read: the rest is checked and skipped, without building anything of it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw

from gateway.decode import jsontext
from gateway.decode.bounds import UNPROVEN_NODES, Allowance, BoundError
from gateway.jsonpath import MISSING, STAR, Step
from gateway.model import JSON

_WHOLE = msgspec.json.Decoder(Raw)
_ARRAY = msgspec.json.Decoder(list[Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_ABSENT: Final = Raw(b"")


class Skimmed:
    """A JSON text that is well-formed. Raises no error: a path whose way has too many elements leads nowhere."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._allowance = Allowance(most=UNPROVEN_NODES)

    def at(self, path: tuple[Step, ...]) -> JSON:
        """The value at a path without `*`, or MISSING; an array or object is shown as empty."""
        return next(self.each(path))

    def each(self, path: tuple[Step, ...]) -> Iterator[JSON]:
        """The value at a path, one for each element that a `*` branches over; MISSING where there is none."""
        return self._each(self._raw, path)

    def _each(self, raw: bytes, path: tuple[Step, ...]) -> Iterator[JSON]:
        for index, step in enumerate(path):
            if step == STAR:
                for child in self._children(raw):
                    yield from self._each(child, path[index + 1 :])
                return
            raw = _member(raw, step) if isinstance(step, str) else self._element(raw, step)
            if not raw:
                if STAR not in path[index:]:
                    yield MISSING
                return
        yield _value(raw)

    def _children(self, raw: bytes) -> list[bytes]:
        """The elements of an array or the values of an object; none of others, or of more than may be read."""
        if raw[:1] not in (b"[", b"{"):
            return []
        try:
            self._allowance.take(jsontext.count(raw, self._allowance.left))
        except BoundError:
            return []
        found = _ARRAY.decode(raw) if raw[:1] == b"[" else _OBJECT.decode(raw).values()
        return [bytes(child) for child in found]

    def _element(self, raw: bytes, index: int) -> bytes:
        found = self._children(raw) if raw[:1] == b"[" else []
        return found[index] if -len(found) <= index < len(found) else b""


def skim(text: bytes) -> Skimmed:
    """Check a JSON text in UTF-8, repaired as `jsontext.parse` does. Raises ValueError for what is not JSON."""
    for change in (bytes, jsontext.repair):
        try:
            return Skimmed(bytes(_WHOLE.decode(change(text))))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
    raise ValueError("not JSON")


def _member(raw: bytes, name: str) -> bytes:
    return bytes(_only(name).decode(raw).value) if raw[:1] == b"{" else b""


@lru_cache(256)
def _only(name: str) -> msgspec.json.Decoder[Any]:
    """The decoder that reads one member of an object. Names come from documents and settings alone."""
    shape = msgspec.defstruct("Only", [("value", Raw, msgspec.field(default=_ABSENT, name=name))])
    return msgspec.json.Decoder(shape)


def _value(raw: bytes) -> JSON:
    if raw[:1] == b"{":
        return {}
    return [] if raw[:1] == b"[" else jsontext.parse(raw)
