"""From an authentic request to finished messages: decode, unwrap, select, validate, translate, fit. Pure.

The steps stand in `interpret` and `_piece` in their order; each is one module's one function.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from gateway.errors import Refused, TranslationError
from gateway.ingress.decode import decode, unwrap
from gateway.mattermost.fit import Limits, fit
from gateway.mattermost.payload import Message, Priority
from gateway.model import JSON, Outcome, Request
from gateway.translate.catalog import GENERIC
from gateway.translate.generic import generic
from gateway.translate.select import matches
from gateway.translate.service import Service
from gateway.translate.translator import Translator, context

EVENTS: int = 200
"""How many events one request may split into; the rest is counted in a last message."""


class Wishes(Struct, frozen=True):
    """What a route says about its messages: event filters, strictness, and overrides of the message's own keys."""

    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    mentions: bool = False
    channel: str | None = None
    username: str | None = None
    icon_url: str | None = None
    icon_emoji: str | None = None
    priority: str | None = None
    depth: int = 64


class Piece(Struct, frozen=True):
    """What became of one event of the request. `mismatch` names the translator whose schema did not hold."""

    outcome: Outcome
    name: str
    translator: str
    subject: str = ""
    reason: str = ""
    mismatch: str = ""
    messages: tuple[Message, ...] = ()


class Reading(Struct, frozen=True):
    """What became of the whole request: that of its most telling piece, and every piece. `key` recognises repeats."""

    outcome: Outcome
    name: str
    translator: str
    subject: str
    reason: str
    key: str
    pieces: tuple[Piece, ...]


def interpret(service: Service, request: Request, body: bytes, wishes: Wishes, limits: Limits) -> Reading:
    """Read one request whose `body` is already inflated. Raises Refused (422) only where the route is strict."""
    decoded = decode(request, body, wishes.depth)
    if decoded.fault and wishes.strict:
        raise Refused(422, "Unprocessable Content", decoded.fault)
    values = unwrap(decoded.value, service.unwrap)
    pieces = [_piece(service, request, value, decoded.kind, decoded.fault, wishes, limits) for value in values[:EVENTS]]
    if len(values) > EVENTS:
        more = Message(text=f"and {len(values) - EVENTS} more events of {service.name} in the same request")
        pieces.append(Piece(Outcome.MESSAGE, "", GENERIC, messages=tuple(_finished(more, service, wishes, limits))))
    if not pieces:
        pieces.append(Piece(Outcome.IGNORED, "", "", reason="the request holds no event"))
    first = next((p for o in (Outcome.BROKEN, Outcome.MESSAGE) for p in pieces if p.outcome is o), pieces[0])
    key = service.delivery_key(request, decoded.value)
    return Reading(first.outcome, first.name, first.translator, first.subject, first.reason, key, tuple(pieces))


def _piece(
    service: Service, request: Request, value: JSON, kind: str, fault: str, wishes: Wishes, limits: Limits
) -> Piece:
    name = service.event_name(request, value)
    if why := _filtered(service, name, wishes):
        return Piece(Outcome.IGNORED, name, "", reason=why)
    outcome, reason, mismatch, translator = Outcome.MESSAGE, fault, "", None
    try:
        seen = context(value, request, name)
        translator = next((t for t in service.index.candidates(name) if t.speaks(seen)), None)
        if translator is None:
            reason = fault or _unknown(service, name)
        elif not translator.schema.holds(value):
            mismatch, reason = translator.name, _mismatch(translator, value)
        else:
            draft = translator.draft(seen)
            if draft.message is None:
                return Piece(Outcome.IGNORED, name, translator.name, reason=draft.ignored)
            messages = _finished(draft.message, service, wishes, limits)
            return Piece(outcome, name, translator.name, draft.subject, messages=tuple(messages))
    except TranslationError as error:
        outcome, reason = Outcome.BROKEN, str(error)
    if wishes.strict and outcome is Outcome.MESSAGE and reason:
        raise Refused(422, "Unprocessable Content", reason)
    about = f"{service.name}: {name}" if name else service.name
    message = generic(value, about, text_only=kind == "text")
    shown_by = translator.name if outcome is Outcome.BROKEN and translator else GENERIC
    messages = _finished(message, service, wishes, limits)
    return Piece(outcome, name, shown_by, reason=reason, mismatch=mismatch, messages=tuple(messages))


def _filtered(service: Service, name: str, wishes: Wishes) -> str:
    """Why an event of this name says nothing here; "" when it may speak."""
    if matches(name, service.ignore):
        return f"{service.key} lists {name} as not worth a message"
    if wishes.only and not matches(name, wishes.only):
        return f"the route lets only {', '.join(wishes.only)} pass"
    if wishes.ignore and matches(name, wishes.ignore):
        return f"the route ignores {name}"
    return ""


def _unknown(service: Service, name: str) -> str:
    if not service.translators:
        return ""
    return f"no translator of {service.key} speaks for {name or 'an event without a name'}"


def _mismatch(translator: Translator, value: JSON) -> str:
    return f"the payload does not hold the schema of {translator.name}: " + "; ".join(
        translator.schema.faults(value)[:3]
    )


def _finished(message: Message, service: Service, wishes: Wishes, limits: Limits) -> Sequence[Message]:
    """The message with the names of the route or service on it, in as many posts as it needs."""
    changes = {
        "username": wishes.username or message.username or service.name,
        "icon_url": wishes.icon_url or message.icon_url or service.icon_url,
        "icon_emoji": wishes.icon_emoji or message.icon_emoji,
        "channel": wishes.channel or message.channel,
        "priority": Priority(wishes.priority) if wishes.priority else message.priority,
    }
    return fit(msgspec.structs.replace(message, **changes), limits, mentions=wishes.mentions)
