"""Group commit, whoever has it done."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.journal import DeadDiscard, DuplicateKey, Entry, Settlement
from gateway.journal.sqlite import commits, keys_sql
from gateway.journal.sqlite.commits import GROUP_BYTES, Done, Writing, group
from gateway.journal.sqlite.file import connect, prepare
from gateway.journal.sqlite.messages import (
    Answer,
    Checkpoint,
    DiscardDead,
    Discarded,
    Doomed,
    Job,
    JobFailed,
    Migrate,
    Migrated,
    Prune,
    Remember,
    Requeue,
    Requeued,
    Settle,
    Stop,
    Stored,
    Work,
)
from gateway.model import DeliveryState, DiscardCause, Event, Outcome, Parcel, Request
from tests.journal.sqlite import version4

_numbers = count(1)


def entry(subject: str = "", body: bytes = b"") -> Entry:
    """An entry with an event of its own and a parcel."""
    name = f"event-{next(_numbers)}"
    event = Event(name, 1.5, "r", "s", Outcome.MESSAGE, "n", "t", subject, "", Request(body=body))
    return Entry(event, (Parcel("ops", "a", b"{}"),))


def jobs(*works: Work, client: int = 0) -> list[Job]:
    """Work under numbers."""
    return [Job(next(_numbers), work, client) for work in works]


class Bed:
    """A writing, and what it said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[Done] = []
        self.writing = Writing(path, self.said.append)

    def answers(self) -> dict[int, Answer]:
        """All answers so far, by the numbers of their jobs."""
        return {job.number: answer for done in self.said for job, answer in done.answered}

    def pruned(self) -> list[DeadDiscard]:
        """What pruning has deleted of the dead so far."""
        return [gone for done in self.said for gone in done.pruned]

    def ask(self, statement: str) -> Any:
        """The only value of a query."""
        connection = connect(self.path)
        [value] = connection.execute(statement).fetchone()
        connection.close()
        return value


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    """A writing on an empty journal."""
    prepare(tmp_path / "journal.db")
    made = Bed(tmp_path / "journal.db")
    yield made
    made.writing.close()


def test_a_group_is_bounded() -> None:
    """In jobs and in bytes; what is left goes into the next."""
    small = deque(jobs(*(Settle([]) for _ in range(1500))))
    assert (len(group(small)), len(group(small)), group(small)) == (1024, 476, [])
    large = deque(jobs(*(entry(body=bytes(GROUP_BYTES // 2)) for _ in range(5))))
    assert [len(group(large)) for _ in range(3)] == [2, 2, 1]


def test_all_kinds_of_work_go_into_one_commit(bed: Bed) -> None:
    """Each is answered as its kind, and the commit is measured once."""
    one, two = jobs(entry(), entry())
    assert bed.writing.turn([one, two])
    dead, again, told = jobs(Settle([Settlement(1, DeliveryState.DEAD, 1)]), Requeue([1], 2.0), Remember("r", "secret"))
    assert bed.writing.turn([told, again, dead])
    answers = bed.answers()
    assert [type(answers[job.number]) for job in (one, two)] == [Stored, Stored]
    assert [answers[job.number] for job in (dead, again, told)] == [None, Requeued(1, 3), None]
    assert bed.ask("SELECT secret FROM secret") == "secret"
    assert len(bed.said) == 2
    assert all(done.seconds is not None and done.logged > 0 for done in bed.said)
    assert bed.writing.newest() == 3


def test_one_faulty_job_spoils_no_other(bed: Bed) -> None:
    """Those beside it are stored, each in a commit of its own."""
    good, bad, other = jobs(entry(), entry(subject="\ud800"), entry())
    bed.writing.turn([good, bad, other])
    answers = bed.answers()
    assert [type(answers[job.number]) for job in (good, bad, other)] == [Stored, JobFailed, Stored]
    assert bed.ask("SELECT count(*) FROM event") == 2


def test_what_is_the_files_fault_meets_all(bed: Bed) -> None:
    """And what comes afterwards is done as soon as the file is there again."""
    away = bed.path.with_name("away.db")
    bed.path.rename(away)
    asked = jobs(entry(), entry())
    bed.writing.turn(asked)
    assert bed.writing.newest() == 0
    failures = [bed.answers()[job.number] for job in asked]
    assert all(isinstance(failure, JobFailed) and "moved or deleted" in failure.reason for failure in failures)
    away.rename(bed.path)
    [again] = jobs(entry())
    bed.writing.turn([again])
    assert isinstance(bed.answers()[again.number], Stored)


def test_upkeep_and_the_end_are_the_owners(bed: Bed) -> None:
    """A client's are answered, and nothing comes of them."""
    asked = jobs(Prune([Doomed([1])], 0.0, 0.0, 0.0, 0.0), Migrate(), Checkpoint(), Stop(), client=3)
    assert bed.writing.turn(asked)
    assert [type(bed.answers()[job.number]) for job in asked] == [JobFailed, JobFailed, JobFailed, type(None)]
    assert not bed.writing.restless
    [stop] = jobs(Stop())
    assert not bed.writing.turn([stop])
    assert bed.answers()[stop.number] is None


def test_pruning_goes_on_between_commits(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice a turn, and answered when nothing is left; what waits for delivery stays."""
    monkeypatch.setattr(commits, "_SLICE", 2)
    bed.writing.turn(jobs(*(entry() for _ in range(6))))
    bed.writing.turn(jobs(Settle([Settlement(seq, DeliveryState.DELIVERED, 1) for seq in range(1, 6)])))
    [prune] = jobs(Prune([Doomed([6, 5, 4, 3, 2, 1])], 10.0, 0.0, 0.0, 0.0))
    turns = 0
    bed.writing.turn([prune])
    while bed.writing.restless:
        bed.writing.turn([])
        turns += 1
    assert bed.answers()[prune.number] is None
    assert turns >= 3
    assert bed.ask("SELECT group_concat(number) FROM event") == "6"


def test_a_lock_of_another_program_is_told(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded wait; nothing is half-written."""
    monkeypatch.setattr("gateway.journal.sqlite.file.BUSY_SECONDS", 0.05)
    other = sqlite3.connect(bed.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    [asked] = jobs(entry())
    bed.writing.turn([asked])
    other.execute("ROLLBACK")
    other.close()
    answer = bed.answers()[asked.number]
    assert isinstance(answer, JobFailed)
    assert "another process keeps it locked" in answer.reason
    assert bed.ask("SELECT count(*) FROM event") == 0


def test_what_goes_of_the_dead_is_told_slice_by_slice(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the commit that deleted it, so that nothing is told that is still there."""
    monkeypatch.setattr(commits, "_SLICE", 2)
    bed.writing.turn(jobs(*(entry() for _ in range(5))))
    bed.writing.turn(jobs(Settle([Settlement(seq, DeliveryState.DEAD, 1) for seq in range(1, 5)])))
    doomed = [Doomed([], DiscardCause.SIZE), Doomed([5, 4, 3, 2, 1], DiscardCause.AGE), Doomed([])]
    bed.writing.turn(jobs(Prune(doomed, 10.0, 0.0, 0.0, 0.0)))
    while bed.writing.restless:
        assert sum(each.count for each in bed.pruned()) == 4 - bed.ask(
            "SELECT count(*) FROM delivery WHERE state = 'dead'"
        )
        bed.writing.turn([])
    assert bed.pruned() == [DeadDiscard("ops", DiscardCause.AGE, 2, 1.5, 1.5)] * 2


def test_dead_ones_are_discarded_by_whoever_asks(bed: Bed) -> None:
    """The answer says what became of them; what is not dead is left alone."""
    bed.writing.turn(jobs(entry(), entry()))
    bed.writing.turn(jobs(Settle([Settlement(1, DeliveryState.DEAD, 1)])))
    [asked] = jobs(DiscardDead([1, 2, 3], "sold", 2.0), client=3)
    bed.writing.turn([asked])
    assert bed.answers()[asked.number] == Discarded([DeadDiscard("ops", DiscardCause.PERSON, 1, 1.5, 1.5, "sold")])


def test_migration_goes_on_between_commits(tmp_path: Path) -> None:
    """A slice for each that is asked for, beside the jobs of that turn; at the end nothing is left, here as well."""
    path = tmp_path / "old.db"
    version4.make(path, 100)
    prepare(path)
    bed = Bed(path)
    answers: list[Answer] = []
    while not answers or answers[-1] != Migrated(0, left=False):
        asked = jobs(Migrate(), version4.repeat(7))
        bed.writing.turn(asked)
        answers.append(bed.answers()[asked[0].number])
        assert bed.answers()[asked[1].number] == Stored("e7", duplicate=True)
    assert sum(answer.events for answer in answers if isinstance(answer, Migrated)) == 100
    assert len(answers) > 4
    [again] = jobs(Migrate())
    bed.writing.turn([again])
    assert bed.answers()[again.number] == Migrated(0, left=False)
    bed.writing.close()


def test_a_slice_of_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered, and the next does the same again."""
    path = tmp_path / "old.db"
    version4.make(path, 40)
    prepare(path)
    bed = Bed(path)

    def full(*given: object) -> None:
        error = sqlite3.OperationalError("full")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("gateway.journal.sqlite.earlier_sql._move_events", full)
        for _ in range(2):  # the first moves keys
            [failed] = jobs(Migrate())
            bed.writing.turn([failed])
    assert "no space is left" in getattr(bed.answers()[failed.number], "reason", "")
    [moved] = jobs(Migrate())
    bed.writing.turn([moved])
    assert bed.answers()[moved.number] == Migrated(22, left=True)
    bed.writing.close()


def done(bed: Bed, *works: Work) -> list[Any]:
    """Have work done in one turn; returns the answers."""
    some = jobs(*works)
    bed.writing.turn(some)
    return [bed.answers()[job.number] for job in some]


def keyed(key: int) -> Entry:
    """An entry with a duplicate key."""
    return replace(entry(), keys=(DuplicateKey(b"%d" % key, 60.0),))


def test_keys_are_merged_between_commits(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice after each commit, and on without jobs; a repeat is one meanwhile."""
    monkeypatch.setattr(keys_sql, "MANY", 20)
    monkeypatch.setattr(keys_sql, "SLICE", 6)
    for number in range(20):
        done(bed, keyed(number))
    turns = 0
    while bed.writing.restless:
        answers = done(bed, keyed(turns)) if turns % 2 else done(bed)
        assert all(answer.duplicate for answer in answers)
        turns += 1
    assert turns == 3
    with closing(connect(bed.path)) as connection:
        assert connection.execute("SELECT count(*) FROM duplicate").fetchone() == (20,)
        assert connection.execute("SELECT count(*) FROM duplicate_new").fetchone() == (0,)


def test_merging_keeps_up_with_large_groups(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """More keys than a slice come with every group: the list stays bounded all the same."""
    monkeypatch.setattr(keys_sql, "MANY", 40)
    monkeypatch.setattr(keys_sql, "SLICE", 6)
    for _ in range(50):
        done(bed, *(keyed(next(_numbers)) for _ in range(20)))
        assert bed.ask("SELECT count(*) FROM duplicate_new") <= 2 * (40 + 20)


def test_keys_that_cannot_be_merged_do_no_harm(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed begins anew."""

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("no")

    monkeypatch.setattr(keys_sql, "MANY", 3)
    with monkeypatch.context() as broken:
        broken.setattr(keys_sql, "merge", fail)
        assert not any(answer.duplicate for answer in done(bed, *map(keyed, range(5))))
        assert done(bed, keyed(4))[0].duplicate
    assert done(bed, keyed(0))[0].duplicate
    while bed.writing.restless:
        done(bed)
    assert done(bed, keyed(1))[0].duplicate


def test_what_another_connection_has_written_is_known(bed: Bed) -> None:
    """A command line may write beside the gateway that starts, and a process that was stuck beside its successor."""
    other = Bed(bed.path)
    for first, second in ((bed, other), (other, bed)) * 2:
        new = keyed(next(_numbers))
        assert not done(first, new)[0].duplicate
        assert done(second, new)[0] == Stored(new.event.id, duplicate=True)
    other.writing.close()
