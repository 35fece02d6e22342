"""What is measured of running servers. Each gives plain numbers; ratios and targets are for the report.

The load generator and the sink are this process, the server under test is another one, each on its core.
"""

import itertools
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import load
import servers
import sink
from push import REPOSITORIES, Pushes

ONE: Final = ("github",)
MANY: Final = tuple(f"team{number:02}" for number in range(64))
HOOKS: Final = 8
"""Over how many destinations the 64 routes are spread."""

PATIENCE: Final = 300.0
"""Seconds within which whatever was accepted must have been delivered."""


class Bench:
    """The scenarios; `folder` is where journals are made, on the disk that is to be measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def generator(self, seconds: float) -> float:
        """Requests per second of the load generator against a server that does nothing."""
        async with servers.bare("trivial") as server:
            return await _rate(server.port, seconds, 200)

    async def bare_accept(self, seconds: float) -> float:
        """Answers per second of an aiohttp handler that only reads."""
        async with servers.bare("handler") as server:
            await _rate(server.port, seconds / 5, 200)
            return await _rate(server.port, seconds, 200)

    async def accept(self, seconds: float) -> dict[str, float]:
        """Accepted requests per second over one route and destination, and deliveries per second meanwhile."""
        with TemporaryDirectory(prefix="mattergate-bench-", dir=self.folder) as folder:
            async with sink.serving() as there, servers.gateway(Path(folder), there.port, ONE, 1) as server:
                pushes = Pushes(ONE).requests()
                await _closed(server.port, pushes, seconds / 5, 202)
                before = there.count
                tally = await _closed(server.port, pushes, seconds, 202)
                return {"accepted": tally.rate, "delivered": (there.count - before) / tally.seconds}

    async def bare_forward(self, count: int) -> float:
        """Requests per second of an aiohttp handler that forwards to the sink and answers with its answer."""
        async with sink.serving() as there, servers.bare("proxy", there.port) as server:
            requests = Pushes(MANY).requests()
            expect((await load.closed(server.port, itertools.islice(requests, count // 5))).answers, 200)
            tally = await load.closed(server.port, itertools.islice(requests, count))
            return expect(tally.answers, 200) / tally.seconds

    async def end_to_end(
        self,
        count: int,
        *,
        rest: bool = False,
        routes: Sequence[str] = MANY,
        hooks: int = HOOKS,
        lanes: int = REPOSITORIES,
    ) -> dict[str, float]:
        """Events per second from the first request to the last message at the sink, and the memory that it took."""
        with TemporaryDirectory(prefix="mattergate-bench-", dir=self.folder) as folder:
            async with (
                sink.serving() as there,
                servers.gateway(Path(folder), there.port, routes, hooks, rest=rest) as server,
            ):
                pushes = Pushes(routes, lanes).requests()
                warm = count // 5
                expect((await load.closed(server.port, itertools.islice(pushes, warm))).answers, 202)
                await there.reach(warm, PATIENCE)
                started, spent = perf_counter(), server.processor()
                expect((await load.closed(server.port, itertools.islice(pushes, count))).answers, 202)
                await there.reach(warm + count, PATIENCE)
                ended, spent = perf_counter(), (server.processor() - spent).total()
                now, most = server.memory()
                return {
                    "rate": count / (ended - started),
                    "micros": spent / count * 1e6,
                    "rss": now,
                    "peak": most,
                    "events": float(warm + count),
                }

    async def latency(self, rate: float, seconds: float) -> dict[str, float]:
        """Milliseconds from a request's scheduled time to its answer, at a constant rate while delivering."""
        with TemporaryDirectory(prefix="mattergate-bench-", dir=self.folder) as folder:
            async with sink.serving() as there, servers.gateway(Path(folder), there.port, MANY, HOOKS) as server:
                pushes = Pushes(MANY).requests()
                with load.first():
                    await load.paced(server.port, pushes, rate=rate, seconds=max(0.5, seconds / 5))
                    paced = await load.paced(server.port, pushes, rate=rate, seconds=seconds)
                expect(paced.answers, 202)
                return {
                    "p50": paced.quantile(0.50) * 1e3,
                    "p99": paced.quantile(0.99) * 1e3,
                    "max": paced.latencies[-1] * 1e3,
                    "mean": statistics.fmean(paced.latencies) * 1e3,
                }


async def _rate(port: int, seconds: float, status: int) -> float:
    return (await _closed(port, Pushes(ONE).requests(), seconds, status)).rate


async def _closed(port: int, requests: Iterator[bytes], seconds: float, status: int) -> load.Tally:
    tally = await load.closed(port, requests, seconds=seconds)
    expect(tally.answers, status)
    return tally


def expect(answers: Counter[int], status: int) -> int:
    """The number of answers, all of which must have this status: a refusal is quick, and no figure."""
    if set(answers) != {status}:
        raise RuntimeError(f"expected only answers {status}, got {dict(answers)} (0: the connection broke)")
    return answers.total()
