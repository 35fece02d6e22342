"""Destinations that come, change and go while the dispatcher runs."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import TICK
from gateway.model import Blame, DeliveryState, Later
from gateway.observe.metrics import Metrics
from tests.delivery.watching import Watch, settled, stands, until

DEAD, PENDING, DELIVERED = DeliveryState.DEAD, DeliveryState.PENDING, DeliveryState.DELIVERED


def states(journal):
    """The states of all deliveries, in the order of their numbers."""
    return [row.state for row in journal.rows.values()]


class Bench:
    """A running dispatcher with one destination, `ops`, whose sender is `sender`."""

    def __init__(self, rig, sender, metrics=None, **options):
        self.journal = rig.journal_class()
        self.metrics = metrics or Metrics()
        window = options.pop("window", 10_000)
        self.ops = Destination("ops", sender, **options)
        self.dispatcher = rig.dispatcher(self.journal, self.ops, metrics=self.metrics, window=window)

    async def __aenter__(self):
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *_):
        await self.dispatcher.stop(100.0)
        assert self.dispatcher.failed.result() is None

    def add(self, *lanes, destination="ops"):
        """Append one delivery for each lane and offer them; the payload is the number."""
        rows = []
        for lane in lanes:
            rows.append(self.journal.add(lane, destination, b"%d" % (self.journal.last + 1)))
        self.dispatcher.offer(rows)

    async def adopt(self, *destinations):
        """Serve these and no others."""
        await self.dispatcher.serve(destinations)
        self.dispatcher.retire({one.name for one in destinations})

    def value(self, series, destination="ops", **labels):
        """One series of a destination; None when there is none."""
        return self.metrics.registry.get_sample_value(
            f"mattergate_{series}", {"destination": destination, **labels}
        )  # fmt: skip


def test_a_new_destination_is_served(rig):
    """Deliveries to a destination that was added go out, its series begin at 0, and the others go on."""

    async def scenario():
        old, new = rig.sender_class(), rig.sender_class()
        async with Bench(rig, old) as bench:
            assert bench.value("queue_depth", "dev") is None
            await bench.adopt(bench.ops, Destination("dev", new))
            assert bench.value("deliveries_total", "dev", result="delivered") == 0
            bench.add("a")
            bench.add("a", destination="dev")
            await until(lambda: settled(bench.journal))
            assert (old.got, new.got) == ([b"1"], [b"2"])
            assert set(bench.dispatcher.conditions()) == {"ops", "dev"}

    rig.run(scenario())


def test_the_next_attempt_goes_the_new_way_and_the_one_under_way_counts(rig):
    """The attempt under way ends by the old settings, its lane goes on behind it by the new ones, in order."""

    async def scenario():
        old, new = rig.sender_class(seconds=lambda: 5.0), rig.sender_class()
        async with Bench(rig, old) as bench:
            bench.add("a", "a", "a")
            await asyncio.sleep(0.1)
            await bench.adopt(Destination("ops", new))
            await asyncio.sleep(1.0)
            assert (old.got, new.got) == ([b"1"], [])
            await until(lambda: settled(bench.journal))
            assert (old.got, new.got) == ([b"1"], [b"2", b"3"])
            assert states(bench.journal) == [DELIVERED] * 3

    rig.run(scenario())


def test_the_same_object_goes_on_undisturbed(rig):
    """A destination whose settings did not change keeps its breaker and what it knows."""

    async def scenario():
        sender = rig.sender_class(lambda payload: Later("no route"))
        sender.healthy = lambda: False
        async with Bench(rig, sender) as bench:
            bench.add("a")
            await asyncio.sleep(0.5)
            await bench.adopt(bench.ops)
            await asyncio.sleep(0.1)
            assert stands(bench.dispatcher)[0] == "held"
            assert len(sender.got) == 1

    rig.run(scenario())


def test_more_and_fewer_at_once(rig):
    """A changed concurrency holds from the next attempt on: more workers are found, too many rest."""

    async def scenario():
        sender = rig.sender_class(seconds=lambda: 1.0)
        async with Bench(rig, sender, concurrency=2) as bench:
            bench.add(*(f"lane {n}" for n in range(100)))
            for concurrency in (5, 1, 3):
                await bench.adopt(Destination("ops", sender, concurrency=concurrency))
                await asyncio.sleep(1.2)
                sender.most = 0
                await asyncio.sleep(3.0)
                assert (sender.most, sender.now) == (concurrency, concurrency)
            await until(lambda: settled(bench.journal))
            assert len(sender.got) == 100

    rig.run(scenario())


def test_what_waits_after_a_failure_is_tried_at_once_by_the_new_settings(rig):
    """Who corrects a destination need not wait for the end of a pause that the old settings earned."""

    async def scenario():
        old = rig.sender_class(lambda payload: Later("wrong password", 3600.0))
        new = rig.sender_class()
        async with Bench(rig, old) as bench:
            bench.add("a", "b", "c")
            await asyncio.sleep(1.0)
            assert stands(bench.dispatcher)[0] == "throttled"
            await bench.adopt(Destination("ops", new))
            await asyncio.sleep(1.0)
            assert sorted(new.got) == [b"1", b"2", b"3"]
            assert stands(bench.dispatcher) == ("healthy", "")

    rig.run(scenario())


def test_a_failure_of_the_old_way_does_not_hold_up_the_new_one(rig):
    """An attempt that was under way at the change, a probe too, is tried again at once however the old one ended."""

    async def scenario():
        for blame in (Blame.SERVER, Blame.DESTINATION):  # with SERVER, what is under way at the change is a probe
            old = rig.sender_class(lambda payload, blame=blame: Later("wrong password", 30.0, blame=blame))
            new = rig.sender_class()
            async with Bench(rig, old, concurrency=1) as bench:
                bench.add("a")
                await until(lambda old=old: len(old.got) == 1 and not old.now)
                old.seconds = lambda: 2.0
                await until(lambda old=old: old.now == 1)
                await bench.adopt(Destination("ops", new, concurrency=1))
                await asyncio.sleep(3.0)
                assert new.got == [b"1"]
                assert stands(bench.dispatcher) == ("healthy", "")

    rig.run(scenario())


def test_what_waits_for_a_destination_that_goes_is_dead_and_what_is_under_way_counts(rig):
    """Its outcome is kept; what waited in memory or in the journal can be replayed, and is sent by nobody."""

    async def scenario():
        sender, other = rig.sender_class(seconds=lambda: 5.0), rig.sender_class()
        async with Bench(rig, sender, concurrency=1, window=10) as bench:
            dev = Destination("dev", other)
            await bench.adopt(bench.ops, dev)
            bench.add(*["a"] * 300)
            bench.add("a", destination="dev")
            await asyncio.sleep(0.1)
            await bench.adopt(dev)
            assert set(bench.dispatcher.conditions()) == {"dev"}
            await asyncio.sleep(1.0)
            assert states(bench.journal)[:3] == [PENDING] * 3
            await until(lambda: settled(bench.journal))
            first, *rest, there = bench.journal.rows.values()
            assert (first.state, there.state) == (DELIVERED, DELIVERED)
            assert {row.state for row in rest} == {DEAD}
            assert {row.reason for row in rest} == {
                "destination 'ops' is not in the settings any more: put it back there, then replay"
            }
            assert sender.got == [b"1"]
            assert bench.value("queue_depth") is None
            assert bench.value("deliveries_total", "dev", result="delivered") == 1
            bench.add("a")  # of a request that came in by the old settings
            await until(lambda: settled(bench.journal))
            assert states(bench.journal)[-1] is DEAD

    rig.run(scenario())


def test_an_attempt_that_fails_after_its_destination_went_is_counted(rig):
    """The outcome under way is settled before the rest is put aside: the attempt is not forgotten."""

    async def scenario():
        sender = rig.sender_class(lambda payload: Later("no route"), seconds=lambda: 5.0)
        async with Bench(rig, sender) as bench:
            bench.add("a")
            await asyncio.sleep(0.1)
            await bench.adopt(Destination("dev", rig.sender_class()))
            await until(lambda: settled(bench.journal))
            assert (states(bench.journal), bench.journal.rows[1].attempts) == ([DEAD], 1)

    rig.run(scenario())


def test_a_destination_goes_although_the_journal_is_in_trouble(rig):
    """What cannot be read or written is tried until it can; nobody waits for that."""

    async def scenario():
        sender = rig.sender_class()
        async with Bench(rig, sender, concurrency=1) as bench:
            bench.journal.failures, bench.journal.unreadable = 8, 8
            bench.add("a", "a", "a")
            await asyncio.sleep(0.1)
            await asyncio.wait_for(bench.adopt(Destination("dev", sender)), 0.001)
            assert states(bench.journal) == [PENDING] * 3
            await until(lambda: settled(bench.journal))
            assert states(bench.journal) == [DELIVERED, DEAD, DEAD]
            assert sender.got == [b"1"]

    rig.run(scenario())


def test_a_destination_that_comes_back_starts_afresh(rig):
    """Its last attempts are waited for; what waited before is dead and counted so, and what comes now is sent."""

    async def scenario():
        old, new = rig.sender_class(seconds=lambda: 5.0), rig.sender_class()
        async with Bench(rig, old) as bench:
            bench.add("a", "a", "a")
            await asyncio.sleep(0.1)
            await bench.adopt()
            began = asyncio.get_running_loop().time()
            bench.add("a")  # while nobody serves it
            await bench.adopt(Destination("ops", new))
            assert asyncio.get_running_loop().time() - began > 4.0
            bench.add("a", "a")
            await until(lambda: settled(bench.journal))
            assert states(bench.journal) == [DELIVERED, DEAD, DEAD, DEAD, DELIVERED, DELIVERED]
            assert (old.got, new.got) == ([b"1"], [b"5", b"6"])
            await asyncio.sleep(2 * TICK)
            assert bench.value("dead") == 3
            assert bench.value("deliveries_total", result="delivered") == 2

    rig.run(scenario())


def test_stop_saves_the_last_attempts_of_a_destination_that_goes(rig):
    """A stop meanwhile waits for what is under way and saves it; the rest stays, and is put aside by the next start."""

    async def scenario():
        sender = rig.sender_class(seconds=lambda: 5.0)
        bench = Bench(rig, sender)
        await bench.dispatcher.start()
        bench.add("a", "a")
        await asyncio.sleep(0.1)
        await bench.adopt()
        await bench.dispatcher.stop(100.0)
        assert states(bench.journal) == [DELIVERED, PENDING]
        again = rig.dispatcher(bench.journal)
        await again.start()
        await until(lambda: settled(bench.journal))
        assert states(bench.journal) == [DELIVERED, DEAD]
        await again.stop(1.0)

    rig.run(scenario())


def test_stop_abandons_attempts_of_a_destination_that_goes_after_the_grace(rig):
    """Also what is on its way out does not keep the service from stopping in time."""

    async def scenario():
        sender = rig.sender_class(seconds=lambda: 1000.0)
        bench = Bench(rig, sender)
        await bench.dispatcher.start()
        bench.add("a")
        await asyncio.sleep(0.1)
        await bench.adopt()
        began = asyncio.get_running_loop().time()
        await bench.dispatcher.stop(2.0)
        assert asyncio.get_running_loop().time() - began < 3.0
        assert states(bench.journal) == [PENDING]

    rig.run(scenario())


def test_memory_is_shared_anew_whenever_destinations_come_and_go(rig):
    """Each has an even part of the window: one that is down cannot take what was given to those that came later."""

    async def scenario():
        down = rig.sender_class(lambda payload: Later("no route"))
        async with Bench(rig, down, window=12) as bench:
            others = [Destination(f"d{n}", rig.sender_class()) for n in range(3)]
            await bench.adopt(bench.ops, *others)
            bench.add(*"abcdefgh")
            outlets = bench.dispatcher._outlets
            assert (len(outlets["ops"].lanes), outlets["ops"].lanes.depth) == (3, 8)
            await bench.adopt(bench.ops)
            await asyncio.sleep(2 * TICK)
            assert len(outlets["ops"].lanes) == 8

    rig.run(scenario())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.sampled_from("abcd"), st.integers(1, 4)),
        st.tuples(st.just("hide"), st.sampled_from("abcd"), st.integers(1, 3)),
        st.tuples(st.just("adopt"), st.sampled_from(["", "ops", "dev", "ops dev"]), st.integers(1, 3)),
        st.tuples(st.just("sleep"), st.just(""), st.sampled_from([0, 1, 3, 40, 2000])),
        st.tuples(st.just("trouble"), st.just(""), st.integers(1, 3)),
    ),
    max_size=40,
)


@given(steps=STEPS, seed=st.integers(0, 10**6), window=st.sampled_from([2, 6, 1000]))
def test_nothing_is_lost_repeated_or_out_of_order_whatever_comes_and_goes(rig, steps, seed, window):
    """Each delivery is final once by a sender, or dead because its destination went; lanes stay in order."""

    async def scenario():
        watch = Watch(seed)
        journal = rig.journal_class(delay=lambda: watch.draw.choice([0.0, 0.001, 0.05]))

        def made(names, concurrency):
            return [Destination(name, watch, concurrency) for name in names.split()]

        dispatcher = rig.dispatcher(journal, *made("ops dev", 2), window=window, random=watch.draw.random)
        await dispatcher.start()
        for kind, word, number in steps:
            if kind in ("offer", "hide"):
                where = "dev" if word in "cd" else "ops"
                rows = [journal.add(f"{where} {word}", where) for _ in range(number)]
                if kind == "offer":
                    dispatcher.offer(rows)
            elif kind == "adopt":
                await dispatcher.serve(made(word, number))
                dispatcher.retire(word.split())
            elif kind == "sleep":
                await asyncio.sleep(number / 1000)
            else:
                journal.failures += number
                journal.unreadable += number
        await until(lambda: settled(journal))
        await dispatcher.stop(10.0)
        assert dispatcher.failed.result() is None
        final = dict(one for lane in watch.final.values() for one in lane)
        assert sum(map(len, watch.final.values())) == len(final), "sent to its end twice"
        for seq, row in journal.rows.items():
            if seq in final:
                assert row.state is (DELIVERED if final[seq] else DEAD)
            else:
                assert row.state is DEAD
                assert "is not in the settings any more" in row.reason
        assert all(lane == sorted(lane) for lane in watch.final.values())

    rig.run(scenario())
