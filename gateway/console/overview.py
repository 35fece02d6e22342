"""How the gateway is doing: rates, queue, routes and destinations, from the metrics and what the journal counts."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway import __version__
from gateway.console import destinations
from gateway.console.destinations import TEST_ROUTE, DestinationStanding
from gateway.console.history import Day, History, Past, per_second
from gateway.console.port import Gateway
from gateway.console.web.operations import Ask, Console, Operation
from gateway.errors import JournalError
from gateway.journal import Holdings, Last
from gateway.model import Outcome

RECENT: Final = 10.0
"""Seconds over which the present rates are a mean."""


class Totals(Struct, frozen=True):
    """The gateway as a whole; counts are of the last day, across restarts: see `Status.counted_from`."""

    received_rate: Annotated[float, Meta(description="Requests accepted per second, over the last 10 seconds.")]
    delivered_rate: Annotated[float, Meta(description="Messages delivered per second, over the last 10 seconds.")]
    received: int
    delivered: int
    waiting: Annotated[int, Meta(description="Deliveries that wait.")]
    oldest: Annotated[float, Meta(description="Seconds that the oldest of them has waited; 0 when none waits.")]
    dead: Annotated[int, Meta(description="Deliveries that were given up and wait for a person.")]


class RouteStanding(Struct, frozen=True):
    """One route: how often each outcome came in the last day, and its newest event that is kept (0, "": none is).

    Refused and repeated requests leave no event: they are counted since the start.
    """

    name: str
    service: str
    outcomes: dict[str, int]
    duplicates: int
    last: float
    last_outcome: str
    last_note: str = ""
    refusals: Annotated[int, Meta(description="Refused requests that are kept to be looked at, the newest.")] = 0
    muted_until: Annotated[float, Meta(description="When `mute_until` of the route ends; 0: it is not muted.")] = 0


class Kept(Struct, frozen=True):
    """What the journal keeps: events, their bytes, and when the oldest was received (0: none)."""

    events: int
    size: int
    oldest: float
    dead_events: Annotated[int, Meta(description="Those of the events that have a dead delivery.")] = 0
    dead_size: Annotated[int, Meta(description="The bytes of these.")] = 0


class Status(Struct, frozen=True):
    """How the gateway is doing at one moment. `trouble` says why requests cannot be stored, "" when they can.

    Counts are of the last day; `counted_from` is a day ago, or where what is known begins, `started` when the gateway
    started.
    """

    at: float
    version: str
    trouble: str
    totals: Totals
    kept: Kept
    routes: tuple[RouteStanding, ...]
    destinations: tuple[DestinationStanding, ...]
    counted_from: float
    started: float
    strays: Annotated[int, Meta(description="Refused requests that reached no route, as far as they are kept.")] = 0


class Overview(Status, frozen=True, kw_only=True):
    """A status with the rates of the last hour."""

    past: Past


async def overview(console: Console) -> Overview:
    """How the gateway is doing now, also when the journal cannot be read: then `trouble` says so."""
    gateway = console.gateway
    history = console.part(History)
    held, refused, trouble = await _holdings(gateway, history)
    past, day = history.past(), history.day()
    standings = tuple((await destinations.listing(gateway, day.delivered)).destinations)
    return Overview(
        time.time(),
        __version__,
        trouble,
        _totals(past, day, standings),
        Kept(held.events, held.size, held.oldest, held.dead_events, held.dead_size),
        _routes(gateway, day, held.last, refused),
        standings,
        day.since,
        day.started,
        refused.get("", 0),
        past=past,
    )


async def _holdings(gateway: Gateway, history: History) -> tuple[Holdings, Mapping[str, int], str]:
    """What the journal keeps, how many refused requests of each route, and what is wrong with it.

    The history is brought up to date.
    """
    try:
        await history.take()
        return await gateway.journal.holdings(), await gateway.journal.refused(), gateway.trouble()
    except JournalError as error:
        return Holdings(), {}, gateway.trouble() or str(error)


def _totals(past: Past, day: Day, standings: Sequence[DestinationStanding]) -> Totals:
    return Totals(
        per_second(past.received, past.step, RECENT),
        per_second(past.delivered, past.step, RECENT),
        sum(day.received.values()),
        sum(day.delivered.values()),
        sum(one.waiting for one in standings),
        max((one.oldest for one in standings), default=0.0),
        sum(one.dead for one in standings),
    )


def _routes(
    gateway: Gateway, day: Day, last: Mapping[str, Last], refused: Mapping[str, int]
) -> tuple[RouteStanding, ...]:
    """The configured routes, and those of pass-through hooks, which are counted without being configured."""
    services = {name: route.service for name, route in gateway.settings.routes.items()}
    services |= {table.route: table.service for table in gateway.settings.callbacks.values()}
    used = dict.fromkeys([*services, *(route for route, _ in day.received), *day.refused])
    names = [name for name in used if name != TEST_ROUTE]
    now = time.time()
    muted = {name: until for name, route in gateway.settings.routes.items() if (until := route.mute_until or 0.0) > now}
    received = {**day.received, **{(route, Outcome.REFUSED): count for route, count in day.refused.items()}}
    return tuple(
        RouteStanding(
            name,
            services.get(name, ""),
            {outcome.value: received.get((name, outcome), 0) for outcome in Outcome},
            day.repeated.get(name, 0),
            last[name].received if name in last else 0.0,
            last[name].outcome.value if name in last else "",
            last[name].note if name in last else "",
            refused.get(name, 0),
            muted.get(name, 0.0),
        )
        for name in names
    )


async def _answer(ask: Ask) -> Overview:
    return await overview(ask.console)


OPERATIONS = (
    Operation(
        method="GET",
        path="/overview",
        name="overview",
        summary="Rates, queue, routes and destinations, and the last hour in sums of five seconds.",
        call=_answer,
        result=Overview,
    ),
)
