"""The dispatcher takes deliveries from the journal to the destinations: many lanes at once, one in flight per lane.

    journal --feed--> lanes of each outlet --workers--> sender --result--> settler --> journal
                        ^                                                    |
                        `----------------- durable: the lane goes on --------'

A lane goes on only when the outcome of its delivery is durable: a crash never reorders a lane. It repeats at most the
posts under way, `concurrency` of a destination, and those whose outcomes are not durable yet, UNSETTLED of it.
"""

import asyncio
import itertools
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from random import random as draw
from time import time

import structlog
from msgspec.structs import replace

from gateway.delivery.addresses import Addresses
from gateway.delivery.clock import Jumps
from gateway.delivery.condition import Condition
from gateway.delivery.destinations import Destination
from gateway.delivery.feed import Feed
from gateway.delivery.lanes import Lanes
from gateway.delivery.outlet import Attempting, Outlet
from gateway.delivery.settler import Settler
from gateway.errors import JournalError
from gateway.journal import Journal, Settlement, Standing
from gateway.journal.standing import streak
from gateway.model import Delivery, DeliveryState, DestinationState, Pause
from gateway.observe import tracing
from gateway.observe.metrics import Metrics

TICK = 1.0
"""Seconds between two looks at whether the wall clock was set."""

RECOUNT = 5
"""Ticks between two counts of dead deliveries, at least: a count reads all that wait, too."""

ROUND = 60
"""Ticks between unprompted reads of the journal, of deliveries and of pauses.

The journal announces everything that a gateway or its writing process adds. A command line tool that found no gateway
writes to the file by itself: these reads find what it adds just as a gateway starts.
"""

PAUSES_AGAIN = 1.0
"""Seconds until the next read of the pauses when the journal cannot be read."""

SETTLE_GRACE = 5.0
"""Seconds that `stop` waits for the journal to store the last outcomes."""

log = structlog.get_logger("gateway.delivery")


class Dispatcher:
    """Delivers the pending deliveries of the journal. Construct, `start`, `offer` after each append, `stop`.

    `offer` takes in deliveries that were just appended to the journal: it never blocks, and deliveries without room are
    read from the journal later. `serve` and `retire` change the destinations meanwhile.

    `window` deliveries and `window_bytes` bytes of payload are held in memory, shared evenly by the destinations so
    that one that is down holds up no other; the rest waits in the journal. `addresses` are those inside destinations
    that have taken a message. `clock` returns epoch seconds, `random` draws from [0, 1), `attempt` traces. `failed` is
    a future that gets the exception of a task that crashed; the service cannot go on then. Raises ValueError when two
    destinations share a name.
    """

    failed: asyncio.Future[None]
    offer: Callable[[Sequence[Delivery]], None]
    _running: asyncio.TaskGroup

    def __init__(
        self,
        journal: Journal,
        destinations: Iterable[Destination],
        metrics: Metrics,
        *,
        addresses: Addresses | None = None,
        window: int = 10_000,
        window_bytes: int = 64_000_000,
        clock: Callable[[], float] = time,
        random: Callable[[], float] = draw,
        attempt: Attempting = tracing.OFF.attempt,
    ) -> None:
        self._journal = journal
        self._metrics = metrics
        self._clock = clock
        self._random = random
        self._attempt = attempt
        self._addresses = addresses or Addresses(())
        self._window = window
        self._window_bytes = window_bytes
        self._settler = Settler(journal)
        self._outlets: dict[str, Outlet] = {}
        self._jumps = Jumps(clock, asyncio.get_running_loop().time)
        self._feed = Feed(journal, self._outlets, self._bury, self._settler.thinned, self._jumps)
        self.offer = self._feed.offer
        for destination in destinations:
            if destination.name in self._outlets:
                raise ValueError(f"two destinations are called {destination.name!r}: give one another name")
            self._add(destination)
        self._share()
        self._pauses: Mapping[str, Pause] = {}
        self._pauses_changed = asyncio.Event()
        self._missed: set[str] = set()
        self._main: asyncio.Task[None] | None = None
        self._side: list[asyncio.Task[None]] = []
        self._workers: dict[str, list[asyncio.Task[None]]] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._uncounted = False  # whether the number of dead deliveries may have changed since it was counted
        self._settling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start to deliver, the backlog first. Raises JournalError when the journal cannot be read.

        What is paused stays so, and what was failing as far as the journal tells is failing until a message passes.
        """
        standings = await self._journal.census()
        tried = await self._journal.tried()
        for outlet in self._outlets.values():
            self._show(outlet, standings.get(outlet.name, Standing()))
            past = streak(tried.get(outlet.name, ()))
            outlet.recall(replace(past, since=past.since - self._ahead()))
        self._journal.listen(self._on_added)  # from here on a pause by others is read again, once delivery runs
        await self.read_pauses()
        self.failed = asyncio.get_running_loop().create_future()
        ready = asyncio.Event()
        self._main = asyncio.create_task(self._run(ready), name="dispatcher")
        self._main.add_done_callback(self._on_main_done)
        await ready.wait()

    async def serve(self, destinations: Sequence[Destination]) -> None:
        """Add these destinations, or replace those of the same name; the same object goes on undisturbed.

        A name that was retired is added after its last attempts have ended.
        """
        if leaving := [self._leaving[one.name] for one in destinations if one.name in self._leaving]:
            await asyncio.wait(leaving)
        for destination in destinations:
            name = destination.name
            if name not in self._outlets:
                self._show(self._add(destination), Standing())
                if name in self._pauses:
                    self._apply_pause(name)
                self._missed.discard(name)
                self._uncounted = True
            self._outlets[name].replace(destination)
            self._staff(self._outlets[name])
        self._share()

    def retire(self, kept: Container[str]) -> None:
        """Stop serving all destinations but those in `kept`. Only for a dispatcher that runs.

        Attempts in flight end normally, and count; deliveries that still wait then become dead, for a person to replay.
        """
        for name in [name for name in self._outlets if name not in kept]:
            outlet = self._outlets.pop(name)
            outlet.halt()
            letting_go = self._let_go(outlet, self._feed.head)
            self._leaving[name] = self._running.create_task(letting_go, name=f"leaving {name}")
        self._share()

    async def stop(self, grace: float) -> None:
        """Start no more attempts, wait up to `grace` seconds for those in flight, save all outcomes, return.

        An attempt that takes longer is abandoned; its delivery is sent again after the next start.
        """
        if self._main is None:
            return
        self._feed.close()
        for outlet in self._outlets.values():
            outlet.halt()
        for task in (*self._side, *self._leaving.values()):  # the next start buries what these have not
            task.cancel()
        if workers := list(itertools.chain.from_iterable(self._workers.values())):
            _, late = await asyncio.wait(workers, timeout=grace)
            await _cancel(late)
        self._settler.close()
        if self._settling is not None:
            _, late = await asyncio.wait({self._settling}, timeout=SETTLE_GRACE)
            await _cancel(late)
        await asyncio.wait({self._main})

    async def read_pauses(self) -> None:
        """Take up the pauses as the journal has them now. Raises JournalError, and they are read again soon."""
        try:
            found = await self._journal.pauses()
        except JournalError:
            self._pauses_changed.set()
            raise
        before, self._pauses = self._pauses, found
        for name in self._outlets:
            if self._pauses.get(name) != before.get(name):
                self._apply_pause(name)

    def conditions(self) -> dict[str, Condition]:
        """How each destination stands; times are epoch seconds."""
        now, ahead = asyncio.get_running_loop().time(), self._ahead()
        found = {}
        for name, outlet in self._outlets.items():
            one = outlet.destination.condition(now)
            found[name] = replace(
                one,
                since=one.since + ahead if one.since else 0.0,
                next_at=one.next_at + ahead if one.next_at else 0.0,
            )
        return found

    async def _run(self, ready: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            self._running = group
            self._settling = group.create_task(self._settler.run(), name="settler")
            for outlet in self._outlets.values():
                self._staff(outlet)
            self._side = [
                group.create_task(self._feed.run(), name="feed"),
                group.create_task(self._tick(), name="tick"),
                group.create_task(self._follow_pauses(), name="pauses"),
            ]
            ready.set()

    def _add(self, destination: Destination) -> Outlet:
        """Make the outlet of a destination; the caller calls `_share` then."""
        self._metrics.expect_destination(destination.name)
        outlet = self._outlets[destination.name] = Outlet(
            destination,
            Lanes(self._window, self._window_bytes),
            self._metrics,
            settler=self._settler,
            hungry=self._feed.nudge,
            addresses=self._addresses,
            clock=self._clock,
            random=self._random,
            attempt=self._attempt,
        )
        return outlet

    def _share(self) -> None:
        """Divide the window among the outlets."""
        among = max(1, len(self._outlets))
        for outlet in self._outlets.values():
            outlet.lanes.resize(max(1, self._window // among), max(1, self._window_bytes // among))

    def _staff(self, outlet: Outlet) -> None:
        """Start the workers that an outlet lacks; surplus workers idle, as claims keep to the concurrency."""
        workers = self._workers.setdefault(outlet.name, [])
        while len(workers) < outlet.destination.concurrency:
            workers.append(self._running.create_task(outlet.work(), name=f"worker {outlet.name}"))

    async def _let_go(self, outlet: Outlet, last: int) -> None:
        """Wait for the last attempts of an outlet, then bury the deliveries that wait for it, up to number `last`."""
        await asyncio.wait(self._workers[outlet.name])
        del self._workers[outlet.name]
        await outlet.drained()
        await self._feed.sweep(outlet.name, last)
        self._metrics.forget(destination=outlet.name)

    def _on_main_done(self, main: asyncio.Task[None]) -> None:
        for outlet in self._outlets.values():
            outlet.halt()
        self._feed.close()
        error = None if main.cancelled() else main.exception()
        if error is None:
            if not self.failed.done():
                self.failed.set_result(None)
            return
        log.critical("delivery stopped: a task of it crashed", exc_info=error)
        if not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # logged above: asyncio need not report it again

    async def _tick(self) -> None:
        due = 0
        for count in itertools.count(1):
            await asyncio.sleep(TICK)
            if by := self._jumps.check(self._feed.head):
                log.warning("the wall clock was set: ages of deliveries are corrected", seconds=round(by, 1))
                for outlet in self._outlets.values():
                    outlet.clock_set(by)
            if count % ROUND == 0:
                self._feed.nudge()
                self._pauses_changed.set()
                self._uncounted = True
            if self._uncounted and count >= due:
                due = count + RECOUNT
                await self._recount_dead()

    async def _follow_pauses(self) -> None:
        """Read the pauses whenever the journal tells of a change by others."""
        while True:
            await self._pauses_changed.wait()
            self._pauses_changed.clear()
            try:
                await self.read_pauses()
            except JournalError as error:
                log.warning("pauses not read, trying again", seconds=PAUSES_AGAIN, reason=str(error))
                await asyncio.sleep(PAUSES_AGAIN)

    def _apply_pause(self, name: str) -> None:
        pause = self._pauses.get(name)
        self._outlets[name].pause(None if pause is None else replace(pause, at=pause.at - self._ahead()))
        if pause is None:
            log.info("destination resumed", destination=name)
        else:
            log.warning("destination paused, its messages wait", destination=name, by=pause.by, reason=pause.reason)

    def _ahead(self) -> float:
        """What the wall clock is ahead of the monotonic one."""
        return self._clock() - asyncio.get_running_loop().time()

    async def _recount_dead(self) -> None:
        self._uncounted = False
        try:
            standings: Mapping[str, Standing] = await self._journal.census()
        except JournalError as error:
            log.warning("dead deliveries not counted", reason=str(error))
            return
        for name in self._outlets:
            self._metrics.dead.labels(name).set(standings.get(name, Standing()).dead)

    def _show(self, outlet: Outlet, standing: Standing) -> None:
        """Connect the gauges of a destination; until the backlog is read to its end, they show the census."""
        lanes, feed, name = outlet.lanes, self._feed, outlet.name

        def depth() -> float:
            return lanes.depth if feed.complete else max(standing.pending, lanes.depth)

        def oldest() -> float:
            received = lanes.oldest() or (0.0 if feed.complete else standing.oldest)
            return max(0.0, self._clock() - received) if received else 0.0

        self._metrics.queue_depth.labels(name).set_function(depth)
        self._metrics.queue_oldest_seconds.labels(name).set_function(oldest)
        for state in DestinationState:
            self._metrics.destination_state.labels(name, state.value).set_function(partial(self._is, outlet, state))
        self._metrics.destination_degraded.labels(name).set_function(
            lambda: float(bool(outlet.destination.sender.warning))
        )
        self._metrics.dead.labels(name).set(standing.dead)

    def _is(self, outlet: Outlet, state: DestinationState) -> float:
        """1 when that is the state of the destination."""
        return float(outlet.destination.condition(asyncio.get_running_loop().time()).state is state)

    def _on_added(self, newest: int) -> None:
        """Read deliveries that others added, up to this number, and recount the dead: some may have been replayed.

        Without a number others may have paused or resumed destinations.
        """
        self._feed.added(newest)
        self._uncounted = True
        if not newest:
            self._pauses_changed.set()

    def _bury(self, stray: Delivery) -> None:
        name = stray.destination
        reason = f"destination {name!r} is not in the settings any more: put it back there, then replay"
        if name not in self._missed:  # one line for each destination: there may be very many deliveries
            self._missed.add(name)
            log.warning("deliveries dead", destination=name, first=stray.seq, reason=reason)
        self._settler.put(Settlement(stray.seq, DeliveryState.DEAD, stray.attempts, reason=reason))


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    late = set(tasks)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)
