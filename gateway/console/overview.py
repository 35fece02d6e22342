"""How the gateway is doing: rates, queue, routes and destinations, from the metrics and what the journal counts."""

import time
from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway import __version__
from gateway.console import series
from gateway.console.gateway import Gateway
from gateway.console.history import History, Past, per_second
from gateway.console.operations import Ask, Console, Operation
from gateway.journal import Last
from gateway.model import Outcome

RECENT: Final = 10.0
"""Seconds over which the present rates are a mean."""


class Totals(Struct, frozen=True):
    """The gateway as a whole; counts are since it started."""

    received_rate: Annotated[float, Meta(description="Requests accepted per second, over the last 10 seconds.")]
    delivered_rate: Annotated[float, Meta(description="Messages delivered per second, over the last 10 seconds.")]
    received: int
    delivered: int
    waiting: Annotated[int, Meta(description="Deliveries that wait.")]
    oldest: Annotated[float, Meta(description="Seconds that the oldest of them has waited; 0 when none waits.")]
    dead: Annotated[int, Meta(description="Deliveries that were given up and wait for a person.")]


class RouteStanding(Struct, frozen=True):
    """One route: how often each outcome came since the start, and its newest event that is kept (0, "": none is)."""

    name: str
    service: str
    outcomes: dict[str, int]
    duplicates: int
    last: float
    last_outcome: str


class Kept(Struct, frozen=True):
    """What the journal keeps: events, their bytes, and when the oldest was received (0: none)."""

    events: int
    size: int
    oldest: float


class DestinationStanding(Struct, frozen=True):
    """One destination: whether messages flow to it, and if not, why."""

    name: str
    state: Annotated[str, Meta(description="open, throttled (it asked to wait) or broken (it fails).")]
    why: str
    waiting: int
    oldest: float
    dead: int
    delivered: int


class Overview(Struct, frozen=True):
    """Everything at one moment. `trouble` says why requests cannot be stored, "" when they can."""

    at: float
    version: str
    trouble: str
    totals: Totals
    kept: Kept
    routes: tuple[RouteStanding, ...]
    destinations: tuple[DestinationStanding, ...]
    past: Past


async def overview(console: Console) -> Overview:
    """How the gateway is doing now. Raises JournalError."""
    gateway = console.gateway
    held = await gateway.journal.holdings()
    found = series.read(
        gateway,
        {
            series.REQUESTS: ("route", "outcome"),
            series.DUPLICATES: ("route",),
            series.DELIVERIES: ("destination", "result"),
            series.DEPTH: ("destination",),
            series.OLDEST: ("destination",),
            series.DEAD: ("destination",),
        },
    )
    destinations = tuple(
        DestinationStanding(
            name,
            state,
            why,
            int(found[series.DEPTH].get((name,), 0)),
            found[series.OLDEST].get((name,), 0.0),
            int(found[series.DEAD].get((name,), 0)),
            int(found[series.DELIVERIES].get((name, "delivered"), 0)),
        )
        for name, (state, why) in gateway.destinations().items()
    )
    past = console.part(History).past()
    return Overview(
        time.time(),
        __version__,
        gateway.trouble(),
        _totals(gateway, past, destinations),
        Kept(held.events, held.size, held.oldest),
        _routes(gateway, found[series.REQUESTS], found[series.DUPLICATES], held.last),
        destinations,
        past,
    )


def _totals(gateway: Gateway, past: Past, destinations: tuple[DestinationStanding, ...]) -> Totals:
    received, delivered = series.passed(gateway)
    return Totals(
        per_second(past.received, past.step, RECENT),
        per_second(past.delivered, past.step, RECENT),
        int(received),
        int(delivered),
        sum(one.waiting for one in destinations),
        max((one.oldest for one in destinations), default=0.0),
        sum(one.dead for one in destinations),
    )


def _routes(
    gateway: Gateway,
    requests: Mapping[series.Labels, float],
    duplicates: Mapping[series.Labels, float],
    last: Mapping[str, Last],
) -> tuple[RouteStanding, ...]:
    """The configured routes, and those that are counted though they are not: the pass-through hooks."""
    services = {name: route.service for name, route in gateway.settings.routes.items()}
    names = dict.fromkeys([*services, *(route for route, _ in requests)])
    return tuple(
        RouteStanding(
            name,
            services.get(name, ""),
            {outcome.value: int(requests.get((name, outcome.value), 0)) for outcome in Outcome},
            int(duplicates.get((name,), 0)),
            last[name].received if name in last else 0.0,
            last[name].outcome.value if name in last else "",
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
