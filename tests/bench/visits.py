"""The console as browsers use it: its pages on a journal of many events, and what open pages cost the deliveries."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple
from urllib.parse import urlencode

import load
import million
import servers
from push import Pushes
from scenarios import HOOKS, MANY, PATIENCE, alone, expect

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
    async with alone(folder, MANY, HOOKS, journal=journal) as (server, _):
        took: dict[str, list[float]] = {name: [] for name in _paths(count)}
        for look in range(looks + 1):
            for name, path in _paths(count).items():
                milliseconds = await _get(server.admin, path)
                if look:
                    took[name].append(milliseconds)
            await asyncio.sleep(_PAUSE)
    return {name: Times(sorted(those)[len(those) // 2], max(those)) for name, those in took.items()}


class Turn(NamedTuple):
    """Events per second from end to end, the gateway's microseconds of processor time for one, the readers' side."""

    rate: float
    micros: float
    readers: Mapping[str, float]


async def watched(folder: Path, count: int, turns: int) -> Sequence[tuple[Turn, Turn]]:
    """Pairs of turns of `count` events each: nobody looks, the console is open in ten browsers.

    One gateway delivers all of it, and every other pair was measured the other way round: what slows down with time,
    such as a journal that grows, meets both alike.
    """
    found = []
    async with alone(folder, MANY, HOOKS) as (server, there):
        requests = Pushes(MANY).requests()

        async def turn(feeds: Sequence[str]) -> Turn:
            async with servers.watched(server.admin, feeds) as seen:
                goal, spent, started = there.count + count, server.processor(), perf_counter()
                expect((await load.closed(server.port, itertools.islice(requests, count))).answers)
                await there.reach(goal, PATIENCE)
                seconds, spent = perf_counter() - started, (server.processor() - spent).total()
            return Turn(count / seconds, spent / count * 1e6, seen)

        await turn(())
        for number in range(turns):
            pair = [await turn(feeds) for feeds in (((), FEEDS), (FEEDS, ()))[number % 2]]
            found.append((pair[number % 2], pair[1 - number % 2]))
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
