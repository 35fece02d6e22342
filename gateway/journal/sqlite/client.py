"""The event loop's side of the writing: work goes out under a number, and its answer comes back to a future.

The writing itself (`commits`) runs on the other end of a line: a thread of this process (`thread_line`), or
a process of its own (`process_line`).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import Histogram

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Appended, Entry, deliveries
from gateway.journal.sqlite.messages import Answer, Answers, Job, JobFailed, Stop, Stored, Work

Waiting = tuple[Work, "asyncio.Future[Any]"]


class Line(Protocol):
    """What leads to the writing."""

    def send(self, job: Job) -> None:
        """Have a job done. Raises JournalError when it cannot even be asked for."""

    async def close(self, stopped: "asyncio.Future[Any] | None") -> None:
        """See the end of the other side, which has `stopped` when that is done; None: it could not be told to stop."""


class Writer:
    """Asks for work on the event loop, and takes the answers there.

    `commit_seconds` observes every group. `logged` is roughly how many bytes went into the write-ahead log so far.
    """

    def __init__(self, path: Path, commit_seconds: Histogram | None) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._observe: Callable[[float], None] = commit_seconds.observe if commit_seconds else lambda _: None
        self._waiting: dict[int, Waiting] = {}
        self._number = 0
        self._closed = False
        self._line: Line | None = None
        self.logged = 0

    def use(self, line: Line) -> None:
        """Ask over this line from now on."""
        self._line = line

    def ask(self, work: Work) -> "asyncio.Future[Any]":
        """Ask for some work; the future holds its answer or a JournalError. Raises JournalError."""
        if self._closed or self._line is None:
            raise JournalError(f"journal {self._path} is closed")
        self._number += 1
        self._line.send(Job(self._number, work))
        future = self._loop.create_future()
        self._waiting[self._number] = work, future
        return future

    def on_answers(self, answers: Answers) -> None:
        """Resolve the futures that these answers belong to."""
        self.logged += answers.logged
        if answers.seconds is not None:
            self._observe(answers.seconds)
        for number, answer in answers.answers:
            work, future = self._waiting.pop(number)
            if not future.done():  # else its task was cancelled; the work is done all the same
                _resolve(future, work, answer)

    def broken(self, why: str) -> None:
        """Nothing that was asked for is answered any more; it may be done, or not."""
        waiting, self._waiting = self._waiting, {}
        for work, future in waiting.values():
            if not future.done():
                _resolve(future, work, JobFailed(f"journal {self._path}: {why}"))

    async def close(self) -> None:
        """Finish what was asked for; nothing can be asked for afterwards."""
        if self._closed or self._line is None:
            return
        stopped = None
        with suppress(JournalError):  # nobody is there to be stopped
            stopped = self.ask(Stop())
        self._closed = True
        await self._line.close(stopped)
        self.broken("it was closed before this was done")
        if stopped is not None:
            stopped.exception()  # which is no news


def _resolve(future: "asyncio.Future[Any]", work: Work, answer: Answer) -> None:
    if isinstance(answer, JobFailed):
        future.set_exception((JournalDamaged if answer.damaged else JournalError)(answer.reason))
    elif isinstance(answer, Stored) and isinstance(work, Entry):
        sent = () if answer.duplicate else deliveries(work, answer.before)
        future.set_result(Appended(answer.event_id, answer.duplicate, sent))
    else:
        future.set_result(answer)
