"""Dead letters: dead deliveries grouped by destination and reason, and their replay in batches.

One replay runs at a time, in a task that outlives the request that started it; its progress can be read at any time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.console.port import Gateway
from gateway.console.web.operations import Ask, Operation
from gateway.errors import JournalError, Refused
from gateway.journal import Query, Record
from gateway.model import Delivery, DeliveryState
from gateway.observe import logs

BATCH: Final = 200
"""Deliveries that are sent again in one commit."""
READ: Final = 500
"""Events that are read at a time while dead deliveries are collected."""

_log = logs.get("console")


class DeadGroup(Struct, frozen=True):
    """Dead deliveries of one destination and one reason; `gone`: the settings have no such destination any more."""

    destination: str
    reason: str
    count: int
    oldest: float
    newest: float
    gone: bool


class Progress(Struct, frozen=True):
    """Progress of a replay: `done` of `total` deliveries are sent again; `left` are not, their destination is gone.

    `total` grows while they are collected. `ended` is 0 as long as it runs; `trouble` says why it stopped early.
    """

    what: str
    started: float
    total: int = 0
    done: int = 0
    left: int = 0
    ended: float = 0.0
    trouble: str = ""

    @property
    def running(self) -> bool:
        """Whether the replay has not ended yet."""
        return not self.ended


class DeadGroups(Struct, frozen=True):
    """The largest groups, and the last replay since the gateway started, if any."""

    groups: Sequence[DeadGroup]
    replay: Progress | None = None


class DeadFilter(Struct, frozen=True, kw_only=True):
    """Which dead deliveries to list, newest first; `before` is the `next` of the page before."""

    destination: str = ""
    reason: str = ""
    before: Annotated[str, Meta(max_length=100)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class DeadRow(Struct, frozen=True):
    """One dead delivery and the event that it is of."""

    event: str
    seq: int
    received: float
    route: str
    name: str
    subject: str
    destination: str
    attempts: int
    reason: str


class DeadPage(Struct, frozen=True):
    """A page of dead deliveries; `next` continues it as `before`, empty at the end."""

    deliveries: Sequence[DeadRow]
    next: str = ""


class DeadDelivery(Struct, frozen=True, forbid_unknown_fields=True):
    """One dead delivery, by its event and number."""

    event: str
    seq: int


class ReplayWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to send again: `deliveries`, or those of a `destination` (of one `reason`, unless empty), or `everything`.

    Exactly one of the three. Unknown keys are refused: to ignore one could send more than was meant.
    """

    deliveries: Annotated[tuple[DeadDelivery, ...], Meta(max_length=200)] = ()
    destination: str = ""
    reason: str = ""
    everything: bool = False


async def groups(ask: Ask) -> DeadGroups:
    """Every group of dead deliveries, the largest first, and the progress of the replay."""
    known = ask.gateway.destinations()
    found = [
        DeadGroup(one.destination, one.reason, one.count, one.oldest, one.newest, one.destination not in known)
        for one in await ask.gateway.journal.dead_groups()
    ]
    return DeadGroups(found, ask.console.part(Replays).progress)


async def listing(gateway: Gateway, wanted: DeadFilter) -> DeadPage:
    """Dead deliveries, newest first."""
    page = await gateway.journal.find(_query(wanted.destination, wanted.reason, wanted.before, wanted.limit))
    rows = [_row(record, one) for record in page.records for one in dead_of(record, wanted.destination, wanted.reason)]
    return DeadPage(rows, page.next)


def dead_of(record: Record, destination: str = "", reason: str = "") -> list[Delivery]:
    """The dead deliveries of an event, of a destination and reason unless empty."""
    return [
        one
        for one in record.deliveries
        if one.state is DeliveryState.DEAD and destination in ("", one.destination) and reason in ("", one.reason)
    ]


class Replays:
    """Runs the replays of one console, one at a time."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._task: asyncio.Task[None] | None = None
        self.progress: Progress | None = None

    def start(self, wish: ReplayWish) -> Progress:
        """Start a replay. Raises Refused: 400 for none or several selections, 409 while a replay runs.

        409 also when the selected destination is gone. Other deliveries without a destination are left as they are.
        """
        if self.progress is not None and self.progress.running:
            raise Refused(409, "A replay is running", f"{self.progress.what} is under way; wait until it has ended")
        what, collect = self._plan(wish)
        self.progress = Progress(what, time.time())
        self._task = asyncio.get_running_loop().create_task(self._run(collect), name="replay of dead letters")
        return self.progress

    async def close(self) -> None:
        """Stop; deliveries that are not sent again by then stay dead."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _plan(self, wish: ReplayWish) -> tuple[str, Callable[[], Awaitable[list[int]]]]:
        """Describe the selection in words, and give the function that finds its deliveries."""
        group = wish.destination or wish.reason
        if sum(map(bool, (wish.deliveries, group, wish.everything))) > 1:
            raise Refused(400, "Bad Request", "say one thing to send again: deliveries, a destination, or everything")
        if wish.deliveries:
            return f"{len(wish.deliveries)} chosen deliveries", lambda: self._find_chosen(wish.deliveries)
        if wish.everything:
            return "every dead delivery", lambda: self._collect("", "")
        if not wish.destination:
            raise Refused(400, "Bad Request", "say what to send again: deliveries, a destination, or everything")
        if wish.destination not in self._gateway.destinations():
            raise _destination_gone(wish.destination)
        about = f" given up because: {wish.reason}" if wish.reason else ""
        what = f"what {wish.destination} did not take{about}"
        return what, lambda: self._collect(wish.destination, wish.reason)

    async def _run(self, collect: Callable[[], Awaitable[list[int]]]) -> None:
        trouble = ""
        try:
            seqs = await collect()
            for at in range(0, len(seqs), BATCH):
                await self._gateway.journal.requeue(seqs[at : at + BATCH])
                self._note(done=min(at + BATCH, len(seqs)))
        except (JournalError, Refused) as error:
            trouble = str(error)
        except asyncio.CancelledError:
            trouble = "the gateway stopped"
            raise
        except Exception as error:
            trouble = "it failed, the log says how"
            _log.error("a replay of dead letters failed", exc_info=error)
        finally:
            self._note(ended=time.time(), trouble=trouble)

    async def _find_chosen(self, wanted: Sequence[DeadDelivery]) -> list[int]:
        """The numbers of chosen deliveries."""
        found = []
        for event in dict.fromkeys(one.event for one in wanted):
            page = await self._gateway.journal.find(Query(event_id=event, bodies=False))
            found += [one for record in page.records for one in dead_of(record)]
        chosen = {one.seq for one in wanted}
        seqs = self._sendable([one for one in found if one.seq in chosen])
        self._note(total=len(seqs))
        return sorted(seqs)

    async def _collect(self, destination: str, reason: str) -> list[int]:
        """The numbers of a group, oldest first; all are read before the first is sent, since some may die again."""
        seqs: list[int] = []
        before = ""
        while True:
            page = await self._gateway.journal.find(_query(destination, reason, before, READ))
            seqs += self._sendable([one for record in page.records for one in dead_of(record, destination, reason)])
            self._note(total=len(seqs))
            before = page.next
            if not before:
                return sorted(seqs)

    def _sendable(self, deliveries: Sequence[Delivery]) -> list[int]:
        known = self._gateway.destinations()
        seqs = [one.seq for one in deliveries if one.destination in known]
        self._note(left=(self.progress.left if self.progress else 0) + len(deliveries) - len(seqs))
        return seqs

    def _note(self, **changes: float | str) -> None:
        if self.progress is not None:
            self.progress = replace(self.progress, **changes)


def _query(destination: str, reason: str, before: str, limit: int) -> Query:
    return Query(
        delivery_state=DeliveryState.DEAD,
        destination=destination,
        reason=reason,
        before=before,
        limit=limit,
        bodies=False,
    )


def _row(record: Record, one: Delivery) -> DeadRow:
    event = record.event
    return DeadRow(
        event=event.id,
        seq=one.seq,
        received=event.received,
        route=event.route,
        name=event.name,
        subject=event.subject,
        destination=one.destination,
        attempts=one.attempts,
        reason=one.reason,
    )


def _destination_gone(destination: str) -> Refused:
    remedy = "add it again, or open the events and read them with today's catalog"
    return Refused(409, "Destination gone", f"the settings have no destination {destination} any more: {remedy}")


async def _listing(ask: Ask) -> DeadPage:
    return await listing(ask.gateway, ask.query)


async def _replay(ask: Ask) -> Progress:
    return ask.console.part(Replays).start(ask.body)


OPERATIONS = (
    Operation(
        method="GET",
        path="/dead",
        name="listDeadGroups",
        summary="Dead deliveries by destination and reason, and the progress of the last replay.",
        call=groups,
        result=DeadGroups,
    ),
    Operation(
        method="GET",
        path="/dead/deliveries",
        name="listDead",
        summary="Dead deliveries, newest first, of a destination and reason or all.",
        query=DeadFilter,
        call=_listing,
        result=DeadPage,
    ),
    Operation(
        method="POST",
        path="/dead/replay",
        name="replayDead",
        summary="Start to send dead deliveries again: chosen ones, a group, or all; GET /dead has its progress.",
        body=ReplayWish,
        call=_replay,
        result=Progress,
        status=202,
        problems={409: "A replay is running, or the destination is gone; nothing is started."},
    ),
)
