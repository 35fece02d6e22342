"""What is measured of running servers. Each gives plain numbers; ratios and targets are for `parts`.

The load generator and the sink are this process, the servers under test are others. Variants of the same work run side
by side, and take slices of it in turns: whatever disturbs the machine, or slows it down with time, meets all alike.
"""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple, TypeVar

import load
import servers
import sink
from push import Pushes

ONE: Final = ("github",)
MANY: Final = tuple(f"team{number:02}" for number in range(64))
HOOKS: Final = 8
"""Over how many destinations the 64 routes are spread."""
LANES: Final = 64
"""Lanes over which the events to one destination are spread."""

PATIENCE: Final = 300.0
"""Seconds within which whatever was accepted must have been delivered."""

T = TypeVar("T")


class Variant(NamedTuple):
    """A server that takes pushes, to be started in a folder of its own with the port of the sink behind it.

    It gets pushes over `routes`, of so many repositories (each is a lane). One that `delivers` makes one message of
    each push. A slow one gets a smaller `share` of the events, so that it takes no longer than others.
    """

    start: Callable[[Path, int], AbstractAsyncContextManager[servers.Server]]
    routes: Sequence[str] = ONE
    lanes: int = LANES
    delivers: bool = True
    share: float = 1.0


def bare(kind: str, *, delivers: bool = False) -> Variant:
    """One of the servers of `bare.py`."""
    return Variant(lambda _, port: servers.bare(kind, port), delivers=delivers)


def gateway(
    routes: Sequence[str] = ONE, destinations: int = 1, *, rest: bool = False, keep: bool = False,
    tree: Path = servers.OURS,
) -> Variant:  # fmt: skip
    """A gateway of the checkout `tree`, see `servers.settings`; three repositories post to each of many routes."""

    def start(folder: Path, port: int) -> AbstractAsyncContextManager[servers.Server]:
        settings = servers.settings(port, routes, destinations, rest=rest, keep=keep)
        return servers.serving(folder, settings, tree)

    return Variant(start, routes, LANES if len(routes) == 1 else 3 * len(routes))


class Slice(NamedTuple):
    """What a server did with some events: seconds until the last message was there, seconds of processor by process."""

    events: int
    seconds: float
    processor: Counter[str]

    @property
    def rate(self) -> float:
        """Events per second from end to end."""
        return self.events / self.seconds

    def thousand(self, process: str = "") -> float:
        """Seconds of processor for 1,000 events: of one process, or of all."""
        seconds = self.processor[process] if process else self.processor.total()
        return seconds / self.events * 1e3


class Contender:
    """The running server of a variant, which takes its part of the work in turns with others."""

    def __init__(self, variant: Variant, server: servers.Server, there: sink.Sink, folder: Path) -> None:
        self.server = server
        self.sent = 0
        self._variant = variant
        self._sink = there
        self._folder = folder
        self._pushes = Pushes(variant.routes, variant.lanes).requests()

    async def slice(self, count: int) -> Slice:
        """Have its share of so many events delivered. It ends when the server rests: settling is part of the work."""
        count = round(count * self._variant.share)
        goal = self._sink.count + count
        started, before = perf_counter(), self.server.processor()
        tally = await load.closed(self.server.port, itertools.islice(self._pushes, count))
        expect(tally.answers)
        if self._variant.delivers:
            await self._sink.reach(goal, PATIENCE)
        seconds = perf_counter() - started
        await self.server.rest()
        self.sent += count
        return Slice(count, seconds, self.server.processor() - before)

    async def accept(self, seconds: float) -> tuple[float, float]:
        """Requests that it answers in a second, sent as fast as it answers, and messages that it delivers meanwhile."""
        before = self._sink.count
        tally = await load.closed(self.server.port, self._pushes, seconds=seconds)
        delivered = (self._sink.count - before) / tally.seconds
        count = expect(tally.answers)
        if self._variant.delivers:
            if not delivered:
                raise RuntimeError("nothing was delivered meanwhile: accepting alone is no figure")
            await self._sink.reach(before + count, PATIENCE)
        await self.server.rest()
        self.sent += count
        return tally.rate, delivered

    def disk(self) -> float:
        """Bytes of its journal on the disk for each event so far, with the log and its index."""
        return sum(file.stat().st_size for file in self._folder.glob(f"{servers.JOURNAL}*")) / self.sent


@asynccontextmanager
async def side_by_side(where: Path, variants: Mapping[str, Variant]) -> AsyncIterator[Mapping[str, Contender]]:
    """All variants running, with one sink behind them; journals are made below `where`."""
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(sink.serving())
        contenders = {}
        for name, variant in variants.items():
            folder = stack.enter_context(servers.scratch(where))
            server = await stack.enter_async_context(variant.start(folder, there.port))
            contenders[name] = Contender(variant, server, there, folder)
        yield contenders


async def in_turns(
    contenders: Mapping[str, Contender], rounds: int, turn: Callable[[Contender], Awaitable[T]]
) -> AsyncIterator[Mapping[str, T]]:
    """Let each contender have a turn in each round, after a first one that does not count; another one begins it."""
    order = list(contenders)
    for number in range(-1, rounds):
        found = {}
        for name in order:
            try:
                found[name] = await turn(contenders[name])
            except Exception as error:
                error.add_note(f"This was the turn of: {name}")
                raise
        order.append(order.pop(0))
        if number >= 0:
            yield found


@asynccontextmanager
async def alone(
    where: Path, routes: Sequence[str], destinations: int, *, delay: float = 0.0, journal: Path | None = None
) -> AsyncIterator[tuple[servers.Server, sink.Sink]]:
    """A gateway by itself, with a sink behind it that answers after `delay` seconds."""
    with servers.scratch(where) as folder:
        async with sink.serving(delay=delay) as there:
            settings = servers.settings(there.port, routes, destinations, journal=journal)
            async with servers.serving(folder, settings) as server:
                yield server, there


async def chain(where: Path, posts: int, delay: float) -> Sequence[float]:
    """Seconds that a gateway takes between two posts of one lane, after the answer of a slow destination.

    All events are accepted before: nothing else keeps the gateway busy.
    """
    async with alone(where, ONE, 1, delay=delay) as (server, there):
        pushes = Pushes(ONE, 1).requests()
        expect((await load.closed(server.port, itertools.islice(pushes, posts))).answers)
        before = len(there.gaps)
        await there.reach(posts, PATIENCE)
        return there.gaps[before:]


async def latency(where: Path, rate: float, seconds: float) -> Mapping[str, float]:
    """Milliseconds from a request's scheduled time to its answer, at a constant rate while delivering."""
    async with alone(where, MANY, HOOKS) as (server, _):
        pushes = Pushes(MANY).requests()
        with load.first():
            await load.paced(server.port, pushes, rate=rate, seconds=max(0.5, seconds / 5))
            paced = await load.paced(server.port, pushes, rate=rate, seconds=seconds)
    expect(paced.answers)
    return {
        "p50": paced.quantile(0.50) * 1e3,
        "p99": paced.quantile(0.99) * 1e3,
        "max": paced.latencies[-1] * 1e3,
    }


def expect(answers: Counter[int]) -> int:
    """The number of answers, all of which must have a status 2xx: a refusal is quick, and no figure."""
    if not all(200 <= status < 300 for status in answers):
        raise RuntimeError(f"expected only answers 2xx, got {dict(answers)} (0: the connection broke)")
    return answers.total()
