"""Work that may take more than 20 ms leaves the event loop: a few threads, a bounded queue, every route in its turn.

The threads share the interpreter with the event loop, which gets it back within the switch interval (1 ms). What they
run in one call of C is bounded by the size of a request.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from gateway.errors import Refused
from gateway.ingress.rota import Rota

THREADS: Final = 2
"""Inflating and hashing run beside each other, the rest takes turns."""

WAITING: Final = 64
WAITING_OF_ONE: Final = 24
"""How many pieces of work may wait, and how many of one key."""

T = TypeVar("T")

_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Workers:
    """Runs work in threads. The work of a key waits for that of others one piece at a time, however much they have."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, "request")
        self._idle = threads
        self._waiting: Rota[_Job] = Rota()

    async def run(self, key: str, work: Callable[[], T]) -> T:
        """The result of the work, or what it raises. Raises Refused (503) when too much work waits."""
        if self._waiting.count(key) >= WAITING_OF_ONE or len(self._waiting) >= WAITING:
            raise Refused(503, "Service Unavailable", "too many large requests at once")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.add(key, (work, done))
        self._start(loop)
        return await done

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._idle and self._waiting:
            work, done = self._waiting.take()
            if not done.cancelled():
                self._idle -= 1
                running = loop.run_in_executor(self._pool, work)
                running.add_done_callback(lambda ended, done=done: self._end(loop, ended, done))  # type: ignore[misc]

    def _end(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[T]", done: "asyncio.Future[T]") -> None:
        self._idle += 1
        if ended.cancelled():
            done.cancel()
        elif (error := ended.exception()) is None:
            if not done.done():
                done.set_result(ended.result())
        elif not done.done():
            done.set_exception(error)
        self._start(loop)
