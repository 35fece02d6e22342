"""Writing outcomes."""

import asyncio

import pytest

from gateway.delivery.settler import Settler
from gateway.errors import JournalDamaged
from gateway.journal import Settlement
from gateway.model import DeliveryState


def settlement(seq):
    """Make a settlement of a delivered message."""
    return Settlement(seq, DeliveryState.DELIVERED, 1)


def test_what_comes_together_is_written_together(rig):
    """Settlements within a moment share one call, in order, and are told of once it is done."""

    async def scenario():
        journal, told = rig.journal_class(), []
        for _ in range(5):
            journal.add()
        settler = Settler(journal, lambda batch: told.append([note for _, note in batch]))
        task = asyncio.ensure_future(settler.run())
        for seq in range(1, 5):
            settler.put(settlement(seq), seq)
        assert (settler.backlog, told) == (4, [])
        await asyncio.sleep(0.1)
        settler.put(settlement(5), 5)
        settler.close()
        await task
        assert told == [[1, 2, 3, 4], [5]]
        assert settler.backlog == 0

    rig.run(scenario())


def test_cancelling_still_saves(rig):
    """Torn down with outcomes in hand, it saves them before it goes."""

    async def scenario():
        journal = rig.journal_class(delay=lambda: 0.5)
        for _ in range(2):
            journal.add()
        settler = Settler(journal, lambda batch: None)
        task = asyncio.ensure_future(settler.run())
        settler.put(settlement(1), None)
        await asyncio.sleep(0.1)
        settler.put(settlement(2), None)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert {d.state for d in journal.rows.values()} == {DeliveryState.DELIVERED}

    rig.run(scenario())


def test_a_damaged_journal_ends_it(rig):
    """Where no attempt can help, the error is raised instead of tried for ever."""

    async def scenario():
        journal = rig.journal_class()

        async def damaged(settlements):
            raise JournalDamaged("not a database")

        journal.settle = damaged
        settler = Settler(journal, lambda batch: None)
        settler.put(settlement(1), None)
        with pytest.raises(JournalDamaged):
            await settler.run()

    rig.run(scenario())


def test_a_flood_is_held_back(rig):
    """With very many under way `thinned` waits until they are written."""

    async def scenario():
        journal = rig.journal_class()
        settler = Settler(journal, lambda batch: None)
        task = asyncio.ensure_future(settler.run())
        await asyncio.wait_for(settler.thinned(), 0.1)
        for seq in range(1, 2000):
            journal.add()
            settler.put(settlement(seq), None)
        await settler.thinned()
        assert settler.backlog == 0
        settler.close()
        await task

    rig.run(scenario())
