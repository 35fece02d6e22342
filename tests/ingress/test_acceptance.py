"""The last step of accepting: bounded waiting, and trouble that is told and forgotten."""

import asyncio

import msgspec
import pytest

from gateway.errors import JournalError
from gateway.ingress import acceptance
from gateway.ingress.acceptance import Acceptance
from gateway.journal import Appended, Entry
from gateway.model import Delivery, Event, Outcome, Parcel, Request

ENTRY = Entry(Event("e", 0.0, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request()))


class Stalling:
    """A journal that stores when `go` is set, or fails with `error`."""

    def __init__(self):
        self.go = asyncio.Event()
        self.error = None
        self.asked = 0

    async def append(self, entry):
        """Store, or not."""
        self.asked += 1
        await self.go.wait()
        if self.error:
            raise self.error
        return Appended("e", deliveries=(Delivery(self.asked, "e", 0.0, "ops", "lane", b""),))


@pytest.fixture
async def desk():
    """Give an Acceptance, its journal, and what it offered."""
    journal, offered = Stalling(), []
    return Acceptance(journal, offered.extend), journal, offered


async def test_what_is_stored_is_offered(desk):
    """The answer of the journal is handed on, and its deliveries go to the dispatcher."""
    accepting, journal, offered = desk
    journal.go.set()
    assert (await accepting.store(ENTRY)).event_id == "e"
    assert [one.seq for one in offered] == [1]
    assert accepting.trouble == ""


async def test_only_so_many_wait_for_a_journal_that_stalls(desk, monkeypatch):
    """One more is refused at once, and when the journal goes on all that waited are stored and others come in again."""
    monkeypatch.setattr(acceptance, "WAITING", 3)
    accepting, journal, offered = desk
    waiting = [asyncio.ensure_future(accepting.store(ENTRY)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(JournalError, match="3 requests already wait for the journal, with 0 bytes"):
        await accepting.store(ENTRY)
    assert (journal.asked, accepting.trouble) == (3, "3 requests already wait for the journal, with 0 bytes")
    waiting[0].cancel()  # a sender that went away leaves its place
    await asyncio.sleep(0)
    journal.go.set()
    await accepting.store(ENTRY)
    await asyncio.wait(waiting)
    assert [one.cancelled() for one in waiting] == [True, False, False]
    assert len(offered) == 3


async def test_only_so_much_waits_for_a_journal_that_stalls(desk, monkeypatch):
    """Bodies and messages together are bounded; a single event of any size has room when nothing else waits."""
    monkeypatch.setattr(acceptance, "WAITING_BYTES", 100)
    accepting, journal, _ = desk
    event = msgspec.structs.replace(ENTRY.event, request=Request(body=bytes(60)))
    large = Entry(event, (Parcel("ops", "lane", bytes(60)),))
    waiting = asyncio.ensure_future(accepting.store(large))
    await asyncio.sleep(0)
    with pytest.raises(JournalError, match="1 requests already wait for the journal, with 120 bytes"):
        await accepting.store(large)
    journal.go.set()
    await waiting
    await accepting.store(large)


async def test_a_journal_that_does_not_answer_is_trouble(desk, monkeypatch):
    """Nobody is refused yet, but the gateway is not ready, until the journal goes on."""
    accepting, journal, _ = desk
    waiting = asyncio.ensure_future(accepting.store(ENTRY))
    await asyncio.sleep(0)
    assert accepting.trouble == ""
    monkeypatch.setattr(acceptance, "LONG_SECONDS", 0.0)
    assert accepting.trouble == "the journal has not answered for 0 s"
    monkeypatch.undo()
    journal.go.set()
    await waiting
    assert accepting.trouble == ""


async def test_trouble_is_told_and_forgotten(desk, monkeypatch):
    """An event that could not be stored is trouble until one is, or for some seconds when nobody comes."""
    accepting, journal, offered = desk
    journal.go.set()
    journal.error = JournalError("the disk is full")
    with pytest.raises(JournalError):
        await accepting.store(ENTRY)
    assert (accepting.trouble, offered) == ("the disk is full", [])
    monkeypatch.setattr(acceptance, "TROUBLE_SECONDS", 0.0)
    assert accepting.trouble == ""
    monkeypatch.undo()
    assert accepting.trouble
    journal.error = None
    await accepting.store(ENTRY)
    assert accepting.trouble == ""
