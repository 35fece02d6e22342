"""The load generator: keep-alive connections that cost so little that the server under test is what is measured."""

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, cast

CONNECTIONS = 32
"""Keep-alive connections, each with one request at a time."""

_FIRST = -15
"""The priority of a process that comes before others."""


class Tally(NamedTuple):
    """What a closed loop got: answers by HTTP status, and the seconds from the first request to the last answer."""

    answers: Counter[int]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers.total() / self.seconds


@contextmanager
def first() -> Iterator[None]:
    """Let this process have its core whenever it wants it within the block, where that is allowed (root).

    Senders are on other machines: a server that keeps them from their core would only seem slow to answer.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


class Connection(asyncio.Protocol):
    """One connection; `answered` gets it with the status of each answer, and status 0 when it breaks."""

    def __init__(self, answered: Callable[["Connection", int], None]) -> None:
        self.since = 0.0
        self._answered = answered
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to send."""
        self._transport = cast(asyncio.Transport, transport)
        self.send = self._transport.write

    def data_received(self, data: bytes) -> None:
        """Tell the status once the answer is complete."""
        if self._rest:
            data = self._rest + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _length(data, end):
            self._rest = data
            return
        self._rest = b""
        self._answered(self, int(data[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that no answer will come, unless this side has closed."""
        if self._transport is not None:
            self._answered(self, 0)

    def close(self) -> None:
        """Close without telling."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


async def closed(port: int, requests: Iterator[bytes], *, seconds: float = float("inf")) -> Tally:
    """Send the next request on a connection as soon as it has its answer, until time or requests are over."""
    answers: Counter[int] = Counter()
    finished = asyncio.get_running_loop().create_future()
    clock, busy, until = time.perf_counter, 0, 0.0

    def answered(connection: Connection, status: int) -> None:
        nonlocal busy
        answers[status] += 1
        if status and clock() < until and (request := next(requests, None)):
            connection.send(request)
            return
        busy -= 1
        if not busy and not finished.done():
            finished.set_result(clock())

    connections = await _connect(port, answered)
    started = clock()
    until = started + seconds
    for connection, request in zip(connections, requests, strict=False):
        busy += 1
        connection.send(request)
    ended = await finished
    for connection in connections:
        connection.close()
    return Tally(answers, ended - started)


class Paced(NamedTuple):
    """What an open loop got: answers by status, seconds from each request's scheduled time to its answer, sorted."""

    answers: Counter[int]
    latencies: list[float]

    def quantile(self, part: float) -> float:
        """The seconds within which this part of the requests was answered."""
        return self.latencies[min(int(part * len(self.latencies)), len(self.latencies) - 1)]


async def paced(port: int, requests: Iterator[bytes], *, rate: float, seconds: float) -> Paced:
    """Send at a constant rate, whatever the answers do; a request that waits for a connection waits at our expense.

    A timer may send up to a millisecond late, which counts as latency; to spin would take a core from the server.
    """
    answers: Counter[int] = Counter()
    latencies: list[float] = []
    loop, clock, count = asyncio.get_running_loop(), time.perf_counter, int(rate * seconds)
    idle: deque[Connection] = deque()
    finished = loop.create_future()

    def answered(connection: Connection, status: int) -> None:
        answers[status] += 1
        latencies.append(clock() - connection.since)
        if status:
            idle.append(connection)
        if len(latencies) == count and not finished.done():
            finished.set_result(None)

    def send_due(sent: int) -> None:
        now = clock()
        while sent < count and idle and (due := started + sent / rate) <= now:
            connection = idle.popleft()
            connection.since = due
            connection.send(next(requests))
            sent += 1
        if not finished.done():
            loop.call_later(0.001, send_due, sent)

    connections = await _connect(port, answered)
    idle.extend(connections)
    started = clock()
    send_due(0)
    await asyncio.wait_for(finished, 10 * seconds + 120)
    for connection in connections:
        connection.close()
    return Paced(answers, sorted(latencies))


async def _connect(port: int, answered: Callable[[Connection, int], None]) -> list[Connection]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(answered), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    return [connection for _, connection in made]


def _length(data: bytes, end: int) -> int:
    at = data.find(b"Content-Length: ", 0, end) + 16
    return int(data[at : data.find(b"\r", at)]) if at >= 16 else 0
