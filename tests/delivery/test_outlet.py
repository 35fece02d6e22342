"""One destination at work, without a journal."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway.delivery import outlet as outlet_module
from gateway.delivery.addresses import Addresses
from gateway.delivery.destinations import Destination
from gateway.delivery.lanes import Lanes
from gateway.delivery.outlet import UNSETTLED, Outlet
from gateway.model import Blame, Delivered, Delivery, DeliveryState, Later
from gateway.observe.metrics import Metrics


class Bench:
    """An outlet whose outcomes are durable at once, or when `release` is called."""

    def __init__(self, destination, at_once=True, known=()):
        self.addresses = Addresses(known)
        self.metrics = Metrics()
        self.outcomes, self.held, self.at_once, self.stuck = [], [], at_once, False
        self.outlet = Outlet(
            destination,
            Lanes(1000, 10**6),
            self.metrics,
            settler=self,
            hungry=lambda: None,
            addresses=self.addresses,
            clock=asyncio.get_running_loop().time,
            random=lambda: 0.5,
        )
        self.workers = [asyncio.ensure_future(self.outlet.work()) for _ in range(destination.concurrency)]

    def put(self, settlement, outlet, lane):
        """Keep the outcome."""
        self.outcomes.append(settlement)
        self.held.append((lane, settlement))
        if self.at_once:
            self.release()

    def release(self):
        """Have everything that is held become durable."""
        while self.held:
            self.outlet.settled(*self.held.pop(0))

    def feed(self, *lanes):
        """Accept a delivery for each lane."""
        for seq, lane in enumerate(lanes, 1):
            self.outlet.accept(Delivery(seq, "e", 1_000_000.0, "ops", lane, b"%d" % seq))

    async def end(self):
        """Halt and see the workers go."""
        self.outlet.halt()
        await asyncio.wait_for(asyncio.gather(*self.workers), 5.0)


def test_a_lane_goes_on_only_when_the_outcome_is_durable(rig):
    """The next delivery of a lane waits for the journal; another lane does not."""

    async def scenario():
        sender = rig.sender_class()
        bench = Bench(Destination("ops", sender), at_once=False)
        bench.feed("a", "a", "b")
        await asyncio.sleep(1.0)
        assert sender.got == [b"1", b"3"]
        bench.release()
        await asyncio.sleep(1.0)
        assert sender.got == [b"1", b"3", b"2"]
        await bench.end()

    rig.run(scenario())


def test_the_rate_spaces_what_leaves(rig):
    """Two a second leave as two at once, then one every half second, whatever the concurrency."""

    async def scenario():
        sender = rig.sender_class()
        bench = Bench(Destination("ops", sender, concurrency=5, rate=2.0))
        bench.feed(*"abcdef")
        await asyncio.sleep(10.0)
        gaps = [round(b - a, 1) for a, b in zip(sender.at, sender.at[1:], strict=False)]
        assert gaps == [0.0, 0.5, 0.5, 0.5, 0.5]
        await bench.end()

    rig.run(scenario())


def test_a_retry_carries_its_count(rig):
    """Each further attempt knows of those before, so that the waits grow."""

    async def scenario():
        answers = iter([Later("x", blame=Blame.UNKNOWN)] * 3)
        sender = rig.sender_class(lambda payload: next(answers, Delivered()))
        bench = Bench(Destination("ops", sender))
        bench.feed("a")
        await asyncio.sleep(60.0)
        assert [(o.attempts, o.state) for o in bench.outcomes[:3]] == [(n, DeliveryState.PENDING) for n in (1, 2, 3)]
        assert [round(b - a, 1) for a, b in zip(sender.at, sender.at[1:], strict=False)] == [0.5, 1.0, 2.0]
        await bench.end()

    rig.run(scenario())


def test_halted_workers_leave_and_nothing_new_starts(rig):
    """Idle workers return at once, busy ones after their attempt; what is accepted afterwards stays."""

    async def scenario():
        sender = rig.sender_class(seconds=lambda: 2.0)
        bench = Bench(Destination("ops", sender, concurrency=3))
        bench.feed("a")
        await asyncio.sleep(0.1)
        await bench.end()
        assert len(bench.outcomes) == 1
        bench.outlet.accept(Delivery(9, "e", 1_000_000.0, "ops", "b", b"9"))
        await asyncio.sleep(5.0)
        assert sender.got == [b"1"]

    rig.run(scenario())


def test_posts_under_way_and_outcomes_not_durable_are_bounded_apart(rig):
    """While the journal writes, further posts go, up to the bound; while it refuses, none beyond the concurrency."""

    async def scenario():
        sender = rig.sender_class()
        bench = Bench(Destination("ops", sender, concurrency=4), at_once=False)
        bench.feed(*map(str, range(100)))
        await asyncio.sleep(1.0)
        so_far = len(sender.got)
        assert UNSETTLED <= so_far < UNSETTLED + 4  # those under way at the bound end, too
        assert sender.most == 4
        bench.stuck = True
        bench.release()
        await asyncio.sleep(1.0)
        assert len(sender.got) == so_far + 4
        bench.at_once = True
        bench.release()
        await asyncio.sleep(1.0)
        assert len(sender.got) == 100
        await bench.end()

    rig.run(scenario())


def test_every_ready_lane_finds_a_worker_at_once(rig):
    """Whoever is woken for a lane may find it taken by a worker that has just ended, and takes the next one."""

    async def scenario():
        sender = rig.sender_class(seconds=lambda: 1.0)
        bench = Bench(Destination("ops", sender, concurrency=3), at_once=False)
        bench.feed("a")
        await asyncio.sleep(1.0)  # the post of `a` ends in the same turn of the loop
        for seq, lane in enumerate("bcd", 2):
            bench.outlet.accept(Delivery(seq, "e", 1_000_000.0, "ops", lane, b"%d" % seq))
            bench.outlet.pump()
        await asyncio.sleep(0.5)
        assert (sender.now, sender.got[1:]) == (3, [b"2", b"3", b"4"])
        bench.release()
        await asyncio.sleep(1.0)
        bench.outlet.accept(Delivery(5, "e", 1_000_000.0, "ops", "e", b"5"))
        await asyncio.sleep(0.5)
        assert sender.now == 1
        await bench.end()

    rig.run(scenario())


def test_an_error_in_the_question_for_health_is_no_answer(rig):
    """It is logged by its type, and asked again."""

    async def scenario():
        sender = rig.sender_class(lambda payload: Later("no route"))

        def fail():
            raise ValueError("https://chat.example.com/hooks/secret")

        sender.healthy = fail
        bench = Bench(Destination("ops", sender))
        bench.feed("a")
        await asyncio.sleep(10.0)
        assert sender.checks > 5
        found = bench.outlet.destination.condition(0.0)
        assert (found.state, found.why) == ("held", "no route")
        await bench.end()

    rig.run(scenario())


def test_each_end_of_an_outage_is_told_once(rig, monkeypatch):
    """Also when a post that was under way arrives during a question for the server's health."""
    told = []

    def tell(what, **_):
        told.append(what)

    monkeypatch.setattr(outlet_module, "log", SimpleNamespace(warning=tell, info=tell))

    async def scenario():
        seconds = iter([0.01, 2.0, 4.0])
        sender = rig.sender_class(lambda payload: Later("x") if payload == b"1" else Delivered(), seconds.__next__)

        async def unhealthy():
            await asyncio.sleep(0.7)
            return False

        sender.answers = unhealthy
        bench = Bench(Destination("ops", sender, concurrency=3))
        bench.feed("a", "b")
        await asyncio.sleep(1.0)
        assert told == ["destination does not take messages"]
        await asyncio.sleep(3.0)
        assert told[1:] == ["destination takes messages again"]
        await bench.end()

    rig.run(scenario())


@pytest.mark.parametrize(
    ("known", "blame", "final"),
    [
        ((), Blame.UNKNOWN, DeliveryState.DEAD),
        ((), Blame.DESTINATION, DeliveryState.PENDING),
        (("hook",), Blame.UNKNOWN, DeliveryState.PENDING),
    ],
)
def test_what_a_stranger_sends_is_given_up_at_its_first_refusal(rig, known, blame, final):
    """An address that never took a message may be invented; one that did may be mended, as may the server."""

    async def scenario():
        sender = rig.sender_class(lambda payload: Later("400: no", blame=blame))
        bench = Bench(Destination("ops", sender), known=known)
        told = []
        bench.addresses.listen(lambda *one: told.append(one))
        bench.outlet.accept(Delivery(1, "e", 1_000_000.0, "ops", "a", b"{}", address="hook"))
        await asyncio.sleep(0.3)
        assert bench.outcomes[-1].state is final
        assert told == ([("hook", False)] if final is DeliveryState.DEAD else [])
        assert bench.metrics.registry.get_sample_value("mattergate_dead", {"destination": "ops"}) == 0
        await bench.end()

    rig.run(scenario())


def test_an_address_is_known_once_it_took_a_message(rig):
    """From then on what it refuses waits as at any destination."""

    async def scenario():
        bench = Bench(Destination("ops", rig.sender_class()))
        bench.outlet.accept(Delivery(1, "e", 1_000_000.0, "ops", "a", b"{}", address="hook"))
        await asyncio.sleep(0.3)
        assert "hook" in bench.addresses
        await bench.end()

    rig.run(scenario())
