"""The line to a writing thread of this process, for programs that write rarely, or start and end often."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from gateway.journal.sqlite.commits import Done, Writing, group
from gateway.journal.sqlite.messages import Answers, Job


class ThreadLine:
    """The line to a writing thread. `on_answers` is called on the event loop."""

    def __init__(self, path: Path, on_answers: Callable[[Answers], None]) -> None:
        self._on_answers = on_answers
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Job] = SimpleQueue()
        self._jobs: deque[Job] = deque()
        # A daemon, so that it does not hold up the end of a process that failed to close: answered jobs are durable.
        self._thread = threading.Thread(target=self._run, args=(path,), name="journal-writer", daemon=True)
        self._thread.start()

    def send(self, job: Job) -> None:
        """Send a job."""
        self._queue.put(job)

    def replace(self) -> None:
        """Do nothing: a thread cannot be killed."""

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """Wait for the end of the thread, which follows its answer to Stop, `stopped`."""
        await asyncio.wait({stopped})
        if stopped.exception() is None:  # else the thread hangs in a disk call
            self._thread.join()

    def _run(self, path: Path) -> None:
        writing = Writing(path, self._send_answers)
        while writing.turn(self._gather(wait=not writing.restless)):
            pass

    def _gather(self, *, wait: bool) -> list[Job]:
        """The jobs of at most a group; `wait` blocks until there is one."""
        with suppress(Empty):
            if not self._jobs:
                self._jobs.append(self._queue.get(block=wait))
            while True:
                self._jobs.append(self._queue.get_nowait())
        return group(self._jobs)

    def _send_answers(self, done: Done) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for answers
            self._loop.call_soon_threadsafe(self._on_answers, done.answers())
