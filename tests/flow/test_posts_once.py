"""A gateway that posts over REST is killed with SIGKILL under load, as is Mattermost: nothing is lost, none doubled."""

import asyncio
import random
import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-crash")]

SENDERS = 12
KILLS = 4


@pytest.fixture
async def rest(items):
    """The service of the items, with the channel `alerts` over REST as its destination."""
    standin = items.mattermost
    token, channel = standin.add_bot("gate"), standin.add_channel("alerts")
    standin.join("gate", "alerts")
    items.configure(destination="concurrency = 8")
    account = f'server = "{items.mattermost_url}"\nchannel = "{channel}"\ntoken = "{token}"\n'
    items.file.write_text(re.sub(r"hook = .*\n", account, items.file.read_text()))
    standin.mode, standin.delay = "slow", 0.01
    await items.start()
    return items


@pytest.mark.parametrize("victim", ["gateway", "mattermost", "both"])
async def test_kills_repeat_nothing(rest, load, victim):
    """Every accepted event arrives once, in the order of its subject, though each kill cuts posts under way."""
    standin, draw, senders = rest.mattermost, random.Random(5), load(SENDERS, 0.02)
    for _ in range(KILLS):
        before = senders.total
        await rest.until(lambda before=before: senders.total > before + 3 * SENDERS)
        await asyncio.sleep(draw.uniform(0.0, 0.3))
        if victim != "gateway":
            standin.mode = "drop after"
            arrived = len(standin.posts)
            await rest.until(lambda arrived=arrived: len(standin.posts) > arrived)
        if victim != "mattermost":
            await rest.running.kill()
        if victim != "gateway":
            standin.crash()
            standin.mode = "slow"
        if victim != "mattermost":
            await rest.start()
    await senders.finish()
    await rest.until(lambda: len(set(standin.texts)) >= senders.total)
    await rest.until(lambda: _nothing_waits(rest))
    assert standin.boxes == senders.expected
    if victim != "gateway":
        assert "an earlier attempt had arrived" in rest.log


async def _nothing_waits(rest) -> bool:
    return await rest.value("queue_depth", destination="ops") == 0
