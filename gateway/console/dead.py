"""Dead letters: dead deliveries grouped by destination and reason, and what a person decides about them.

A decision sends some of them again or discards them, in batches; see `progress`.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.console import deliveries, gauges
from gateway.console.deliveries import DeliveryRow
from gateway.console.port import Gateway
from gateway.console.progress import GONE, Decision, Progress, Work, pages
from gateway.console.web.operations import Ask, Operation
from gateway.errors import Refused
from gateway.journal import Query, Record
from gateway.model import DISCARD_REASON, Delivery, DeliveryState


class DeadGroup(Struct, frozen=True):
    """Dead deliveries of one destination and one reason; `gone`: the settings have no such destination any more."""

    destination: str
    reason: str
    count: int
    oldest: float
    newest: float
    gone: bool


class DeadGroups(Struct, frozen=True):
    """The largest groups, and the last decision since the gateway started, if any."""

    groups: Sequence[DeadGroup]
    progress: Progress | None = None


class DeadFilter(Struct, frozen=True, kw_only=True):
    """Which dead deliveries to list, newest first; `before` is the `next` of the page before."""

    destination: str = ""
    reason: str = ""
    before: Annotated[str, Meta(max_length=100)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class DeadPage(Struct, frozen=True):
    """A page of dead deliveries; `next` continues it as `before`, empty at the end."""

    deliveries: Sequence[DeliveryRow]
    next: str = ""


class DeadDelivery(Struct, frozen=True, forbid_unknown_fields=True):
    """One dead delivery, by its event and number."""

    event: str
    seq: int


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters: `deliveries`, or those of a `destination` (of one `reason`, unless empty), or `everything`.

    Exactly one of the three. Unknown keys are refused: to ignore one could mean more than was meant.
    """

    deliveries: Annotated[tuple[DeadDelivery, ...], Meta(max_length=200)] = ()
    destination: str = ""
    reason: str = ""
    everything: bool = False


class DiscardWish(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters need not be sent, chosen as to send them again, and why: `because` is kept and shown."""

    because: Annotated[str, Meta(min_length=1, max_length=DISCARD_REASON)]


def number_dead(gateway: Gateway) -> int:
    """How many deliveries are dead now, as the metrics have it: cheap enough for every page."""
    return int(sum(gauges.read(gateway, {gauges.DEAD: ()})[gauges.DEAD].values()))


async def groups(ask: Ask) -> DeadGroups:
    """Every group of dead deliveries, the largest first, and the progress of the last decision."""
    known = ask.gateway.destinations()
    found = [
        DeadGroup(one.destination, one.reason, one.count, one.oldest, one.newest, one.destination not in known)
        for one in await ask.gateway.journal.dead_groups()
    ]
    return DeadGroups(found, ask.console.part(Decisions).progress)


async def listing(gateway: Gateway, wanted: DeadFilter) -> DeadPage:
    """Dead deliveries, newest first."""
    destination, reason = wanted.destination, wanted.reason
    asked = replace(_query(destination, reason), before=wanted.before, limit=wanted.limit, first_payloads=True)
    page = await gateway.journal.find(asked)
    rows = [deliveries.row(record, one) for record in page.records for one in dead_of(record, destination, reason)]
    return DeadPage(rows, page.next)


async def count(gateway: Gateway, choice: Choice) -> int:
    """How many deliveries of a destination and reason, or of all, are dead now."""
    if choice.everything:
        return sum(one.dead for one in (await gateway.journal.census()).values())
    found = await gateway.journal.dead_groups()
    return sum(
        one.count for one in found if one.destination == choice.destination and choice.reason in ("", one.reason)
    )


def dead_of(record: Record, destination: str = "", reason: str = "") -> list[Delivery]:
    """The dead deliveries of an event, of a destination and reason unless empty."""
    return [
        one
        for one in record.deliveries
        if one.state is DeliveryState.DEAD and destination in ("", one.destination) and reason in ("", one.reason)
    ]


class Decisions:
    """Carries out the decisions of one console about dead letters, one at a time."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._work = Work()

    @property
    def progress(self) -> Progress | None:
        """That of the decision under way, or of the last one."""
        return self._work.progress

    def replay(self, choice: Choice) -> Progress:
        """Start to send dead letters again. Raises Refused: 400 for none or several selections, 409 while one runs.

        409 also when the selected destination is gone. Other deliveries without a destination are left as they are.
        """
        name = choice.destination
        if name and name not in self._gateway.destinations() and not (choice.deliveries or choice.everything):
            raise _destination_gone(name)
        return self._start(Decision.REPLAY, choice, self._gateway.journal.requeue)

    def discard(self, choice: Choice, because: str) -> Progress:
        """Start to discard dead letters, whether or not they have a destination. Raises Refused as `replay` does.

        400 also for a blank `because`.
        """
        because = because.strip()
        if not because:
            raise Refused(400, "Bad Request", "because: say why these are discarded; it is shown beside them")
        return self._start(Decision.DISCARD, choice, lambda seqs: self._gateway.journal.discard(seqs, because))

    async def close(self) -> None:
        """Stop; deliveries that have not had their turn by then stay dead."""
        await self._work.close()

    def _start(self, decision: Decision, choice: Choice, act: Callable[[Sequence[int]], Awaitable[int]]) -> Progress:
        begun = Progress(decision, described(choice), time.time(), why_left=GONE)
        return self._work.start(begun, lambda: self._carry_out(choice, act))

    async def _carry_out(self, choice: Choice, act: Callable[[Sequence[int]], Awaitable[int]]) -> None:
        seqs = await (self._find_chosen(choice.deliveries) if choice.deliveries else self._collect(choice))
        await self._work.in_batches(seqs, act)

    async def _find_chosen(self, wanted: Sequence[DeadDelivery]) -> list[int]:
        """The numbers of chosen deliveries."""
        found = []
        for event in dict.fromkeys(one.event for one in wanted):
            page = await self._gateway.journal.find(Query(event_id=event, bodies=False))
            found += [one for record in page.records for one in dead_of(record)]
        chosen = {one.seq for one in wanted}
        seqs = self._open_to_it([one for one in found if one.seq in chosen])
        self._work.note(total=len(seqs))
        return seqs

    async def _collect(self, choice: Choice) -> list[int]:
        """The numbers of a group; all are read before the first is sent, since some may die again."""
        destination, reason = choice.destination, choice.reason
        seqs: list[int] = []
        async for page in pages(self._gateway, _query(destination, reason)):
            seqs += self._open_to_it([one for record in page.records for one in dead_of(record, destination, reason)])
            self._work.note(total=len(seqs))
        return seqs

    def _open_to_it(self, found: Sequence[Delivery]) -> list[int]:
        """The numbers of those that the decision can be carried out on: only what has a destination is sent again."""
        replay = self.progress is not None and self.progress.decision is Decision.REPLAY
        known = self._gateway.destinations()
        seqs = [one.seq for one in found if not replay or one.destination in known]
        self._work.note(left=(self.progress.left if self.progress else 0) + len(found) - len(seqs))
        return seqs


def _query(destination: str, reason: str) -> Query:
    return Query(delivery_state=DeliveryState.DEAD, destination=destination, reason=reason, bodies=False)


def described(choice: Choice) -> str:
    """The selection in words. Raises Refused (400) for none, or more than one."""
    group = choice.destination or choice.reason
    if sum(map(bool, (choice.deliveries, group, choice.everything))) > 1:
        raise Refused(400, "Bad Request", "say one thing: deliveries, a destination, or everything")
    if choice.deliveries:
        return f"{len(choice.deliveries)} chosen deliveries"
    if choice.everything:
        return "every dead delivery"
    if not choice.destination:
        raise Refused(400, "Bad Request", "say which: deliveries, a destination, or everything")
    about = f" given up because: {choice.reason}" if choice.reason else ""
    return f"what {choice.destination} did not take{about}"


def _destination_gone(destination: str) -> Refused:
    remedy = "add it again, or open the events and read them with today's catalog"
    return Refused(409, "Destination gone", f"the settings have no destination {destination} any more: {remedy}")


async def _listing(ask: Ask) -> DeadPage:
    return await listing(ask.gateway, ask.query)


async def _replay(ask: Ask) -> Progress:
    return ask.console.part(Decisions).replay(ask.body)


async def _discard(ask: Ask) -> Progress:
    return ask.console.part(Decisions).discard(ask.body, ask.body.because)


OPERATIONS = (
    Operation(
        method="GET",
        path="/dead",
        name="listDeadGroups",
        summary="Dead deliveries by destination and reason, and the progress of the last replay or discard.",
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
        body=Choice,
        call=_replay,
        result=Progress,
        status=202,
        problems={409: "A replay or discard is running, or the destination is gone; nothing is started."},
    ),
    Operation(
        method="POST",
        path="/dead/discard",
        name="discardDead",
        summary="Start to discard dead deliveries, with a reason: chosen ones, a group, or all; events show it.",
        body=DiscardWish,
        call=_discard,
        result=Progress,
        status=202,
        problems={409: "A replay or discard is running; nothing is started."},
    ),
)
