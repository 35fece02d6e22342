"""Replay of many events: those that match a filter, counted before and sent in a task of their own."""

import time
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.console import events, lookup, replay
from gateway.console.events import EventChoice
from gateway.console.port import Gateway
from gateway.console.progress import GONE, Decision, Progress, Work, pages
from gateway.console.web.operations import Ask, Operation
from gateway.errors import Refused
from gateway.journal import Query, Record
from gateway.model import Delivery
from gateway.settings.callbacks import PREFIX

MOST: Final = 10_000
"""Events that are sent again in one go."""
SECONDS: Final = 5.0
"""How long events are counted."""


class ReplayPlan(Struct, frozen=True):
    """What a replay would do: of `matched` events, `sendable` have `deliveries` that can go out again as they were.

    `gone` have none since their destination is gone; the rest made no message, or it is still on its way. `until` is
    the newest time of these events: with it, later ones are not among them. `acts` of the deliveries are to outside
    services, whose requests are sent again. When the count stopped early, `complete` is
    false, `back_to` is the time of the oldest event counted, and nothing can be sent.
    """

    matched: int
    sendable: int
    deliveries: int
    gone: int
    until: float
    complete: bool = True
    back_to: float = 0.0
    acts: int = 0


class ReplayWish(EventChoice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events to send again: `today` reads their requests with today's catalog, else they go out as they were.

    Unknown keys are refused: to ignore one could mean more than was meant.
    """

    today: bool = False


async def plan(gateway: Gateway, choice: EventChoice) -> ReplayPlan:
    """Count the events that match, for SECONDS and up to MOST of them. Raises Refused (400) without any filter."""
    asked = _query(choice)
    known = gateway.destinations()
    matched = sendable = deliveries = gone = acts = 0
    back_to, give_up = asked.until or 0.0, time.monotonic() + SECONDS
    async for page in pages(gateway, asked):
        for record in page.records:
            matched += 1
            again = _again(record, asked)
            there = [one for one in again if one.destination in known]
            deliveries += len(there)
            acts += sum(one.destination.startswith(PREFIX) for one in there)
            sendable, gone = sendable + bool(there), gone + bool(again and not there)
            back_to = record.event.received
        if page.next and (matched > MOST or time.monotonic() > give_up):
            back_to = await _received(gateway, page.next) or back_to
            return ReplayPlan(matched, sendable, deliveries, gone, asked.until or 0.0, False, back_to, acts)
    return ReplayPlan(matched, sendable, deliveries, gone, asked.until or 0.0, matched <= MOST, back_to, acts)


class Replays:
    """Carries out the replays of one console, one at a time."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._work = Work()

    @property
    def progress(self) -> Progress | None:
        """That of the replay under way, or of the last one."""
        return self._work.progress

    def start(self, choice: EventChoice, *, today: bool) -> Progress:
        """Start to send the events again, oldest first. Raises Refused: 400 without any filter, 409 while one runs."""
        asked = _query(choice)
        what = described(choice)
        begun = Progress(Decision.REPLAY, what, time.time())
        return self._work.start(begun, lambda: self._reread(asked) if today else self._requeue(asked))

    async def close(self) -> None:
        """Stop; what has not had its turn by then is not sent."""
        await self._work.close()

    async def _requeue(self, asked: Query) -> None:
        """Send deliveries as they were; all are read before the first goes out, since they change their state then."""
        known, gone = self._gateway.destinations(), 0
        seqs: list[int] = []
        for record in await self._collected(asked):
            again = _again(record, asked)
            there = [one.seq for one in again if one.destination in known]
            seqs, gone = seqs + there, gone + len(again) - len(there)
        self._work.note(total=len(seqs), left=gone, why_left=GONE)
        await self._work.in_batches(seqs, self._gateway.journal.requeue)

    async def _reread(self, asked: Query) -> None:
        """Read requests with today's catalog; one that cannot be is left, and the last reason told."""
        ids = [record.event.id for record in await self._collected(asked)]
        self._work.note(total=len(ids))
        done = left = 0
        for event_id in reversed(ids):
            try:
                await replay.with_todays_catalog(self._gateway, event_id)
                done += 1
            except Refused as refused:
                left += 1
                self._work.note(left=left, why_left=refused.detail or refused.title)
            self._work.note(done=done)

    async def _collected(self, asked: Query) -> list[Record]:
        """The events, newest first. Raises Refused (409) for more than MOST."""
        found: list[Record] = []
        async for page in pages(self._gateway, asked):
            found += page.records
            if len(found) > MOST:
                raise Refused(409, "Too many events", f"more than {MOST:,} events match: choose a shorter time")
        return found


def described(choice: EventChoice) -> str:
    """The filter in words: "events with route github, outcome broken"."""
    chosen = {name: value for name, value in msgspec.to_builtins(choice).items() if value and name in _FIELDS}
    return "events with " + ", ".join(f"{name} {value}" for name, value in chosen.items())


_FIELDS: Final = {field.name for field in msgspec.structs.fields(EventChoice)}


def _query(choice: EventChoice) -> Query:
    """The search for the events that match now. Raises Refused (400) without any filter."""
    asked = events.query(choice)
    if asked == Query(bodies=False):
        raise Refused(400, "Bad Request", "say which events: by at least one filter, such as route and since")
    return asked if asked.until is not None else replace(asked, until=time.time())


def _again(record: Record, asked: Query) -> list[Delivery]:
    return replay.settled(record, asked.destination, asked.delivery_state)


async def _received(gateway: Gateway, event_id: str) -> float:
    try:
        return (await lookup.load(gateway, event_id)).event.received
    except Refused:  # it is gone meanwhile
        return 0.0


async def _plan(ask: Ask) -> ReplayPlan:
    return await plan(ask.gateway, ask.query)


async def _start(ask: Ask) -> Progress:
    return ask.console.part(Replays).start(ask.body, today=ask.body.today)


class ReplayState(Struct, frozen=True):
    """The progress of the last replay of many events since the gateway started, if any."""

    progress: Progress | None = None


async def _state(ask: Ask) -> ReplayState:
    return ReplayState(ask.console.part(Replays).progress)


OPERATIONS = (
    Operation(
        method="GET",
        path="/replays/plan",
        name="planReplay",
        summary="How many events match a filter, and how many of them can be sent again.",
        query=EventChoice,
        call=_plan,
        result=ReplayPlan,
    ),
    Operation(
        method="POST",
        path="/replays",
        name="startReplay",
        summary="Start to send every event that matches a filter again, oldest first; GET /replays has the progress.",
        body=ReplayWish,
        call=_start,
        result=Progress,
        status=202,
        problems={409: "A replay is running; nothing is started."},
    ),
    Operation(
        method="GET",
        path="/replays",
        name="showReplay",
        summary="The progress of the last replay of many events.",
        call=_state,
        result=ReplayState,
    ),
)
