"""The event loop's side of the writing, over a line that the test answers for."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import DeadDiscard, Entry
from gateway.journal.sqlite import client
from gateway.journal.sqlite.bodies import LIGHT, unpack
from gateway.journal.sqlite.client import Writer
from gateway.journal.sqlite.messages import (
    Answers,
    DiscardDead,
    Discarded,
    Job,
    JobFailed,
    Requeue,
    Requeued,
    Settle,
    Stop,
    Stored,
)
from gateway.model import DiscardCause, Event, Outcome, Parcel, Request
from tests.conftest import eventually

ENTRY = Entry(Event("e", 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request()), (Parcel("ops", "a", b"1"),))


class Line:
    """Keeps what is sent; answers when told."""

    def __init__(self) -> None:
        self.sent: list[Job] = []
        self.replaced = 0
        self.fault = ""

    def send(self, job: Job) -> None:
        """Keep it."""
        if self.fault:
            raise JournalError(self.fault)
        self.sent.append(job)

    def replace(self) -> None:
        """Count it."""
        self.replaced += 1

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """Wait for the end."""
        await asyncio.wait({stopped})


@pytest.fixture
def line() -> Line:
    """What the writer asks over."""
    return Line()


@pytest.fixture
async def writer(line: Line) -> Writer:
    """A writer on that line."""
    made = Writer(Path("journal.db"))
    made.use(line)
    return made


async def test_each_answer_goes_to_its_job(writer: Writer, line: Line) -> None:
    """Whatever the order of the answers; a failure is raised as what it is."""
    asked = [writer.ask(work) for work in (ENTRY, Settle([]), ENTRY, ENTRY)]
    first, second, third, fourth = (job.number for job in line.sent)
    writer.on_answers(Answers([(third, JobFailed("full")), (first, Stored("e", before=4)), (second, None)], logged=7))
    writer.on_answers(Answers([(fourth, JobFailed("no database", damaged=True))], logged=2))
    appended = await asked[0]
    assert [delivery.seq for delivery in appended.deliveries] == [5]
    assert await asked[1] is None
    with pytest.raises(JournalError, match="full"):
        await asked[2]
    with pytest.raises(JournalDamaged):
        await asked[3]
    assert writer.logged == 9


async def test_a_line_that_cannot_send_refuses_its_job(writer: Writer, line: Line) -> None:
    """The error comes with the future, as any other does."""
    line.fault = "there is no process"
    with pytest.raises(JournalError, match="no process"):
        await writer.ask(ENTRY)


async def test_numbers_that_nobody_takes_are_told(writer: Writer, line: Line) -> None:
    """Those of cancelled appends, of requeues, and of others; not those that an append is answered with."""
    told: list[int] = []
    writer.added = told.append
    taken, left, again = writer.ask(ENTRY), writer.ask(ENTRY), writer.ask(Requeue([1], 0.0))
    left.cancel()
    one, two, three = (job.number for job in line.sent)
    writer.on_answers(Answers([(one, Stored("e", before=4))]))
    assert told == []
    writer.on_answers(Answers([(two, Stored("e", before=5)), (three, Requeued(2, 9))]))
    writer.on_answers(Answers([], newest=12))
    assert told == [9, 12]
    assert (await taken).event_id == "e"
    assert await again == 2


async def test_a_silence_refuses_everybody_until_the_next_word(
    writer: Writer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits is refused, who comes later at once; what is done after all is told, and then all goes on."""
    monkeypatch.setattr(client, "SILENCE", 0.1)
    told: list[int] = []
    writer.added = told.append
    with pytest.raises(JournalError, match=r"journal journal\.db: its writer has not answered for 0 s"):
        await writer.ask(ENTRY)
    with pytest.raises(JournalError, match="has not answered"):
        await writer.ask(ENTRY)
    assert len(line.sent) == 1
    writer.on_answers(Answers([(line.sent[0].number, Stored("e", before=4))]))
    assert told == [5]
    asked = writer.ask(ENTRY)
    writer.on_answers(Answers([(line.sent[1].number, Stored("f", before=5))]))
    assert (await asked).event_id == "f"
    assert line.replaced == 0


async def test_nobody_is_silent_when_nobody_waits(writer: Writer, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between two jobs is not counted, and neither is one with words in it."""
    monkeypatch.setattr(client, "SILENCE", 0.3)
    writer.on_answers(Answers([(line_number(writer, line), None)]))
    await asyncio.sleep(0.5)
    asked = writer.ask(Settle([]))
    for _ in range(6):
        await asyncio.sleep(0.1)
        writer.on_answers(Answers([], None, 1))  # a slice of pruning
    assert not asked.done()
    writer.on_answers(Answers([(line.sent[-1].number, None)]))
    assert await asked is None


def line_number(writer: Writer, line: Line) -> int:
    """The number of a job that was just asked for."""
    writer.ask(Settle([]))
    return line.sent[-1].number


async def test_a_long_silence_has_the_writing_replaced(
    writer: Writer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again and again while nothing comes; once it is broken, work is asked for anew."""
    monkeypatch.setattr(client, "SILENCE", 0.05)
    monkeypatch.setattr(client, "REPLACE", 0.1)
    with pytest.raises(JournalError):
        await writer.ask(ENTRY)
    await eventually(lambda: line.replaced >= 2)
    writer.broken("it has ended")
    asked = writer.ask(ENTRY)
    writer.on_answers(Answers([(line.sent[-1].number, Stored("e", before=0))]))
    assert (await asked).event_id == "e"


async def test_closing_waits_for_the_last_answer(writer: Writer, line: Line) -> None:
    """What was asked for before is answered, later work is refused."""
    asked = writer.ask(ENTRY)
    closing = asyncio.ensure_future(writer.close())
    await asyncio.sleep(0)
    assert isinstance(line.sent[-1].work, Stop)
    with pytest.raises(JournalError, match="is closed"):
        await writer.ask(ENTRY)
    writer.on_answers(Answers([(1, Stored("e", before=0)), (2, None)]))
    await closing
    assert (await asked).event_id == "e"


async def test_a_process_that_stood_still_itself_listens_first(
    writer: Writer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words that came meanwhile are still to be read: nobody is refused for a silence that was none."""
    monkeypatch.setattr(client, "SILENCE", 0.3)
    monkeypatch.setattr(client, "_LATE", 0.2)
    asked = writer.ask(ENTRY)
    time.sleep(1.0)
    asyncio.get_running_loop().call_later(0.05, writer.on_answers, Answers([(1, Stored("e", before=0))]))
    assert (await asked).event_id == "e"


async def test_what_goes_of_the_dead_is_told(line: Line) -> None:
    """By whomever it was asked for, and whether or not that is still awaited; whoever counts the dead is told, too."""
    mine, others = (DeadDiscard("ops", cause, 2, 1.0, 2.0) for cause in (DiscardCause.PERSON, DiscardCause.AGE))
    told: list[DeadDiscard] = []
    writer = Writer(Path("journal.db"), on_discard=told.append)
    writer.use(line)
    added: list[int] = []
    writer.added = added.append
    asked = [writer.ask(DiscardDead([1], "sold", 0.0)) for _ in range(2)]
    asked[1].cancel()
    writer.on_answers(Answers([(1, Discarded([mine, mine])), (2, Discarded([mine]))], discards=(others,)))
    assert await asked[0] == 4
    assert told == [others, mine, mine, mine]
    assert added == [0]


async def test_a_pause_by_others_is_told(line: Line) -> None:
    """With the number of no delivery."""
    writer = Writer(Path("journal.db"))
    writer.use(line)
    added: list[int] = []
    writer.added = added.append
    writer.on_answers(Answers([], paused=True))
    assert added == [0]


async def test_only_entries_have_a_skew(line: Line) -> None:
    """Windows of keys run by it; the clock is not asked for anything else."""
    writer = Writer(Path("journal.db"), skew=lambda: -7.5)
    writer.use(line)
    for work in (ENTRY, Settle([]), Requeue([1], 0.0)):
        writer.ask(work)
    assert [job.skew for job in line.sent] == [-7.5, 0.0, 0.0]


async def test_a_body_is_packed_before_it_is_sent_unless_it_is_large(writer: Writer, line: Line) -> None:
    """The pipe copies less; packing a large one would hold up the loop, so that the writer does it."""
    for body in (b"small", b"ab" * 4000, b"ab" * LIGHT):
        event = msgspec.structs.replace(ENTRY.event, request=Request(body=body))
        writer.ask(msgspec.structs.replace(ENTRY, event=event))
    small, packed, large = line.sent
    sizes = [(len(job.work.event.request.body), job.body_size) for job in (small, large) if isinstance(job.work, Entry)]
    assert sizes == [(5, 0), (2 * LIGHT, 0)]
    assert isinstance(packed.work, Entry)
    assert unpack(packed.work.event.request.body, packed.body_size) == b"ab" * 4000
