"""One world: a gateway, what stands behind it, and its senders; and the examination of one fault in it."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, suppress
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
"""Items that every lane has accepted before a fault, in the short form; in the long form eight times as many."""


class WithoutEffectError(Exception):
    """A fault did not show: nothing can be said about what came of it."""


class World:
    """What a fault acts on. `seconds` is for how long a fault lasts that lasts, 0 in the short form.

    A fault says what it may do: `may_repeat` and `may_lose` are numbers of items, `may_go_back` whether lanes may begin
    again at an earlier item, as after the restore of a copy. `notes` tell what was seen, `broken` what should not be.
    `first` is the seconds from the healing until the first message arrived.
    """

    def __init__(self, folder: Path, place: Place, gateway: Gateway, mattermost: Mattermost, seconds: float) -> None:
        self.folder = folder
        self.place = place
        self.gateway = gateway
        self.mattermost = mattermost
        self.seconds = seconds
        self.warm = WARM * 8 if seconds else WARM
        self.begin()

    def begin(self) -> None:
        """Forget what the last fault has said."""
        self.may_repeat = 0
        self.may_lose = 0
        self.may_go_back = False
        self.notes: list[str] = []
        self.broken: list[str] = []
        self.first = 0.0
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

    async def shows(self, what: str, holds: Callable[[], bool | Awaitable[bool]]) -> None:
        """Wait until a fault shows. Raises WithoutEffectError when it does not."""
        if not await self.until(holds):
            raise WithoutEffectError(f"it does not show: not {what} within {PATIENCE:g} s")

    async def refused(self, count: int = 3) -> None:
        """Wait until senders were refused so many times more."""
        wanted = self.senders.refused.total() + count
        await self.shows("refused", lambda: self.senders.refused.total() >= wanted)

    async def accepted(self, count: int = 3) -> None:
        """Wait until each lane has so many items more accepted."""
        wanted = {lane: number + count for lane, number in self.senders.accepted.items()}
        await self.shows("accepted", lambda: all(self.senders.accepted[lane] >= wanted[lane] for lane in wanted))

    async def standstill(self) -> None:
        """Wait until nothing was accepted for as long as a lane usually takes for several items."""
        before = -1
        while (now := self.senders.total) != before:
            before = now
            await self.until(lambda before=before: self.senders.total > before, 20 * PAUSE)

    async def troubled(self, count: int = 3) -> None:
        """Wait until requests have met the trouble of the stand-in."""
        wanted = await self.standin.met() + count

        async def met() -> bool:
            return await self.standin.met() >= wanted

        await self.shows("met", met)

    async def queued(self) -> None:
        """Wait until messages wait at the gateway, some for every lane."""

        async def holds() -> bool:
            return await self.queue() >= 2 * len(self.senders.accepted)

        await self.shows("waiting", holds)

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

    async def normal(self, patience: float = PATIENCE) -> float:
        """Seconds from the healing until all is as before, infinite if that takes too long.

        That is: it says that it is ready, and in every lane an item has arrived that was accepted after this call.
        """
        started = self._healed_at or time.monotonic()
        wanted = {lane: number + 2 for lane, number in self.senders.accepted.items()}  # the next may be on its way
        before = sum(map(len, (await self.mattermost.arrived()).values()))
        self.first = 0.0

        async def holds() -> bool:
            arrived = await self.mattermost.arrived(now=False)
            if not self.first and sum(map(len, arrived.values())) > before:
                self.first = time.monotonic() - started
            return all(max(arrived.get(lane, (0,))) >= number for lane, number in wanted.items())

        if await self.until(holds, patience) and await self.until(self.gateway.is_ready):
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


Act = Callable[[World], AsyncGenerator[None]]
MakePlace = Callable[[Path], AbstractAsyncContextManager[Place]]


class Fault(NamedTuple):
    """One fault. `act` injects it, yields, and heals it where it can be healed; it waits until the fault shows.

    `lasting` faults last for a while between the two. `within` is the seconds in which all is as before, `resumes`
    those in which the first message arrives. `short` faults are also in the short form, one after the other in one
    world. `place` makes where the gateway runs, and `lacking` says why this machine cannot have the fault, "" when it
    can. `real` ones can also be had with a real Mattermost.
    """

    name: str
    act: Act
    place: MakePlace
    lacking: Callable[[], str]
    lasting: bool
    short: bool
    within: float
    resumes: float
    real: bool


@asynccontextmanager
async def beside(folder: Path) -> AsyncIterator[Place]:
    """The usual place: journal and settings in one folder."""
    yield Place(folder)


def fault(
    name: str,
    *,
    place: MakePlace = beside,
    lacking: Callable[[], str] = lambda: "",
    lasting: bool = True,
    short: bool = False,
    within: float = 15.0,
    resumes: float = math.inf,
    real: bool = False,
) -> Callable[[Act], Fault]:
    """Make a Fault of an async generator that injects, yields and heals."""
    return lambda act: Fault(name, act, place, lacking, lasting, short, within, resumes, real)


class Finding(NamedTuple):
    """What came of a fault: `skipped` says why it was not tried; `broken` are promises that were not kept.

    `again` is how many came twice over REST, where posts can be looked for. `dead` deliveries wait for a person,
    `waiting` ones for the gateway. `first` is the seconds until the first message, 0 where it does not matter.
    """

    name: str
    comparison: Comparison = Comparison()
    again: int = 0
    dead: int = 0
    waiting: int = 0
    seconds: float = 0.0
    first: float = 0.0
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
        await world.accepted(world.warm)
        async with aclosing(fault.act(world)) as acting:
            await anext(acting)
            if fault.lasting:
                await world.last()
            await anext(acting, None)
        seconds = await world.normal(fault.within + PATIENCE)
        if seconds < math.inf and not await world.settled():
            seconds = math.inf
        comparison, again = await world.compared(), (await world.compared("rest")).twice
    finally:
        await world.senders.abandon()
    return _judged(fault, world, comparison, (again, await world.dead() - dead, await world.queue()), seconds)


def _judged(fault: Fault, world: World, found: Comparison, counted: tuple[int, int, int], seconds: float) -> Finding:
    first = world.first if fault.resumes < math.inf else 0.0
    finding = Finding(fault.name, found, *counted, seconds, first, tuple(world.notes))
    checks = {
        f"{finding.lost} lost of at most {world.may_lose}": finding.lost <= world.may_lose,
        f"{finding.dead} dead": finding.dead <= 0,
        f"{finding.waiting} still wait": finding.waiting <= 0,
        f"{found.twice} twice of at most {world.may_repeat}": found.twice <= world.may_repeat,
        f"{finding.again} twice over REST": world.may_go_back or not finding.again,
        f"{found.disorder} out of order": world.may_go_back or not found.disorder,
        f"first message after {first:.1f} s, not {fault.resumes:g}": first <= fault.resumes,
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
        mattermost = server(folder / "mattermost", session, place.mattermost)
        world = World(folder, place, Gateway(folder, place, session), mattermost, seconds)
        stack.push_async_callback(world.mattermost.leave)
        await world.mattermost.start()
        world.gateway.configure(world.mattermost.destinations)
        stack.push_async_callback(world.gateway.end)
        await world.gateway.start()
        yield world
