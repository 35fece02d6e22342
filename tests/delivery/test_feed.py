"""Feeding from the journal."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest

from gateway.delivery.feed import CHUNK, Feed
from gateway.delivery.lanes import Lanes
from gateway.errors import JournalDamaged, JournalError


class Bed:
    """A feed over one outlet that only keeps what it is given."""

    def __init__(self, journal):
        self.got, self.strays = [], []
        outlet = SimpleNamespace(
            name="ops", lanes=Lanes(10, 1000), accept=lambda d: self.got.append(d.seq), pump=lambda: None
        )

        async def thinned():
            return None

        clock = asyncio.get_running_loop().time
        self.feed = Feed(journal, {"ops": outlet}, lambda d: self.strays.append(d.seq), thinned, clock)
        self.task = asyncio.ensure_future(self.feed.run())

    async def end(self):
        """Stop reading."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


def test_gaps_repeats_and_late_offers(rig):
    """An offer out of turn is read from the journal with what it skipped; what comes twice is taken once."""

    async def scenario():
        journal = rig.journal_class()
        bed = Bed(journal)
        rows = [journal.add() for _ in range(4)]
        await asyncio.sleep(0.1)
        five, six = journal.add(), journal.add()
        bed.feed.offer([six])
        bed.feed.offer([five])
        bed.feed.offer(rows)
        await asyncio.sleep(0.1)
        bed.feed.offer([six])
        assert bed.got == [1, 2, 3, 4, 5, 6]
        assert bed.feed.head == 6
        await bed.end()

    rig.run(scenario())


def test_an_offer_during_a_read_is_not_taken_twice(rig):
    """What enters while a read that holds it is under way is skipped when the read returns."""

    async def scenario():
        journal = rig.journal_class(delay=lambda: 1.0)
        bed = Bed(journal)
        row = journal.add()
        await asyncio.sleep(0.5)
        bed.feed.offer([row])
        bed.feed.offer([journal.add()])
        await asyncio.sleep(5.0)
        assert bed.got == [1, 2]
        await bed.end()

    rig.run(scenario())


def test_a_mark_above_the_head_is_read_for(rig):
    """What others have added is read when the journal tells of it, and only then."""

    async def scenario():
        journal = rig.journal_class()
        bed = Bed(journal)
        await asyncio.sleep(0.1)
        reads = journal.reads
        bed.feed.added(0)
        journal.add()
        await asyncio.sleep(10.0)
        assert (bed.got, journal.reads) == ([], reads)
        bed.feed.added(1)
        await asyncio.sleep(0.1)
        assert bed.got == [1]
        await bed.end()

    rig.run(scenario())


def test_strays_go_their_own_way(rig):
    """A delivery to an unknown destination is handed to `stray`, more than one chunk of them too."""

    async def scenario():
        journal = rig.journal_class()
        for _ in range(CHUNK + 1):
            journal.add(destination="gone")
        bed = Bed(journal)
        await asyncio.sleep(0.1)
        assert (len(bed.strays), bed.got, bed.feed.complete) == (CHUNK + 1, [], True)
        await bed.end()

    rig.run(scenario())


def test_a_journal_that_cannot_be_read_is_read_later(rig):
    """A failing read is tried again; a closed feed takes no offers."""

    async def scenario():
        journal = rig.journal_class()
        journal.add()
        whole, errors = journal.pending, [JournalError("busy"), JournalError("busy")]

        async def pending(after, limit):
            if errors:
                raise errors.pop()
            return await whole(after, limit)

        journal.pending = pending
        bed = Bed(journal)
        await asyncio.sleep(5.0)
        assert bed.got == [1]
        bed.feed.close()
        bed.feed.offer([journal.add()])
        assert bed.got == [1]
        await bed.end()

    rig.run(scenario())


def test_a_damaged_journal_ends_it(rig):
    """Where no attempt can help, the error is raised."""

    async def scenario():
        journal = rig.journal_class()

        async def pending(after, limit):
            raise JournalDamaged("not a database")

        journal.pending = pending
        with pytest.raises(JournalDamaged):
            await Bed(journal).task

    rig.run(scenario())
