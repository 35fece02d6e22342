"""A gateway that is told to stop: it finishes what is under way, loses nothing and repeats nothing."""

import signal

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-stop")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_under_load_loses_and_repeats_nothing(items, load, number):
    """It accepts no more, finishes what is in flight, and exits with 0; the next life delivers the rest, each once."""
    await items.start()
    senders = load(8)
    await items.until(lambda: senders.total > 50)
    items.mattermost.door.clear()
    await items.until(lambda: items.mattermost.held == 8)
    accepted = senders.total
    await items.until(lambda: senders.total > accepted + 20)

    items.running.signal(number)
    await items.until(_accepts_no_more(items))
    assert items.running.process.returncode is None, "it did not wait for what was in flight"
    arrived = len(items.mattermost.posts)
    items.mattermost.door.set()
    assert await items.running.ended() == 0
    assert len(items.mattermost.posts) >= arrived + 8  # more where the answers came before deliveries had stopped

    await items.start()
    await items.until(lambda: senders.total > accepted + 100)
    await senders.finish()
    await items.until(lambda: len(items.mattermost.posts) >= senders.total)
    assert await items.stop(number) == 0
    assert items.mattermost.boxes == senders.expected
    assert not senders.refusals


def _accepts_no_more(items):
    async def holds() -> bool:
        return not await items.accepts()

    return holds


async def test_what_outlasts_the_grace_is_sent_again(items):
    """A destination that never answers does not keep the gateway from ending; its message comes with the next life."""
    items.configure(grace="1s")
    await items.start()
    items.mattermost.door.clear()
    assert (await items.item("a", 1))[0] == 202
    await items.until(lambda: items.mattermost.held == 1)
    assert await items.stop() == 0
    items.mattermost.posts.clear()
    items.mattermost.door.set()
    await items.start()
    await items.until(lambda: "a 1" in items.mattermost.texts)


async def test_a_stop_of_an_idle_gateway_is_quiet(items):
    """With nothing to do, a stop is immediate, exits with 0 and complains about nothing."""
    await items.start()
    assert await items.stop() == 0
    assert "error" not in items.log
    assert "Traceback" not in items.log
    assert not await items.accepts()
