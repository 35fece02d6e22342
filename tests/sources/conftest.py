"""What the tests of bots share: a stand-in server, and bots on it whose ears are lists."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.errors import JournalError
from gateway.mattermost.session import Account, Session, TokenAccount
from gateway.observe.metrics import Metrics
from gateway.outbound.sessions import HttpSession, open_session
from gateway.secret import Secret
from gateway.sources import keeper
from gateway.sources.bot import Bot
from gateway.sources.connection import dialler
from gateway.sources.posts import read
from gateway.standin.server import StandIn
from tests.conftest import eventually


class Positions:
    """Positions in memory; `broken` makes every call fail."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}
        self.broken = False

    async def position(self, name: str) -> float | None:
        """The position of a listener."""
        self._check()
        return self.of.get(name)

    async def advance(self, name: str, ms: float) -> None:
        """Store a position."""
        self._check()
        self.of[name] = max(ms, self.of.get(name, ms))

    def _check(self) -> None:
        if self.broken:
            raise JournalError("the disk is full")


class Ears:
    """What a bot heard, as a journal keeps it: each post once. `deaf` makes hearing fail."""

    def __init__(self) -> None:
        self.data: list[Mapping[str, Any]] = []
        self.calls = 0
        self.deaf = False
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, data: Mapping[str, Any]) -> bool:
        """Hear a post."""
        self.calls += 1
        await self.open.wait()
        if self.deaf:
            raise JournalError("the disk is full")
        if read(data).id not in {read(known).id for known in self.data}:
            self.data.append(data)
        return not read(data).message.startswith("unwanted")

    @property
    def texts(self) -> list[str]:
        """The texts of the posts, in the order of hearing."""
        return [read(data).message for data in self.data]


class Desk:
    """Bots on a stand-in. `positions` outlive them."""

    def __init__(self, standin: StandIn, http: HttpSession, stack: AsyncExitStack) -> None:
        self.standin = standin
        self.http = http
        self.positions = Positions()
        self.metrics = Metrics()
        self.token = standin.add_bot("ask")
        standin.join("ask", "town-square")
        self._stack = stack

    async def start(self, *, account: Account | None = None, ears: Ears | None = None, **more: Any) -> SimpleNamespace:
        """Start a bot, and wait until it is there: `bot`, `ears`, and `stop()`."""
        session = Session(self.standin.url, account or TokenAccount(Secret(self.token)), self.http)
        ears = ears or Ears()
        dial = dialler(self.http, self.standin.url)
        bot = Bot("ask", session, dial, ears, self.positions, self.metrics, **more)
        running = asyncio.create_task(bot.run())

        async def stop() -> None:
            await bot.close()
            await running

        self._stack.push_async_callback(stop)
        await eventually(lambda: (bot.state.connected_since and "ask" in self.positions.of) or bot.state.problem)
        return SimpleNamespace(bot=bot, ears=ears, stop=stop)

    def count(self, name: str, *labels: str) -> float:
        """The value of a series."""
        return float(getattr(self.metrics, f"bot_{name}").labels("ask", *labels).value)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A stand-in with a bot that is in a channel; pauses are short."""
    monkeypatch.setattr(keeper, "PAUSE_FIRST", 0.02)
    standin = StandIn()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(standin.serve())
        http = await stack.enter_async_context(open_session())
        standin.add_user("ann", "secret")
        yield Desk(standin, http, stack)
