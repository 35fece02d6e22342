"""Senders as there are outside: many lanes, signed requests over HTTP, each repeated until it is accepted."""

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from tests.conftest import PATIENCE

SECRET: Final = b"a route secret that nobody may see"
SIZE: Final = 2_000
"""Bytes of one request, about."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=12.0)
_AGAIN: Final = 0.05, 0.4
"""Seconds before a request is repeated: at first, doubling up to the last."""


class Senders:
    """One sender for each lane `PREFIX-DESTINATION-NUMBER`: its items are numbered from 1, one under way at a time.

    `accepted` has the number of each lane's last accepted item, `refused` counts answers that are no 2xx, by status (0:
    no answer).
    """

    def __init__(self, port: int, destinations: Iterable[str], lanes: int, pause: float, prefix: str) -> None:
        self.accepted: dict[str, int] = {}
        self.refused: Counter[int] = Counter()
        self._url = f"http://127.0.0.1:{port}/in/"
        self._pause = pause
        self._enough = False
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._session = _session()
        self._tasks = []
        for destination in destinations:
            for number in range(lanes):
                lane = f"{prefix}-{destination}-{number}"
                self.accepted[lane] = 0
                self._tasks.append(asyncio.create_task(self._send_all(destination, lane)))

    @property
    def total(self) -> int:
        """How many items were accepted."""
        return sum(self.accepted.values())

    @asynccontextmanager
    async def disconnected(self) -> AsyncIterator[None]:
        """Close all connections, and send nothing inside the block; the next requests make new ones."""
        self._may_send.clear()
        await self._session.close()
        self._session = _session()
        try:
            yield
        finally:
            self._may_send.set()

    async def finish(self) -> None:
        """Let every sender have its last item accepted, and stop. Raises TimeoutError."""
        self._enough = True
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*self._tasks)
        finally:
            await self.abandon()

    async def abandon(self) -> None:
        """Stop at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def _send_all(self, destination: str, lane: str) -> None:
        while not self._enough:
            await self._send(destination, lane, self.accepted[lane] + 1)
            self.accepted[lane] += 1
            await asyncio.sleep(self._pause)

    async def _send(self, destination: str, lane: str, number: int) -> None:
        """Send one item until it is accepted."""
        item = {"kind": "item", "id": f"{lane}-{number}", "box": lane, "number": number, "filling": "x" * SIZE}
        body = json.dumps(item).encode()
        signature = hmac.digest(SECRET, body, hashlib.sha256).hex()
        headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signature}"}
        wait, most = _AGAIN
        while not 200 <= (status := await self._post(self._url + destination, body, headers)) < 300:
            self.refused[status] += 1
            await asyncio.sleep(wait)
            wait = min(2 * wait, most)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        await self._may_send.wait()
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, OSError, RuntimeError):  # the last: the session was closed
            return 0


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=_TIMEOUT)


async def hold_bodies(port: int, count: int, size: int) -> list[asyncio.StreamWriter]:
    """Open connections that each send all but the end of a large body without a proof; the caller closes them."""
    head = f"POST /in/hook HTTP/1.1\r\nHost: gateway\r\nContent-Length: {size + 1}\r\n\r\n".encode()
    held: list[asyncio.StreamWriter] = []
    for _ in range(count):
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 0.5)
        except (OSError, TimeoutError):
            break
        writer.write(head + b"x" * size)
        held.append(writer)
    return held


async def hold_open(port: int, most: int) -> list[asyncio.StreamWriter]:
    """Open idle connections for a second, until no more are taken, or there are `most`; the caller closes them."""
    idle: list[asyncio.StreamWriter] = []
    until = time.monotonic() + 1.0
    while len(idle) < most and time.monotonic() < until:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 0.5)
        except (OSError, TimeoutError):
            break
        writer.write(b"POST /in/hook HTTP/1.1\r\nHost: gateway\r\n")  # the rest never comes
        idle.append(writer)
    return idle
