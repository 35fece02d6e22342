"""Recognises the service that sent a request by headers and body; nothing here knows a service by name.

The evidence comes from the catalog: headers that carry the event name, delivery id or signature of a service, an event
name in the place where the service writes it, a translator for that event, a schema that the payload matches. A header
that many services share counts less than one of a single service.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.catalog.generic import GENERIC
from gateway.catalog.select import matches
from gateway.catalog.service import Service
from gateway.catalog.translator import Translator, context
from gateway.decode.content import Content
from gateway.decode.unwrap import unwrap
from gateway.errors import TranslationError
from gateway.model import JSON, Request
from gateway.verify.schemes import headers_of

ENOUGH: Final = 2.5
"""Points that a service needs to be a candidate."""
SHOWN: Final = 5
"""Candidates that are returned."""

_HEADER, _NAMES_ITSELF, _EVENT, _EXACT, _PATTERN, _MATCH, _MISMATCH = 3.0, 2.0, 1.0, 2.0, 0.5, 1.0, -4.0
_MOST_DEMANDS: Final = 6
"""Required keys of a schema that count; each adds half a point when the payload matches."""

_SHARED: Final = frozenset({"authorization", "content-type"})


class Candidate(Struct, frozen=True):
    """A service that a request may be from: `points` weigh the evidence, `reasons` tell it in words."""

    service: str
    name: str
    points: float
    reasons: tuple[str, ...] = ()


def candidates(services: Mapping[str, Service], content: Content) -> list[Candidate]:
    """The services that a request may be from, the likeliest first; empty without enough evidence."""
    request, decoded = content.request, content.decoded
    value = None if decoded.kind == "text" else decoded.value  # text that could not be parsed is no evidence
    spread = Counter(header for service in services.values() for header in own_headers(service))
    found = {key: _weigh(service, request, value, spread) for key, service in services.items() if key != GENERIC}
    likely = {key: one for key, one in found.items() if one.points >= ENOUGH}
    for key in list(likely):
        for original in services[key].imitates:
            own = own_headers(services[key]) & request.headers.keys() or _names_itself(services[key], request.headers)
            if own and original in likely and likely[original].points >= likely[key].points:
                reason = f"its requests carry what those of {services[original].name} do"
                better = likely[original].points + 1
                likely[key] = replace(likely[key], points=better, reasons=(*likely[key].reasons, reason))
    return sorted(likely.values(), key=lambda one: (-one.points, one.service))[:SHOWN]


def _weigh(service: Service, request: Request, value: JSON, spread: Mapping[str, int]) -> Candidate:
    points, reasons = 0.0, []
    for header in sorted(own_headers(service) & request.headers.keys()):
        points += _HEADER / spread[header]
        reasons.append(f"the header {header} is there")
    if _names_itself(service, request.headers):
        points += _NAMES_ITSELF
        reasons.append("headers name it")
    for event in unwrap(value, service.unwrap).values[:1] if value is not None else ():
        more, why = _weigh_event(service, request, event)
        points += more
        reasons += why
    return Candidate(service.key, service.name, round(points, 2), tuple(reasons))


def _weigh_event(service: Service, request: Request, value: JSON) -> tuple[float, list[str]]:
    """How well the catalog understands the request as one of this service."""
    points, reasons = 0.0, []
    name = service.event_name(request, value)
    has_name = any(part.tells(request, value) for part in service.event)
    if has_name:
        points += _EVENT
        reasons.append(f"the event is {name}" if name else "it names its event")
    if name and matches(name, tuple(service.ignore)):
        return points + _EXACT, [*reasons, "which it ignores"]
    speaker = _speaker(service, request, value, name)
    if speaker is None:
        return points, reasons
    points += _EXACT if has_name and name in speaker.events else _PATTERN
    if speaker.schema.matches(value):
        demands = min(_demands(speaker.input), _MOST_DEMANDS)
        return points + _MATCH + demands / 2 + _known_share(speaker.input, value), [
            *reasons,
            f"{speaker.name} understands the payload",
        ]
    return points + _MISMATCH, [*reasons, f"but the payload does not match the input of {speaker.name}"]


def _speaker(service: Service, request: Request, value: JSON, name: str) -> Translator | None:
    try:
        return service.speaker(name, context(value, request, name))
    except TranslationError:
        return None


def own_headers(service: Service) -> set[str]:
    """The headers, in lower case, of the service's event name, delivery id and credentials."""
    selectors = (header for part in (*service.event, *service.delivery_id) for header in part.headers)
    return {*selectors, *headers_of(service.verify)} - _SHARED


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


def _demands(schema: JSON) -> int:
    """How many keys a schema requires, nested ones included."""
    if not isinstance(schema, dict):
        return 0
    inner = (*schema.get("properties", {}).values(), schema.get("items"))
    return len(schema.get("required", ())) + sum(map(_demands, inner))
