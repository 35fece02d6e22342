"""A loop whose time passes only when nobody has anything to do, and a journal in memory for it."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from gateway.delivery import dispatcher as dispatcher_module
from gateway.delivery import feed, outlet, settler
from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import Dispatcher
from gateway.errors import JournalError
from gateway.journal import Settlement, Standing
from gateway.journal.standing import Tried
from gateway.model import Delivered, Delivery, DeliveryState, Pause
from gateway.observe.metrics import Metrics


class _NoWait(selectors.SelectSelector):
    """Never waits: hands the wait to the clock of the loop."""

    passed = 0.0

    def select(self, timeout=None):
        """Pass the time at once."""
        if timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        self.passed += timeout
        return super().select(0)


class FastLoop(asyncio.SelectorEventLoop):
    """A loop on which an hour of sleep takes no time."""

    def __init__(self):
        self._no_wait = _NoWait()
        super().__init__(self._no_wait)

    def time(self):
        """Tell the time that passed."""
        return 1_000_000.0 + self._no_wait.passed


class MemoryJournal:
    """Keeps deliveries in a dictionary; answers after a draw of the clock so that calls overlap."""

    def __init__(self, delay: Callable[[], float] = lambda: 0.001) -> None:
        self.rows: dict[int, Delivery] = {}
        self.settlements: list[Settlement] = []
        self.failures = 0
        self.unreadable = 0
        self.reads = 0
        self.added: Callable[[int], None] = lambda newest: None
        self.last = 0
        self.paused: dict[str, Pause] = {}
        self.past: dict[str, list[Tried]] = {}
        self._delay = delay

    def add(self, lane: str = "a", destination: str = "ops", payload: bytes = b"{}", received: float = 1_000_000.0):
        """Append one delivery at once."""
        self.last += 1
        row = Delivery(self.last, f"event-{self.last}", received, destination, lane, payload)
        self.rows[self.last] = row
        return row

    def listen(self, added: Callable[[int], None]) -> None:
        """Have `added` called by `announce`."""
        self.added = added

    def announce(self) -> None:
        """Tell of the newest number, as the journal does of what others have added."""
        self.added(self.last)

    async def pending(self, after: int, limit: int) -> list[Delivery]:
        """Read as the journal does, as things stood when asked."""
        self.reads += 1
        found = [d for s, d in self.rows.items() if s > after and d.state is DeliveryState.PENDING][:limit]
        await asyncio.sleep(self._delay())
        if self.unreadable:
            self.unreadable -= 1
            raise JournalError("the disk does not answer")
        return found

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record outcomes, unless the disk fails; the last word on a pending delivery counts, others nothing."""
        await asyncio.sleep(self._delay())
        if self.failures:
            self.failures -= 1
            raise JournalError("the disk is full")
        self.settlements += settlements
        for s in {s.seq: s for s in settlements if self.rows[s.seq].state is DeliveryState.PENDING}.values():
            self.rows[s.seq] = replace(
                self.rows[s.seq], state=s.state, attempts=s.attempts, not_before=s.not_before, reason=s.reason
            )

    async def pauses(self):
        """Read the pauses."""
        if self.unreadable:
            self.unreadable -= 1
            raise JournalError("the disk does not answer")
        return dict(self.paused)

    async def tried(self):
        """Tell of what was tried before the start."""
        return self.past

    async def census(self):
        """Count by destination."""
        found: dict[str, Standing] = {}
        for d in self.rows.values():
            was = found.get(d.destination, Standing())
            pending, dead = d.state is DeliveryState.PENDING, d.state is DeliveryState.DEAD
            found[d.destination] = Standing(was.pending + pending, was.oldest or d.received, was.dead + dead)
        return found


class ScriptedSender:
    """Answers each payload by `answer`, after `seconds`; keeps what it got and how many it had at once."""

    warning = ""

    def __init__(self, answer=lambda payload: Delivered(), seconds: Callable[[], float] = lambda: 0.01) -> None:
        self.answer = answer
        self.seconds = seconds
        self.got: list[bytes] = []
        self.at: list[float] = []
        self.healthy: Callable[[], bool] = lambda: True
        self.checks = 0
        self.now = self.most = 0

    async def send(self, delivery: Delivery):
        """Answer by the script."""
        payload = delivery.payload
        self.now += 1
        self.most = max(self.most, self.now)
        self.got.append(payload)
        self.at.append(asyncio.get_running_loop().time())
        try:
            await asyncio.sleep(self.seconds())
            return self.answer(payload)
        finally:
            self.now -= 1

    async def answers(self):
        """Answer for the server's health."""
        self.checks += 1
        return self.healthy()

    def target(self, delivery: Delivery):
        """Name the target in front of a colon in the payload, if there is one."""
        target, colon, _ = delivery.payload.decode().partition(":")
        return target if colon else ""


class Rig:
    """A dispatcher over a journal in memory, on a fast loop."""

    journal_class = MemoryJournal
    sender_class = ScriptedSender

    def run(self, scenario: Coroutine[Any, Any, Any]) -> Any:
        """Run a scenario to its end in no time."""
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            return runner.run(scenario)

    def dispatcher(self, journal, *destinations: Destination, metrics: Metrics | None = None, **options) -> Dispatcher:
        """Build one whose clock is the loop's."""
        options.setdefault("random", lambda: 0.5)
        clock = asyncio.get_running_loop().time
        return Dispatcher(journal, destinations, metrics or Metrics(), clock=clock, **options)


@pytest.fixture(scope="session")
def rig() -> Rig:
    """Hand out the rig."""
    return Rig()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """Thousands of random runs are not worth their log lines."""
    quiet = structlog.wrap_logger(None, processors=[lambda *_: (_ for _ in ()).throw(structlog.DropEvent)])
    for module in (dispatcher_module, feed, outlet, settler):
        monkeypatch.setattr(module, "log", quiet)
