"""Unwrap steps of a service: events inside envelopes, as SNS, Pub/Sub and every batching sender wrap them.

unwrap: [{json: Message}, {base64: message.data}, {pick: event}, {split: alerts, keep: true}]
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from gateway import jsonpath
from gateway.decode import jsontext
from gateway.decode.bounds import Allowance
from gateway.decode.envelopes import text_in_base64
from gateway.jsonpath import MISSING, STAR, Step
from gateway.model import JSON

_VERBS = ("json", "base64", "pick", "split")
_FORMS = "one of {json: PATH}, {base64: PATH}, {pick: PATH}, {split: PATH, keep: true}"


class _Document(Struct, forbid_unknown_fields=True):
    json: str | None = None
    base64: str | None = None
    pick: str | None = None
    split: str | None = None
    keep: bool = False


class UnwrapStep(Struct, frozen=True):
    """One step: what to do (`verb`) and where (`path`); with `keep`, the events of a split keep the rest as `outer`."""

    verb: str
    path: tuple[Step, ...]
    keep: bool = False


def parse_unwrap(raw: Mapping[str, Any]) -> UnwrapStep:
    """Read one step from its mapping; ValueError names the key and what is expected there."""
    try:
        document = msgspec.convert(raw, _Document)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error} (an unwrap step is {_FORMS})") from None
    given = {verb: path for verb in _VERBS if (path := getattr(document, verb)) is not None}
    if len(given) != 1 or (document.keep and "split" not in given):
        raise ValueError(f"an unwrap step is {_FORMS}")
    verb, text = given.popitem()
    try:
        path = jsonpath.parse(text)
    except ValueError as error:
        raise ValueError(f"{verb}: {error}") from None
    if verb in {"pick", "split"} and STAR in path:
        raise ValueError(f"{verb}: expected a path without *")
    return UnwrapStep(verb, path, document.keep)


class Idle(NamedTuple):
    """A step that did nothing: its `number` from 0, what it should do ("json: $.Message"), and why it did not."""

    number: int
    step: str
    why: str

    def __str__(self) -> str:
        return f"unwrap/{self.number} ({self.step}) did nothing: {self.why}"


class Unwrapped(Struct, frozen=True):
    """The events inside of a value, in order. `idle` are the steps that did nothing: none where all did."""

    values: list[JSON]
    idle: tuple[Idle, ...] = ()


def unwrap(value: JSON, steps: Sequence[UnwrapStep]) -> Unwrapped:
    """Return the events inside a value: one, unless a split finds several, or none in an empty array.

    A step whose path is absent or leads to another type, to a text that is not JSON, or to base64 of what is no text,
    leaves the value alone. The value given is not changed. All texts together hold as many values as one request may;
    those beyond stay texts.
    """
    events = [value]
    if not steps:
        return Unwrapped(events)
    allowance, idle = Allowance(), []
    for number, step in enumerate(steps):
        run = _Run(step, allowance)
        events = [inner for event in events for inner in run.on(event)]
        if not run.did and events:
            idle.append(Idle(number, f"{step.verb}: {jsonpath.written(step.path)}", run.why))
    return Unwrapped(events, tuple(idle))


class _Run:
    """One step on the events of a request: whether it `did` anything, and else `why` not at the last of them."""

    def __init__(self, step: UnwrapStep, allowance: Allowance) -> None:
        self.did = False
        self.why = "nothing is there"
        self._step = step
        self._allowance = allowance

    def on(self, value: JSON) -> list[JSON]:
        """The events that the step makes of one."""
        step = self._step
        if step.verb in {"json", "base64"}:
            return [_replace_at(value, step.path, self._from_json if step.verb == "json" else self._from_base64)]
        found = jsonpath.lookup(value, step.path)
        if found is MISSING:
            return [value]
        if step.verb == "pick":
            self.did = True
            return [found]
        if not isinstance(found, list):
            self.why = f"{_kind(found)} is there, not an array"
            return [value]
        self.did = True
        if not step.keep or not step.path:
            return list(found)
        outer = _remove(value, step.path)
        return [{"outer": outer, **event} if isinstance(event, dict) else event for event in found]

    def _from_json(self, value: JSON) -> JSON:
        if not isinstance(value, str):
            self.why = f"{_kind(value)} is there, not a text"
            return value
        try:
            found = jsontext.parse(value, allowance=self._allowance)
        except ValueError as error:
            self.why = f"the text there is not JSON, or too much: {error}"
            return value
        self.did = True
        return found

    def _from_base64(self, value: JSON) -> JSON:
        text = text_in_base64(value) if isinstance(value, str) else None
        if text is None:
            self.why = f"{_kind(value)} is there" + (" that is not base64 of a text" if isinstance(value, str) else "")
            return value
        self.did = True
        try:
            return jsontext.parse(text, allowance=self._allowance)
        except ValueError:
            return text


def _kind(value: JSON) -> str:
    """What a value is, in words for the author of a service."""
    words = {str: "a text", bool: "true or false", list: "an array", dict: "an object", type(None): "null"}
    return words.get(type(value), "a number")


def _replace_at(value: JSON, path: tuple[Step, ...], change: Callable[[JSON], JSON]) -> JSON:
    """Copy the value with the part at `path` replaced by `change(part)`."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        keys = list(value) if step == STAR else [step] if step in value else []
        return {**value, **{key: _replace_at(value[key], rest, change) for key in keys}}
    if isinstance(value, list):
        if step == STAR:
            return [_replace_at(child, rest, change) for child in value]
        if isinstance(step, int) and -len(value) <= step < len(value):
            copy = list(value)
            copy[step] = _replace_at(value[step], rest, change)
            return copy
    return value


def _remove(value: JSON, path: tuple[Step, ...]) -> JSON:
    """Copy the value without the key that the path ends in; an index cannot be left out and becomes null."""
    if len(path) > 1:
        return _replace_at(value, path[:-1], lambda parent: _remove(parent, path[-1:]))
    if isinstance(value, dict):
        return {key: child for key, child in value.items() if key != path[0]}
    return _replace_at(value, path, lambda _: None)
