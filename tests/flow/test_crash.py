"""A gateway killed with SIGKILL again and again under load: nothing accepted is lost, and order holds."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-crash")]

SENDERS = 12
CONCURRENCY = 4
KILLS = 4


async def _killed_again_and_again(items, senders, draw) -> None:
    for _ in range(KILLS):
        before = senders.total
        await items.until(lambda before=before: senders.total > before + SENDERS)
        await asyncio.sleep(draw.uniform(0.0, 0.8))
        await items.running.kill()
        await items.start()


def _first_occurrences(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


async def _everything_arrived(items, senders, numbers_by_box) -> int:
    """Wait until all is delivered, in order; the number of repeats."""
    await senders.finish()
    await items.until(lambda: len(set(items.mattermost.texts)) >= senders.total)
    await items.until(_nothing_waits(items))
    found = numbers_by_box(items.mattermost.texts)
    assert {box: _first_occurrences(numbers) for box, numbers in found.items()} == senders.expected
    assert len(senders.ids) == senders.total
    assert all(status >= 500 for status, _ in senders.refusals), senders.refusals
    return len(items.mattermost.posts) - senders.total


def _nothing_waits(items):
    async def holds() -> bool:
        return await items.value("queue_depth", destination="ops") == 0

    return holds


@pytest.mark.parametrize("seed", [1, 2])
async def test_kills_lose_nothing_and_repeat_little(items, load, numbers_by_box, seed):
    """Every accepted event arrives, in the order of its subject; a kill repeats at most what was under way."""
    items.configure(destination=f"concurrency = {CONCURRENCY}")
    items.mattermost.mode, items.mattermost.delay = "slow", 0.01
    await items.start()
    senders = load(SENDERS)
    await _killed_again_and_again(items, senders, random.Random(seed))
    repeats = await _everything_arrived(items, senders, numbers_by_box)
    assert repeats <= CONCURRENCY * KILLS
    assert await items.stop() == 0
    assert await items.command("dead", "list") == (0, "nothing is dead\n")


async def test_kills_while_mattermost_fails_lose_nothing(items, load, numbers_by_box):
    """The same holds while the destination fails, hangs up and recovers in turn: attempts are many, messages are not."""
    items.configure(destination=f"concurrency = {CONCURRENCY}")
    await items.start()
    senders = load(SENDERS, 0.02)
    async with _moods(items.mattermost, random.Random(3)):
        await _killed_again_and_again(items, senders, random.Random(4))
    repeats = await _everything_arrived(items, senders, numbers_by_box)
    assert items.mattermost.stats["failed"]
    assert repeats <= CONCURRENCY * KILLS


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
