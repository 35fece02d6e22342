"""What one request adds to the journal: the event, parcels for every message and destination, and keys of repeats."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import msgspec

from gateway.ingress import verify
from gateway.ingress.route import Route
from gateway.ingress.signature import Signature
from gateway.interpret import Reading
from gateway.journal import DuplicateKey, Entry
from gateway.mattermost.payload import Message, encode
from gateway.model import Event, Parcel, Request
from gateway.translate.service import Service

Channels = Mapping[str, str | None]
"""Destination -> the channel that its settings name."""


def entry(
    event_id: str,
    now: float,
    route: Route,
    service: Service,
    request: Request,
    reading: Reading,
    scheme: verify.Scheme | None,
    channels: Channels,
) -> Entry:
    """The journal entry of one request, as it was read."""
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
        request=verify.masked(request, route.schemes(service)),
    )
    return Entry(
        event, tuple(parcels(route, service, reading, channels)), keys(route, service, request, reading.key, scheme)
    )


def parcels(route: Route, service: Service, reading: Reading, channels: Channels) -> Sequence[Parcel]:
    """One parcel for every message and destination, in the order in which they are to arrive."""
    made = []
    within = f" {_digest(route.address.encode())}" if route.address else ""
    for piece in reading.pieces:
        about = f"{service.key}:{piece.subject}" if piece.subject else f"@{route.name}"
        for message in piece.messages:
            payload = encode(message)
            for name in route.destinations:
                channel = None if route.wishes.channel else channels.get(name)
                body = encode(_in_channel(message, channel)) if channel else payload
                made.append(Parcel(name, f"{name}{within} {about}", body, route.address))
    return made


def _in_channel(message: Message, channel: str) -> Message:
    return msgspec.structs.replace(message, channel=channel)


def keys(
    route: Route, service: Service, request: Request, delivery_key: str, scheme: verify.Scheme | None
) -> tuple[DuplicateKey, ...]:
    """By what a repeat is recognised: the delivery id, and the body where the id could have been made up.

    A signature seldom covers the id, so that whoever recorded a request could send it again under a fresh one; the hash
    of the body stops that. A sender without ids is recognised by its body for a short time: it may well say the same
    again.
    """
    if delivery_key:
        window = service.id_window if route.duplicate_window is None else route.duplicate_window
        found = [DuplicateKey(f"{route.name} id {_digest(delivery_key.encode(), route.address)}", window)]
        if _forgeable(service, scheme):
            found.append(_body_key(route, request, window))
    else:
        window = service.body_window if route.duplicate_window is None else route.duplicate_window
        found = [_body_key(route, request, window)]
    return tuple(key for key in found if key.window > 0)


def _forgeable(service: Service, scheme: verify.Scheme | None) -> bool:
    """Whether a recorded request would pass again under a fresh delivery id."""
    headers = [header for selector in service.delivery_id for header in selector.headers]
    return isinstance(scheme, Signature) and not all(verify.signs(scheme, header) for header in headers)


def _body_key(route: Route, request: Request, window: float) -> DuplicateKey:
    seen = request.body or repr(sorted(request.query.items())).encode()
    return DuplicateKey(f"{route.name} body {_digest(seen, route.address)}", window)


def _digest(data: bytes, key: str = "") -> str:
    return blake2b(data, digest_size=16, key=key.encode()).hexdigest()
