"""Kills at random moments under load: of the gateway, of its writing process, of both; and what came of them all."""

import asyncio
import itertools
import math
import random
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from tests.faults.comparison import Comparison, compare, gaps
from tests.faults.gateway import CONCURRENCY, UNSETTLED
from tests.faults.world import World

LANES: Final = 32
"""Lanes to each destination."""

PAUSE: Final = 0.02
"""Seconds between two items of a lane: load enough for posts to be under way at any moment."""

VICTIMS: Final = {
    "the gateway": {"gateway": True},
    "the writing process": {"writer": True},
    "both": {"gateway": True, "writer": True},
}

_LONGEST: Final = 0.6
"""Seconds: a kill comes up to so long after the last one is got over."""

_AT_ONCE: Final = 0.15
"""The part of kills that does not wait until the last one is got over: they come while the gateway starts."""


class Kills(NamedTuple):
    """What came of kills. `again` is how many came twice over REST, `seconds` those until requests were accepted."""

    count: int
    of_gateway: int
    comparison: Comparison
    again: int
    dead: int
    waiting: int
    seconds: list[float]
    lasted: float

    @property
    def lost(self) -> int:
        """Items that neither arrived nor wait for anybody."""
        return max(0, self.comparison.missing - self.dead - self.waiting)

    @property
    def bound(self) -> int:
        """The most repeats: for a kill of the gateway and each destination, posts under way and unsettled outcomes."""
        return self.of_gateway * 2 * (CONCURRENCY + UNSETTLED)

    @property
    def broken(self) -> tuple[str, ...]:
        """The promises that were not kept."""
        found = self.comparison
        checks = {
            f"{self.lost} lost": not self.lost,
            f"{self.dead} dead": not self.dead,
            f"{self.waiting} still wait": not self.waiting,
            f"{found.twice} twice of at most {self.bound}": found.twice <= self.bound,
            f"{found.disorder} out of order": not found.disorder,
        }
        return tuple(text for text, kept in checks.items() if not kept)

    def __str__(self) -> str:
        found = self.comparison
        middle, most = (self.seconds[min(int(part * len(self.seconds)), len(self.seconds) - 1)] for part in (0.5, 1.0))
        return (
            f"{self.count} kills in {self.lasted:.0f} s ({self.of_gateway} of them of the gateway, alone or with its "
            f"writing process), {found.accepted:,} items accepted at {found.accepted / self.lasted:,.0f}/s: "
            f"{self.lost} lost, {found.twice} twice (at most {self.bound:,}; {self.again} of them over REST), "
            f"{found.disorder} out of order; "
            f"accepting again after {middle:.1f} s, at most {most:.1f} s"
        )


async def kill_again_and_again(world: World, count: int, seed: int, say: Callable[[str], None]) -> Kills:
    """Kill so many times in a world that runs, and compare by the numbers of all items."""
    draw = random.Random(seed)
    world.send("k", LANES, PAUSE)
    started, seconds, of_gateway = time.monotonic(), [], 0
    try:
        for number, (name, victims) in enumerate(itertools.islice(itertools.cycle(VICTIMS.items()), count), 1):
            if draw.random() > _AT_ONCE:
                seconds.append(await _again(world))
            await asyncio.sleep(draw.uniform(0.0, _LONGEST))
            world.gateway.kill(**victims)
            of_gateway += victims.get("gateway", False)
            if number % 20 == 0 or number == count:
                so_far = compare(world.senders.accepted, await world.mattermost.arrived())
                say(f"{number}/{count} kills, the last of {name}: {so_far.accepted:,} accepted, {so_far.missing} on "
                    f"their way, {so_far.twice} twice, {so_far.disorder} out of order")  # fmt: skip
        seconds.append(await _again(world))
        lasted = time.monotonic() - started
        await world.settled()
        comparison, again = await world.compared(), (await world.compared("rest")).twice
        for lane, numbers in (await world.mattermost.arrived()).items():
            if steps := gaps(numbers):
                say(f"{lane}: {steps}")
        dead, waiting = await world.dead(), await world.queue()
    finally:
        await world.senders.abandon()
    return Kills(count, of_gateway, comparison, again, dead, waiting, sorted(seconds), lasted)


async def _again(world: World) -> float:
    """Seconds until requests are accepted again, in half of the lanes."""
    since, wanted = time.monotonic(), world.senders.total + LANES
    return time.monotonic() - since if await world.until(lambda: world.senders.total >= wanted) else math.inf
