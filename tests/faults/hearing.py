"""What a bot hears while its connection is cut and its process is killed, again and again; and what came of it."""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from gateway.errors import JournalError
from gateway.journal import Query
from gateway.journal import open as open_journal
from gateway.standin.server import StandIn
from tests.faults import programs
from tests.faults.comparison import Comparison, compare
from tests.faults.listener import ROUTE
from tests.faults.programs import Program

CHANNELS: Final = 6
_BURST: Final = 20
_PAUSE: Final = 0.04
"""Posts that are said at once, and seconds between two bursts."""

_FORGOTTEN: Final = 0.4
"""The part of cuts after which the server has forgotten the connection, so that there is nothing to be taken up."""

_LINGERING: Final = 0.3
"""The part of cuts that the server learns of too late, by up to so many seconds, too."""

_AT_ONCE: Final = 0.3
"""The part of kills that may come while the bot starts."""

_WRITER: Final = "gateway.journal.sqlite.process"
_PATIENCE: Final = 90.0


class Hearing(NamedTuple):
    """What came of it: cuts, kills and posts, all of them in how many seconds."""

    cuts: int
    kills: int
    comparison: Comparison
    lasted: float

    @property
    def broken(self) -> tuple[str, ...]:
        """The promises that were not kept."""
        found = self.comparison
        checks = {"missed": found.missing, "heard twice": found.twice, "out of order": found.disorder}
        return tuple(f"{count} {text}" for text, count in checks.items() if count)

    def __str__(self) -> str:
        found = self.comparison
        return (
            f"{found.accepted:,} posts in {CHANNELS} channels over {self.cuts} cuts of the connection and {self.kills} "
            f"kills in {self.lasted:.0f} s: {found.missing} missed, {found.twice} heard twice, "
            f"{found.disorder} out of order"
        )


class _Talk:
    """Who talks in the channels of a stand-in, and the bot that listens there, as a process."""

    def __init__(self, folder: Path, standin: StandIn, draw: random.Random) -> None:
        self._folder = folder
        self._standin = standin
        self._draw = draw
        self._token = standin.add_bot("ask")
        standin.add_user("ann", "secret")
        self._channels = [f"room{number}" for number in range(CHANNELS - 1)]
        for channel in self._channels:
            standin.add_channel(channel)
            standin.join("ask", channel)
        self._channels.append(standin.direct("ann", "ask"))
        self.said = dict.fromkeys(self._channels, 0)
        self.program: Program | None = None

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self._folder / "journal.db"

    async def start(self) -> None:
        """Start the bot."""
        command = [sys.executable, "-m", "tests.faults.listener", "--server", self._standin.url]
        command += ["--token", self._token, "--journal", str(self.journal)]
        self.program = await Program.start(command, self._folder / "log", folder=Path(__file__).parents[2])

    async def kill(self, *, writer: bool) -> None:
        """Kill the bot, and with it the process that writes its journal; and start it again."""
        assert self.program is not None
        if self._draw.random() > _AT_ONCE:
            await self._connected()
        for pid in programs.children(self.program.pid, _WRITER) if writer else ():
            programs.send(pid, programs.signal.SIGKILL)
        await self.program.kill()
        await self.start()

    async def cut(self) -> None:
        """Cut the connection, once there is one."""
        self._standin.linger = self._draw.uniform(0.0, 1.2) if self._draw.random() < _LINGERING else 0.0
        while not self._standin.cut_sockets():
            await asyncio.sleep(0.01)
        if self._draw.random() < _FORGOTTEN:
            while self._standin._sockets._open:
                await asyncio.sleep(0.001)
            self._standin.forget_sockets()

    async def talk(self, count: int) -> None:
        """Say so many numbered things, one after the other in each channel."""
        for number in range(count):
            channel = self._draw.choice(self._channels)
            self.said[channel] += 1
            self._standin.say("ann", channel, f"{channel} {self.said[channel]}")
            if number % _BURST == 0:
                await asyncio.sleep(self._draw.uniform(0.0, 2 * _PAUSE))

    async def started(self) -> None:
        """Wait until the bot has begun: what is said from then on counts."""
        while not await self._position():
            await asyncio.sleep(0.05)

    async def heard(self) -> dict[str, list[int]]:
        """The numbers that were heard in each channel, in their order."""
        found: dict[str, list[int]] = {}
        journal = await open_journal(f"sqlite:{self.journal}", retention=1e9, max_size=10**10)
        try:
            query = Query(route=ROUTE, limit=500, bodies=False)
            while True:
                page = await journal.find(query)
                for record in page.records:
                    channel, number = record.event.subject.rsplit(" ", 1)
                    found.setdefault(channel, []).insert(0, int(number))
                if not page.next:
                    return found
                query = Query(route=ROUTE, limit=500, bodies=False, before=page.next)
        finally:
            await journal.close()

    async def _connected(self) -> None:
        while not self._standin._sockets._open:
            await asyncio.sleep(0.01)

    async def _position(self) -> float | None:
        try:
            journal = await open_journal(f"sqlite:{self.journal}", retention=1e9, max_size=10**10)
        except JournalError:
            return None
        try:
            return await journal.position("ask")
        finally:
            await journal.close()


async def hear(
    folder: Path, posts: int, cuts: int, kills: int, seed: int, say: Callable[[str], None], seconds: float = _PATIENCE
) -> Hearing:
    """Let a bot hear so many posts over cuts and kills, and compare by the numbers of all; `seconds` after the last."""
    draw = random.Random(seed)
    standin = StandIn(keep=10 * posts)
    async with standin.serve():
        talk = _Talk(folder, standin, draw)
        await talk.start()
        try:
            await talk.started()
            begun = time.monotonic()
            blows = ["cut"] * cuts + ["kill"] * kills
            draw.shuffle(blows)
            for number, blow in enumerate(blows):
                share = posts * (number + 1) // len(blows) - posts * number // len(blows)
                talking = asyncio.create_task(talk.talk(share))
                await asyncio.sleep(draw.uniform(0.0, share / _BURST * _PAUSE))
                if blow == "cut":
                    await talk.cut()
                else:
                    await talk.kill(writer=draw.random() < 0.5)
                await talking
                if (number + 1) % 10 == 0:
                    say(f"{number + 1}/{len(blows)} cuts and kills, {sum(talk.said.values()):,} posts")
            lasted = time.monotonic() - begun
            until = time.monotonic() + seconds
            while compare(talk.said, await talk.heard()).missing and time.monotonic() < until:
                await asyncio.sleep(0.5)
            await asyncio.sleep(1.0)  # for what should not come
            return Hearing(cuts, kills, compare(talk.said, await talk.heard()), lasted)
        finally:
            if talk.program is not None:
                await talk.program.stop()
