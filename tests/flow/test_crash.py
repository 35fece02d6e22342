"""A gateway killed with SIGKILL again and again under load: nothing accepted is lost, and order holds."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.delivery.outlet import UNSETTLED

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-crash")]

SENDERS = 30
CONCURRENCY = 4
KILLS = 3
REPEATED = KILLS * (CONCURRENCY + UNSETTLED)
"""Posts that may arrive twice: at each kill those under way, and those whose outcomes were not durable yet."""


async def _killed_again_and_again(items, senders, draw) -> None:
    for _ in range(KILLS):
        before = senders.total
        await items.until(lambda before=before: senders.total > before + SENDERS)
        await asyncio.sleep(draw.uniform(0.0, 0.8))
        await items.running.kill()
        await items.start()


def _first_occurrences(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


async def _everything_arrived(items, senders) -> dict[str, int]:
    """Wait until all is delivered, in order; box -> repeats."""
    await senders.finish()
    await items.until(lambda: len(set(items.mattermost.texts)) >= senders.total)
    await items.until(_nothing_waits(items))
    found = items.mattermost.boxes
    assert {box: _first_occurrences(numbers) for box, numbers in found.items()} == senders.expected
    assert len(senders.ids) == senders.total
    assert all(status >= 500 for status, _ in senders.refusals), senders.refusals
    return {box: len(numbers) - len(set(numbers)) for box, numbers in found.items()}


def _nothing_waits(items):
    async def holds() -> bool:
        return await items.value("queue_depth", destination="ops") == 0

    return holds


async def _deliver_through_kills(items, load, seed) -> dict[str, int]:
    """Box -> repeats, after kills under load with a destination that takes its time."""
    items.configure(destination=f"concurrency = {CONCURRENCY}")
    items.mattermost.mode, items.mattermost.delay = "slow", 0.01
    await items.start()
    senders = load(SENDERS, 0.08)
    await _killed_again_and_again(items, senders, random.Random(seed))
    return await _everything_arrived(items, senders)


async def test_kills_lose_nothing_and_repeat_little(items, load):
    """Every accepted event arrives, in the order of its subject; a kill repeats at most what was not durable yet."""
    repeats = await _deliver_through_kills(items, load, seed=1)
    assert max(repeats.values()) <= KILLS
    assert sum(repeats.values()) <= REPEATED
    assert await items.stop() == 0
    assert await items.command("dead", "list") == (0, "nothing is dead\n")


async def test_kills_of_the_process_that_writes_lose_nothing(items, load):
    """The gateway goes on by itself; senders are refused meanwhile, and what they were answered for arrives once."""
    items.mattermost.mode, items.mattermost.delay = "slow", 0.01
    await items.start()
    senders = load(SENDERS, 0.08)
    for _ in range(KILLS):
        before = senders.total
        await items.until(lambda before=before: senders.total > before + SENDERS)
        gateway, scribe = items.running.processes
        os.kill(scribe, signal.SIGKILL)
    repeats = await _everything_arrived(items, senders)
    assert sum(repeats.values()) == 0
    assert items.running.process.pid == gateway
    assert await items.stop() == 0
    assert items.running.text.count("is started again") >= KILLS


async def test_kills_while_mattermost_fails_lose_nothing(items, load):
    """The same holds while the destination fails, hangs up and recovers in turn."""
    items.configure(destination=f"concurrency = {CONCURRENCY}")
    await items.start()
    senders = load(SENDERS, 0.12)
    async with _moods(items.mattermost, random.Random(3)):
        await _killed_again_and_again(items, senders, random.Random(4))
    repeats = await _everything_arrived(items, senders)
    assert items.mattermost.stats["failed"]
    assert sum(repeats.values()) <= REPEATED


@asynccontextmanager
async def _moods(mattermost, draw: random.Random) -> AsyncIterator[None]:
    """Let the stand-in answer 500, hang up without an answer, and work, in turn, inside the block."""

    async def change() -> None:
        while True:
            mattermost.fail_next(2)
            await asyncio.sleep(draw.uniform(0.1, 0.4))
            mattermost.mode = "drop"
            await asyncio.sleep(draw.uniform(0.05, 0.2))
            mattermost.mode = "ok"
            await asyncio.sleep(draw.uniform(0.2, 0.6))

    changing = asyncio.ensure_future(change())
    try:
        yield
    finally:
        changing.cancel()
        with suppress(asyncio.CancelledError):
            await changing
        mattermost.mode = "ok"
