"""The writing in a thread of this process: for those who write seldom, or start and end often."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from gateway.journal.sqlite.commits import Answered, Writing, group
from gateway.journal.sqlite.messages import Answers, Job


class ThreadLine:
    """Leads to a thread that writes. `on_answers` is called on the event loop."""

    def __init__(self, path: Path, on_answers: Callable[[Answers], None]) -> None:
        self._on_answers = on_answers
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Job] = SimpleQueue()
        self._jobs: deque[Job] = deque()
        # Not to hold up the end of a process that failed to close: what was answered is durable.
        self._thread = threading.Thread(target=self._run, args=(path,), name="journal-writer", daemon=True)
        self._thread.start()

    def send(self, job: Job) -> None:
        """Have a job done."""
        self._queue.put(job)

    def replace(self) -> None:
        """Do nothing: a thread cannot be ended from outside."""

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """See the end of the thread, whose last act but one is to say that it has stopped."""
        await asyncio.wait({stopped})
        if stopped.exception() is None:  # else it hangs in the disk
            self._thread.join()

    def _run(self, path: Path) -> None:
        writing = Writing(path, self._send_answers)
        while writing.turn(self._gather(wait=not writing.restless)):
            pass

    def _gather(self, *, wait: bool) -> list[Job]:
        """What was asked for, at most a group; waits for something if told to."""
        with suppress(Empty):
            if not self._jobs:
                self._jobs.append(self._queue.get(block=wait))
            while True:
                self._jobs.append(self._queue.get_nowait())
        return group(self._jobs)

    def _send_answers(self, answered: Answered, seconds: float | None = None, logged: int = 0) -> None:
        answers = Answers([(job.number, answer) for job, answer in answered], seconds, logged)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._on_answers, answers)
