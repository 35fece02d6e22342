"""The journal entry of one request: its event, a parcel for every message and destination, and duplicate keys."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from gateway.catalog.actions import Offered
from gateway.catalog.everywhere import About
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.journal import DuplicateKey, Entry
from gateway.journal.duplicates import SIZE, key_of
from gateway.mattermost.payload import Message, decode, encode
from gateway.model import Card, CardMode, Event, Parcel, Phase, Request
from gateway.pipeline.attached import Buttons, Origin, with_buttons
from gateway.pipeline.interpret import Piece, Reading
from gateway.pipeline.route import Route
from gateway.verify import masking, verify
from gateway.verify.signature import Signature
from gateway.verify.webtoken import WebToken


class DestinationTraits(Struct, frozen=True):
    """Properties of a destination that shape its parcels: the channel that messages must name, and cards."""

    channel: str | None = None
    cards: bool = False


Traits = Mapping[str, DestinationTraits]
"""Traits by the name of the destination; one without an entry has no channel of its own and no cards."""

_NO_TRAITS = DestinationTraits()


def new_id(now: float, getrandbits: Callable[[int], int]) -> str:
    """An id for an event received now. Ids grow with time, which keeps the journal's index small to write.

    `getrandbits` (as in `random`) makes the rest of the id, which only has to differ.
    """
    return f"{int(now * 1000):011x}{getrandbits(64):016x}"


def entry(  # noqa: PLR0913 - each is a part of what is stored
    event_id: str,
    now: float,
    route: Route,
    service: Service,
    content: Content,
    reading: Reading,
    proof: verify.Proof | None,
    traits: Traits,
    trace: str = "",
    kept: Request | None = None,
    buttons: Buttons | None = None,
) -> Entry:
    """The journal entry of one request with its reading. `trace` is the traceparent of its deliveries.

    `kept` is the request as the journal keeps it, if the caller has it. `buttons` makes those of its messages (None:
    they have none).
    """
    event = Event(
        id=event_id,
        received=now,
        route=route.name,
        service=service.key,
        outcome=reading.outcome,
        name=reading.name,
        translator=reading.translator,
        subject=reading.subject,
        reason=reading.reason,
        request=kept or masking.kept_request(content, route.schemes(service)),
        note=reading.note,
    )
    outgoing = tuple(parcels(event_id, route, service, reading, traits, trace, buttons, now))
    return Entry(event, outgoing, keys(route, service, content, reading.key, proof))


def parcels(
    event_id: str,
    route: Route,
    service: Service,
    reading: Reading,
    traits: Traits,
    trace: str = "",
    buttons: Buttons | None = None,
    now: float = 0.0,
) -> Sequence[Parcel]:
    """One parcel for every message and destination, in the order in which they are to arrive.

    What shows the subject of an event has its `buttons`; `now` is when the event was received.
    """
    outgoing = []
    within = f" {_hash(route.address.encode()).hex()}" if route.address else ""
    for number, piece in enumerate(reading.pieces, 1):
        about = f"{service.key}:{piece.subject}" if piece.subject else f"@{route.name}"
        shown: Sequence[Card | None] | None = None
        offered = piece.actions
        if buttons is not None and route.name in buttons.everywhere:
            offered = (*offered, *buttons.besides(_about(route, service, piece)))
        for index, one in enumerate(piece.fitted):
            for name in route.destinations:
                own = traits.get(name, _NO_TRAITS)
                channel = None if route.wishes.channel or piece.channel else own.channel
                body = encode(_in_channel(one.message, channel)) if channel else one.payload
                if own.cards and shown is None:
                    shown = _cards(piece, about, f"event {event_id} {number}", route.wishes.card)
                if own.cards and shown and index >= len(shown):
                    continue
                card = shown[index] if own.cards and shown else None
                if buttons is not None and offered and not index:
                    subject = about if piece.subject else ""
                    origin = Origin(route.name, event_id, name, subject, now)
                    body, card = _with_buttons(offered, body, card, buttons, origin)
                outgoing.append(Parcel(name, f"{name}{within} {about}", body, route.address, card, trace))
    return outgoing


def _cards(piece: Piece, about: str, alone: str, mode: CardMode | None) -> Sequence[Card | None]:
    """The card of each message of a piece, for destinations that can edit posts and have threads.

    With a `mode`, the first message of an event with a phase shows the event's subject, or replies to what shows it.
    Otherwise only a piece of several messages has a card, `alone`. All messages but the first reply in its thread. A
    subject has a card in each channel that its messages name, because a post cannot be answered from another channel.
    Where a card is only edited to what its document makes, no message is shown, and there is one card for all of them.
    """
    first, *more = piece.messages
    if mode is None or not piece.subject or piece.phase is None:
        return [Card(alone, CardMode.THREAD)] * len(piece.messages) if more else (None,)
    subject = f"{about} in {first.channel}" if first.channel else about
    further = [Card(subject, CardMode.THREAD, alone=alone)] * len(more)
    if piece.reply:  # what opens is the card until an event has all that the card shows
        apart = None if piece.phase is Phase.OPEN else alone if more else ""
        return (Card(subject, CardMode.THREAD, piece.phase, alone=apart), *further)
    shown = None if piece.card is None else msgspec.structs.replace(piece.card, channel=first.channel)
    opening = Card(subject, mode, piece.phase, encode(shown).decode() if shown else "")
    return (opening,) if shown and mode is CardMode.UPDATE else (opening, *further)


def _about(route: Route, service: Service, piece: Piece) -> About:
    phase = piece.phase.value if piece.phase is not None else ""
    return About(route.name, service.key, piece.name, piece.translator, piece.subject, phase)


def _with_buttons(
    offered: Sequence[Offered], body: bytes, card: Card | None, buttons: Buttons, origin: Origin
) -> tuple[bytes, Card | None]:
    """The first message of a piece, and its card, with buttons for what is offered on what shows the subject.

    Where there is a card, that is its payload: the message itself may be posted in the thread of the card.
    """
    if card is None:
        made = buttons.made(offered, origin)
        return (encode(with_buttons(decode(body), made)) if made else body), None
    if card.alone is not None:  # it replies to what shows the subject
        return body, card
    origin = msgspec.structs.replace(origin, subject=card.subject if origin.subject else "")
    if not (made := buttons.made(offered, origin)):
        return body, card
    shown = with_buttons(decode(card.payload.encode() or body), made)
    return body, msgspec.structs.replace(card, payload=encode(shown).decode())


def _in_channel(message: Message, channel: str) -> Message:
    return msgspec.structs.replace(message, channel=channel)


def keys(
    route: Route, service: Service, content: Content, delivery_key: str, proof: verify.Proof | None
) -> tuple[DuplicateKey, ...]:
    """The keys that recognise a repeat: the delivery id, what was proven, and what was signed.

    A signature seldom covers the id, so that whoever recorded a request could send it again under a fresh one, or in
    another form in which the id is not found: a key of what it proves prevents that. Without delivery ids, that is the
    key for a short time only, because a sender may repeat a body on purpose. If that time is shorter than a signature
    with its timestamp holds, there is a key of exactly what was signed, which no sender repeats on purpose.
    """
    ids, bodies = service.id_window, service.body_window
    if route.duplicate_window is not None:
        ids = bodies = route.duplicate_window
    found: list[DuplicateKey] = []
    if delivery_key:
        found.append(DuplicateKey(key_of(route.name, "id", _hash(delivery_key.encode(), route.address)), ids))
    if not delivery_key or (proof is not None and _forgeable(service, proof.scheme)):
        key = _content_key(route, service, content, delivery_key, proof)
        found.append(DuplicateKey(key, ids if delivery_key else bodies))
    if proof is not None and proof.message and isinstance(proof.scheme, Signature):
        # The clock of the sender may be ahead by a whole window: until its end, and for one more, the signature holds.
        held = 2 * proof.scheme.window if proof.scheme.timestamp and proof.scheme.window else found[-1].window
        compressed = proof.scheme.covers_body_alone  # what was signed is the body on the wire
        if 0 < found[-1].window < held or compressed:
            found.append(DuplicateKey(key_of(route.name, "body", proof.message), held))
    return tuple([key for key in found if key.window > 0])


def _forgeable(service: Service, scheme: verify.Scheme) -> bool:
    """Whether a recorded request would pass again under a fresh delivery id, or without one."""
    ids = service.delivery_headers
    if isinstance(scheme, WebToken):
        return scheme.stated is not None
    return isinstance(scheme, Signature) and not (ids is not None and ids <= scheme.headers)


def _content_key(
    route: Route, service: Service, content: Content, delivery_key: str, proof: verify.Proof | None
) -> bytes:
    """The key of what the proof covers: the inflated body, or one form field, or some named parts of a request.

    Where the delivery id has the signature in it, and more, the same parts are signed in several events.
    """
    if proof is not None and proof.digest:
        return key_of(route.name, "body", proof.digest)
    if proof is not None and proof.field:
        seen = content.field(proof.field) or b""
    elif proof is not None and isinstance(proof.scheme, Signature) and not proof.scheme.binds_body:
        path = proof.scheme.source.path
        shared = path and delivery_key and path in [one.path for one in service.delivery_id[:-1]]
        return key_of(route.name, "body", _hash(proof.message, delivery_key) if shared else proof.message)
    else:
        seen = content.body or repr(sorted(content.request.query.items())).encode()
    return key_of(route.name, "body", _hash(seen, route.address))


def _hash(data: bytes, key: str = "") -> bytes:
    """The beginning of the SHA-256."""
    return hashlib.sha256(data + key.encode() if key else data).digest()[:SIZE]
