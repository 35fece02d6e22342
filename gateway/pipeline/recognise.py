"""Recognises the service that sent a request by headers and body; nothing here knows a service by name.

The evidence comes from the outlines of the catalog: headers that carry the event name, delivery id or signature of a
service, an event name in the place where the service writes it, a translator for that event, the keys that it requires.
A header that many services share counts less than one of a single service. The schemas of the likeliest few alone are
compiled, and a payload that does not match speaks against a service.
"""

import math
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.catalog.generic import GENERIC
from gateway.catalog.outline import Outline, Outlines, ServiceOutline
from gateway.catalog.select import matches
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.model import JSON, Request

ENOUGH: Final = 2.1
"""Points that a service needs to be a candidate."""
SHOWN: Final = 5
"""Candidates that are returned, and schemas that are compiled to find them."""

_HEADER, _NAMES_ITSELF, _EVENT, _EXACT, _PATTERN, _MATCH, _MISMATCH = 3.0, 2.0, 1.0, 2.0, 0.8, 1.0, -2.0
_REQUIRED: Final = 1.0
"""Points of a required key that one service alone has, when the payload matches."""
_MOST_REQUIRED: Final = 3.0
"""Points that required keys have together at most."""
_KNOWN: Final = 2.0
"""Points for a payload all of whose keys the schema names."""
_LITERAL: Final = 3
"""Characters before the first sign of a pattern that make it about as good as a name."""


class Candidate(Struct, frozen=True):
    """A service that a request may be from: `points` weigh the evidence, `reasons` tell it in words."""

    service: str
    name: str
    points: float
    reasons: tuple[str, ...] = ()


class _Weighed(Struct, frozen=True):
    """A candidate by what its outline says, before the translator that speaks for the event is asked.

    `match` is what that adds to its points if the payload matches, less than 0 where it lacks what is required.
    """

    candidate: Candidate
    value: JSON = None
    speaker: Outline | None = None
    match: float = 0.0

    @property
    def key(self) -> str:
        """The key of the service."""
        return self.candidate.service

    @property
    def hoped(self) -> float:
        """Its points, if the payload matches where it has the required keys."""
        return self.candidate.points + self.match

    def decided(self) -> Candidate:
        """The candidate, with what the schema of its speaker says of the payload."""
        if self.speaker is None:
            return self.candidate
        holds = self.match > 0 and (schema := self.speaker.schema) is not None and schema.matches(self.value)
        name = self.speaker.name
        why = f"{name} understands the payload" if holds else f"but the payload does not match the input of {name}"
        points = round(self.candidate.points + (self.match if holds else _MISMATCH), 2)
        return replace(self.candidate, points=points, reasons=(*self.candidate.reasons, why))


def candidates(outlines: Outlines, content: Content) -> list[Candidate]:
    """The services that a request may be from, the likeliest first; empty without enough evidence."""
    request, decoded = content.request, content.decoded
    value = None if decoded.kind == "text" else decoded.value  # text that could not be parsed is no evidence
    weighed = [_weigh(outlines, outline, request, value) for key, outline in outlines.items() if key != GENERIC]
    hopeful = sorted((one for one in weighed if one.hoped >= ENOUGH), key=lambda one: (-one.hoped, one.key))[:SHOWN]
    likely = {one.service: one for one in (each.decided() for each in hopeful) if one.points >= ENOUGH}
    _prefer_imitators(likely, outlines, request)
    # Of two that are as likely, the one that knows fewer other events.
    return sorted(likely.values(), key=lambda one: (-one.points, len(outlines[one.service].outlines), one.service))


def _prefer_imitators(likely: dict[str, Candidate], outlines: Mapping[str, ServiceOutline], request: Request) -> None:
    """A service that shows itself goes before those that it imitates."""
    for key in list(likely):
        imitator = outlines[key]
        for original in imitator.service.imitates:
            own = imitator.headers & request.headers.keys() or _names_itself(imitator.service, request.headers)
            if own and original in likely and likely[original].points >= likely[key].points:
                reason = f"its requests carry what those of {likely[original].name} do"
                better = likely[original].points + 1
                likely[key] = replace(likely[key], points=better, reasons=(*likely[key].reasons, reason))


def _weigh(outlines: Outlines, outline: ServiceOutline, request: Request, value: JSON) -> _Weighed:
    service, points, reasons = outline.service, 0.0, list[str]()
    for header in sorted(outline.headers & request.headers.keys()):
        points += _HEADER / outlines.headers[header]
        reasons.append(f"the header {header} is there")
    if _names_itself(service, request.headers):
        points += _NAMES_ITSELF
        reasons.append("headers name it")
    found = Candidate(service.key, service.name, points, tuple(reasons))
    for event in unwrap(value, service.unwrap).values[:1] if value is not None else ():
        return _weigh_event(outlines, outline, request, event, found)
    return _Weighed(found)


def _weigh_event(
    outlines: Outlines, outline: ServiceOutline, request: Request, value: JSON, found: Candidate
) -> _Weighed:
    """How well the outline understands the event of a request as one of its service."""
    service, points, reasons = outline.service, found.points, list(found.reasons)
    name = service.event_name(request, value)
    if states := any(part.states(request, value) for part in service.event):
        points += _EVENT
        reasons.append(f"the event is {name}" if name else "it names its event")
    if name and matches(name, tuple(service.ignore)):
        return _Weighed(replace(found, points=points + _EXACT, reasons=(*reasons, "which it ignores")))
    speakers = outline.index.candidates(name)
    if not speakers:
        return _Weighed(replace(found, points=points, reasons=tuple(reasons)))
    speaker, worth = max(((one, _worth(outlines, one, value)) for one in speakers), key=lambda pair: pair[1])
    points += _of_name(outlines, speaker, name, service.told_name(request, value)) if states else _PATTERN
    return _Weighed(replace(found, points=points, reasons=tuple(reasons)), value, speaker, worth)


def _of_name(outlines: Outlines, speaker: Outline, name: str, told: str) -> float:
    """What an event name says for the service of its speaker: less, where others have it, too.

    Of a pattern that counts of which the request itself has the beginning, `told`.
    """
    if name in speaker.events:
        return _EXACT / math.sqrt(outlines.events[name])
    literal = max((re.split(r"[*?\[]", event)[0] for event in speaker.events if matches(name, (event,))), key=len)
    return _EXACT / 2 if len(literal) >= _LITERAL and told.startswith(literal) else _PATTERN


def _worth(outlines: Outlines, speaker: Outline, value: JSON) -> float:
    """What it says for a service that the payload matches; against it, where that lacks what is required.

    A key that many services require says little.
    """
    if not speaker.has_required(value):
        return _MISMATCH
    required = sum(_REQUIRED / outlines.required[path] for path in speaker.required)
    return _MATCH + min(required, _MOST_REQUIRED) + _KNOWN * _known_share(speaker.input, value)


def _names_itself(service: Service, headers: Mapping[str, str]) -> bool:
    """Whether the sender names itself: in its User-Agent, or in the names of its own headers."""
    agent = headers.get("user-agent", "").lower()
    if service.name.lower() in agent or service.key in agent:
        return True
    return any(header.startswith(f"x-{service.key}-") for header in headers)


def _known_share(schema: JSON, value: JSON) -> float:
    """The share (0 to 1) of the payload's top-level keys that the schema names."""
    keys = schema.get("properties", {}).keys() if isinstance(schema, dict) else ()
    return len(keys & value.keys()) / len(value) if keys and isinstance(value, dict) and value else 0.0
