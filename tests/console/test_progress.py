"""Work that outlives the request which started it."""

import asyncio

import pytest

from gateway.console.progress import Decision, Progress, Work
from gateway.errors import JournalError, Refused

BEGUN = Progress(Decision.REPLAY, "everything", 1.0)


async def ended(work: Work) -> Progress:
    """The progress, once the work has ended."""
    while work.progress is None or work.progress.running:
        await asyncio.sleep(0)
    return work.progress


async def test_one_at_a_time() -> None:
    """A second one is refused while the first runs, and taken when it has ended."""
    work, gate = Work(), asyncio.Event()

    async def wait() -> None:
        work.note(total=2)
        await gate.wait()
        work.note(done=2)

    assert work.start(BEGUN, wait).running
    with pytest.raises(Refused, match="everything is under way"):
        work.start(BEGUN, wait)
    gate.set()
    done = await ended(work)
    assert (done.done, done.total, done.trouble) == (2, 2, "")
    work.start(BEGUN, wait)
    await ended(work)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (JournalError("the disk is full"), "the disk is full"),
        (Refused(409, "Too many events", "choose a shorter time"), "choose a shorter time"),
        (ZeroDivisionError("secret"), "it failed, the log says how"),
    ],
)
async def test_what_stops_it_is_told(error: Exception, told: str) -> None:
    """An error of the journal or of the wish in its words; any other is in the log alone."""
    work = Work()

    async def fail() -> None:
        raise error

    work.start(BEGUN, fail)
    assert told in (await ended(work)).trouble


async def test_closing_ends_it() -> None:
    """What runs when the gateway stops is told as stopped; closing without work does nothing."""
    work = Work()
    await work.close()
    work.start(BEGUN, asyncio.Event().wait)
    await asyncio.sleep(0)
    await work.close()
    assert work.progress is not None
    assert work.progress.trouble == "the gateway stopped"
