"""Faults of Mattermost: away, slow, refusing, and answering what is no answer."""

import math
from collections.abc import AsyncGenerator

from tests.faults.gateway import CONCURRENCY, TIMEOUT
from tests.faults.world import Fault, World, fault

RESUMES = 3.0
"""Seconds in which the first message arrives when Mattermost is back: it is asked every second, and has to answer."""

ANSWERED, REFUSED = 8.0, 20.0
"""Seconds in which all is as before when a server answers again, and when a server takes again what it has refused."""


@fault("Mattermost down", short=True, real=True, within=ANSWERED, resumes=RESUMES)
async def down(world: World) -> AsyncGenerator[None]:
    """Nothing listens any more."""
    world.may_repeat += CONCURRENCY  # stored when it was killed, and not answered for
    await world.mattermost.kill()
    await world.queued()
    yield
    await world.mattermost.start()


@fault("Mattermost restarted in the middle of a burst", lasting=False, real=True, within=ANSWERED)
async def restarted(world: World) -> AsyncGenerator[None]:
    """Stopped in order and started again at once."""
    world.may_repeat += CONCURRENCY
    await world.mattermost.stop()
    await world.mattermost.start()
    yield


@fault("Mattermost killed in the middle of a burst", lasting=False, real=True, within=ANSWERED)
async def killed(world: World) -> AsyncGenerator[None]:
    """Killed and started again, three times: its memory of posts under way is gone, its database is not."""
    for _ in range(3):
        world.may_repeat += CONCURRENCY
        await world.mattermost.kill()
        await world.mattermost.start()
        await world.normal()  # messages flow again
    yield


def _trouble(
    name: str,
    trouble: str,
    *,
    delay: float = 0.0,
    stored: bool = False,
    short: bool = False,
    refusal: bool = False,
) -> Fault:
    """The fault of a trouble of the stand-in. `stored` ones store posts that they do not answer for.

    A `refusal` needs somebody who mends it: the gateway tries again at growing intervals, not every second.
    """

    @fault(name, short=short, within=REFUSED if refusal else ANSWERED, resumes=math.inf if refusal else RESUMES)
    async def act(world: World) -> AsyncGenerator[None]:
        before = await world.standin.unanswered()
        await world.standin.order(trouble, delay)
        await world.troubled()
        yield
        await world.standin.order("")
        if stored:
            unanswered = await world.standin.unanswered() - before
            world.may_repeat += unanswered
            world.note(f"{unanswered} stored without an answer")

    return act


FAULTS = (
    down,
    restarted,
    killed,
    _trouble("Mattermost slow", "slow", delay=TIMEOUT / 2),
    _trouble("Mattermost silent", "silent"),
    _trouble("Mattermost stores, answers too late", "late", delay=2 * TIMEOUT, stored=True),
    _trouble("Mattermost hangs up", "hang up"),
    _trouble("429 with Retry-After", "429", short=True),
    _trouble("500 to every post", "500", short=True, refusal=True),
    _trouble("half answers", "half", stored=True, short=True),
    _trouble("endless answers, slow", "endless"),
    _trouble("endless answers, fast", "flood", refusal=True),
    _trouble("garbage for an answer", "garbage", short=True),
    _trouble("hook deleted, bot not in the channel", "forbidden", refusal=True),
    _trouble("redirect to elsewhere", "redirect", short=True, refusal=True),
    _trouble("login page for an answer", "login page", refusal=True),
)
