"""Destinations: how each stands and what waits for it; pausing and resuming one, and sending it a test message."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.console import deliveries, gauges
from gateway.console.deliveries import DeliveryRow
from gateway.console.history import History
from gateway.console.port import Gateway
from gateway.console.waiting import waits
from gateway.console.web.operations import Ask, Console, Operation
from gateway.errors import Refused
from gateway.ingress.doors import hooks
from gateway.journal import Entry, Query, Standing
from gateway.language.functions.markdown import code_span
from gateway.mattermost.payload import Message, encode
from gateway.model import (
    PAUSE_BY,
    PAUSE_REASON,
    Delivery,
    DeliveryState,
    DestinationState,
    Event,
    Outcome,
    Parcel,
    Pause,
    Request,
)
from gateway.pipeline.entry import new_id
from gateway.settings import Settings
from gateway.settings.callbacks import BOTS, PREFIX
from gateway.sources.bot import State

TEST_SERVICE: Final = "mattergate"
TEST_ROUTE: Final = "@test"
"""Service and route of a test message: no route of the settings can be called so."""

WAITING: Final = 20
"""Waiting events that are shown of a destination, the newest ones."""

PATIENCE: Final = 5.0
"""Seconds in which the answer about a test message says what came of it; later it says why the message waits."""

_LOOK: Final = 0.05
"""Seconds between two looks what came of it."""


class BotStanding(Struct, frozen=True):
    """How a bot listens; times are epoch seconds, 0 for none. `waiting` posts are heard, and not taken yet."""

    connected_since: float
    last_event: float
    problem: str
    waiting: int


class DestinationStanding(Struct, frozen=True):
    """How one destination stands, why, since when, and what happens next; times are epoch seconds, 0 for none."""

    name: str
    state: Annotated[
        str,
        Meta(
            description="healthy, throttled (it asked for a pause), failing (it refuses messages), held (it does not "
            "answer; a probe will tell) or paused (by a person)."
        ),
    ]
    why: str
    waiting: int
    oldest: Annotated[float, Meta(description="Seconds that the oldest message has waited; 0 when none waits.")]
    dead: int
    delivered: Annotated[int, Meta(description="Messages that arrived in the last day, as far as it is known.")]
    since: float = 0.0
    next: Annotated[str, Meta(description="What happens next, without a person; empty when it is healthy.")] = ""
    next_at: float = 0.0
    what: Annotated[str, Meta(description="What it is, where it is no channel of Mattermost: a bot, a service.")] = ""
    bot: BotStanding | None = None


class DestinationList(Struct, frozen=True):
    """All destinations of the settings, [passthrough] among them."""

    destinations: Sequence[DestinationStanding]


class DestinationDetail(Struct, frozen=True):
    """One destination, with the newest deliveries that wait for it; `more` says that there are older ones."""

    standing: DestinationStanding
    waiting: Sequence[DeliveryRow]
    more: bool = False


class PauseWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a destination is paused, and by whom; both are shown wherever it is."""

    because: Annotated[str, Meta(min_length=1, max_length=PAUSE_REASON)]
    by: Annotated[str, Meta(max_length=PAUSE_BY)] = ""


class SendTest(Struct, frozen=True, forbid_unknown_fields=True):
    """Who sends a test message; the message says so."""

    by: Annotated[str, Meta(max_length=PAUSE_BY)] = ""


class SentTest(Struct, frozen=True):
    """What came of a test message: its event and delivery, and in `words` whether it arrived, or why not (yet)."""

    event: str
    seq: int
    state: DeliveryState
    attempts: int
    words: str


async def listing(gateway: Gateway, arrived: Mapping[str, int] | None = None) -> DestinationList:
    """Every destination, with the counts of the gateway; where none runs, with those of the journal.

    `arrived` are the messages of the last day, which the history of a console counts.
    """
    conditions = gateway.destinations()
    counted = gauges.read(gateway, dict.fromkeys((gauges.DEPTH, gauges.OLDEST, gauges.DEAD), ("destination",)))
    census = {} if counted[gauges.DEPTH] or not conditions else await gateway.journal.census()
    bots = {BOTS + name: _bot(state) for name, state in gateway.bots().items()}
    now = time.time()
    found = []
    for name, one in conditions.items():
        kept = census.get(name, Standing())
        found.append(
            DestinationStanding(
                name,
                one.state.value,
                one.why,
                waiting=int(counted[gauges.DEPTH].get((name,), kept.pending)),
                oldest=counted[gauges.OLDEST].get((name,), max(0.0, now - kept.oldest) if kept.oldest else 0.0),
                dead=int(counted[gauges.DEAD].get((name,), kept.dead)),
                delivered=(arrived or {}).get(name, 0),
                since=one.since,
                next=one.next,
                next_at=one.next_at,
                what=_what(gateway.settings, name),
                bot=bots.get(name),
            )
        )
    return DestinationList(found)


def _what(settings: Settings, name: str) -> str:
    """What a destination is, in words; "" for one of [destinations]."""
    if name.startswith(PREFIX) and (table := settings.callbacks.get(name.removeprefix(PREFIX))) is not None:
        return f"outside service {table.service}"
    if name.startswith(BOTS) and (bot := settings.bots.get(name.removeprefix(BOTS))) is not None:
        return f"bot at {bot.server}"
    return ""


def _bot(state: State) -> BotStanding:
    return BotStanding(state.connected_since or 0.0, state.last_event or 0.0, state.problem, state.waiting)


async def _standing(gateway: Gateway, name: str, arrived: Mapping[str, int] | None = None) -> DestinationStanding:
    """How one destination of the settings stands."""
    return next(one for one in (await listing(gateway, arrived)).destinations if one.name == name)


async def detail(gateway: Gateway, name: str, arrived: Mapping[str, int] | None = None) -> DestinationDetail:
    """One destination; `arrived` as in `listing`. Raises Refused (404)."""
    require_known(gateway, name)
    found = await _standing(gateway, name, arrived)
    query = Query(
        delivery_state=DeliveryState.PENDING, destination=name, limit=WAITING, bodies=False, first_payloads=True
    )
    page = await gateway.journal.find(query)
    rows = [
        deliveries.row(record, one)
        for record in page.records
        for one in record.deliveries
        if one.state is DeliveryState.PENDING and one.destination == name
    ]
    return DestinationDetail(found, rows, bool(page.next))


async def pause(gateway: Gateway, name: str, by: str, because: str) -> DestinationStanding:
    """Pause a destination; attempts in flight end. Raises Refused: 404, 400 for a blank `because`."""
    require_known(gateway, name)
    because = _in_line(because)
    if not because:
        raise Refused(400, "Bad Request", "because: say why it is paused; it is shown wherever the destination is")
    await gateway.set_pause(name, Pause(time.time(), _in_line(by), because))
    return await _standing(gateway, name)


async def resume(gateway: Gateway, name: str) -> DestinationStanding:
    """Resume a paused destination. Raises Refused: 404, 409 when it is not paused."""
    require_known(gateway, name)
    if name not in await gateway.journal.pauses():
        state = gateway.destinations()[name].state
        raise Refused(409, "Not paused", f"{name} is not paused: it is {state}")
    await gateway.set_pause(name, None)
    return await _standing(gateway, name)


async def send_test(gateway: Gateway, name: str, by: str, patience: float = PATIENCE) -> SentTest:
    """Send a test message the way of any other, and say what came of it within `patience` seconds.

    Raises Refused: 404, 409 for what has no place of its own: pass-through hooks, bots, outside services.
    """
    require_known(gateway, name)
    if name == hooks.NAME:
        detail = "this destination is every incoming webhook that a URL names: send a request to such a URL instead"
        raise Refused(409, "No place of its own", detail)
    if what := _what(gateway.settings, name):
        raise Refused(409, "No place of its own", f"{name} ({what}) has no channel of its own for a test message")
    own = gateway.traits().get(name)
    made = entry_of_test(name, by, time.time(), own.channel if own is not None else None)
    event_id = (await gateway.submit(made)).event_id
    until = time.monotonic() + patience
    while True:
        found = await gateway.journal.find(Query(event_id=event_id, bodies=False))
        [one] = found.records[0].deliveries
        if one.state is not DeliveryState.PENDING or one.attempts or time.monotonic() >= until:
            return SentTest(event_id, one.seq, one.state, one.attempts, await _what_came_of(gateway, one))
        if gateway.destinations()[name].state is DestinationState.PAUSED:
            until = 0.0  # after one more look: what was in flight may have ended
        await asyncio.sleep(_LOOK)


def entry_of_test(name: str, by: str, now: float, channel: str | None) -> Entry:
    """The event of a test message, with its only delivery in a lane of its own."""
    by = _in_line(by)
    sent = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    who = f" by {code_span(by)}" if by else ""
    message = Message(text=f"Test message from mattergate, sent{who} at {sent}.")
    if channel:
        message.channel = channel
    event = Event(
        id=new_id(now, random.getrandbits),
        received=now,
        route=TEST_ROUTE,
        service=TEST_SERVICE,
        outcome=Outcome.MESSAGE,
        name="test",
        translator="",
        subject="",
        reason=f"a test message to {name}" + (f", by {by}" if by else ""),
        request=Request(),
    )
    return Entry(event, (Parcel(name, f"{name} {TEST_ROUTE}", encode(message)),))


async def _what_came_of(gateway: Gateway, one: Delivery) -> str:
    if one.state is DeliveryState.DELIVERED:
        return "it arrived"
    if one.state is not DeliveryState.PENDING:
        return f"it was given up: {one.reason}"
    words = (await waits(gateway, [one]))[one.seq].words
    if not one.attempts:
        return "; ".join(words)
    said = any(one.reason in each for each in words)  # the destination stands as it does for the same reason
    return "; ".join(["it was refused or not answered" + ("" if said else f": {one.reason}"), *words])


def require_known(gateway: Gateway, name: str) -> None:
    """Raise Refused (404) for a name that no destination has."""
    known = gateway.destinations()
    if name not in known:
        have = f"they have {', '.join(known)}" if known else "they have none"
        raise Refused(404, "Not Found", f"the settings have no destination {name}: {have}")


def _in_line(text: str) -> str:
    """A person's words on one line, without what cannot be seen: they go to terminals, logs and Mattermost, too."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text.replace("\u2424", " ")).split())


def arrived(console: Console) -> Mapping[str, int]:
    """How many messages arrived at each destination in the last day."""
    return console.part(History).day().delivered


async def _listing(ask: Ask) -> DestinationList:
    return await listing(ask.gateway, arrived(ask.console))


async def _detail(ask: Ask) -> DestinationDetail:
    return await detail(ask.gateway, ask.path["name"], arrived(ask.console))


async def _pause(ask: Ask) -> DestinationStanding:
    return await pause(ask.gateway, ask.path["name"], ask.body.by, ask.body.because)


async def _resume(ask: Ask) -> DestinationStanding:
    return await resume(ask.gateway, ask.path["name"])


async def _send_test(ask: Ask) -> SentTest:
    return await send_test(ask.gateway, ask.path["name"], ask.body.by)


_UNKNOWN: Final = {404: "The settings have no such destination."}

OPERATIONS = (
    Operation(
        method="GET",
        path="/destinations",
        name="listDestinations",
        summary="Every destination: its state, why, since when and what happens next; what waits and what is dead.",
        call=_listing,
        result=DestinationList,
    ),
    Operation(
        method="GET",
        path="/destinations/{name}",
        name="showDestination",
        summary="One destination, with the newest deliveries that wait for it.",
        call=_detail,
        result=DestinationDetail,
        problems=_UNKNOWN,
    ),
    Operation(
        method="POST",
        path="/destinations/{name}/pause",
        name="pauseDestination",
        summary="Pause a destination: messages are accepted and wait; a reason is asked for. A restart keeps it.",
        body=PauseWish,
        call=_pause,
        result=DestinationStanding,
        problems=_UNKNOWN,
    ),
    Operation(
        method="POST",
        path="/destinations/{name}/resume",
        name="resumeDestination",
        summary="Resume a paused destination: what waits is delivered, in order.",
        call=_resume,
        result=DestinationStanding,
        problems={**_UNKNOWN, 409: "It is not paused."},
    ),
    Operation(
        method="POST",
        path="/destinations/{name}/test",
        name="testDestination",
        summary="Send a test message the way of any other; the answer says whether it arrived, or why it waits.",
        body=SendTest,
        call=_send_test,
        result=SentTest,
        problems={**_UNKNOWN, 409: "It has no place of its own: pass-through hooks, bots, outside services."},
    ),
)
