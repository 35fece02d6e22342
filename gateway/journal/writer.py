"""The one thread that writes: group commit.

Everything that was asked for while a commit ran goes into the next one. The event loop pays for a queue put and a
future; it is woken once a group. Between groups the writer prunes, in slices so small that no append waits long.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from msgspec import Struct
from prometheus_client import Histogram

from gateway.errors import JournalError
from gateway.journal import Appended, Entry, Settlement, write
from gateway.journal.file import connect, identity, is_environment, trouble

_GROUP_JOBS = 1024
_GROUP_BYTES = 16_000_000
_COMMIT_BYTES, _JOB_BYTES = 40_000, 20_000
"""What a commit, and a job in it, takes in the log: whole pages of every index touched. Measured with 8 kB events."""
_SLICE = 32
"""Events or keys pruned at once; more beside large groups, so that pruning keeps up."""


class Settle(Struct, frozen=True):
    """Record how deliveries stand; answered by None."""

    settlements: Sequence[Settlement]


class Requeue(Struct, frozen=True):
    """Send deliveries again as received `now`; answered by their count."""

    seqs: Sequence[int]
    now: float


class Prune(Struct, frozen=True):
    """Delete these events, and duplicate keys and cards that expired, little by little; answered by None."""

    numbers: list[int]
    now: float
    cards_before: float


class Checkpoint(Struct, frozen=True):
    """Move the rest of the log into the file, so that the log starts over; answered by None."""


class _Stop(Struct, frozen=True):
    """Finish what is queued and let go of the file; answered by None."""


Work = Entry | Settle | Requeue | Prune | Checkpoint | _Stop
Job = tuple[Work, "asyncio.Future[Any]"]
Answer = tuple["asyncio.Future[Any]", Any]


class Writer:
    """Owns the write connection. Jobs enter by `ask` on the event loop, answers return to it.

    `commit_seconds` observes every group. `logged` is roughly how many bytes went into the write-ahead log so far.
    """

    def __init__(self, path: Path, commit_seconds: Histogram | None) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Job] = SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._observe: Callable[[float], None] = commit_seconds.observe if commit_seconds else lambda _: None
        self._pruning: _Pruning | None = None
        self._closed = False
        self.logged = 0
        # Not to hold up the end of a process that failed to close: what was answered is durable.
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def ask(self, work: Work) -> "asyncio.Future[Any]":
        """Queue some work; the future holds its answer or a JournalError. Only on the event loop."""
        if self._closed:
            raise JournalError(f"journal {self._path} is closed")
        future = self._loop.create_future()
        self._queue.put((work, future))
        return future

    async def close(self) -> None:
        """Finish what was asked for; nothing can be asked for afterwards."""
        if not self._closed:
            stopped = self.ask(_Stop())
            self._closed = True
            await stopped
        # The answer is the thread's last act but one: this returns at once.
        self._thread.join()

    def _run(self) -> None:
        stopping: asyncio.Future[Any] | None = None
        while stopping is None:
            jobs = self._gather()
            others: list[Job] = []
            for job in jobs:
                if isinstance(job[0], Prune):
                    self._pruning = _Pruning(job[0], job[1])
                elif isinstance(job[0], Checkpoint):
                    self._checkpoint(job[1])
                elif isinstance(job[0], _Stop):
                    stopping = job[1]
                else:
                    others.append(job)
            self._answer(self._commit(others))
            self._prune(2 * len(others), last=stopping is not None)
        self._forget_connection()
        self._answer([(stopping, None)])

    def _gather(self) -> list[Job]:
        """Everything queued, at most a group; waits for the first job unless there is pruning to do."""
        jobs: list[Job] = []
        room = _GROUP_BYTES
        try:
            jobs.append(self._queue.get(block=self._pruning is None))
            while len(jobs) < _GROUP_JOBS and room > 0:
                work = jobs[-1][0]
                if isinstance(work, Entry):
                    room -= len(work.event.request.body)
                jobs.append(self._queue.get_nowait())
        except Empty:
            pass
        return jobs

    def _commit(self, jobs: list[Job]) -> list[Answer]:
        """Do the jobs in one transaction; all of them are answered by the error when it fails."""
        if not jobs:
            return []
        started = time.perf_counter()
        try:
            answers: list[Answer] = self._transact(lambda connection: _perform(connection, jobs))
        except Exception as error:
            if len(jobs) > 1 and not is_environment(error):
                # The values of one job are at fault: the others shall not suffer for it.
                return [answer for job in jobs for answer in self._commit([job])]
            failure = trouble(self._path, error)
            failure.__cause__ = error
            return [(future, failure) for _, future in jobs]
        self._observe(time.perf_counter() - started)
        self.logged += _JOB_BYTES * len(jobs)
        return answers

    def _transact(self, act: Callable[[sqlite3.Connection], Any]) -> Any:
        """Commit what `act` does, return its answer. An error leaves nothing behind; the next call starts afresh."""
        try:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            result = act(connection)
            connection.execute("COMMIT")
        except BaseException:
            # Closing rolls back, and clears whatever a failing disk left in the connection.
            self._forget_connection()
            raise
        self.logged += _COMMIT_BYTES
        return result

    def _connected(self) -> sqlite3.Connection:
        """The connection to the file that is now at the path."""
        found = identity(self._path)
        if found != self._identity:
            self._forget_connection()
        if self._connection is None:
            self._connection, self._identity = connect(self._path), found
        return self._connection

    def _prune(self, wanted: int, *, last: bool) -> None:
        pruning = self._pruning
        if pruning is None:
            return
        if not last and pruning.more:
            count = max(_SLICE, wanted)
            try:
                pruning.more = self._transact(lambda connection: pruning.step(connection, count))
                return
            except Exception as error:
                self._answer([(pruning.future, trouble(self._path, error))])
        else:
            self._answer([(pruning.future, None)])
        self._pruning = None

    def _checkpoint(self, future: "asyncio.Future[Any]") -> None:
        try:
            if self._connection is not None:
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._answer([(future, None)])
        except sqlite3.Error as error:
            self._forget_connection()
            self._answer([(future, trouble(self._path, error))])

    def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _answer(self, answers: list[Answer]) -> None:
        if not answers:
            return
        try:
            self._loop.call_soon_threadsafe(_resolve, answers)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            self._closed = True


class _Pruning:
    """A Prune that is under way."""

    def __init__(self, prune: Prune, future: "asyncio.Future[Any]") -> None:
        self._prune = prune
        self.future = future
        self.more = True

    def step(self, connection: sqlite3.Connection, count: int) -> bool:
        """Delete at most `count` events, or keys and cards once the events are gone; whether something is left."""
        prune = self._prune
        if prune.numbers:
            write.prune(connection, prune.numbers[-count:])
            del prune.numbers[-count:]
            return True
        keys = write.prune_keys(connection, prune.now, count)
        return max(keys, write.prune_cards(connection, prune.cards_before, count)) == count


def _perform(connection: sqlite3.Connection, jobs: list[Job]) -> list[Answer]:
    """Do all jobs: entries first, then settlements, then requeues, each kind in its order."""
    answers: list[Answer] = []
    entries = [(work, future) for work, future in jobs if isinstance(work, Entry)]
    if entries:
        stored: list[Appended] = write.store(connection, [work for work, _ in entries])
        answers += zip([future for _, future in entries], stored, strict=True)
    settles = [(work, future) for work, future in jobs if isinstance(work, Settle)]
    if settles:
        write.settle(connection, (settlement for work, _ in settles for settlement in work.settlements))
        answers += [(future, None) for _, future in settles]
    for work, future in jobs:
        if isinstance(work, Requeue):
            answers.append((future, write.requeue(connection, work.seqs, work.now)))
    return answers


def _resolve(answers: list[Answer]) -> None:
    for future, answer in answers:
        if future.done():
            continue  # its task was cancelled; the work is done all the same
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
