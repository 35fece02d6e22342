"""What one request adds to the journal: the event, parcels for every message and destination, and keys of repeats."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.journal import DuplicateKey, Entry
from gateway.mattermost.payload import Message, encode
from gateway.model import Card, CardMode, Event, Parcel
from gateway.pipeline.interpret import Piece, Reading
from gateway.pipeline.route import Route
from gateway.verify import verify
from gateway.verify.signature import Signature


class DestinationTraits(Struct, frozen=True):
    """What a destination is to its parcels: the channel that its messages have to name, and whether it shows cards."""

    channel: str | None = None
    cards: bool = False


Traits = Mapping[str, DestinationTraits]
"""Of the destinations by name; one that is not there has no channel of its own and no cards."""

_NO_TRAITS = DestinationTraits()


def new_id(now: float, getrandbits: Callable[[int], int]) -> str:
    """An id for an event received now. Ids grow with time, which keeps the journal's index small to write.

    The rest of an id only has to differ: `getrandbits` is that of `random`.
    """
    return f"{int(now * 1000):011x}{getrandbits(64):016x}"


def entry(
    event_id: str,
    now: float,
    route: Route,
    service: Service,
    content: Content,
    reading: Reading,
    proof: verify.Proof | None,
    traits: Traits,
    trace: str = "",
) -> Entry:
    """The journal entry of one request, as it was read. `trace` is the traceparent of its deliveries."""
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
        request=verify.kept_request(content.request, route.schemes(service)),
    )
    made = tuple(parcels(event_id, route, service, reading, traits, trace))
    return Entry(event, made, keys(route, service, content, reading.key, proof))


def parcels(
    event_id: str,
    route: Route,
    service: Service,
    reading: Reading,
    traits: Traits,
    trace: str = "",
) -> Sequence[Parcel]:
    """One parcel for every message and destination, in the order in which they are to arrive."""
    made = []
    within = f" {_hash(route.address.encode())}" if route.address else ""
    for number, piece in enumerate(reading.pieces, 1):
        about = f"{service.key}:{piece.subject}" if piece.subject else f"@{route.name}"
        shown: Sequence[Card | None] | None = None
        for index, (message, payload) in enumerate(piece.fitted):
            for name in route.destinations:
                own = traits.get(name, _NO_TRAITS)
                channel = None if route.wishes.channel else own.channel
                body = encode(_in_channel(message, channel)) if channel else payload
                if own.cards and shown is None:
                    shown = _cards(piece, about, f"event {event_id} {number}", route.wishes.card)
                card = shown[index] if own.cards and shown else None
                made.append(Parcel(name, f"{name}{within} {about}", body, route.address, card, trace))
    return made


def _cards(piece: Piece, about: str, alone: str, mode: CardMode | None) -> Sequence[Card | None]:
    """The card of each message of a piece, where posts can be edited and have threads.

    With a `mode`, the first message of an event in the life of its subject shows that subject. Any other shows itself,
    under the name `alone`. What is too long for one post goes on in the thread of the first. A subject has a card in
    each channel that its messages name, for a post cannot be answered from another.
    """
    first, *more = piece.messages
    if mode is not None and piece.subject and piece.phase is not None:
        subject = f"{about} in {first.channel}" if first.channel else about
        shown = None if piece.card is None else msgspec.structs.replace(piece.card, channel=first.channel)
        opening = Card(subject, mode, piece.phase, encode(shown).decode() if shown else "")
    elif more:
        opening = Card(alone, CardMode.THREAD)
    else:
        return (None,)
    return (opening, *(Card(opening.subject, CardMode.THREAD) for _ in more))


def _in_channel(message: Message, channel: str) -> Message:
    return msgspec.structs.replace(message, channel=channel)


def keys(
    route: Route, service: Service, content: Content, delivery_key: str, proof: verify.Proof | None
) -> tuple[DuplicateKey, ...]:
    """By what a repeat is recognised: the delivery id, and the body where the id could have been made up.

    A signature seldom covers the id, so that whoever recorded a request could send it again under a fresh one; the
    digest of the body stops that: that of the signature where it covers the body alone, else a hash. A sender without
    ids is recognised by its body for a short time: it may well say the same again.
    """
    if delivery_key:
        window = service.id_window if route.duplicate_window is None else route.duplicate_window
        found = [DuplicateKey(f"{route.name} id {_hash(delivery_key.encode(), route.address)}", window)]
        if proof is not None and _forgeable(service, proof.scheme):
            found.append(_body_key(route, content, proof, window))
    else:
        window = service.body_window if route.duplicate_window is None else route.duplicate_window
        found = [_body_key(route, content, proof, window)]
    return tuple(key for key in found if key.window > 0)


def _forgeable(service: Service, scheme: verify.Scheme) -> bool:
    """Whether a recorded request would pass again under a fresh delivery id."""
    headers = [header for selector in service.delivery_id for header in selector.headers]
    return isinstance(scheme, Signature) and not all(verify.signs(scheme, header) for header in headers)


def _body_key(route: Route, content: Content, proof: verify.Proof | None, window: float) -> DuplicateKey:
    if proof is not None and proof.digest:
        return DuplicateKey(f"{route.name} body {proof.digest[:_DIGEST].hex()}", window)
    seen = content.body or repr(sorted(content.request.query.items())).encode()
    return DuplicateKey(f"{route.name} body {_hash(seen, route.address)}", window)


_DIGEST = 16
"""Bytes of a digest that are kept: enough to tell bodies apart."""


def _hash(data: bytes, key: str = "") -> str:
    """The beginning of the SHA-256, in hex."""
    return hashlib.sha256(data + key.encode() if key else data).digest()[:_DIGEST].hex()
