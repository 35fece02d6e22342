"""The outcome of a request as a sample says it, and how two of them differ."""

import json

import msgspec
from msgspec import Struct

from gateway.model import JSON

_EXCERPT = 100
"""Characters of a long value that a difference shows."""

_MISSING_KEY = object()
"""The placeholder of a missing key: equal to no JSON value."""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What a handshake is answered, as far as it matters to the sender; a `body` of JSON is written as such.

    `effect` is what the gateway does with the value of the handshake: store, show or fetch.
    """

    status: int = 200
    type: str = ""
    headers: dict[str, str] = {}
    body: JSON = ""
    effect: str = ""


class Expectation(Struct, frozen=True, omit_defaults=True):
    """The result of a request: the expected one, of which no absent part but the note is compared, or the actual one.

    `outcome` is an Outcome or "answered" (a handshake, with its `answer`). `cause` is that of a refusal; `note` says
    why the generic translator speaks (see `model.Note`), `reason` the same in words, of which a part may be expected.
    `phase` and `card` are those of a route with `card = "both"`: `card` is the message that the card shows, where that
    is another one, or {"reply": true} where the message replies to it. `actions` are its buttons and menus, as they are
    where their callbacks are alive. `duplicate` says whether the same request, sent again, is recognised.
    """

    outcome: str
    cause: str | None = None
    note: str | None = None
    translator: str | None = None
    event: str | None = None
    delivery_id: str | None = None
    subject: str | None = None
    phase: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    messages: list[JSON] | None = None
    card: JSON = None
    actions: list[JSON] | None = None
    duplicate: bool = True


def differences(expected: Expectation, found: Expectation) -> list[str]:
    """`expect.subject: expected "a", got "b"` for every part that differs; empty when the sample passes.

    The reason of what is not expected comes first.
    """
    lines: list[str] = []
    for part in Expectation.__struct_fields__:
        wanted, got = getattr(expected, part), getattr(found, part)
        if part == "note" or (wanted is not None and not (part == "reason" and wanted in (got or ""))):
            compare(f"expect.{part}", msgspec.to_builtins(wanted), msgspec.to_builtins(got), lines)
    if found.reason and lines and expected.reason is None:
        lines.insert(0, f"it is {found.outcome}: {found.reason}")
    return lines


def compare(path: str, wanted: JSON, got: JSON, lines: list[str]) -> None:
    """Add a line for every part in which two values differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in [*wanted, *(key for key in got if key not in wanted)]:
            compare(f"{path}.{key}", wanted.get(key, _MISSING_KEY), got.get(key, _MISSING_KEY), lines)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, pair in enumerate(zip(wanted, got, strict=True)):
            compare(f"{path}[{index}]", *pair, lines)
    elif wanted != got:
        lines.append(f"{path}: expected {_excerpt(wanted, got)}, got {_excerpt(got, wanted)}")


def _excerpt(value: JSON, other: JSON) -> str:
    """The value as JSON; of a long text, the part where it begins to differ from the other."""
    if value is None or value is _MISSING_KEY:
        return "nothing"
    if not (isinstance(value, str) and isinstance(other, str)) or len(value) <= _EXCERPT:
        written = _written(value)
        return written if isinstance(value, str) or len(written) <= _EXCERPT else f"{written[:_EXCERPT]}…"
    pairs = enumerate(zip(value, other, strict=False))
    same = next((at for at, pair in pairs if pair[0] != pair[1]), min(len(value), len(other)))
    start = max(0, same - _EXCERPT // 2)
    return ("…" if start else "") + _written(value[start : start + _EXCERPT])


def _written(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)
