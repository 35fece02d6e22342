"""Events as the journal has them: a page of a list, and one event whole, as facts for pages and scripts alike.

Nothing that leaves here holds a secret: requests are masked, messages redacted, and the address of a pass-through
delivery is left out.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Final, Literal, TypeVar
from urllib.parse import quote

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import units
from gateway.console import acts, curl, lookup, masked, payloads, refused, replay, samples
from gateway.console.acts import ActDetail, Ended
from gateway.console.headline import headline
from gateway.console.lookup import Stored
from gateway.console.masked import RequestView
from gateway.console.payloads import MessageDetail
from gateway.console.port import Gateway
from gateway.console.refused import NoteOrCause, RefusedRequest
from gateway.console.replay import Replayed, Reread
from gateway.console.samples import SampleDocument, SampleWish, SampleWritten
from gateway.console.waiting import Wait, waits
from gateway.console.web.operations import Ask, Operation
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.journal import Query, Record
from gateway.model import Attempt, Delivery, DeliveryState, Discard, Outcome
from gateway.pipeline.interpret import Verdict, verdicts

R = TypeVar("R", bound=Struct)

VERDICTS: Final = 20
"""Events of one request whose verdicts are shown."""
FAULTS: Final = 100
"""Faults of one verdict that are shown."""
MESSAGES: Final = 40
"""Different messages of one event that are shown."""


_WHEN: Final = 'How long ago ("2h"), or a time ("2026-01-31T08:00", UTC unless it says else; seconds since the epoch).'


class EventChoice(Struct, frozen=True, kw_only=True):
    """Which events: those that match every field; an empty field matches all.

    `destination` and `state` are those of the same delivery. Refused requests are found with the outcome "refused"
    alone. `note` is what a person should look at: why only the generic translator spoke for an event, or the cause of a
    refused request.
    """

    route: str = ""
    service: str = ""
    translator: str = ""
    outcome: Literal["", "message", "ignored", "refused", "broken"] = ""
    note: NoteOrCause = ""
    destination: str = ""
    state: Literal["", "pending", "delivered", "dead", "replayed", "discarded"] = ""
    text: Annotated[str, Meta(max_length=200)] = ""
    since: Annotated[str, Meta(max_length=40, description=_WHEN)] = ""
    until: Annotated[str, Meta(max_length=40, description=_WHEN)] = ""


class EventFilter(EventChoice, frozen=True, kw_only=True):
    """Which events to list, newest first. `before` is the `next` of the page before."""

    before: Annotated[str, Meta(max_length=100)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Sent(Struct, frozen=True):
    """How many deliveries of an event to one destination are in one state."""

    destination: str
    state: DeliveryState
    count: int


class EventRow(Struct, frozen=True):
    """One event of a list. `deliveries` counts them by state, `sent` by destination and state.

    `title` is the line by which readers know its first message: see `headline`. It is "" where there is none. `refused`
    is for refused requests alone. `ended` says how an act of a callback ended: see `acts.ended`; "" for other events.
    """

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
    note: str = ""
    refused: RefusedRequest | None = None
    title: str = ""
    sent: Sequence[Sent] = ()
    ended: Ended = ""


class EventPage(Struct, frozen=True):
    """A page of events. `next` continues the list as `before`; it is empty at the end.

    A search reads a bounded number of events at a time: a page may have few or no events and still a `next`.
    """

    events: Sequence[EventRow]
    next: str = ""


class DeliveryDetail(Struct, frozen=True):
    """One delivery. `gone`: the settings no longer have its destination; `permalink` is empty if it is not known.

    `discard` is when and why a person put it away, also when it was sent again since; `wait` is why it is pending.
    """

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
    discard: Discard | None = None
    wait: Wait | None = None


class EventDetail(Struct, frozen=True):
    """One event whole. `verdicts` are of the catalog as it is now; `more_messages` counts those that are left out.

    A refused request is not kept: `request` is null. Of an `act`, the request holds what was said or clicked.
    """

    event: EventRow
    request: RequestView | None
    verdicts: Sequence[Verdict]
    messages: Sequence[MessageDetail]
    more_messages: int
    deliveries: Sequence[DeliveryDetail]
    curl: str
    act: ActDetail | None = None


async def listing(gateway: Gateway, wanted: EventFilter) -> EventPage:
    """A page of events, newest first. Raises Refused (400) for a time that is none."""
    asked = replace(query(wanted), before=wanted.before, limit=wanted.limit, first_payloads=True)
    page = await gateway.journal.find(asked)
    return EventPage(await asyncio.to_thread(lambda: [row(one) for one in page.records]), page.next)


def query(choice: EventChoice) -> Query:
    """The search for chosen events, without their bodies. Raises Refused (400) for a time that is none."""
    now = time.time()
    return Query(
        route=choice.route,
        service=choice.service,
        translator=choice.translator,
        outcome=choice.outcome,
        note=choice.note,
        destination=choice.destination,
        delivery_state=DeliveryState(choice.state) if choice.state else None,
        text=choice.text,
        since=_moment("since", choice.since, now),
        until=_moment("until", choice.until, now),
        bodies=False,
    )


def _moment(name: str, text: str, now: float) -> float | None:
    try:
        return units.moment(text, now) if text else None
    except ValueError as error:
        raise Refused(400, "Bad Request", f"{name}: {error}") from None


async def detail(gateway: Gateway, event_id: str) -> EventDetail:
    """One event whole. Raises Refused (404)."""
    record = await lookup.find(gateway, event_id)
    if record.refusal is not None:
        return EventDetail(row(record), None, (), (), 0, (), "")
    found = await lookup.complete(gateway, record)
    deliveries = await _deliveries(gateway, found.record)
    made = await asyncio.to_thread(_detail, found, deliveries, gateway.settings.server.depth_limit)
    return replace(made, act=await acts.detail(gateway, found.record, found.service)) if found.is_act else made


async def deliveries(gateway: Gateway, event_id: str) -> Sequence[DeliveryDetail]:
    """The deliveries of an event as they stand now; empty for an unknown one."""
    records = (await gateway.journal.find(Query(event_id=event_id, bodies=False))).records if event_id else ()
    return await _deliveries(gateway, records[0]) if records else ()


async def _deliveries(gateway: Gateway, record: Record) -> list[DeliveryDetail]:
    why = await waits(gateway, record.deliveries)
    return [_delivery(gateway, one, why.get(one.seq)) for one in record.deliveries]


async def body(gateway: Gateway, event_id: str) -> bytes:
    """The body of an event's request, inflated, with its secrets masked. Raises Refused (404)."""
    found = await lookup.load(gateway, event_id)
    return (await asyncio.to_thread(found.request)).body


def row(record: Record) -> EventRow:
    """A record as one line of a list; its title is that of the first payload, which the record may not have."""
    event = record.event
    sent = Counter((one.destination, one.state) for one in record.deliveries)
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
        note=event.note,
        refused=refused.of(record),
        title=headline(record.deliveries[0].payload) if record.deliveries else "",
        sent=[Sent(destination, state, count) for (destination, state), count in sent.items()],
        ended=acts.ended(record),
    )


def _detail(found: Stored, deliveries: Sequence[DeliveryDetail], depth: int) -> EventDetail:
    request = found.request()
    judged: Sequence[Verdict] = ()
    if found.service is not None and not found.is_act:
        judged = verdicts(found.service, Content(request, depth=depth), events=VERDICTS, faults=FAULTS)
    messages = payloads.messages(found.record.deliveries)
    return EventDetail(
        event=row(found.record),
        request=masked.view(request),
        verdicts=judged,
        messages=messages[:MESSAGES],
        more_messages=max(0, len(messages) - MESSAGES),
        deliveries=deliveries,
        curl="" if found.is_act else curl.command(found.event.request, found.schemes, found.limit),
    )


def _delivery(gateway: Gateway, one: Delivery, wait: Wait | None) -> DeliveryDetail:
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
        discard=one.discard,
        wait=wait,
    )


def _permalink(gateway: Gateway, one: Delivery) -> str:
    """Where the post can be read, for a channel over REST; a webhook does not tell which post it made."""
    table = gateway.settings.destinations.get(one.destination)
    if table is None or not table.server or not table.team or not one.post_id:
        return ""
    return f"{table.server.rstrip('/')}/{quote(table.team)}/pl/{quote(one.post_id)}"


def _of_event(fact: Callable[[Gateway, str], Awaitable[R]]) -> Callable[[Ask], Awaitable[R]]:
    """A fact about one event as an operation calls it."""

    async def call(ask: Ask) -> R:
        return await fact(ask.gateway, ask.path["id"])

    return call


async def _listing(ask: Ask) -> EventPage:
    return await listing(ask.gateway, ask.query)


async def _write_sample(ask: Ask) -> SampleWritten:
    return await samples.write(ask.gateway, ask.path["id"], ask.body.folder)


_UNKNOWN: Final = {404: "The journal has no such event."}

OPERATIONS = (
    Operation(
        method="GET",
        path="/events",
        name="listEvents",
        summary="Events, newest first, without their bodies; with outcome=refused, requests that were not accepted.",
        query=EventFilter,
        call=_listing,
        result=EventPage,
    ),
    Operation(
        method="GET",
        path="/events/{id}",
        name="showEvent",
        summary="One event whole: request with its secrets masked, schema verdict, messages, deliveries, curl command.",
        call=_of_event(detail),
        result=EventDetail,
        problems=_UNKNOWN,
    ),
    Operation(
        method="POST",
        path="/events/{id}/replay",
        name="replayEvent",
        summary="Send the messages of an event again, as they were.",
        call=_of_event(replay.as_it_was),
        result=Replayed,
        problems={**_UNKNOWN, 409: "A destination is gone, or there is nothing to send; nothing is sent."},
    ),
    Operation(
        method="POST",
        path="/events/{id}/reread",
        name="rereadEvent",
        summary="Read the stored request with today's catalog and route, and send what it becomes, as a new event.",
        call=_of_event(replay.with_todays_catalog),
        result=Reread,
        status=201,
        problems={
            **_UNKNOWN,
            409: "The route, its service or a destination is gone; nothing is sent.",
            422: "The route is strict, and nothing understands the request.",
        },
    ),
    Operation(
        method="GET",
        path="/events/{id}/sample",
        name="sampleOfEvent",
        summary="An event as a sample document of the catalog, with what it becomes today as the expectation.",
        call=_of_event(samples.as_sample),
        result=SampleDocument,
        problems={**_UNKNOWN, 409: "It cannot be a sample: the body is not text, or the service is gone."},
    ),
    Operation(
        method="POST",
        path="/events/{id}/sample",
        name="writeSample",
        summary="Write an event's sample into one of the [catalog] folders; a file that is there stays as it is.",
        body=SampleWish,
        call=_write_sample,
        result=SampleWritten,
        status=201,
        problems={**_UNKNOWN, 409: "It cannot be a sample, the folder is not one of the settings, or the file exists."},
    ),
)
