"""The outlet of one destination: a pool of workers that sends the deliveries of its lanes as its gates allow.

A pool costs less than a task for every delivery, and its size is the destination's concurrency. Idle workers wait in a
stack; `pump` wakes one when there is something to do that no other was woken for, and a worker that leaves ready lanes
wakes the next.
"""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from typing import Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from gateway import units
from gateway.delivery import retry
from gateway.delivery.addresses import Addresses
from gateway.delivery.clock import heal
from gateway.delivery.destinations import Destination
from gateway.delivery.evidence import PROBE_MOST, Judgement
from gateway.delivery.lanes import Lane, Lanes
from gateway.journal import Settlement
from gateway.journal.standing import Streak
from gateway.model import Blame, Delivered, Delivery, DeliveryState, Later, Pause, Result
from gateway.observe import tracing
from gateway.observe.metrics import CODES, RESULTS, Metrics
from gateway.observe.tracing import AttemptSpan

UNSETTLED = 16
"""Outcomes that may wait to be durable before no further post starts: a crash repeats these posts."""

SHORTEST = 0.001
"""The shortest alarm in seconds."""

PATIENCE = 600.0
"""Seconds after a start in which no delivery is given up for its age: the clock may have been set meanwhile."""

SLICE = 100
"""Lanes that one look puts off at a failing target, before the event loop gets its turn."""

log = structlog.get_logger("gateway.delivery")


Attempting = Callable[[str, Delivery], AttemptSpan]
"""Starts the trace of an attempt, given the destination's name and the delivery."""


class Claim(Struct, frozen=True):
    """A claimed lane, with the attempt at its first delivery."""

    lane: Lane
    delivery: Delivery
    destination: Destination
    epoch: int
    probe: bool


class Settling(Protocol):
    """The settler, as an outlet sees it; `stuck` says that the journal takes no outcomes now."""

    stuck: bool

    def put(self, settlement: Settlement, outlet: "Outlet", lane: Lane) -> None:
        """Have an outcome stored; `outlet.settled` is called when it is durable."""


class Outlet:
    """Sends the deliveries in `lanes`.

    `clock` is epoch seconds, for what is stored; all waiting is by the monotonic clock of the event loop, that of the
    times in `lanes`. `hungry` is called when there is room for parked deliveries. `addresses` are those that have taken
    a message: what is refused at another is given up at once, for it may be invented. While the journal is stuck,
    outcomes that are not durable count as posts under way.
    """

    def __init__(
        self,
        destination: Destination,
        lanes: Lanes,
        metrics: Metrics,
        *,
        settler: Settling,
        hungry: Callable[[], None],
        addresses: Addresses,
        clock: Callable[[], float],
        random: Callable[[], float],
        attempt: Attempting = tracing.OFF.attempt,
    ) -> None:
        self.name = destination.name
        self.destination = destination
        self.lanes = lanes
        self._settler = settler
        self._hungry = hungry
        self._addresses = addresses
        self._clock = clock
        self._steady = asyncio.get_running_loop().time
        self._began = self._steady()
        self._random = random
        self._attempt = attempt
        self._halted = False
        self._flowed = destination.flows  # as the log told last
        self._idle: list[asyncio.Future[None]] = []
        self._woken = 0  # workers that were woken and have not run since: each claims a lane, if it can
        self._posting = 0
        self._unsettled = 0
        self._last: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        # looking a series up costs more than counting
        self._results = {result: metrics.deliveries.labels(self.name, result) for result in RESULTS}
        self._codes = {code: metrics.delivery_attempts.labels(self.name, code) for code in CODES}
        self._seconds = metrics.delivery_seconds.labels(self.name)
        self._dead = metrics.dead.labels(self.name)

    def accept(self, delivery: Delivery) -> None:
        """Take in a delivery of this destination; its number is above that of the last call."""
        self.lanes.accept(self._timed(delivery), self._steady())
        if self.lanes.ready or delivery.not_before:
            self.pump()

    def unpark(self, chunk: Sequence[Delivery], complete: bool, parked: int) -> bool:
        """Take in parked deliveries that were read from the journal; see `Lanes.unpark`."""
        fits = self.lanes.unpark(self.name, list(map(self._timed, chunk)), complete, parked, self._steady())
        self.pump()
        return fits

    def pump(self) -> None:
        """Wake a worker if there is something to do now, and set the alarm for what is to be done later."""
        if self._halted or self.destination.pause is not None:
            return
        now, lanes = self._steady(), self.lanes
        if lanes.waiting:
            lanes.promote(now)
            self._ring_at(lanes.due(), now)
        destination, can_send = self.destination, len(lanes.ready) > self._woken and self._has_room()
        # the server of a held destination is asked although nothing can be sent yet
        at = destination.opens_at(now) if can_send else destination.breaker.check_at
        if at <= now:
            self._wake_one()
        elif at < inf:
            self._ring_at(at, now)

    def replace(self, destination: Destination) -> None:
        """Use other settings from the next attempt on; deliveries that wait after a failure are tried at once."""
        if destination is not self.destination:
            destination.pause = self.destination.pause
            self.destination = destination
            self._flowed = destination.flows
            self._release()

    def recall(self, past: Streak) -> None:
        """Take note of what the destination refused before a restart."""
        self.destination.recall(past)
        self._report()

    def pause(self, pause: Pause | None) -> None:
        """Start no attempt while there is a pause, by the monotonic clock; those in flight end normally."""
        self.destination.pause = pause
        if pause is None:
            self._release()

    def clock_set(self, by: float) -> None:
        """Take note that the wall clock was set `by` seconds ahead: no delivery in memory looks older for it."""
        now = self._clock()
        self.lanes.update(lambda delivery: replace(delivery, received=heal(delivery.received, by, now)))

    async def drained(self) -> None:
        """Wait until all outcomes are durable. Only for an outlet whose workers have returned."""
        if self._unsettled:
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
        """Run one worker: check the server's health when that is due, else claim, send, conclude; until halted."""
        while not self._halted:
            if self.destination.breaker.check_at <= self._steady() and self.destination.pause is None:
                await self._check(self.destination)
                continue
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
        self._unsettled -= 1
        if self._last is not None and not self._unsettled and not self._last.done():
            self._last.set_result(None)
        now = self._steady()
        if settlement.state is DeliveryState.PENDING:
            due = self._due(settlement.not_before)
            delivery = replace(lane.queue[0], attempts=settlement.attempts, not_before=due, reason=settlement.reason)
            self.lanes.put_off(lane, delivery, due)
        else:
            self._note_final(lane.queue[0], settlement.state)
            self.lanes.advance(lane, now)
            if self.lanes.hungry:
                self._hungry()
        self.pump()

    def _note_final(self, delivery: Delivery, state: DeliveryState) -> None:
        """Count a dead letter, and tell what became of a message to an address; a stranger's leaves no dead letter."""
        if state is DeliveryState.DEAD and not self._is_stranger(delivery):
            self._dead.inc()
        if delivery.address and state is DeliveryState.DELIVERED:
            self._addresses.delivered(delivery.address)
        elif delivery.address:
            self._addresses.refused(delivery.address)

    def _is_stranger(self, delivery: Delivery) -> bool:
        """Whether it goes to an address that has not taken a message yet."""
        return bool(delivery.address) and delivery.address not in self._addresses

    def _timed(self, delivery: Delivery) -> Delivery:
        """The delivery with `not_before` by the monotonic clock."""
        return replace(delivery, not_before=self._due(delivery.not_before)) if delivery.not_before else delivery

    def _due(self, not_before: float) -> float:
        """A stored time by the monotonic clock; a clock that was set back makes nobody wait longer than a retry."""
        return self._steady() + min(max(not_before - self._clock(), 0.0), retry.CAP)

    def _has_room(self) -> bool:
        """Whether another attempt may start: posts under way and outcomes not durable are bounded apart."""
        concurrency = self.destination.concurrency
        if self._settler.stuck:
            return self._posting + self._unsettled < concurrency
        return self._posting < concurrency and self._unsettled < UNSETTLED

    def _claim(self) -> Claim | None:
        """Claim a lane whose first delivery may be sent now; None when there is none."""
        if not self._has_room():
            return None
        now = self._steady()
        lanes, destination = self.lanes, self.destination
        if lanes.waiting:
            lanes.promote(now)
        for _ in range(SLICE):
            if not lanes.ready or destination.opens_at(now) > now:
                self.pump()
                return None
            lane, delivery = lanes.claim()
            waits = destination.waits_until(lane.name, delivery)
            if waits > now:
                lanes.put_off(lane, delivery, waits)
                continue
            epoch = destination.admit(lane.name, delivery, now)
            self._posting += 1
            if lanes.ready:
                self.pump()
            return Claim(lane, delivery, destination, epoch, destination.breaker.probing)
        self._ring_at(now, now)
        return None

    def _conclude(self, claim: Claim, result: Result) -> None:
        self._posting -= 1
        now = self._clock()
        delivery, destination, lane = claim.delivery, claim.destination, claim.lane
        judgement = destination.record(result, lane.name, delivery, claim.epoch, self._steady(), self._random)
        current = destination is self.destination  # else its settings have changed during the attempt
        self._count(result, delivery, now)
        settlement = self._decide(claim, result, judgement, now)
        if settlement.state is DeliveryState.PENDING:
            if claim.probe and judgement is None:
                # A failed probe costs the delivery no attempt; its lane queues behind untried lanes.
                lane.probes += 1
                self.lanes.put_off(lane, delivery, self._steady() + (retry.probe_wait(lane.probes) if current else 0))
                self._report()
                return
            if not current:
                settlement = replace(settlement, not_before=now)
        elif settlement.state is DeliveryState.DEAD:
            destination.bury(lane.name, settlement.reason, self._steady(), counts=not self._is_stranger(delivery))
            log.warning(
                "delivery dead",
                destination=self.name,
                seq=delivery.seq,
                event_id=delivery.event_id,
                reason=settlement.reason,
            )
        self._unsettled += 1
        self._settler.put(settlement, self, lane)
        self._report()

    def _decide(self, claim: Claim, result: Result, judgement: Judgement | None, now: float) -> Settlement:
        """The settlement of an attempt: by the judgement of a refusal, and by the delivery's age."""
        delivery = claim.delivery
        if not isinstance(result, Later):
            return retry.decide(result, delivery, now, 0.0)
        dead = ""
        if judgement is not None and result.blame is Blame.UNKNOWN and self._is_stranger(delivery):
            dead = result.reason
        elif judgement is not None and judgement.at_fault:
            dead = f"refused {judgement.refusals} times while other messages passed: {result.reason}"
        elif self._is_too_old(delivery, claim.destination.max_age, now):
            dead = f"gave up after {units.written(claim.destination.max_age)}: last: {result.reason}"
        if judgement is None:
            wait = retry.wait(result, delivery.attempts + 1, self._random)
        elif judgement.probe_at:
            wait = judgement.probe_at - self._steady()
        else:
            wait = retry.backoff(judgement.refusals, self._random, cap=PROBE_MOST)
        return retry.decide(result, delivery, now, wait, dead)

    def _is_too_old(self, delivery: Delivery, max_age: float, now: float) -> bool:
        """Whether a delivery is too old for another attempt; not soon after a start: see PATIENCE."""
        return now - delivery.received >= max_age and self._steady() - self._began >= min(max_age, PATIENCE)

    def _count(self, result: Result, delivery: Delivery, now: float) -> None:
        self._codes[result.code].inc()
        if isinstance(result, Delivered):
            self._results["delivered"].inc()
            self._seconds.observe(max(0.0, now - delivery.received), delivery.trace)
        else:
            self._results["later" if isinstance(result, Later) else "never"].inc()

    async def _check(self, destination: Destination) -> None:
        """Ask the server of a held destination for its health. Once it answers, every lane may be the probe."""
        destination.breaker.check()
        try:
            answers = await destination.sender.answers()
        except Exception as error:  # as in `work`
            self._report_crash(error)
            answers = False
        destination.breaker.checked(answers, self._steady(), self._random, waiting=len(self.lanes) > 0)
        if answers and not self._flowed:
            self.lanes.promote(inf)
        self._report()
        self.pump()

    def _report(self) -> None:
        """Log that deliveries began to flow, or ceased; those that waited for it are tried at once."""
        destination = self.destination
        if destination.flows is self._flowed:
            return
        self._flowed = not self._flowed
        if not self._flowed:
            found = destination.condition(self._steady())
            log.warning("destination does not take messages", destination=self.name, state=found.state, why=found.why)
        else:
            log.info("destination takes messages again", destination=self.name)
            self._release()

    def _release(self) -> None:
        """Let every lane be tried at once."""
        self.lanes.promote(inf)
        self.pump()

    def _report_crash(self, error: Exception) -> Later:
        """Log an error that a sender should not raise: only its type and place, as its text may hold the URL."""
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        place = f"{at.tb_frame.f_code.co_qualname}:{at.tb_lineno}" if at is not None else ""
        log.error("sender failed", destination=self.name, error=type(error).__name__, place=place)
        reason = f"the gateway failed on this message ({type(error).__name__}): see its log, and report it"
        return Later(reason, blame=Blame.UNKNOWN)

    async def _rest(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._idle.append(future)
        await future
        self._woken -= 1

    def _wake_one(self) -> None:
        while self._idle:
            future = self._idle.pop()
            if not future.done():  # done: its worker was cancelled
                future.set_result(None)
                self._woken += 1
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
