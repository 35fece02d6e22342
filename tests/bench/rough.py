"""A destination that can be held, refuse, limit and be rough, and remembers what it took: for trying out promises."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from time import monotonic
from typing import Final

from aiohttp import web

TIMEOUT: Final = 2
"""Seconds within which whoever posts expects an answer."""

RETRY_AFTER: Final = 2
"""Seconds for which a post that is limited should not be repeated."""

CHANGE: Final = re.compile(rb"change\d+x\d+")
"""The name of an event, in whatever is made of it: `changeLANExNUMBER`."""

_QUIET: Final = 0.05


class Fate(Enum):
    """What happens to one attempt to post a message."""

    TAKEN = auto()
    REFUSED = auto()
    CLOSED = auto()
    LATE = auto()
    HELD = auto()
    LIMITED = auto()


Fates = Callable[[str, int], Fate]
"""The fate of an attempt, by the name of the event and the number of the attempt, from 1."""


def taking(name: str, attempt: int) -> Fate:
    """Take every message."""
    return Fate.TAKEN


def holding(name: str, attempt: int) -> Fate:
    """Take none, and give no answer."""
    return Fate.HELD


def refusing(name: str, attempt: int) -> Fate:
    """Refuse every message with status 503."""
    return Fate.REFUSED


def limiting(name: str, attempt: int) -> Fate:
    """Answer the first attempt of each event with status 429."""
    return Fate.LIMITED if attempt == 1 else Fate.TAKEN


def rough(name: str, attempt: int) -> Fate:
    """Fail a fifth of the attempts in one of three ways; whoever posts the same event meets the same fates."""
    draw = random.Random(f"{name} {attempt}")
    return draw.choice((Fate.REFUSED, Fate.CLOSED, Fate.LATE)) if draw.random() < 0.2 else Fate.TAKEN


class Destination:
    """What arrived, by name and in order; `fates` decides what happens to the next attempts."""

    def __init__(self) -> None:
        self.port = 0
        self.fates: Fates = taking
        self.arrived: list[str] = []
        self.early = 0
        self._attempts: Counter[str] = Counter()
        self._limited: dict[str, float] = {}
        self._last = monotonic()
        self._closing = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Answer one attempt."""
        found = CHANGE.search(await request.read())
        name = found[0].decode() if found else "unknown"
        self._attempts[name] += 1
        self._last = monotonic()
        self.early += self._last < self._limited.get(name, 0.0)
        match self.fates(name, self._attempts[name]):
            case Fate.TAKEN:
                self.arrived.append(name)
                return web.Response(text="ok")
            case Fate.REFUSED:
                return web.Response(status=503, text="unavailable")
            case Fate.LIMITED:
                self._limited[name] = self._last + RETRY_AFTER
                return web.Response(status=429, text="limited", headers={"Retry-After": str(RETRY_AFTER)})
            case Fate.LATE:
                await self._pause(1.5 * TIMEOUT)
            case Fate.HELD:
                await self._closing.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def reach(self, names: set[str], quiet: float) -> bool:
        """Wait until these have arrived, or nobody has tried anything for `quiet` seconds: whether they have."""
        begun = monotonic()
        while not names <= set(self.arrived):
            if monotonic() - max(begun, self._last) > quiet:
                return False
            await asyncio.sleep(_QUIET)
        return True

    def close(self) -> None:
        """Break the connections of attempts that wait."""
        self._closing.set()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


@asynccontextmanager
async def serving() -> AsyncIterator[Destination]:
    """A destination on a port of its own, within the block."""
    destination = Destination()
    application = web.Application()
    application.router.add_post("/{path:.*}", destination.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    destination.port = runner.addresses[0][1]
    try:
        yield destination
    finally:
        destination.close()
        await runner.cleanup()
