"""Events as the journal has them: a page of a list, and one event whole, as facts for pages and scripts alike.

Nothing that leaves here holds a secret: requests are masked, messages redacted, and the address of a pass-through
delivery is left out.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from gateway import secret
from gateway.console import curl, received, stored
from gateway.console.gateway import Gateway
from gateway.console.received import RequestView
from gateway.console.stored import Stored
from gateway.interpret import Verdict, verdicts
from gateway.journal import Query, Record
from gateway.model import JSON, Attempt, Delivery, DeliveryState, Outcome

VERDICTS: Final = 20
"""Events of one request whose verdicts are shown."""
FAULTS: Final = 100
"""Faults of one verdict that are shown."""
MESSAGES: Final = 40
"""Different messages of one event that are shown."""


class EventFilter(Struct, frozen=True, kw_only=True):
    """Which events to list, newest first; what is empty does not count. `before` is the `next` of the page before."""

    route: str = ""
    service: str = ""
    outcome: Literal["", "message", "ignored", "refused", "broken"] = ""
    state: Literal["", "pending", "delivered", "dead", "replayed"] = ""
    text: Annotated[str, Meta(max_length=200)] = ""
    before: Annotated[str, Meta(max_length=100)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class EventRow(Struct, frozen=True):
    """One event of a list. `deliveries` counts them by state."""

    id: str
    received: float
    route: str
    service: str
    outcome: Outcome
    name: str
    translator: str
    subject: str
    reason: str
    deliveries: Mapping[str, int]


class EventPage(Struct, frozen=True):
    """A page of events. `next` continues the list as `before`; it is empty at the end.

    A search by text looks at so many events at a time: a page may have few events, or none, and still a `next`.
    """

    events: Sequence[EventRow]
    next: str = ""


class MessageDetail(Struct, frozen=True):
    """One message: the payload of deliveries. `card` says that it is what their card shows."""

    payload: JSON
    deliveries: Sequence[int]
    card: bool = False


class DeliveryDetail(Struct, frozen=True):
    """One delivery. `gone` says that the settings have its destination no more; `permalink` is empty if not known."""

    seq: int
    destination: str
    gone: bool
    state: DeliveryState
    received: float
    attempts: int
    not_before: float
    reason: str
    post_id: str
    permalink: str
    log: Sequence[Attempt]


class EventDetail(Struct, frozen=True):
    """One event whole. `verdicts` are of the catalog as it is now; `more_messages` counts those that are left out."""

    event: EventRow
    request: RequestView
    verdicts: Sequence[Verdict]
    messages: Sequence[MessageDetail]
    more_messages: int
    deliveries: Sequence[DeliveryDetail]
    curl: str


async def listing(gateway: Gateway, wanted: EventFilter) -> EventPage:
    """A page of events, newest first."""
    query = Query(
        route=wanted.route,
        service=wanted.service,
        outcome=wanted.outcome,
        delivery_state=DeliveryState(wanted.state) if wanted.state else None,
        before=wanted.before,
        limit=wanted.limit,
    )
    found = await gateway.journal.find(query)
    return EventPage([row(one) for one in found], found[-1].event.id if len(found) == wanted.limit else "")


async def detail(gateway: Gateway, event_id: str) -> EventDetail:
    """One event whole. Raises Refused (404)."""
    found = await stored.load(gateway, event_id)
    deliveries = [_delivery(gateway, one) for one in found.record.deliveries]
    return await asyncio.to_thread(_detail, found, deliveries, gateway.settings.server.depth_limit)


async def body(gateway: Gateway, event_id: str) -> bytes:
    """The body of an event's request, inflated, with its secrets masked. Raises Refused (404)."""
    found = await stored.load(gateway, event_id)
    return (await asyncio.to_thread(found.request)).body


def row(record: Record) -> EventRow:
    """A record as one line of a list."""
    event = record.event
    return EventRow(
        id=event.id,
        received=event.received,
        route=event.route,
        service=event.service,
        outcome=event.outcome,
        name=event.name,
        translator=event.translator,
        subject=event.subject,
        reason=event.reason,
        deliveries=Counter(one.state.value for one in record.deliveries),
    )


def _detail(found: Stored, deliveries: Sequence[DeliveryDetail], depth: int) -> EventDetail:
    request = found.request()
    judged: Sequence[Verdict] = ()
    if found.service is not None:
        judged = verdicts(found.service, request, request.body, depth, events=VERDICTS, faults=FAULTS)
    messages = _messages(found.record.deliveries)
    return EventDetail(
        event=row(found.record),
        request=received.view(request),
        verdicts=judged,
        messages=messages[:MESSAGES],
        more_messages=max(0, len(messages) - MESSAGES),
        deliveries=deliveries,
        curl=curl.command(found.event.request, found.schemes, found.limit),
    )


def _messages(deliveries: Sequence[Delivery]) -> list[MessageDetail]:
    """The different messages of an event, each once, in the order in which they go out."""
    seqs: dict[tuple[bytes, bool], list[int]] = {}
    for one in deliveries:
        seqs.setdefault((one.payload, False), []).append(one.seq)
        if one.card is not None and one.card.payload:
            seqs.setdefault((one.card.payload.encode(), True), []).append(one.seq)
    return [MessageDetail(_payload(raw), found, card) for (raw, card), found in seqs.items()]


def _payload(raw: bytes) -> JSON:
    """The JSON of a message, with whatever secret slipped into it masked."""
    try:
        return msgspec.json.decode(secret.redact(raw.decode()))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _delivery(gateway: Gateway, one: Delivery) -> DeliveryDetail:
    return DeliveryDetail(
        seq=one.seq,
        destination=one.destination,
        gone=one.destination not in gateway.destinations(),
        state=one.state,
        received=one.received,
        attempts=one.attempts,
        not_before=one.not_before,
        reason=one.reason,
        post_id=one.post_id,
        permalink=_permalink(gateway, one),
        log=one.log,
    )


def _permalink(gateway: Gateway, one: Delivery) -> str:
    """Where the post can be read, for a channel over REST; a webhook does not tell which post it made."""
    table = gateway.settings.destinations.get(one.destination)
    if table is None or not table.server or not table.team or not one.post_id:
        return ""
    return f"{table.server.rstrip('/')}/{quote(table.team)}/pl/{quote(one.post_id)}"
