"""The event loop's side of the writing: work goes out under a number, and its answer comes back to a future.

The writing itself (`commits`) runs on the other end of a line: a thread of this process (`thread_line`), a process of
its own (`process_line`), or that of the gateway that is running (`socket_line`).
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Appended, Entry, deliveries
from gateway.journal.sqlite.messages import Answer, Answers, Job, JobFailed, Requeued, Stop, Stored, Work, newest

SILENCE: Final = 7.0
"""Seconds without a word from the writing, while somebody waits for it, after which everybody is refused."""

REPLACE: Final = 20.0
"""Seconds of that after which the writing is to be replaced, and between further attempts at it."""

_LATE: Final = 1.0
"""Seconds by which an alarm is late only if this process has stood still, too, and has words to read first."""

log = structlog.get_logger("gateway.journal")

Waiting = tuple[Work, "asyncio.Future[Any]"]


class Line(Protocol):
    """What leads to the writing."""

    def send(self, job: Job) -> None:
        """Have a job done. Raises JournalError when it cannot even be asked for."""

    def replace(self) -> None:
        """Put another writing in the place of one that is silent, if it can be."""

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """See the end of the line. `stopped` ends when all that was asked for is done, or when it cannot be."""


class Writer:
    """Asks for work on the event loop, and takes the answers there.

    `on_commit` is given the seconds of every group. `logged` is roughly how many bytes went into the write-ahead log so
    far. `added` is called with the number of the newest delivery, see `gateway.journal.Queue.listen`.
    """

    def __init__(self, path: Path, on_commit: Callable[[float], None] | None) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._on_commit = on_commit or (lambda _: None)
        self._waiting: dict[int, Waiting] = {}
        self._number = 0
        self._closed = False
        self._line: Line | None = None
        self._heard_at = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._silent = False
        self.added: Callable[[int], None] = lambda _: None
        self.logged = 0

    def use(self, line: Line) -> None:
        """Ask over this line from now on."""
        self._line = line

    def ask(self, work: Work) -> "asyncio.Future[Any]":
        """Ask for some work; the future holds its answer or a JournalError."""
        future = self._loop.create_future()
        if self._closed or self._line is None:
            future.set_exception(JournalError(f"journal {self._path} is closed"))
            return future
        if self._silent:
            future.set_exception(self._silence())
            return future
        number = self._number = self._number + 1
        try:
            self._line.send(Job(number, work))
        except JournalError as error:
            future.set_exception(error)
            return future
        if not self._waiting:
            self._heard_at = self._loop.time()
            if self._alarm is None:
                self._ring_in(SILENCE)
        self._waiting[number] = work, future
        return future

    def on_answers(self, answers: Answers) -> None:
        """Resolve the futures that these answers belong to."""
        self._heard_at = self._loop.time()
        self._silent = False
        self.logged += answers.logged
        if answers.seconds is not None:
            self._on_commit(answers.seconds)
        added = answers.newest
        for number, answer in answers.answers:
            work, future = self._waiting.pop(number)
            if future.done():  # cancelled, or refused after a silence; the work is done all the same
                added = max(added, newest(work, answer))
                continue
            if isinstance(answer, Requeued):
                added = max(added, answer.newest)
            _resolve(future, work, answer)
        if added:
            self.added(added)

    def broken(self, why: str) -> None:
        """Nothing that was asked for is answered any more; it may be done, or not."""
        waiting, self._waiting = self._waiting, {}
        self._silent = False
        _refuse(waiting.values(), f"journal {self._path}: {why}")

    async def close(self) -> None:
        """Finish what was asked for; nothing can be asked for afterwards."""
        if self._closed or self._line is None:
            return
        stopped = self.ask(Stop())
        self._closed = True
        await self._line.close(stopped)
        if self._alarm is not None:
            self._alarm.cancel()
        self.broken("it was closed before this was done")
        stopped.exception()  # which is no news

    def _ring_in(self, seconds: float) -> None:
        self._alarm = self._loop.call_later(seconds, self._look, self._loop.time() + seconds)

    def _look(self, due: float) -> None:
        """Refuse everybody who waits after SILENCE, have the writing replaced after REPLACE."""
        self._alarm = None
        if not self._waiting:
            return
        now = self._loop.time()
        if now - due > _LATE:
            self._heard_at = now
        quiet = now - self._heard_at
        if quiet < SILENCE:
            self._ring_in(SILENCE - quiet)
            return
        if not self._silent:
            log.error("the journal is not written, requests are refused", journal=str(self._path), silent=round(quiet))
            self._silent = True
            _refuse(self._waiting.values(), str(self._silence()))
        if quiet >= REPLACE and self._line is not None:
            self._line.replace()
            self._ring_in(REPLACE)
        else:
            self._ring_in(REPLACE - quiet)

    def _silence(self) -> JournalError:
        quiet = self._loop.time() - self._heard_at
        return JournalError(f"journal {self._path}: what writes it has not answered for {quiet:.0f} s")


def _refuse(waiting: Iterable[Waiting], reason: str) -> None:
    for work, future in waiting:
        if not future.done():
            _resolve(future, work, JobFailed(reason))


def _resolve(future: "asyncio.Future[Any]", work: Work, answer: Answer) -> None:
    if isinstance(answer, JobFailed):
        future.set_exception((JournalDamaged if answer.damaged else JournalError)(answer.reason))
    elif isinstance(answer, Stored) and isinstance(work, Entry):
        sent = () if answer.duplicate else deliveries(work, answer.before)
        future.set_result(Appended(answer.event_id, answer.duplicate, sent))
    elif isinstance(answer, Requeued):
        future.set_result(answer.count)
    else:
        future.set_result(answer)
