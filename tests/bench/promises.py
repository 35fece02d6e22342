"""What a program promises, tried out for real: kill -9, a rough destination, a repeated id, a forged signature, retry.

Senders behave as GitHub does: they do not wait for an answer before they send what happens next, and never send again
by themselves. So an event that a program does not keep is lost, whatever it has answered.
"""

import asyncio
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
import programs
import push
import rough
from msgspec import Struct
from servers import Server, scratch

PAUSE: Final = 0.1
"""Seconds between two events of one repository, so that their order is known wherever they are taken."""


class Verdict(Struct, frozen=True):
    """Whether a promise was kept, what was seen of it in a word or two, and what explains that."""

    kept: bool
    seen: str
    detail: str = ""


class Size(NamedTuple):
    """How much is tried: events that are held, lanes, events of each; and seconds.

    A destination refuses for `refusing`; who has no answer after `answered` gets none while the destination is held;
    what has not come when nobody has tried for `quiet` never comes; a message may come again within `repeated`.
    """

    held: int
    lanes: int
    events: int
    refusing: float
    answered: float
    quiet: float
    repeated: float


FULL: Final = Size(held=32, lanes=16, events=16, refusing=5.0, answered=5.0, quiet=8.0, repeated=1.0)
QUICK: Final = Size(held=8, lanes=2, events=3, refusing=1.0, answered=10.0, quiet=4.0, repeated=0.5)

Start = Callable[[int], AbstractAsyncContextManager[Server]]
"""Starts a program that posts to this port; what it keeps stays from one start to the next."""


class Sender:
    """Sends events to a program, each on a connection of its own while earlier ones have no answer."""

    def __init__(self, session: aiohttp.ClientSession, server: Server) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{server.port}{programs.PATH}"

    async def send(self, name: str, secret: str = push.SECRET) -> int:
        """The status of the answer, 0 when the connection breaks."""
        body, headers = request(name, secret)
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


def request(name: str, secret: str) -> tuple[bytes, Mapping[str, str]]:
    """A push whose one commit is the event, of the repository of its lane; signed with the secret."""
    key = hashlib.sha1(name.encode()).hexdigest()
    payload = push.payload(f"service{name.partition('x')[0]}", key)
    payload["commits"] = [{**payload["head_commit"], "message": name}]
    body = json.dumps(payload).encode()
    return body, push.headers(body, f"72d3162e-cc78-11e3-81ab-{key[:12]}", secret=secret)


def names(lane: int, count: int) -> list[str]:
    """The events of a lane, in order."""
    return [f"change{lane}x{number}" for number in range(count)]


async def keeps(start: Start, there: rough.Destination, size: Size) -> Verdict:
    """What is accepted while the destination gives no answer arrives after kill -9 and a new start.

    The destination of the new start is another one: what reaches the first one, even late, has not arrived.
    """
    events = [names(lane, 1)[0] for lane in range(size.held)]
    async with rough.serving() as silent:
        silent.fates = rough.holding
        async with _sending(start, silent) as (sender, server):
            requests = [asyncio.create_task(sender.send(name)) for name in events]
            done, _ = await asyncio.wait(requests, timeout=size.answered)
            accepted = sum(_ok(request.result()) for request in done)
            await server.kill()
            await asyncio.gather(*requests)
    async with start(there.port):
        await there.reach(set(events), size.quiet)
        await asyncio.sleep(size.repeated)
    return _arrivals(there, events, f"{accepted} accepted")


async def order(start: Start, there: rough.Destination, size: Size) -> Verdict:
    """What is sent arrives, each repository's events in order, though a fifth of the attempts fail."""
    lanes = [names(lane, size.events) for lane in range(size.lanes)]
    events = list(itertools.chain(*lanes))
    there.fates = rough.rough
    async with _sending(start, there) as (sender, _), asyncio.TaskGroup() as group:
        for step in zip(*lanes, strict=True):
            for name in step:
                group.create_task(sender.send(name))
            await asyncio.sleep(PAUSE)
        await there.reach(set(events), size.quiet)
        await asyncio.sleep(size.repeated)
    behind = sum(map(late, _by_lane(there.arrived).values()))
    verdict = _arrivals(there, events, f"{size.lanes} repositories, {size.events} events each")
    seen = verdict.seen + (f", {behind} late" if behind else "")
    return Verdict(verdict.kept and not behind, seen, verdict.detail)


async def once(start: Start, there: rough.Destination, size: Size) -> Verdict:
    """A delivery that is sent again, with the same id and body, arrives once."""
    name = names(0, 1)[0]
    async with _sending(start, there) as (sender, _):
        await sender.send(name)
        await there.reach({name}, size.quiet)
        again = await sender.send(name)
        await asyncio.sleep(size.repeated)
    count = there.arrived.count(name)
    seen = ("never", "once", "twice")[count] if count < 3 else f"{count} times"
    return Verdict(count == 1, seen, f"the second answer was {again}")


async def forged(start: Start, there: rough.Destination, size: Size) -> Verdict:
    """A request that is signed with another secret is refused, and does not arrive."""
    wrong, right = names(0, 2)
    async with _sending(start, there) as (sender, _):
        status = await sender.send(wrong, "another secret")
        await sender.send(right)
        await there.reach({right}, size.quiet)
        await asyncio.sleep(size.repeated)
    arrived = wrong in there.arrived
    return Verdict(400 <= status < 500 and not arrived, str(status), f"{'' if arrived else 'not '}delivered")


async def retry(start: Start, there: rough.Destination, size: Size) -> Verdict:
    """What a destination refuses for some seconds arrives when it takes messages again."""
    events = [names(lane, 1)[0] for lane in range(size.lanes)]
    there.fates = rough.refusing
    async with _sending(start, there) as (sender, _), asyncio.TaskGroup() as group:
        for name in events:
            group.create_task(sender.send(name))
        await asyncio.sleep(size.refusing)
        there.fates = rough.taking
        await there.reach(set(events), size.quiet)
        await asyncio.sleep(size.repeated)
    return _arrivals(there, events, f"refused for {size.refusing:g} s")


async def limit(start: Start, there: rough.Destination, size: Size) -> Verdict:
    """A message that is answered 429 with Retry-After is posted again, and not before that."""
    name = names(0, 1)[0]
    there.fates = rough.limiting
    async with _sending(start, there) as (sender, _), asyncio.TaskGroup() as group:
        group.create_task(sender.send(name))
        arrived = await there.reach({name}, size.quiet)
    seen = "lost" if not arrived else f"{there.early} early" if there.early else "waits"
    return Verdict(arrived and not there.early, seen, f"Retry-After was {rough.RETRY_AFTER} s")


PROMISES: Final[Mapping[str, Callable[[Start, rough.Destination, Size], Awaitable[Verdict]]]] = {
    "keeps": keeps,
    "order": order,
    "once": once,
    "forged": forged,
    "retry": retry,
    "429": limit,
}


async def tried(program: programs.Program, installed: Path, where: Path, size: Size) -> dict[str, Verdict]:
    """The verdict on each promise; each is tried with a program and a destination that know nothing yet."""
    verdicts = {}
    for promise, trial in PROMISES.items():
        with scratch(where) as folder:
            async with rough.serving() as there:

                def start(sink: int, folder: Path = folder) -> AbstractAsyncContextManager[Server]:
                    return programs.running(program, installed, folder, sink)

                verdicts[promise] = await trial(start, there, size)
    return verdicts


@asynccontextmanager
async def _sending(start: Start, there: rough.Destination) -> AsyncIterator[tuple[Sender, Server]]:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with start(there.port) as server, aiohttp.ClientSession(connector=connector) as session:
        yield Sender(session, server), server


def _arrivals(there: rough.Destination, sent: list[str], detail: str) -> Verdict:
    arrived = set(there.arrived)
    twice = len(there.arrived) - len(arrived)
    seen = f"{len(arrived)} of {len(sent)}" + (f", {twice} twice" if twice else "")
    return Verdict(arrived == set(sent), seen, detail)


def _by_lane(arrived: list[str]) -> dict[str, list[int]]:
    lanes: dict[str, list[int]] = {}
    for name in dict.fromkeys(arrived):
        lane, _, number = name.partition("x")
        lanes.setdefault(lane, []).append(int(number))
    return lanes


def late(numbers: list[int]) -> int:
    """How many came after one that was sent later."""
    return sum(number < most for number, most in zip(numbers, itertools.accumulate(numbers, max), strict=True))


def _ok(status: int) -> bool:
    return 200 <= status < 300
