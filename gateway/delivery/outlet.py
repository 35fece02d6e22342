"""The outlet of one destination: a pool of workers that sends the deliveries of its lanes as its gates allow.

A pool costs less than a task for every delivery, and its size is the destination's concurrency. Idle workers wait in a
stack; `pump` wakes one when a delivery can be sent, and a worker that leaves ready lanes wakes the next.
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from gateway.delivery.destinations import Destination
from gateway.delivery.lanes import Lane, Lanes
from gateway.delivery.retry import decide
from gateway.journal import Settlement
from gateway.model import Delivered, Delivery, DeliveryState, Later, Result
from gateway.observe import tracing
from gateway.observe.metrics import CODES, RESULTS, Metrics
from gateway.observe.tracing import AttemptSpan, exemplar

SHORTEST = 0.001
"""The shortest alarm in seconds: wall clock and monotonic clock disagree about small waits."""

log = structlog.get_logger("gateway.delivery")


Attempting = Callable[[str, Delivery], AttemptSpan]
"""Starts the trace of an attempt, given the destination's name and the delivery."""


class Claim(NamedTuple):
    """A claimed lane, with the attempt at its first delivery."""

    lane: Lane
    delivery: Delivery
    destination: Destination
    epoch: int
    probe: bool


class Outlet:
    """Sends the deliveries in `lanes`. `settle` gets every outcome, and calls `settled` when it is durable."""

    def __init__(
        self,
        destination: Destination,
        lanes: Lanes,
        metrics: Metrics,
        *,
        settle: Callable[[Settlement, "Outlet", Lane], None],
        hungry: Callable[[], None],
        clock: Callable[[], float],
        random: Callable[[], float],
        attempt: Attempting = tracing.OFF.attempt,
    ) -> None:
        self.name = destination.name
        self.destination = destination
        self.lanes = lanes
        self._settle = settle
        self._hungry = hungry
        self._clock = clock
        self._random = random
        self._attempt = attempt
        self._halted = False
        self._idle: list[asyncio.Future[None]] = []
        self._under_way = 0
        self._last: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        # labels() costs more than counting, so every series is looked up once
        self._results = {result: metrics.deliveries.labels(self.name, result) for result in RESULTS}
        self._codes = {code: metrics.delivery_attempts.labels(self.name, code) for code in CODES}
        self._seconds = metrics.delivery_seconds.labels(self.name)
        self._dead = metrics.dead.labels(self.name)

    def accept(self, delivery: Delivery) -> None:
        """Take in a delivery of this destination; its number is above that of the last call."""
        self.lanes.accept(delivery, self._clock())
        if self.lanes.ready:
            self.pump()

    def pump(self) -> None:
        """Wake a worker if a delivery may be sent now, and set the alarm for the next that may be sent later."""
        if self._halted:
            return
        now = self._clock()
        self.lanes.promote(now)
        if self.lanes.ready and self._has_room():
            opens = self.destination.opens_at(now)
            if opens <= now:
                self._wake_one()
            else:
                self._ring_at(opens, now)
        self._ring_at(self.lanes.due(), now)

    def replace(self, destination: Destination) -> None:
        """Use other settings from the next attempt on; deliveries that wait after a failure are tried at once."""
        if destination is not self.destination:
            self.destination = destination
            self.lanes.promote(inf)
            self.pump()

    async def drained(self) -> None:
        """Wait until all outcomes are durable. Only for an outlet that is halted."""
        if self._under_way:
            self._last = asyncio.get_running_loop().create_future()
            await self._last

    def halt(self) -> None:
        """Start no further attempt; workers return after their current one."""
        self._halted = True
        if self._alarm is not None:
            self._alarm.cancel()
        while self._idle:
            self._wake_one()

    async def work(self) -> None:
        """Run one worker: claim, send, conclude, until halted."""
        while not self._halted:
            claim = self._claim()
            if claim is None:
                await self._rest()
                continue
            span = self._attempt(self.name, claim.delivery)
            try:
                result = await claim.destination.sender.send(claim.delivery)
            except Exception as error:  # an error at one message must not stop all others
                result = self._report_crash(error)
            self._conclude(claim, result)
            span.end(result)

    def settled(self, lane: Lane, settlement: Settlement) -> None:
        """Let a lane go on: the outcome of its first delivery is durable."""
        self._end_one()
        now = self._clock()
        if settlement.state is DeliveryState.PENDING:
            delivery = replace(
                lane.queue[0],
                attempts=settlement.attempts,
                not_before=settlement.not_before,
                reason=settlement.reason,
            )
            self.lanes.put_off(lane, delivery, settlement.not_before)
        else:
            if settlement.state is DeliveryState.DEAD:
                self._dead.inc()
            self.lanes.advance(lane, now)
            if self.lanes.hungry:
                self._hungry()
        self.pump()

    def _has_room(self) -> bool:
        """Whether another attempt may start; one counts until its outcome is durable, as a crash would repeat it."""
        return self._under_way < self.destination.concurrency

    def _end_one(self) -> None:
        self._under_way -= 1
        if self._last is not None and not self._under_way and not self._last.done():
            self._last.set_result(None)

    def _claim(self) -> Claim | None:
        if not self._has_room():
            return None
        now = self._clock()
        lanes, destination = self.lanes, self.destination
        lanes.promote(now)
        if not lanes.ready or destination.opens_at(now) > now:
            self.pump()
            return None
        epoch = destination.admit(now)
        probe = destination.probing
        lane, delivery = lanes.claim()
        self._under_way += 1
        if lanes.ready:
            self.pump()
        return Claim(lane, delivery, destination, epoch, probe)

    def _conclude(self, claim: Claim, result: Result) -> None:
        now = self._clock()
        delivery, destination = claim.delivery, claim.destination
        was_broken = destination.broken
        destination.record(result, claim.epoch, now, self._random)
        current = destination is self.destination  # else its settings have changed during the attempt
        if current and destination.broken is not was_broken:
            self._log_breaker()
        settlement = decide(result, delivery, now, destination.max_age, self._random)
        self._count(result, delivery, now)
        if settlement.state is DeliveryState.PENDING:
            if claim.probe:
                # A failed probe costs the delivery no attempt; its lane queues behind untried lanes.
                self._end_one()
                self.lanes.put_off(claim.lane, delivery, destination.opens_at(now) if current else now)
                return
            if not current:
                settlement = replace(settlement, not_before=now)
        if settlement.state is DeliveryState.DEAD:
            log.warning(
                "delivery dead",
                destination=self.name,
                seq=delivery.seq,
                event_id=delivery.event_id,
                reason=settlement.reason,
            )
        self._settle(settlement, self, claim.lane)

    def _count(self, result: Result, delivery: Delivery, now: float) -> None:
        self._codes[result.code].inc()
        if isinstance(result, Delivered):
            self._results["delivered"].inc()
            self._seconds.observe(max(0.0, now - delivery.received), exemplar(delivery.trace))
        else:
            self._results["later" if isinstance(result, Later) else "never"].inc()

    def _log_breaker(self) -> None:
        if self.destination.broken:
            log.warning(
                "destination broken, holding its deliveries", destination=self.name, why=self.destination.breaker.why
            )
        else:
            log.info("destination open again", destination=self.name)

    def _report_crash(self, error: Exception) -> Later:
        """Log an error that a sender should not raise: only its type and place, as its text may hold the URL."""
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        place = f"{at.tb_frame.f_code.co_qualname}:{at.tb_lineno}" if at is not None else ""
        log.error("sender failed", destination=self.name, error=type(error).__name__, place=place)
        return Later(f"the gateway failed on this message ({type(error).__name__}): see its log, and report it")

    async def _rest(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._idle.append(future)
        await future

    def _wake_one(self) -> None:
        while self._idle:
            future = self._idle.pop()
            if not future.done():  # done: its worker was cancelled
                future.set_result(None)
                return

    def _ring_at(self, at: float, now: float) -> None:
        if at >= self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().call_later(max(at - now, SHORTEST), self._ring)

    def _ring(self) -> None:
        self._alarm, self._alarm_at = None, inf
        self.pump()
