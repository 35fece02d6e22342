"""The list of events, one event whole, and what can be done with it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from gateway.console import events, first, preview, replay, samples
from gateway.console.destinations import TEST_SERVICE
from gateway.console.events import EventDetail, EventFilter
from gateway.console.payloads import MessageDetail
from gateway.console.port import Gateway
from gateway.console.preview import MessageView
from gateway.console.samples import SampleWish
from gateway.console.web.operations import Console, Feed
from gateway.console.web.page import Back, Page, Shown, Visit, chosen_by
from gateway.console.web.rendering import Rendering
from gateway.journal import Query
from gateway.model import Cause, DeliveryState, Note, Outcome

RECENT: Final = 40
"""Newest events that a listener is sent in one look; a page with more new ones says "many"."""

PARTS: Final = ("standings", "deliveries")
"""The macros of `_event.html` that are sent live under their names."""


RANGES: Final = {"": "Any time", "1h": "Last hour", "24h": "Last day", "7d": "Last week"}
"""Time ranges that are a click away, by what `since` is for them."""


class Choices(Struct, frozen=True):
    """What the filters offer; "" is any."""

    routes: Sequence[str]
    destinations: Sequence[str]
    services: Sequence[str]
    translators: Sequence[str]
    notes: Sequence[tuple[str, str]]
    outcomes: Sequence[str] = ("", *Outcome)
    states: Sequence[str] = ("", *DeliveryState)


class MessageShown(Struct, frozen=True):
    """One message of an event: as its readers see it, and as it travels."""

    view: MessageView
    json: str
    card: bool
    deliveries: tuple[int, ...]


async def show_list(visit: Visit) -> Shown:
    """The list, newest first."""
    wanted = visit.query(EventFilter)
    page = await events.listing(visit.gateway, wanted)
    chosen = chosen_by(wanted)
    filters = {name: value for name, value in chosen.items() if name != "limit"}
    facts = {
        "wanted": wanted,
        "page": page,
        "choices": _choices(visit.gateway, wanted),
        "ranges": _ranges(chosen),
        "older": f"/events?{urlencode({**chosen, 'before': page.next})}" if page.next else "",
        "newest": f"/events?{urlencode(chosen)}" if wanted.before else "",
        "first": None if page.events or filters or wanted.before else await first.requests(visit.gateway),
        "replay": f"/events/replay?{urlencode(filters)}" if filters else "",
    }
    return Shown("refused_requests.html" if wanted.outcome == "refused" else "events.html", facts)


def _choices(gateway: Gateway, wanted: EventFilter) -> Choices:
    """What there is in settings and catalog; what was asked for stays a choice when it is gone from these."""
    tables = {table.route: table for table in gateway.settings.callbacks.values()}
    routes = [*gateway.settings.routes, *tables]
    keys = {route.service for route in gateway.settings.routes.values()} | {one.service for one in tables.values()}
    compiled = gateway.catalog().services
    speakers = {one.name for key in keys if key in compiled for one in compiled[key].translators}

    def offered(*names: str) -> list[str]:
        return ["", *sorted({*names} - {""})]

    return Choices(
        routes=offered(*routes, wanted.route),
        destinations=offered(*gateway.destinations(), wanted.destination),
        services=offered(*keys, wanted.service),
        translators=sorted(speakers),
        notes=_notes(wanted),
    )


def _notes(wanted: EventFilter) -> list[tuple[str, str]]:
    """The notes of events or the causes of refused requests, each as it is asked for and as its badge says it."""
    words = Cause if wanted.outcome == "refused" else Note
    return [("", "any"), *((one, one.replace("_", " ")) for one in dict.fromkeys((*words, wanted.note)) if one)]


def _ranges(chosen: Mapping[str, object]) -> list[tuple[str, str, bool]]:
    """Title and URL of each time range that is a click away, and whether it is that of this page."""
    rest = {name: value for name, value in chosen.items() if name not in ("since", "until")}
    here = "" if chosen.get("until") else chosen.get("since", "")
    return [
        (title, f"/events?{urlencode({**rest, **({'since': since} if since else {})})}", here == since)
        for since, title in RANGES.items()
    ]


async def show_one(visit: Visit) -> Shown:
    """One event."""
    found = await events.detail(visit.gateway, visit.path["id"])
    if found.event.refused is not None:
        return Shown("refused_request.html", {"event": found.event})
    messages = await asyncio.to_thread(lambda: [_message(one) for one in found.messages])
    facts = {
        "found": found,
        "messages": messages,
        "origin": replay.origin(found.event.reason),
        "destinations": {one.seq: one.destination for one in found.deliveries},
        "test": found.event.service == TEST_SERVICE,
        "replies": await asyncio.to_thread(_replies, found),
        "folders": visit.gateway.settings.catalog.folders,
    }
    return Shown("event.html", facts)


async def send_body(visit: Visit) -> web.Response:
    """The body of the request as a download. Whatever it is, no browser runs or shows it."""
    event_id = visit.path["id"]
    return _download(await events.body(visit.gateway, event_id), f"{event_id}.body", "application/octet-stream")


async def send_sample(visit: Visit) -> web.Response:
    """The event as a sample document, as a download."""
    made = await samples.as_sample(visit.gateway, visit.path["id"])
    return _download(made.text.encode(), made.path.rpartition("/")[2], "application/yaml")


async def write_sample(visit: Visit) -> Back:
    """Write the sample into a folder of the catalog."""
    event_id = visit.path["id"]
    written = await samples.write(visit.gateway, event_id, visit.fields(SampleWish).folder)
    return Back(f"/events/{event_id}", f"The sample is in {written.file}")


async def send_again(visit: Visit) -> Back:
    """Replay as it was."""
    event_id = visit.path["id"]
    sent = await replay.as_it_was(visit.gateway, event_id)
    notice = "The request is sent again" if sent.acts else f"Deliveries that go out again: {sent.deliveries}"
    return Back(f"/events/{event_id}", notice)


async def read_again(visit: Visit) -> Back:
    """Replay with today's catalog; the event that it became is shown."""
    made = await replay.with_todays_catalog(visit.gateway, visit.path["id"])
    notice = f"Read with today's catalog: {made.outcome} by {made.translator or 'none'}, deliveries: {made.deliveries}"
    return Back(f"/events/{made.event_id}", notice)


def _replies(found: EventDetail) -> list[MessageShown]:
    """What an act that asked nobody was answered."""
    return [_message(MessageDetail(one, ())) for one in found.act.replies] if found.act is not None else []


def _message(one: MessageDetail) -> MessageShown:
    text = msgspec.json.format(msgspec.json.encode(one.payload), indent=2).decode()
    return MessageShown(preview.view(one.payload), text, one.card, tuple(one.deliveries))


def _download(body: bytes, name: str, content_type: str) -> web.Response:
    return web.Response(
        body=body,
        headers={
            hdrs.CONTENT_TYPE: content_type,
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


PAGES = (
    Page("GET", "/events", show_list),
    Page("GET", "/events/{id}", show_one),
    Page("GET", "/events/{id}/body", send_body),
    Page("GET", "/events/{id}/sample", send_sample),
    Page("POST", "/events/{id}/sample", write_sample),
    Page("POST", "/events/{id}/replay", send_again),
    Page("POST", "/events/{id}/reread", read_again),
)


def feeds(rendering: Rendering) -> tuple[Feed, ...]:
    """The newest events or refused requests, as JSON rows of id, time, and some of a filter's fields.

    A page counts those that it would show. And the deliveries of one event, as HTML.
    """

    async def newest(console: Console, outcome: str) -> Mapping[str, str]:
        found = await console.gateway.journal.find(Query(outcome=outcome, limit=RECENT, bodies=False))
        kept = [record.event for record in found.records]
        rows = [(one.id, one.received, one.route, one.service, one.outcome, one.translator) for one in kept]
        return {"events": msgspec.json.encode(rows).decode()}

    async def take(console: Console) -> Mapping[str, str]:
        return await newest(console, "")

    async def take_refused(console: Console) -> Mapping[str, str]:
        return await newest(console, Outcome.REFUSED)

    async def take_one(console: Console, event_id: str) -> Mapping[str, str]:
        found, now = await events.deliveries(console.gateway, event_id), time.time()
        return {part: rendering.part("_event.html", part, found, now) for part in PARTS} if found else {}

    return Feed("events", take), Feed("refused", take_refused), Feed("event", take_one, about=True)
