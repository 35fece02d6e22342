"""One world: a gateway, what stands behind it, and its senders; and the examination of one fault in it."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp

from tests.conftest import PATIENCE, eventually
from tests.faults.comparison import Comparison, compare
from tests.faults.gateway import CONCURRENCY, UNSETTLED, Gateway, Place
from tests.faults.mattermost import Mattermost, StandInMattermost
from tests.faults.senders import Senders

LANES: Final = 8
"""Lanes to each destination."""

PAUSE: Final = 0.04
"""Seconds between two items of a lane."""

WARM: Final = 3
"""Items that every lane has accepted before a fault in the short form; else so many times more."""

LONGER: Final = 8


class World:
    """What a fault acts on. `seconds` is for how long a fault lasts that lasts.

    A fault says what it may do: `may_repeat` and `may_lose` are numbers of items, `may_go_back` whether lanes may begin
    again at an earlier item, as after the restore of a copy. `notes` tell what was seen, `broken` what should not be.
    """

    def __init__(self, folder: Path, place: Place, session: aiohttp.ClientSession, mattermost: Mattermost) -> None:
        self.folder = folder
        self.session = session
        self.place = place
        self.mattermost = mattermost
        self.gateway = Gateway(folder, place, session)
        self.seconds = 0.0
        self.warm = WARM
        self.begin()

    def begin(self) -> None:
        """Forget what the last fault has said."""
        self.may_repeat = 0
        self.may_lose = 0
        self.may_go_back = False
        self.notes: list[str] = []
        self.broken: list[str] = []
        self._healed_at = 0.0

    @property
    def standin(self) -> StandInMattermost:
        """The stand-in, for faults that order its troubles."""
        assert isinstance(self.mattermost, StandInMattermost)
        return self.mattermost

    def send(self, prefix: str, lanes: int = LANES, pause: float = PAUSE) -> None:
        """Begin to send."""
        self.senders = Senders(self.gateway.port, self.mattermost.destinations, lanes, pause, prefix)

    async def last(self) -> None:
        """Let the fault last."""
        await asyncio.sleep(self.seconds)

    async def until(self, holds: Callable[[], bool | Awaitable[bool]], seconds: float = PATIENCE) -> bool:
        """Wait until something holds; whether it did in time."""
        try:
            await eventually(holds, seconds)
        except TimeoutError:
            return False
        return True

    async def refused(self, count: int = 3, seconds: float = PATIENCE) -> bool:
        """Wait until senders were refused so many times more; whether they were in time."""
        wanted = self.senders.refused.total() + count
        return await self.until(lambda: self.senders.refused.total() >= wanted, seconds)

    async def accepted(self, count: int = 3, seconds: float = PATIENCE) -> bool:
        """Wait until each lane has so many items more accepted; whether they were in time."""
        before = dict(self.senders.accepted)
        return await self.until(lambda: _beyond(self.senders.accepted, before, count), seconds)

    async def standstill(self) -> None:
        """Wait until nothing was accepted for as long as a lane usually takes for several items."""
        before = -1
        while self.senders.total != before:
            before = self.senders.total
            await self.accepted(1, 0.5)

    async def troubled(self, count: int = 8) -> None:
        """Wait until requests have met the trouble of the stand-in."""
        wanted = await self.standin.met() + count

        async def met() -> bool:
            return await self.standin.met() >= wanted

        await self.until(met)

    async def queued(self) -> None:
        """Wait until messages wait at the gateway, some for every lane."""

        async def holds() -> bool:
            return await self.queue() >= 2 * len(self.senders.accepted)

        await self.until(holds)

    async def waiting(self) -> int:
        """How many accepted items have not arrived."""
        return compare(self.senders.accepted, await self.mattermost.arrived()).missing

    def may_repeat_kill(self) -> None:
        """Allow what a kill of the gateway may repeat: posts under way, and outcomes not durable yet."""
        self.may_repeat += len(self.mattermost.destinations) * (CONCURRENCY + UNSETTLED)

    def healed(self) -> None:
        """Count the seconds until normal from now, not from the end of the healing."""
        self._healed_at = time.monotonic()

    def note(self, text: str) -> None:
        """Tell something that was seen."""
        self.notes.append(text)

    async def normal(self) -> float:
        """Seconds from the healing until all is as before, infinite if that takes too long.

        That is: it says that it is ready, and in every lane an item has arrived that was accepted after this call.
        """
        started = self._healed_at or time.monotonic()
        first = {lane: number + 2 for lane, number in self.senders.accepted.items()}  # the next may be on its way

        async def holds() -> bool:
            arrived = await self.mattermost.arrived(now=False)
            return all(max(arrived.get(lane, (0,))) >= number for lane, number in first.items())

        if await self.until(holds) and await self.until(self.gateway.is_ready):
            return time.monotonic() - started
        return math.inf

    async def settled(self) -> bool:
        """Stop sending and wait until nothing waits any more; whether that was so in time."""
        try:
            await self.senders.finish()
        except TimeoutError:
            self.note("a sender was not answered with a 2xx any more")
            return False

        async def empty() -> bool:
            return await self.gateway.is_ready() and await self.queue() == 0

        return await self.until(empty)

    async def dead(self) -> int:
        """How many deliveries are dead."""
        return await self._sum_of("dead")

    async def queue(self) -> int:
        """How many deliveries wait."""
        return await self._sum_of("queue_depth")

    async def _sum_of(self, name: str) -> int:
        with suppress(aiohttp.ClientError, TimeoutError):
            return round(await self.gateway.sum_of(name))
        return 0

    async def compared(self, destination: str = "") -> Comparison:
        """What became of the items of the present senders, all or those to one destination."""
        lanes = {lane: last for lane, last in self.senders.accepted.items() if f"-{destination}" in lane}
        return compare(lanes, await self.mattermost.arrived())


def _beyond(now: dict[str, int], before: dict[str, int], count: int) -> bool:
    return all(now[lane] >= number + count for lane, number in before.items())


class Fault(NamedTuple):
    """One fault. `act` injects it, yields, and heals it where it can be healed; it waits until the fault shows.

    `lasting` faults last for a while between the two. `within` is the seconds in which all is as before. `short` faults
    are also in the short form, one after the other in one world. `place` makes where the gateway runs, and `lacking`
    says why this machine cannot have the fault, "" when it can. `real` ones can also be had with a real Mattermost.
    """

    name: str
    act: Callable[[World], AsyncIterator[None]]
    place: Callable[[Path], AbstractAsyncContextManager[Place]]
    lacking: Callable[[], str]
    lasting: bool
    short: bool
    within: float
    real: bool


Act = Callable[[World], AsyncIterator[None]]


@asynccontextmanager
async def beside(folder: Path) -> AsyncIterator[Place]:
    """The usual place: journal and settings in one folder."""
    yield Place(folder)


def fault(
    name: str,
    *,
    place: Callable[[Path], AbstractAsyncContextManager[Place]] = beside,
    lacking: Callable[[], str] = lambda: "",
    lasting: bool = True,
    short: bool = False,
    within: float = 15.0,
    real: bool = False,
) -> Callable[[Act], Fault]:
    """Make a Fault of an async generator that injects, yields and heals."""
    return lambda act: Fault(name, act, place, lacking, lasting, short, within, real)


class Finding(NamedTuple):
    """What came of a fault: `skipped` says why it was not tried; `broken` are promises that were not kept.

    `again` is how many came twice over REST, where posts can be looked for. `dead` deliveries wait for a person,
    `waiting` ones for the gateway.
    """

    name: str
    comparison: Comparison = Comparison()
    again: int = 0
    dead: int = 0
    waiting: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    skipped: str = ""

    @property
    def lost(self) -> int:
        """Items that neither arrived nor wait for anybody."""
        return max(0, self.comparison.missing - self.dead - self.waiting)


async def examine(fault: Fault, world: World, prefix: str) -> Finding:
    """Try a fault under load in a world that runs, and compare."""
    world.begin()
    dead = await world.dead()
    world.send(prefix)
    try:
        if not await world.accepted(world.warm):
            raise RuntimeError(f"nothing is accepted before the fault: {world.senders.refused}")
        acting = aiter(fault.act(world))
        await anext(acting)
        if fault.lasting:
            await world.last()
        await anext(acting, None)
        seconds = await world.normal()
        if seconds < math.inf and not await world.settled():
            seconds = math.inf
        comparison, again = await world.compared(), (await world.compared("rest")).twice
    finally:
        await world.senders.abandon()
    return _judged(fault, world, comparison, (again, await world.dead() - dead, await world.queue()), seconds)


def _judged(fault: Fault, world: World, found: Comparison, counted: tuple[int, int, int], seconds: float) -> Finding:
    finding = Finding(fault.name, found, *counted, seconds, tuple(world.notes))
    checks = {
        f"{finding.lost} lost of at most {world.may_lose}": finding.lost <= world.may_lose,
        f"{finding.dead} dead": finding.dead <= 0,
        f"{finding.waiting} still wait": finding.waiting <= 0,
        f"{found.twice} twice of at most {world.may_repeat}": found.twice <= world.may_repeat,
        f"{finding.again} twice over REST": world.may_go_back or not finding.again,
        f"{found.disorder} out of order": world.may_go_back or not found.disorder,
        f"normal after {seconds:.1f} s, not {fault.within:g}": seconds <= fault.within,
    }
    return finding._replace(broken=(*world.broken, *(text for text, kept in checks.items() if not kept)))


Server = Callable[[Path, aiohttp.ClientSession, str], Mattermost]
"""Makes what stands behind a gateway: its folder, a session, and the host of its URL."""


@asynccontextmanager
async def running(
    folder: Path,
    place: Place,
    server: Server = StandInMattermost,
    seconds: float = 0.0,
) -> AsyncIterator[World]:
    """A world in which all runs; what was started is ended with the block."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        world = World(folder, place, session, server(folder / "mattermost", session, place.mattermost))
        world.seconds, world.warm = seconds, WARM * LONGER if seconds else WARM
        stack.push_async_callback(world.mattermost.leave)
        await world.mattermost.start()
        world.gateway.configure(world.mattermost.destinations)
        stack.push_async_callback(world.gateway.end)
        await world.gateway.start()
        yield world
