"""The event loop's side of the writer: jobs are sent with a number, by which answers resolve their futures.

The commits (`commits`) run at the other end of a line: in a thread of this process (`thread_line`), in a process of its
own (`process_line`), or in the writing process of the gateway that is running (`socket_line`).
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Appended, DeadDiscard, Entry, deliveries
from gateway.journal.sqlite.bodies import pack_light
from gateway.journal.sqlite.messages import (
    Answer,
    Answers,
    Discarded,
    Job,
    JobFailed,
    Requeued,
    Stop,
    Stored,
    Work,
    newest,
)

SILENCE: Final = 7.0
"""Seconds without an answer, while callers wait, after which all of them get a JournalError."""

REPLACE: Final = 20.0
"""Seconds without an answer after which the writer is replaced, and between further attempts to replace it."""

_LATE: Final = 1.0
"""Seconds: an alarm later than this means that this process itself was suspended, and has answers to read first."""

log = structlog.get_logger("gateway.journal")

Waiting = tuple[Work, "asyncio.Future[Any]"]


class Line(Protocol):
    """A way to the thread or process that writes."""

    def send(self, job: Job) -> None:
        """Send a job. Raises JournalError when it cannot be sent."""

    def replace(self) -> None:
        """Replace a writer that does not answer, where that is possible."""

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """Close the line. `stopped` is done when all jobs are done, or cannot be."""


class Writer:
    """Sends jobs from the event loop, and resolves their futures there.

    `on_commit` gets the seconds of every commit, `on_discard` what went of the dead. `logged` is roughly how many bytes
    were written to the write-ahead log so far. `added` is called with the number of the newest delivery, see
    `gateway.journal.Queue.listen`. `skew` tells what to add to the time of an entry, see `WindowClock`.
    """

    def __init__(
        self,
        path: Path,
        on_commit: Callable[[float], None] | None = None,
        on_discard: Callable[[DeadDiscard], None] | None = None,
        skew: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._on_commit = on_commit or (lambda _: None)
        self._on_discard = on_discard or (lambda _: None)
        self._skew = skew
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
        """Send jobs over this line from now on."""
        self._line = line

    def ask(self, work: Work) -> "asyncio.Future[Any]":
        """Send work as a job; the future gets its answer or a JournalError."""
        future = self._loop.create_future()
        if self._closed or self._line is None:
            future.set_exception(JournalError(f"journal {self._path} is closed"))
            return future
        if self._silent:
            future.set_exception(self._silence_error())
            return future
        number = self._number = self._number + 1
        try:
            self._line.send(self._job(number, work))
        except JournalError as error:
            future.set_exception(error)
            return future
        if not self._waiting:
            self._heard_at = self._loop.time()
            if self._alarm is None:
                self._set_alarm(SILENCE)
        self._waiting[number] = work, future
        return future

    def _job(self, number: int, work: Work) -> Job:
        if not isinstance(work, Entry):
            return Job(number, work)
        packed, size = pack_light(work)
        return Job(number, packed, skew=self._skew(), body_size=size)

    def on_answers(self, answers: Answers) -> None:
        """Resolve the futures that these answers belong to."""
        self._heard_at = self._loop.time()
        self._silent = False
        self.logged += answers.logged
        if answers.seconds is not None:
            self._on_commit(answers.seconds)
        added = answers.newest
        gone = list(answers.discards)
        for number, answer in answers.answers:
            work, future = self._waiting.pop(number)
            if isinstance(answer, Discarded):
                gone += answer.discards
            if future.done():  # cancelled, or refused by _check_silence; the work is done all the same
                added = max(added, newest(work, answer))
                continue
            if isinstance(answer, Requeued):
                added = max(added, answer.newest)
            _resolve(future, work, answer)
        for each in gone:
            self._on_discard(each)
        if added or gone or answers.paused:
            self.added(added)

    def broken(self, why: str) -> None:
        """Fail all waiting futures: their jobs may be done or not, but are not answered any more."""
        waiting, self._waiting = self._waiting, {}
        self._silent = False
        _refuse(waiting.values(), f"journal {self._path}: {why}")

    async def close(self) -> None:
        """Finish all jobs; `ask` fails afterwards."""
        if self._closed or self._line is None:
            return
        stopped = self.ask(Stop())
        self._closed = True
        await self._line.close(stopped)
        if self._alarm is not None:
            self._alarm.cancel()
        self.broken("it was closed before this was done")
        stopped.exception()  # retrieved, so that asyncio does not report it

    def _set_alarm(self, seconds: float) -> None:
        self._alarm = self._loop.call_later(seconds, self._check_silence, self._loop.time() + seconds)

    def _check_silence(self, due: float) -> None:
        """Fail all waiting futures after SILENCE, replace the writer after REPLACE."""
        self._alarm = None
        if not self._waiting:
            return
        now = self._loop.time()
        if now - due > _LATE:
            self._heard_at = now
        quiet = now - self._heard_at
        if quiet < SILENCE:
            self._set_alarm(SILENCE - quiet)
            return
        if not self._silent:
            log.error("the journal is not written, requests are refused", journal=str(self._path), silent=round(quiet))
            self._silent = True
            _refuse(self._waiting.values(), str(self._silence_error()))
        if quiet >= REPLACE and self._line is not None:
            self._line.replace()
            self._set_alarm(REPLACE)
        else:
            self._set_alarm(REPLACE - quiet)

    def _silence_error(self) -> JournalError:
        quiet = self._loop.time() - self._heard_at
        return JournalError(f"journal {self._path}: its writer has not answered for {quiet:.0f} s")


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
    elif isinstance(answer, Discarded):
        future.set_result(sum(each.count for each in answer.discards))
    else:
        future.set_result(answer)
