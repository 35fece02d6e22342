"""Replay of an event: send its messages as they were, or translate its request with the catalog of today."""

import asyncio
import random
import time

from msgspec import Struct
from msgspec.structs import replace

from gateway.catalog.service import Service
from gateway.console import lookup
from gateway.console.lookup import Stored
from gateway.console.payloads import act_of
from gateway.console.port import Gateway
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.journal import Entry, Record
from gateway.mattermost.fit import Limits
from gateway.model import Delivery, DeliveryState, Outcome, Parcel
from gateway.pipeline.attached import Buttons
from gateway.pipeline.entry import Traits, entry, new_id
from gateway.pipeline.interpret import interpret
from gateway.pipeline.route import Route

_SETTLED = frozenset({DeliveryState.DEAD, DeliveryState.DELIVERED, DeliveryState.DISCARDED})
_MARK = "replay of "


class Replayed(Struct, frozen=True, omit_defaults=True):
    """How many deliveries go out again, and how many `acts` of them send a request to an outside service again."""

    deliveries: int
    acts: int = 0


class Reread(Struct, frozen=True):
    """The new event of a request that was translated again, and its number of deliveries."""

    event_id: str
    outcome: Outcome
    translator: str
    deliveries: int


async def as_it_was(
    gateway: Gateway, event_id: str, destination: str = "", state: DeliveryState | None = None
) -> Replayed:
    """Send the messages of an event again, in their order, or those to a destination and in a state.

    Raises Refused (404, 409); nothing is sent then.
    """
    found = await lookup.load(gateway, event_id)
    again = settled(found.record, destination, state)
    require_destinations(lookup.gone(gateway, again))
    if not again:
        why = "it has deliveries, but they are on their way" if found.record.deliveries else "it made no message"
        raise Refused(409, "Nothing to send again", f"nothing of event {event_id} can be sent again: {why}")
    acts = sum(act_of(one.payload) is not None for one in again)
    return Replayed(await gateway.journal.requeue([one.seq for one in again]), acts)


async def with_todays_catalog(gateway: Gateway, event_id: str) -> Reread:
    """Translate the stored request with the route and the catalog of today, and send the messages.

    The new event has an id of its own, no duplicate keys, and a reason that names the old one. Raises Refused: 404,
    409 when the route or service is gone, 422 when the route is strict and nothing understands the request.
    """
    found = await lookup.load(gateway, event_id)
    route, service = _today(found)
    require_destinations(sorted(set(route.destinations) - set(gateway.destinations())))
    fresh = await asyncio.to_thread(_entry, found, route, service, gateway.traits(), await gateway.buttons())
    appended = await gateway.submit(fresh)
    return Reread(appended.event_id, fresh.event.outcome, fresh.event.translator, len(appended.deliveries))


def settled(record: Record, destination: str = "", state: DeliveryState | None = None) -> list[Delivery]:
    """The deliveries of an event that can be sent again as they were: to a destination and in a state, unless empty."""
    return [
        one
        for one in record.deliveries
        if one.state in _SETTLED and destination in ("", one.destination) and state in (None, one.state)
    ]


def origin(reason: str) -> str:
    """The id of the replayed event in the reason of a replay; "" for other reasons."""
    return reason.removeprefix(_MARK).partition(";")[0] if reason.startswith(_MARK) else ""


def require_destinations(gone: list[str]) -> None:
    """Raise Refused (409) when destinations are gone."""
    if gone:
        names = ", ".join(gone)
        remedy = "give the settings a destination of this name again, or read the request with today's catalog"
        raise Refused(409, "Destination gone", f"the settings have no destination {names} any more: {remedy}")


def _today(found: Stored) -> tuple[Route, Service]:
    event = found.event
    if found.is_act:
        detail = f"{event.id} was said or clicked in Mattermost: replay it as it was, and its request is sent again"
        raise Refused(409, "Nothing to translate", detail)
    if found.route is None:
        raise Refused(
            409, "Route gone", f"the settings have no route {event.route} any more: nothing says where to send"
        )
    service = found.service
    if service is None:
        raise Refused(409, "Service gone", f"the catalog has no service {event.service} any more")
    return found.route, service


def _entry(found: Stored, route: Route, service: Service, traits: Traits, buttons: Buttons | None) -> Entry:
    request = found.event.request
    content = Content.of(request, route.body_limit, route.wishes.depth)
    now = time.time()
    reading = interpret(service, content, route.wishes, Limits(), now)
    new = new_id(now, random.getrandbits)
    made = entry(new, now, route, service, content, reading, None, traits, buttons=buttons)
    cards = (one.card for one in found.record.deliveries if one.card is not None)
    first = next((card.origin for card in cards if card.origin), found.event.id)
    reason = _MARK + found.event.id + (f"; {reading.reason}" if reading.reason else "")
    return Entry(replace(made.event, reason=reason), tuple(_news_of(first, one) for one in made.parcels))


def _news_of(event_id: str, parcel: Parcel) -> Parcel:
    """The parcel as news of an earlier event: a card that shows newer news is not set back by it."""
    return parcel if parcel.card is None else replace(parcel, card=replace(parcel.card, origin=event_id))
