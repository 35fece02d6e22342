"""Writing outcomes."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway.delivery.settler import Settler
from gateway.errors import JournalDamaged
from gateway.journal import Settlement
from gateway.model import DeliveryState


def settlement(seq):
    """Make a settlement of a delivered message."""
    return Settlement(seq, DeliveryState.DELIVERED, 1)


def test_what_comes_together_is_written_together(rig):
    """Settlements within a moment share one call, in order; the lanes that wait are told once it is done."""

    async def scenario():
        journal, told = rig.journal_class(), []
        for _ in range(6):
            journal.add()
        outlet = SimpleNamespace(settled=lambda lane, one: told.append((len(journal.settlements), lane, one.seq)))
        settler = Settler(journal)
        task = asyncio.ensure_future(settler.run())
        for seq in range(1, 5):
            settler.put(settlement(seq), outlet, f"lane {seq}")
        assert (settler.backlog, told) == (4, [])
        await asyncio.sleep(0.1)
        settler.put(settlement(5), outlet, "lane 5")
        settler.put(settlement(6))
        settler.close()
        await task
        assert told == [(4, f"lane {seq}", seq) for seq in range(1, 5)] + [(6, "lane 5", 5)]
        assert settler.backlog == 0

    rig.run(scenario())


def test_cancelling_still_saves(rig):
    """Torn down with outcomes in hand, it saves them before it goes."""

    async def scenario():
        journal = rig.journal_class(delay=lambda: 0.5)
        for _ in range(2):
            journal.add()
        settler = Settler(journal)
        task = asyncio.ensure_future(settler.run())
        settler.put(settlement(1))
        await asyncio.sleep(0.1)
        settler.put(settlement(2))
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
        settler = Settler(journal)
        settler.put(settlement(1))
        with pytest.raises(JournalDamaged):
            await settler.run()

    rig.run(scenario())


def test_a_flood_is_held_back(rig):
    """With very many under way `thinned` waits until they are written."""

    async def scenario():
        journal = rig.journal_class()
        settler = Settler(journal)
        task = asyncio.ensure_future(settler.run())
        await asyncio.wait_for(settler.thinned(), 0.1)
        for seq in range(1, 2000):
            journal.add()
            settler.put(settlement(seq))
        await settler.thinned()
        assert settler.backlog == 0
        settler.close()
        await task

    rig.run(scenario())
