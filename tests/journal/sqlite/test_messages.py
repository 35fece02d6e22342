"""What travels between the event loop and the writing."""

import msgspec
import pytest

from gateway.journal import DeadDiscard, DuplicateKey, Entry, Settlement
from gateway.journal.audit import AuditLine, AuditOutcome
from gateway.journal.keyrings import RingKey
from gateway.journal.sqlite.messages import (
    Advance,
    Answers,
    Checkpoint,
    DiscardDead,
    Discarded,
    Doomed,
    Job,
    JobFailed,
    Migrate,
    Migrated,
    Pinned,
    PinTicket,
    Prune,
    Record,
    Refuse,
    Release,
    Remember,
    Renew,
    Requeue,
    Requeued,
    Ring,
    SetPause,
    Settle,
    Stop,
    Stored,
    Work,
    newest,
)
from gateway.journal.uses import Pin
from gateway.model import Cause, DeliveryState, DiscardCause, Event, Outcome, Parcel, Pause, Refusal, Request

EVENT = Event("e", 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request(body=b"\x00\xff"))
TWO = Entry(EVENT, (Parcel("ops", "a", b"1"), Parcel("ops", "a", b"2")), (DuplicateKey(b"k", 60.0),))
KEY = RingKey("k1", b"\x00\xff", 1.5)
PLACE = Pin("channel", "post")
GONE = DeadDiscard("ops", DiscardCause.PERSON, 2, 1.5, 2.5, "sold")


@pytest.mark.parametrize(
    "work",
    [
        TWO,
        Settle([Settlement(1, DeliveryState.DEAD, 2, reason="404")]),
        Requeue([1, 2], 2.5),
        DiscardDead([1, 2], "söld", 2.5),
        Remember("r", "söcret"),
        Refuse([Refusal("id", 1.5, "r", "s", Cause.STALE, 401, "söld")]),
        SetPause("ops", Pause(1.5, "ada", "söld")),
        SetPause("ops", None),
        Renew("tickets", KEY, 2.5),
        Release("e", [b"\x00\xff"]),
        PinTicket("t", PLACE, 2.5),
        Advance("ask", 2.5),
        Record([AuditLine(1.5, AuditOutcome.DENIED, "söld", number=3)]),
        Prune([Doomed([3, 2], DiscardCause.AGE), Doomed([])], 1.0, 0.5, 0.25, 0.125, 0.1, 7, 0.2),
        Migrate(),
        Checkpoint(),
        Stop(),
    ],
)
def test_a_job_arrives_as_it_was_sent(work: Work) -> None:
    """Every kind of work survives the way to another process."""
    job = Job(7, work, skew=-0.5)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(job), type=Job) == job


def test_answers_arrive_as_they_were_sent() -> None:
    """Every kind of answer survives the way back."""
    told = [(1, Stored("e", before=3)), (2, None), (3, JobFailed("why", damaged=True)), (4, Requeued(2, 9))]
    told += [(5, Migrated(3, left=True)), (7, Ring([KEY])), (8, Pinned(PLACE))]
    answers = Answers([*told, (6, Discarded([GONE]))], 0.25, 10, 9, (GONE,), paused=True)
    found = msgspec.msgpack.decode(msgspec.msgpack.encode(answers), type=Answers)
    assert [tuple(answer) for answer in found.answers] == list(answers.answers)
    assert (found.seconds, found.logged, found.newest, found.discards, found.paused) == (0.25, 10, 9, (GONE,), True)


def test_the_newest_number_that_work_has_added() -> None:
    """Entries and requeues add deliveries; repeats, entries without parcels and failures add none."""
    assert newest(TWO, Stored("e", before=5)) == 7
    assert newest(TWO, Stored("first", duplicate=True)) == 0
    assert newest(Entry(EVENT), Stored("e", before=5)) == 0
    assert newest(Requeue([1], 0.0), Requeued(1, 8)) == 8
    assert newest(TWO, JobFailed("full")) == 0
    assert newest(Stop(), None) == 0
