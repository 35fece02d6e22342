"""Delivering from the real journal."""

import asyncio

import pytest

from gateway import journal as journals
from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import Dispatcher
from gateway.journal import Entry, Query
from gateway.model import Delivered, DeliveryState, Event, Never, Outcome, Parcel, Request
from gateway.observe.metrics import Metrics
from tests.conftest import PATIENCE, eventually


def entry(number, lane, destination="ops"):
    """Make an entry whose payload is its number."""
    event = Event(f"e{number}", 1e9, "r", "s", Outcome.MESSAGE, "n", "s/n", "", "", Request())
    return Entry(event, (Parcel(destination, lane, b"%d" % number),))


@pytest.fixture
async def journal(tmp_path):
    """Open a journal in a temporary folder."""
    made = await journals.open(f"sqlite:{tmp_path / 'j.db'}", retention=1e9, max_size=10**9, deliver=True)
    yield made
    await made.close()


async def test_appends_side_by_side_arrive_once_and_in_order(journal, rig):
    """Requests that are journalled together, some before the start, are each sent once, lanes in order."""
    sender = rig.sender_class(seconds=lambda: 0.0)
    dispatcher = Dispatcher(journal, [Destination("ops", sender)], Metrics(), window=50)
    for n in range(150):
        await journal.append(entry(n, f"l{n % 7}"))
    await dispatcher.start()

    async def request(n):
        appended = await journal.append(entry(n, f"l{n % 7}"))
        dispatcher.offer(appended.deliveries)

    await asyncio.gather(*(request(n) for n in range(150, 600)))
    await eventually(lambda: len(sender.got) == 600)
    await dispatcher.stop(PATIENCE)
    assert sorted(map(int, sender.got)) == list(range(600))
    assert await journal.pending(0, 10) == []
    for lane in range(7):
        mine = [int(p) for p in sender.got if int(p) % 7 == lane]
        assert mine == sorted(mine)


async def test_a_replay_by_another_process_is_sent(journal, rig, tmp_path):
    """A dead delivery that the command line requeues is delivered by the running service at once, not by a tick."""
    answers = iter([Never("403: locked")])
    sender = rig.sender_class(lambda payload: next(answers, Delivered()), seconds=lambda: 0.0)
    dispatcher = Dispatcher(journal, [Destination("ops", sender)], Metrics())
    await dispatcher.start()
    appended = await journal.append(entry(1, "a"))
    dispatcher.offer(appended.deliveries)
    other = await journals.open(f"sqlite:{tmp_path / 'j.db'}", retention=1e9, max_size=10**9)

    async def requeued() -> bool:
        return await other.requeue([appended.deliveries[0].seq]) == 1

    await eventually(requeued)

    async def settled() -> bool:
        (record,) = (await other.find(Query())).records
        states = [delivery.state for delivery in record.deliveries]
        return states == [DeliveryState.REPLAYED, DeliveryState.DELIVERED]

    await eventually(settled)
    assert len(sender.got) == 2
    await other.close()
    await dispatcher.stop(PATIENCE)
