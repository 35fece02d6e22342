"""Delivering: order, races, trouble and the end."""

import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import ROUND, TICK, Dispatcher
from gateway.errors import JournalDamaged, JournalError
from gateway.journal.standing import Tried
from gateway.model import Attempt, AttemptResult, Blame, Delivered, DeliveryState, Later, Never, Pause
from gateway.observe.metrics import Metrics
from tests.delivery.watching import Watch, settled, stands, until


def test_what_is_offered_is_delivered_without_a_further_read(rig):
    """Deliveries in turn go straight to their lanes; the journal is read at the start, and once a minute."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await asyncio.sleep(0.5)
        reads = journal.reads
        for n in range(20):
            dispatcher.offer([journal.add(f"lane-{n}", payload=b"%d" % n)])
        await asyncio.sleep(50.0)
        assert journal.reads == reads
        assert settled(journal)
        assert sorted(sender.got, key=int) == [b"%d" % n for n in range(20)]
        assert len(journal.settlements) == 20
        await dispatcher.stop(1.0)
        assert dispatcher.failed.result() is None

    rig.run(scenario())


def test_the_backlog_is_delivered_first_and_in_order(rig):
    """What is pending at the start leaves before what comes later in the same lane."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        for n in range(450):
            journal.add("a", payload=b"%d" % n)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        dispatcher.offer([journal.add("a", payload=b"450")])
        await until(lambda: settled(journal))
        assert sender.got == [b"%d" % n for n in range(451)]
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_lane_waits_for_its_first_delivery_over_retries(rig):
    """A failing delivery is tried again before its successor; other lanes go on meanwhile."""

    async def scenario():
        left = {b"a1": 2}

        def answer(payload):
            left[payload] = left.get(payload, 0) - 1
            return Later("not now", None, "5xx") if left[payload] >= 0 else Delivered()

        journal, sender = rig.journal_class(), rig.sender_class(answer)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        rows = [journal.add(lane, payload=name) for lane, name in (("a", b"a1"), ("a", b"a2"), ("b", b"b1"))]
        dispatcher.offer(rows)
        await until(lambda: settled(journal))
        assert [p for p in sender.got if p.startswith(b"a")] == [b"a1", b"a1", b"a1", b"a2"]
        assert sender.got.index(b"b1") < 3
        assert journal.rows[1].attempts == 3
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_many_lanes_at_once_within_the_concurrency_and_in_turn(rig):
    """As many attempts as allowed run together, and lanes take turns however long one of them is."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        for n in range(30):
            journal.add("long", payload=b"long%d" % n)
        for n in range(6):
            journal.add(f"short{n}", payload=b"short%d" % n)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, concurrency=3))
        await dispatcher.start()
        await until(lambda: settled(journal))
        assert sender.most == 3
        assert max(i for i, p in enumerate(sender.got) if p.startswith(b"short")) < 12
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_what_others_add_is_delivered_at_once(rig):
    """A number that the journal tells of is read from there, and one offered behind an untold one waits its turn."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await asyncio.sleep(0.5)
        journal.add(payload=b"1")
        journal.announce()
        await asyncio.sleep(0.1)
        assert sender.got == [b"1"]
        journal.add(payload=b"2")
        dispatcher.offer([journal.add(payload=b"3")])
        await asyncio.sleep(0.5)
        assert sender.got == [b"1", b"2", b"3"]
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_what_nobody_tells_of_is_found_in_the_next_round(rig):
    """A command line tool that wrote by itself while the gateway started has its delivery within a minute."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await asyncio.sleep(0.5)
        journal.add(payload=b"1")
        await asyncio.sleep(50.0)
        assert sender.got == []
        await asyncio.sleep(TICK * ROUND)
        assert sender.got == [b"1"]
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_what_the_journal_tells_of_and_was_offered_is_not_read_again(rig):
    """A mark that is not above what came in already costs nothing."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await asyncio.sleep(0.5)
        reads = journal.reads
        dispatcher.offer([journal.add(payload=b"1")])
        journal.announce()
        await asyncio.sleep(0.5)
        assert (sender.got, journal.reads) == ([b"1"], reads)
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_the_dead_are_counted_when_others_may_have_sent_them_again(rig):
    """The gauge follows a replay by the command line within some seconds."""

    async def scenario():
        journal, metrics = rig.journal_class(), Metrics()
        sender = rig.sender_class(lambda payload: Never("403: locked") if payload == b"no" else Delivered())
        dispatcher = rig.dispatcher(journal, Destination("ops", sender), metrics=metrics)
        await dispatcher.start()
        dispatcher.offer([journal.add(payload=b"no")])
        await until(lambda: settled(journal))
        dead = partial(metrics.registry.get_sample_value, "mattergate_dead", {"destination": "ops"})
        await until(lambda: dead() == 1)
        journal.rows[1] = replace(journal.rows[1], state=DeliveryState.REPLAYED)
        journal.add(payload=b"yes")
        journal.announce()
        await asyncio.sleep(3 * TICK)
        assert (dead(), sender.got) == (0, [b"no", b"yes"])
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_destination_that_is_down_holds_up_no_other(rig):
    """With its room full, one destination's deliveries stay in the journal; the other's pass; all arrive in the end."""

    async def scenario():
        down = True
        journal = rig.journal_class()
        bad = rig.sender_class(lambda payload: Later("no route") if down else Delivered())
        good = rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("bad", bad), Destination("good", good), window=20)
        await dispatcher.start()
        for n in range(300):
            dispatcher.offer([journal.add(f"l{n % 40}", "bad", b"%d" % n)])
        dispatcher.offer([journal.add("x", "good", b"through")])
        await asyncio.sleep(1.0)
        assert good.got == [b"through"]
        assert stands(dispatcher, "bad")[0] == "held"
        down = False
        bad.got.clear()
        await until(lambda: settled(journal))
        assert sorted(map(int, bad.got)) == list(range(300))
        for lane in range(40):
            mine = [int(p) for p in bad.got if int(p) % 40 == lane]
            assert mine == sorted(mine)
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_bytes_count_as_well_as_numbers(rig):
    """Large payloads fill the room by their bytes; one that is larger than all of it still passes."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        for n in range(12):
            journal.add("a", payload=b"x" * (50 if n % 3 else 500))
        dispatcher = rig.dispatcher(journal, Destination("ops", sender), window_bytes=200)
        await dispatcher.start()
        await until(lambda: settled(journal), 60.0)
        assert len(sender.got) == 12
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_nothing_is_sent_again_while_the_journal_fails(rig):
    """An outcome that cannot be saved is saved later; meanwhile neither it nor its successor is sent."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        journal.failures = 5
        dispatcher.offer([journal.add(payload=b"1"), journal.add(payload=b"2")])
        await asyncio.sleep(1.0)
        assert sender.got == [b"1"]
        await until(lambda: settled(journal))
        assert sender.got == [b"1", b"2"]
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_stop_waits_for_what_is_in_flight_and_saves_it(rig):
    """An attempt under way is finished and settled before stop returns; nothing new starts."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class(seconds=lambda: 3.0)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, concurrency=1))
        await dispatcher.start()
        dispatcher.offer([journal.add("a"), journal.add("b")])
        await asyncio.sleep(0.1)
        journal.failures = 2
        await dispatcher.stop(10.0)
        assert [d.state for d in journal.rows.values()] == [DeliveryState.DELIVERED, DeliveryState.PENDING]
        dispatcher.offer([journal.add("c")])
        await asyncio.sleep(5.0)
        assert len(sender.got) == 1

    rig.run(scenario())


def test_stop_abandons_what_outlasts_the_grace(rig):
    """An attempt that hangs is given up in time and stays pending, for the next start."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class(seconds=lambda: 1000.0)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        dispatcher.offer([journal.add()])
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await dispatcher.stop(2.0)
        assert asyncio.get_running_loop().time() - began < 3.0
        assert journal.rows[1].state is DeliveryState.PENDING
        assert sender.now == 0

    rig.run(scenario())


def test_stop_ends_although_the_journal_is_gone(rig):
    """A journal that never takes the outcomes does not keep the service from stopping."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        journal.failures = 10**9
        dispatcher.offer([journal.add()])
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await dispatcher.stop(2.0)
        assert asyncio.get_running_loop().time() - began < 12.0

    rig.run(scenario())


def test_an_unknown_destination_is_dead_with_a_reason(rig):
    """A delivery whose destination left the settings waits for a person; what follows is not held up."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        for _ in range(3000):
            journal.add(destination="gone")
        journal.add(payload=b"here")
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await until(lambda: settled(journal))
        assert sender.got == [b"here"]
        assert journal.rows[1].state is DeliveryState.DEAD
        assert "'gone' is not in the settings" in journal.rows[1].reason
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_crash_is_seen(rig):
    """A part that crashes ends delivery and shows its error in `failed`; stop still returns."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()

        async def damaged(settlements):
            raise JournalDamaged("the file is not a database")

        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        journal.settle = damaged
        dispatcher.offer([journal.add()])
        with pytest.raises(ExceptionGroup) as caught:
            await dispatcher.failed
        assert caught.group_contains(JournalDamaged)
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_sender_that_raises_stops_nobody_else(rig):
    """An unexpected error of a sender is a failed attempt; its text, which may hold the URL, is in no reason."""

    async def scenario():
        def answer(payload):
            if payload == b"bad":
                raise ValueError("https://chat.example.com/hooks/secret")
            return Delivered()

        journal, sender = rig.journal_class(), rig.sender_class(answer)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, max_age=30.0))
        await dispatcher.start()
        dispatcher.offer([journal.add("a", payload=b"bad"), journal.add("b", payload=b"good")])
        await until(lambda: settled(journal))
        assert [d.state for d in journal.rows.values()] == [DeliveryState.DEAD, DeliveryState.DELIVERED]
        assert "ValueError" in journal.rows[1].reason
        assert "secret" not in journal.rows[1].reason
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_server_that_does_not_answer_gets_hardly_a_message_before_it_does(rig):
    """An outage of an hour costs a question a second; all messages arrive within two seconds of its end."""

    async def scenario():
        down, journal = True, rig.journal_class()
        sender = rig.sender_class(lambda payload: Later("no route") if down else Delivered())
        sender.healthy = lambda: not down
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, concurrency=4))
        await dispatcher.start()
        dispatcher.offer([journal.add(f"l{n}", payload=b"%d" % n) for n in range(50)])
        await asyncio.sleep(3600.0)
        assert 100 < len(sender.got) < 140
        assert 3000 < sender.checks < 4000
        state, why = stands(dispatcher)
        assert state == "held"
        assert why.endswith("failures in a row, last: no route")
        down = False
        await asyncio.sleep(2.0)
        assert settled(journal)
        assert stands(dispatcher) == ("healthy", "")
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_server_that_answers_but_takes_no_message_gets_one_a_second(rig):
    """Probes take turns over all lanes, and none of them is charged with an attempt."""

    async def scenario():
        journal = rig.journal_class()
        sender = rig.sender_class(lambda payload: Later("503", None, "5xx"))
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, concurrency=4))
        await dispatcher.start()
        dispatcher.offer([journal.add(f"l{n}", payload=b"%d" % n) for n in range(50)])
        await asyncio.sleep(100.0)
        assert 80 < len(sender.got) < 110
        assert len(set(sender.got)) == 50
        assert max(d.attempts for d in journal.rows.values()) == 1
        state, why = stands(dispatcher)
        assert state == "held"
        assert "failures in a row, last: 503" in why
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_one_lost_connection_holds_up_nobody(rig):
    """A failure of one attempt at a server that answers costs the others no second, and nobody is told."""

    async def scenario():
        lost, journal = [Later("the connection broke")], rig.journal_class()
        sender = rig.sender_class(lambda payload: lost.pop() if lost else Delivered())
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        dispatcher.offer([journal.add(f"l{n}", payload=b"%d" % n) for n in range(20)])
        await asyncio.sleep(0.1)
        assert len(set(sender.got)) == 20
        assert stands(dispatcher) == ("healthy", "")
        await until(lambda: settled(journal))
        await dispatcher.stop(1.0)

    rig.run(scenario())


@pytest.mark.parametrize("bad", [1, 7])
def test_poisoned_messages_hold_up_nobody_and_are_dead_soon(rig, bad):
    """Messages that a server always answers 500 delay no other, and die of their sixth attempt beside passing ones."""

    async def scenario():
        journal = rig.journal_class()
        refusal = Later("500: no", None, "5xx", 500, Blame.UNKNOWN)
        sender = rig.sender_class(lambda payload: refusal if payload.startswith(b"bad") else Delivered())
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        dispatcher.offer([journal.add(f"bad lane {n}", payload=b"bad%d" % n) for n in range(bad)])
        await asyncio.sleep(600.0)
        for n in range(200):
            dispatcher.offer([journal.add(f"lane {n}", payload=b"good%d" % n)])
            await asyncio.sleep(1.0)
            assert journal.rows[bad + 1 + n].state is DeliveryState.DELIVERED
        assert {journal.rows[n + 1].state for n in range(bad)} == {DeliveryState.DEAD}
        assert "while other messages passed: 500: no" in journal.rows[1].reason
        assert stands(dispatcher) == ("healthy", "")
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_poisoned_message_beside_others_is_tried_six_times(rig):
    """Its lane goes on behind it within a minute."""

    async def scenario():
        journal = rig.journal_class()
        refusal = Later("400: no", None, "4xx", 400, Blame.UNKNOWN)
        sender = rig.sender_class(lambda payload: refusal if payload == b"bad" else Delivered())
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        dispatcher.offer([journal.add("a", payload=b"bad"), journal.add("a", payload=b"behind")])
        for n in range(60):
            dispatcher.offer([journal.add(f"l{n}", payload=b"%d" % n)])
            await asyncio.sleep(1.0)
        assert sender.got.count(b"bad") == 6
        assert [journal.rows[n].state for n in (1, 2)] == [DeliveryState.DEAD, DeliveryState.DELIVERED]
        await dispatcher.stop(1.0)

    rig.run(scenario())


@pytest.mark.parametrize("blame", [Blame.UNKNOWN, Blame.DESTINATION])
def test_what_an_operator_can_mend_makes_no_message_dead(rig, blame):
    """A deleted hook: the destination fails with the remedy, its messages wait with a probe a minute, then all go."""

    async def scenario():
        mended, journal, metrics = False, rig.journal_class(), Metrics()
        refusal = Later("400: recreate the hook", None, "4xx", 400, blame)
        sender = rig.sender_class(lambda payload: Delivered() if mended else refusal)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender), metrics=metrics)
        await dispatcher.start()
        dispatcher.offer([journal.add(f"l{n % 40}", payload=b"%d" % n) for n in range(200)])
        await asyncio.sleep(300.0)
        assert stands(dispatcher) == ("failing", "400: recreate the hook")
        assert (
            metrics.registry.get_sample_value(
                "mattergate_destination_state", {"destination": "ops", "state": "failing"}
            )
            == 1
        )
        so_far = len(sender.got)
        assert so_far < 30
        await asyncio.sleep(6 * 3600.0)
        assert 350 <= len(sender.got) - so_far <= 370
        mended = True
        await asyncio.sleep(62.0)
        assert {row.state for row in journal.rows.values()} == {DeliveryState.DELIVERED}
        assert stands(dispatcher) == ("healthy", "")
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_the_only_message_of_a_failing_destination_waits_for_its_age(rig):
    """Without others there is no evidence against it: it is tried once a minute, and dies of age alone."""

    async def scenario():
        journal = rig.journal_class()
        sender = rig.sender_class(lambda payload: Later("404: the channel is archived", blame=Blame.UNKNOWN))
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, max_age=3600.0))
        await dispatcher.start()
        dispatcher.offer([journal.add()])
        await until(lambda: settled(journal), 3700.0)
        assert journal.rows[1].reason == "gave up after 1 h: last: 404: the channel is archived"
        assert 60 <= len(sender.got) <= 75
        assert stands(dispatcher) == ("healthy", "")
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_closed_channel_holds_up_no_other_channel(rig):
    """Messages to other targets of the same destination pass, and make none of those that wait dead."""

    async def scenario():
        journal = rig.journal_class()
        closed = Later("403: invite the bot", blame=Blame.UNKNOWN)
        sender = rig.sender_class(lambda payload: closed if payload.startswith(b"closed:") else Delivered())
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        for n in range(300):
            rows = [journal.add(f"c{n}", payload=b"closed:%d" % n), journal.add(f"o{n}", payload=b"open:%d" % n)]
            dispatcher.offer(rows)
            await asyncio.sleep(1.0)
            assert journal.rows[rows[1].seq].state is DeliveryState.DELIVERED
        found = [row.state for row in journal.rows.values() if row.payload.startswith(b"closed:")]
        assert found == [DeliveryState.PENDING] * 300
        assert stands(dispatcher) == ("failing", "403: invite the bot")
        assert sum(payload.startswith(b"closed:") for payload in sender.got) < 30
        await dispatcher.stop(1.0)

    rig.run(scenario())


@pytest.mark.parametrize("by", [86_400.0, 3600.0, -3600.0, -86_400.0])
def test_a_clock_that_is_set_makes_nothing_wait_or_die(rig, by):
    """During an outage the clock is set: nothing is given up for its age, and all arrive at once afterwards."""

    async def scenario():
        loop, set_by, down = asyncio.get_running_loop(), 0.0, True
        journal = rig.journal_class()
        sender = rig.sender_class(lambda payload: Later("no route") if down else Delivered())
        sender.healthy = lambda: not down
        gate = Destination("ops", sender, max_age=1800.0)
        dispatcher = Dispatcher(
            journal, [gate], Metrics(), window=20, clock=lambda: loop.time() + set_by, random=lambda: 0.5
        )
        await dispatcher.start()
        await asyncio.sleep(1000.0)
        dispatcher.offer([journal.add(f"l{n}", received=loop.time()) for n in range(60)])
        await asyncio.sleep(10.0)
        set_by = by
        await asyncio.sleep(10.0)
        down = False
        await asyncio.sleep(3.0)
        assert {row.state for row in journal.rows.values()} == {DeliveryState.DELIVERED}
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_stored_time_far_ahead_makes_nothing_wait_long(rig):
    """A retry stored before the clock was set back an hour, while the gateway was stopped, comes within minutes."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        row = journal.add()
        journal.rows[1] = replace(row, not_before=asyncio.get_running_loop().time() + 3600.0)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await asyncio.sleep(301.0)
        assert journal.rows[1].state is DeliveryState.DELIVERED
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_429_holds_the_whole_destination(rig):
    """After a 429 no lane sends before the time that the server named."""

    async def scenario():
        answers = iter([Later("429", 20.0, "429")])
        journal = rig.journal_class()
        sender = rig.sender_class(lambda payload: next(answers, Delivered()))
        dispatcher = rig.dispatcher(journal, Destination("ops", sender, concurrency=1))
        await dispatcher.start()
        dispatcher.offer([journal.add(f"l{n}") for n in range(5)])
        await asyncio.sleep(1.0)
        assert stands(dispatcher)[0] == "throttled"
        await until(lambda: settled(journal))
        assert sender.at[1] - sender.at[0] >= 20.0
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_paused_destination_accepts_and_delivers_in_order_when_it_is_resumed(rig):
    """The attempt in flight ends; then nothing is sent, whatever comes. Other destinations are not concerned."""

    async def scenario():
        journal, sender, other = rig.journal_class(), rig.sender_class(seconds=lambda: 1.0), rig.sender_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender), Destination("dev", other))
        await dispatcher.start()
        dispatcher.offer([journal.add("a", payload=b"1"), journal.add("a", payload=b"2")])
        await asyncio.sleep(0.5)
        journal.paused["ops"] = Pause(asyncio.get_running_loop().time(), "ada", "it moves")
        journal.added(0)  # as the journal tells of what a command line did
        await asyncio.sleep(0.1)
        assert stands(dispatcher) == ("paused", "by ada: it moves")
        dispatcher.offer([journal.add("a", payload=b"3"), journal.add("b", payload=b"x"), journal.add("c", "dev")])
        await asyncio.sleep(3600.0)
        assert (sender.got, len(other.got)) == ([b"1"], 1)
        assert journal.rows[1].state is DeliveryState.DELIVERED
        assert dispatcher.conditions()["ops"].since == pytest.approx(journal.paused["ops"].at)
        del journal.paused["ops"]
        await dispatcher.read_pauses()
        await asyncio.sleep(5.0)
        assert [payload for payload in sender.got if payload != b"x"] == [b"1", b"2", b"3"]
        assert settled(journal)
        assert stands(dispatcher) == ("healthy", "")
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_pause_outlives_a_restart_a_reload_and_a_journal_that_cannot_be_read(rig):
    """It is known before the first delivery, kept by settings that change, and read again until that succeeds."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        journal.paused["ops"] = Pause(1.0, "", "it moves")
        journal.add()
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await dispatcher.serve([Destination("ops", sender, concurrency=3), Destination("dev", sender)])
        await asyncio.sleep(100.0)
        assert (sender.got, stands(dispatcher)[0]) == ([], "paused")
        dispatcher.retire({"dev"})
        await asyncio.sleep(1.0)
        await dispatcher.serve([Destination("ops", sender)])
        assert stands(dispatcher)[0] == "paused"
        journal.paused.clear()
        journal.unreadable = 3
        journal.added(0)
        await asyncio.sleep(10.0)
        assert stands(dispatcher)[0] == "healthy"
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_pauses_are_looked_for_once_a_minute(rig):
    """A command line that found no gateway just as one started is not missed."""

    async def scenario():
        journal = rig.journal_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", rig.sender_class()))
        await dispatcher.start()
        journal.paused["ops"] = Pause(1.0, "", "it moves")
        await asyncio.sleep(ROUND * TICK + 2.0)
        assert stands(dispatcher)[0] == "paused"
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_pause_that_could_be_written_but_not_read_is_taken_up_soon(rig):
    """Who paused is told of the trouble, and it is paused all the same."""

    async def scenario():
        journal = rig.journal_class()
        dispatcher = rig.dispatcher(journal, Destination("ops", rig.sender_class()))
        await dispatcher.start()
        journal.paused["ops"] = Pause(1.0, "", "it moves")
        await asyncio.sleep(1.0)
        journal.unreadable = 2
        with pytest.raises(JournalError):
            await dispatcher.read_pauses()
        await asyncio.sleep(3.0)
        assert stands(dispatcher)[0] == "paused"
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_pause_that_comes_while_the_dispatcher_starts_is_not_missed(rig, monkeypatch):
    """It is told as the journal is being read, which does not have it yet."""

    async def scenario():
        journal, sender = rig.journal_class(), rig.sender_class()
        read = journal.pauses

        async def overtaken():
            found = await read()
            if not journal.paused:
                journal.paused["ops"] = Pause(1.0, "", "it moves")
                journal.added(0)
            return found

        monkeypatch.setattr(journal, "pauses", overtaken)
        dispatcher = rig.dispatcher(journal, Destination("ops", sender))
        await dispatcher.start()
        await asyncio.sleep(1.0)
        assert stands(dispatcher)[0] == "paused"
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_a_destination_that_only_refused_before_a_restart_is_failing(rig):
    """It says so from the start, with the time of the first refusal, until one message passes."""

    async def scenario():
        journal, metrics = rig.journal_class(), Metrics()
        refusal = Attempt(999_000.0, AttemptResult.NEVER, 413, "4xx", "413: too large")
        journal.past["ops"] = [Tried(DeliveryState.DEAD, "413: too large", (refusal,))] * 3
        dispatcher = rig.dispatcher(journal, Destination("ops", rig.sender_class()), metrics=metrics)
        await dispatcher.start()
        assert stands(dispatcher) == ("failing", "413: too large")
        assert dispatcher.conditions()["ops"].since == pytest.approx(999_000.0)
        labels = {"destination": "ops", "state": "failing"}
        assert metrics.registry.get_sample_value("mattergate_destination_state", labels) == 1
        dispatcher.offer([journal.add()])
        await asyncio.sleep(1.0)
        assert stands(dispatcher) == ("healthy", "")
        assert metrics.registry.get_sample_value("mattergate_destination_state", labels) == 0
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_metrics_tell_what_happens(rig):
    """Counters follow results, gauges follow the queue, beginning with the journal's census."""

    async def scenario():
        answers = {b"ok": Delivered(), b"no": Never("403", "4xx"), b"wait": Later("x", None, "timeout")}
        journal, metrics = rig.journal_class(), Metrics()
        sender = rig.sender_class(answers.__getitem__)
        for name in answers:
            journal.add(name.decode(), payload=name, received=999_990.0)

        def value(series, **labels):
            return metrics.registry.get_sample_value(f"mattergate_{series}", {"destination": "ops", **labels})

        dispatcher = rig.dispatcher(journal, Destination("ops", sender), metrics=metrics)
        await dispatcher.start()
        assert value("queue_depth") == 3
        assert value("queue_oldest_seconds") >= 10.0
        await asyncio.sleep(0.2)
        assert value("queue_depth") == 1
        assert value("dead") == 1
        assert value("deliveries_total", result="delivered") == 1
        assert value("deliveries_total", result="later") == 1
        assert value("delivery_attempts_total", code="timeout") == 1
        assert value("delivery_seconds_count") == 1
        assert value("destination_state", state="healthy") == 1
        await asyncio.sleep(600.0)
        assert value("destination_state", state="held") == 1
        journal.rows.clear()
        await asyncio.sleep(61.0)
        assert value("dead") == 0
        await dispatcher.stop(1.0)

    rig.run(scenario())


def test_names_of_destinations_are_unique(rig):
    """Two destinations of one name are refused when the dispatcher is built."""

    async def scenario():
        with pytest.raises(ValueError, match="two destinations are called 'ops'"):
            rig.dispatcher(rig.journal_class(), Destination("ops", None), Destination("ops", None))

    rig.run(scenario())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.sampled_from("abc"), st.integers(1, 4)),
        st.tuples(st.just("hide"), st.sampled_from("abc"), st.integers(1, 3)),
        st.tuples(st.just("reoffer"), st.just(""), st.integers(1, 5)),
        st.tuples(st.just("sleep"), st.just(""), st.sampled_from([0, 1, 3, 40, 2000])),
        st.tuples(st.just("trouble"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("pause"), st.sampled_from(["ops", "dev"]), st.booleans()),
        st.tuples(st.just("restart"), st.just(""), st.sampled_from([0, 10])),
    ),
    max_size=40,
)


def disturb(journal, kind, name, number):
    """Let the journal fail so many times, or pause or resume a destination."""
    if kind == "trouble":
        journal.failures += number
        return
    journal.paused.pop(name, None)
    if number:
        journal.paused[name] = Pause(1.0, "", "at random")
    journal.added(0)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 10**6), window=st.sampled_from([2, 6, 1000]))
def test_each_enters_once_and_in_order_whatever_happens(rig, steps, seed, window):
    """Offers, gaps, repeats, trouble, pauses, restarts: each is settled once, lanes stay in order, none is lost."""

    async def scenario():
        watch = Watch(seed)
        journal = rig.journal_class(delay=lambda: watch.draw.choice([0.0, 0.001, 0.05]))

        async def fresh():
            gates = [Destination(name, watch, concurrency=2) for name in ("ops", "dev")]
            made = rig.dispatcher(journal, *gates, window=window, random=watch.draw.random)
            await made.start()
            return made

        dispatcher, first = await fresh(), 0  # only what this run appended may be offered to it
        for kind, lane, number in steps:
            if kind in ("offer", "hide"):
                where = "dev" if lane == "c" else "ops"
                rows = [journal.add(f"{where}/{lane}", where) for _ in range(number)]
                if kind == "offer":
                    dispatcher.offer(rows)
            elif kind == "reoffer":
                dispatcher.offer([row for row in list(journal.rows.values())[-number:] if row.seq > first])
            elif kind == "sleep":
                await asyncio.sleep(number / 1000)
            elif kind in ("trouble", "pause"):
                disturb(journal, kind, lane, number)
            else:
                journal.failures = min(journal.failures, 3)  # more could outlast the stop: messages repeated by right
                await dispatcher.stop(number)
                dispatcher, first = await fresh(), journal.last
        journal.paused.clear()
        journal.added(0)
        await until(lambda: settled(journal))
        await dispatcher.stop(10.0)
        assert dispatcher.failed.result() is None
        assert sorted(seq for lane in watch.final.values() for seq, _ in lane) == sorted(journal.rows)
        assert all(lane == sorted(lane) for lane in watch.final.values())

    rig.run(scenario())
