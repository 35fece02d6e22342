"""The console as browsers use it: its pages on a journal of many events, and what open pages cost the deliveries."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple
from urllib.parse import urlencode

import load
import million
import servers
import sink
from push import Pushes
from scenarios import HOOKS, MANY, PATIENCE, expect

FEEDS: Final = ("overview",) * 10
"""What ten browsers follow while the overview is open in each."""

_PAUSE: Final = 0.3
"""Seconds between two looks at all pages: fifty of them see everything that the gateway does now and then."""


class Times(NamedTuple):
    """Milliseconds from a request's first byte out to its answer's last byte in."""

    p50: float
    worst: float


async def pages(folder: Path, count: int, looks: int) -> Mapping[str, Times]:
    """What each page takes on a journal of `count` events: all pages in turns, `looks` times after a first one."""
    journal = await asyncio.to_thread(million.made, folder, count, MANY, HOOKS)
    with TemporaryDirectory(prefix="mattergate-bench-", dir=folder) as inside:
        async with (
            sink.serving() as there,
            servers.gateway(Path(inside), there.port, MANY, HOOKS, journal=journal) as server,
        ):
            took: dict[str, list[float]] = {name: [] for name in _paths(count)}
            for look in range(looks + 1):
                for name, path in _paths(count).items():
                    milliseconds = await _get(server.admin, path)
                    if look:
                        took[name].append(milliseconds)
                await asyncio.sleep(_PAUSE)
    return {name: Times(sorted(those)[len(those) // 2], max(those)) for name, those in took.items()}


async def watched(folder: Path, count: int, turns: int) -> Sequence[tuple[float, float, Mapping[str, float]]]:
    """Events per second from end to end without and with open pages, in turns of `count` events, and the readers' side.

    One gateway delivers all of it, and every other turn begins with the open pages: what slows down with time, such as
    a journal that grows, meets both alike.
    """
    found = []
    with TemporaryDirectory(prefix="mattergate-bench-", dir=folder) as inside:
        async with sink.serving() as there, servers.gateway(Path(inside), there.port, MANY, HOOKS) as server:
            requests = Pushes(MANY).requests()

            async def rate() -> float:
                goal, started = there.count + count, perf_counter()
                expect((await load.closed(server.port, itertools.islice(requests, count))).answers, 202)
                await there.reach(goal, PATIENCE)
                return count / (perf_counter() - started)

            await rate()
            for turn in range(turns):
                first = await rate() if turn % 2 else 0.0
                async with servers.watched(server.admin, FEEDS) as seen:
                    open_rate = await rate()
                found.append((first or await rate(), open_rate, seen))
    return found


def _paths(count: int) -> Mapping[str, str]:
    dead = urlencode({"destination": "hook2", "reason": million.REASONS[2]})
    return {
        "overview": "/",
        "events": "/events",
        "events of a route": f"/events?route={MANY[7]}",
        "events that are broken": "/events?outcome=broken",
        "events with a dead delivery": "/events?state=dead",
        "events with a word": "/events?text=silent",
        "events with a word that none has": "/events?text=nowhere",
        "events from the middle on": f"/events?before={million.event_id(count // 2)}",
        "one event": f"/events/{million.event_id(count // 2)}",
        "dead letters": "/dead",
        "dead letters of a group": f"/dead/deliveries?{dead}",
    }


async def _get(port: int, path: str) -> float:
    """Milliseconds for a page over a connection of its own, which is there before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = perf_counter()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read(-1)
    took = (perf_counter() - started) * 1e3
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"GET {path}: {answer[:100]!r}")
    return took
