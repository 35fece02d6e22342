"""What was sent, before a draft says how it is told: the events in requests, and the handshakes among them."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.catalog.draft_envelopes import Envelope, envelope_of
from gateway.catalog.draft_message import usable
from gateway.catalog.draft_names import Seen
from gateway.catalog.draft_shape import Path
from gateway.catalog.service import Service
from gateway.catalog.xmlshape import evened
from gateway.decode.content import Content
from gateway.decode.decode import Decoded
from gateway.decode.unwrap import UnwrapStep, parse_unwrap, unwrap
from gateway.errors import Refused
from gateway.jsonpath import Step
from gateway.model import JSON, Request
from gateway.verify.echoes import echo_of
from gateway.verify.handshake import Handshake, answer, parse_handshake
from gateway.verify.sender import WORD

_LARGEST: Final = 5_000_000
_WRAPPED: Final = 20
"""Characters of the shortest text that is taken for an event in JSON."""
_NOTHING: Final[Sequence[JSON]] = (None, [], {"text": "null"})
"""What bodies hold that tell nothing."""
_SHOWN: Final = 40
"""Characters that are shown of an odd body."""
_READABLE: Final = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f\ufffd]*")
"""A text without controls, and without the sign for bytes that are none of UTF-8."""

Raw = Mapping[str, Any]


class Sent(Struct, frozen=True):
    """The requests that are events, the `envelope` that all of them are, and the rules that answer handshakes.

    `answered` says how many of the requests are handshakes, `notes` what is odd of them.
    """

    events: Sequence[Seen]
    handshakes: Sequence[Raw] = ()
    envelope: Envelope | None = None
    notes: Sequence[str] = ()
    answered: int = 0


def by_strangers(requests: Sequence[Request]) -> Sent:
    """The requests of a service that nobody described."""
    read = _apart(requests)
    envelope = envelope_of([one.value for one in read.events])
    if envelope is None:
        return read
    events = _unanswered(read.events, map(parse_handshake, envelope.handshake), WORD)
    answered = read.answered + len(read.events) - len(events)
    rules = [*read.handshakes, *envelope.handshake]
    return replace(read, events=events, envelope=envelope, handshakes=rules, answered=answered)


def by_known(service: Service, requests: Sequence[Request], secret: str = "") -> Sent:
    """The requests of a service that is described."""
    read = _apart(requests)
    events = _unanswered(read.events, service.handshake, secret or WORD)
    if len(events) == len(read.events):
        return read
    note = f"{service.key} answers a handshake among the requests, which needs no translator and no sample"
    return replace(read, events=events, notes=[*read.notes, note])


def _apart(requests: Sequence[Request]) -> Sent:
    """The requests, of which those that ask for an echo are handshakes."""
    echoes: list[Raw] = []
    events, notes, answered = [], [], 0
    for number, request in enumerate(requests, 1):
        content = _content(request)
        if (echo := echo_of(content)) is not None:
            answered += 1
            echoes += [echo] if echo not in echoes else []
            continue
        decoded = content.decoded
        if request.method == "HEAD" or not (content.body or request.query):
            notes.append(f"request {number} has neither body nor query, and is left out")
        elif decoded.value in _NOTHING:
            body = "[]" if decoded.value == [] else "null"
            notes.append(f"request {number} is left out: nothing is in its body but {body}")
        else:
            events.append(Seen(request, decoded.value, decoded.kind == "xml"))
            if odd := _odd(decoded):
                notes.append(f"the body of request {number} {odd}")
    return Sent(events, echoes, notes=notes, answered=answered)


def _odd(decoded: Decoded) -> str:
    """What an author has to know of a body; "" for a usual one."""
    if decoded.fault:
        return f"is broken, and drafted as plain text: {decoded.fault}"
    if not isinstance(decoded.value, dict | list):
        return f"is no object but {json.dumps(decoded.value)[:_SHOWN]}: a message can only say that it came"
    if isinstance(decoded.value, dict) and decoded.kind == "text" and not _READABLE.fullmatch(decoded.value["text"]):
        return "is neither JSON, XML nor a form, and no text in UTF-8 either; it is drafted as plain text"
    return ""


def _content(request: Request) -> Content:
    try:
        return Content.of(request, _LARGEST)
    except Refused:
        return Content(request)


def _unanswered(events: Sequence[Seen], rules: Iterable[Handshake], secret: str) -> list[Seen]:
    """The requests that no handshake answers, wherever they prove their sender."""
    asked = [replace(rule, secret=False) for rule in rules]
    return [one for one in events if answer(asked, _content(one.request), (secret,), authentic=True) is None]


def steps_into(sent: Sequence[Seen], envelope: Envelope | None = None) -> list[dict[str, Any]]:
    """Steps to the events inside the bodies: each of an array, or the JSON in a text that is nearly all of the body."""
    if envelope is not None:
        texts = (envelope.held(one.value).get(envelope.content) for one in sent)
        return [{"json": envelope.content}] if any(map(_is_json_text, texts)) else []
    if all(isinstance(one.value, list) and one.value and isinstance(one.value[0], dict) for one in sent):
        return [{"split": "$"}]
    objects = [one.value for one in sent if isinstance(one.value, dict)]
    for key in objects[0] if len(objects) == len(sent) and objects else ():
        if usable((key,)) and all(_is_json_text(one.get(key)) for one in objects):
            return [{"json": key}]
    return []


def _is_json_text(value: JSON) -> bool:
    return isinstance(value, str) and len(value) > _WRAPPED and value.lstrip().startswith("{")


def unwrapped(one: Seen, steps: Sequence[Any]) -> list[Seen]:
    """The events inside a request."""
    parsed = [parse_unwrap(step) if isinstance(step, dict) else step for step in steps]
    events = unwrap(one.value, parsed).values
    return [replace(one, value={"text": event} if isinstance(event, str) else event) for event in events]


def within(path: Sequence[Step], steps: Iterable[UnwrapStep]) -> Path | None:
    """Where a path of the body leads to in its events, after the steps that take them out; None for nowhere."""
    for step in steps:
        size = len(step.path)
        if step.verb not in ("pick", "split"):
            continue
        if path[:size] == step.path:
            path = path[size + (step.verb == "split") :]
        elif step.keep:
            path = ("outer", *path)
        else:
            return None
    return tuple(map(str, path))


def payloads_told(seen: Sequence[Seen]) -> Iterator[JSON]:
    """What documents tell of: without the keys of envelopes, and of XML with a list where one request has one."""
    envelope = envelope_of([one.value for one in seen])
    even = iter(evened([one.value for one in seen if one.is_xml]))
    for one in seen:
        yield next(even) if one.is_xml else envelope.told(one.value) if envelope is not None else one.value
