"""The reasons of an event, in words for the operator: each names the rule that it follows from, and where that is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from gateway.catalog.schema import Mismatch
from gateway.catalog.select import first_match, matches
from gateway.catalog.service import Service
from gateway.catalog.translator import STAYS, Translator
from gateway.decode.decode import Decoded
from gateway.model import Request

LISTED: Final = 8
"""The most patterns of a filter that a reason repeats."""

_TYPE: Final = 100
"""The most characters of a content type that a reason repeats."""

_NAMELESS: Final = "an event without a name"


def dropped(service: Service, name: str, route: str, only: tuple[str, ...], ignore: tuple[str, ...]) -> str:
    """Which rule drops an event of this name: that of the service, or a filter of the route; "" when it passes.

    What a sender sends to try a hook passes `only`.
    """
    if matches(name, service.ignore):
        pattern = first_match(name, service.ignore)
        return f"{service.ignored_at[pattern]} ignores {_covering(pattern, name)}"
    if only and not matches(name, only) and not matches(name, service.test_events):
        return f"[routes.{route}] only = {_written(only)} does not name {name or _NAMELESS}"
    if ignore and matches(name, ignore):
        return f"[routes.{route}] ignore names {_covering(first_match(name, ignore), name)}"
    return ""


def muted(route: str, until: float) -> str:
    """That a route is muted until a time, in seconds since the epoch."""
    written = datetime.fromtimestamp(until, UTC).isoformat(" ", "minutes").replace("+00:00", " UTC")
    return f"[routes.{route}] mute_until: the route is muted until {written}"


def without_translator(service: Service, name: str) -> str:
    """Why the generic translator speaks; "" where the service has no other."""
    if not service.translators:
        return ""
    return f"no translator of {service.key} speaks for {name or _NAMELESS}"


def mismatched(translator: Translator, found: Sequence[Mismatch]) -> str:
    """That a payload does not match the input of a document, and the places that were looked for."""
    where = ": " + "; ".join(map(str, found)) if found else ""
    return f"the payload does not match the input of {translator.name}{where}"


def emptied_card(translator: Translator) -> str:
    """That the card of a translator has nothing in it, so that the message replies."""
    return f"{STAYS}the card of {translator.name}, cards/{translator.card}, came out empty"


def unreadable(request: Request, decoded: Decoded) -> str:
    """Why nothing could be read out of the body: it is not what it claims to be, or not there. "" when it could be."""
    declared = request.headers.get("content-type", "")[:_TYPE]
    says = f"its content type says {declared}" if declared else "it has no content type"
    if decoded.fault:
        problem = decoded.fault if decoded.fault.startswith("not ") else f"not readable: {decoded.fault}"
        return f"the body is {problem}; {says}"
    if decoded.kind == "text":
        return f"the body is plain text, not JSON, XML or a form; {says}"
    return "the request has no body" if decoded.kind == "query" and not decoded.value else ""


def _covering(pattern: str, name: str) -> str:
    return name if pattern == name else f"{pattern}, which covers {name}"


def _written(patterns: Sequence[str]) -> str:
    """A list of patterns as settings write it; of a long one the beginning."""
    more = f", and {len(patterns) - LISTED} more" if len(patterns) > LISTED else ""
    return "[" + ", ".join(f'"{pattern}"' for pattern in patterns[:LISTED]) + more + "]"
