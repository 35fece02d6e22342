"""Group commit: the writing of the journal, in a thread or in a process.

All jobs that arrive during a commit go into the next one. Between commits run pruning, migration and the merging of
duplicate keys, in slices so small that no append waits long.
"""

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec import Struct

from gateway.errors import JournalDamaged
from gateway.journal import DeadDiscard, Entry
from gateway.journal.sqlite import (
    audit_sql,
    keys_sql,
    positions_sql,
    prune_sql,
    refusal_sql,
    ring_sql,
    snoozes_sql,
    standing_sql,
    uses_sql,
    write_sql,
)
from gateway.journal.sqlite.file import as_journal_error, connect, identity, is_environment
from gateway.journal.sqlite.keys_sql import Keys
from gateway.journal.sqlite.memory_sql import Memory, recall
from gateway.journal.sqlite.messages import (
    OWNER,
    Advance,
    Answer,
    Answers,
    Begin,
    Begun,
    Checkpoint,
    DiscardDead,
    EndSnooze,
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
    Ring,
    SetPause,
    SetSnooze,
    Settle,
    Stop,
)

_GROUP_JOBS: Final = 1024
GROUP_BYTES: Final = 16_000_000
"""Limits of one commit, in jobs and bytes of request bodies."""

_COMMIT_BYTES, _JOB_BYTES = 40_000, 6_000
"""Bytes that a commit, and each job in it, add to the log: whole pages of each index. Measured with 8 kB events."""
_KEY_BYTES: Final = 1_000
"""Bytes that merging a duplicate key adds: 800 beside 100,000 others, 3,000 beside a million."""
_EVENT_KEYS: Final = 4
"""More than an event has duplicate keys: as many are merged for each job of a large group, so that merging keeps up."""
_SLICE = 32
"""Events or keys deleted in one slice; more after large groups, so that pruning keeps up."""

T = TypeVar("T")


class Done(Struct, frozen=True):
    """What was done at once: jobs with their answers, the seconds of their commit, the bytes that it added to the log.

    Also the dead deliveries that pruning deleted.
    """

    answered: Sequence[tuple[Job, Answer]] = ()
    seconds: float | None = None
    logged: int = 0
    pruned: Sequence[DeadDiscard] = ()

    def answers(self) -> Answers:
        """The answers for the owner, where all jobs are its own."""
        answers = [(job.number, answer) for job, answer in self.answered]
        return Answers(answers, self.seconds, self.logged, discards=tuple(self.pruned))


def group(queue: "deque[Job]") -> list[Job]:
    """Take the jobs of one commit out of the queue; there may be none."""
    jobs: list[Job] = []
    room = GROUP_BYTES
    while queue and len(jobs) < _GROUP_JOBS and room > 0:
        job = queue.popleft()
        jobs.append(job)
        if isinstance(job.work, Entry):
            room -= len(job.work.event.request.body)
    return jobs


class Writing:
    """Owns the write connection, in one thread. `send_answers` gets the answers, and sends each client its own."""

    def __init__(self, path: Path, send_answers: Callable[[Done], None]) -> None:
        self._path = path
        self._send_answers = send_answers
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._memory = Memory({}, earlier=False, keys=Keys())
        self._version = -1  # of the data that is known by heart, -1 for none
        self._pruning: _Pruning | None = None

    @property
    def restless(self) -> bool:
        """Whether there is work left, namely pruning or merging, even without jobs."""
        return self._pruning is not None or self._has_many_keys()

    def turn(self, jobs: Sequence[Job]) -> bool:
        """Do the jobs in one commit, then prune a slice; False after a Stop of the owner."""
        stop: Job | None = None
        others: list[Job] = []
        foreign: list[Job] = []
        migrate: Job | None = None
        for job in jobs:
            if not isinstance(job.work, (Prune, Migrate, Checkpoint, Stop)):
                others.append(job)
            elif job.client != OWNER:
                foreign.append(job)
            elif isinstance(job.work, Prune):
                self._pruning = _Pruning(job, job.work)
            elif isinstance(job.work, Migrate):
                migrate = job
            elif isinstance(job.work, Checkpoint):
                self._checkpoint(job)
            else:
                stop = job
        self._commit(others)
        if foreign:
            self._refuse_upkeep(foreign)
        self._prune(2 * len(others), last=stop is not None)
        if migrate is not None:
            self._migrate(migrate)
        self._merge(_EVENT_KEYS * len(others))
        if stop is None:
            return True
        self.close()
        self._send_answers(Done([(stop, None)]))
        return False

    def newest(self) -> int:
        """The number of the newest delivery; 0 when there is none, or when the file cannot be read."""
        try:
            return write_sql.newest(self._connect())
        except Exception:  # the next job reports it
            self.close()
            return 0

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _commit(self, jobs: list[Job]) -> None:
        """Do the jobs in one transaction; an error of the file or disk answers all of them."""
        if not jobs:
            return
        started = time.perf_counter()
        try:
            answers = self._transact(lambda connection: _perform(connection, self._memory, jobs))
        except Exception as error:
            if len(jobs) > 1 and not is_environment(error):
                # The values of one job are at fault: the others must not fail for it.
                for job in jobs:
                    self._commit([job])
            else:
                failure = self._job_failed(error)
                self._send_answers(Done([(job, failure) for job in jobs]))
            return
        self._send_answers(Done(answers, time.perf_counter() - started, _COMMIT_BYTES + _JOB_BYTES * len(jobs)))

    def _transact(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Run `act` in a transaction and return its result. An error rolls back and closes the connection."""
        try:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            # Another connection may have written: that of a command line, or of a process that was stuck and replaced.
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._memory, self._version = recall(connection), version
            result = act(connection)
            connection.execute("COMMIT")
        except BaseException:
            # Closing rolls back, and clears any state that a failing disk left in the connection.
            self.close()
            raise
        return result

    def _connect(self) -> sqlite3.Connection:
        """Return a connection to the file that is now at the path, the open one if it is the same file."""
        found = identity(self._path)
        if found != self._identity:
            self.close()
        if self._connection is None:
            self._connection, self._identity = connect(self._path), found
            self._version = -1
        return self._connection

    def _prune(self, wanted: int, *, last: bool) -> None:
        pruning = self._pruning
        if pruning is None:
            return
        answer: Answer = None
        if not last and pruning.more:
            count = max(_SLICE, wanted)
            try:
                pruning.more, gone = self._transact(lambda connection: pruning.step(connection, self._memory, count))
                self._send_answers(Done(logged=_COMMIT_BYTES, pruned=gone))
                return
            except Exception as error:
                answer = self._job_failed(error)
        self._send_answers(Done([(pruning.job, answer)]))
        self._pruning = None

    def _migrate(self, job: Job) -> None:
        def move(connection: sqlite3.Connection) -> Migrated:
            if not self._memory.earlier:
                return Migrated(0, left=False)
            from gateway.journal.sqlite import earlier_sql

            return Migrated(*earlier_sql.move(connection, self._memory))

        answer: Answer
        logged = _COMMIT_BYTES
        try:
            answer = self._transact(move)
            logged += answer.events * _JOB_BYTES
        except Exception as error:
            answer = self._job_failed(error)
        self._send_answers(Done([(job, answer)], logged=logged))

    def _merge(self, wanted: int) -> None:
        """Merge a slice of duplicate keys if there are many; where that fails, the next job reports it."""
        if not self._has_many_keys():
            return
        with suppress(Exception):
            count = max(keys_sql.SLICE, wanted)
            self._transact(lambda connection: keys_sql.merge(connection, self._memory.keys, count))
            self._send_answers(Done(logged=count * _KEY_BYTES))

    def _has_many_keys(self) -> bool:
        return self._connection is not None and self._memory.keys.many

    def _checkpoint(self, job: Job) -> None:
        answer: Answer = None
        try:
            if self._connection is not None:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            self.close()
            answer = self._job_failed(error)
        self._send_answers(Done([(job, answer)]))

    def _refuse_upkeep(self, jobs: Sequence[Job]) -> None:
        """Refuse upkeep to clients other than the owner; answer their Stop, as the jobs before it are done."""
        refusal = JobFailed("only the gateway prunes, migrates and checkpoints")
        self._send_answers(Done([(job, None if isinstance(job.work, Stop) else refusal) for job in jobs]))

    def _job_failed(self, error: Exception) -> JobFailed:
        failure = as_journal_error(self._path, error)
        reason = str(failure).encode("utf-8", "backslashreplace").decode()  # a path that is not UTF-8 cannot be sent
        return JobFailed(reason, damaged=isinstance(failure, JournalDamaged))


class _Pruning:
    """A Prune in progress."""

    def __init__(self, job: Job, prune: Prune) -> None:
        self.job = job
        self._prune = prune
        self.more = True

    def step(self, connection: sqlite3.Connection, memory: Memory, count: int) -> tuple[bool, Sequence[DeadDiscard]]:
        """Delete at most `count` events, or of each other kind once the events are gone.

        Returns whether more are left, and what went of the dead.
        """
        prune = self._prune
        while prune.doomed and not prune.doomed[-1].numbers:
            prune.doomed.pop()
        if prune.doomed:
            numbers, cause = prune.doomed[-1].numbers, prune.doomed[-1].cause
            chosen = numbers[-count:]
            del numbers[-count:]
            return True, prune_sql.prune(connection, memory, chosen, cause)
        deleted = (
            prune_sql.prune_keys(connection, prune.now, count),
            prune_sql.prune_cards(connection, prune.cards_before, count),
            prune_sql.prune_addresses(connection, prune.addresses_before, count),
            refusal_sql.prune(connection, prune.refusals_before, count),
            audit_sql.prune(connection, prune.audit_before, prune.audit_surplus, count),
            uses_sql.prune(connection, prune.ended, count),
            uses_sql.prune_begun(connection, count),
            snoozes_sql.prune(connection, prune.ended, count),
        )
        ring_sql.prune(connection, prune.ended)
        return max(deleted) == count, ()


def _perform(connection: sqlite3.Connection, memory: Memory, jobs: Sequence[Job]) -> list[tuple[Job, Answer]]:
    """Do all jobs: entries first, then settlements, then the rare kinds, each kind in its order."""
    answers: list[tuple[Job, Answer]] = []
    entries = [job for job in jobs if isinstance(job.work, Entry)]
    if entries:
        works = [(job.work, job.skew, job.body_size) for job in entries if isinstance(job.work, Entry)]
        stored = write_sql.store(connection, memory, works)
        answers += zip(entries, stored, strict=True)
    settles = [job for job in jobs if isinstance(job.work, Settle)]
    if settles:
        settled = [one for job in settles if isinstance(job.work, Settle) for one in job.work.settlements]
        write_sql.settle(connection, memory, settled)
        answers += [(job, None) for job in settles]
    for job in jobs:
        act = _RARE.get(type(job.work))
        if act is not None:
            answers.append((job, act(connection, memory, job.work)))
    return answers


_RARE: Final[Mapping[type, Callable[[sqlite3.Connection, Memory, Any], Answer]]] = {
    Requeue: lambda connection, _, work: write_sql.requeue(connection, work.seqs, work.now),
    DiscardDead: lambda connection, _, work: write_sql.discard(connection, work.seqs, work.reason, work.now),
    Remember: lambda connection, _, work: write_sql.remember(connection, work.route, work.secret),
    Refuse: lambda connection, _, work: refusal_sql.store(connection, work.refusals),
    SetPause: lambda connection, _, work: standing_sql.set_pause(connection, work.destination, work.pause),
    Renew: lambda connection, _, work: Ring(ring_sql.renew(connection, work.ring, work.fresh, work.former_until)),
    Release: lambda connection, memory, work: uses_sql.release(connection, memory.keys, work.event_id, work.keys),
    Begin: lambda connection, _, work: Begun(uses_sql.begin(connection, work.seq, back=work.back)),
    PinTicket: lambda connection, _, work: Pinned(uses_sql.pin(connection, work.ticket, work.place, work.expires)),
    Advance: lambda connection, _, work: positions_sql.advance(connection, work.name, work.ms),
    SetSnooze: lambda connection, _, work: snoozes_sql.store(connection, work.snooze),
    EndSnooze: lambda connection, _, work: snoozes_sql.end(connection, work.route, work.subject),
    Record: lambda connection, _, work: audit_sql.store(connection, work.lines),
}
"""What the rare kinds of work do; those that answer nothing give None."""
