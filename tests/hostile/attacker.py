"""The senders of hostile inputs: connections that send one input after the other, and look at every answer."""

import asyncio
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import Final, cast

from msgspec import Struct

from tests.hostile.inputs import Input

CONNECTIONS: Final = 48
"""Connections that are kept, each with one request at a time."""

SINGLE: Final = 24
"""How many inputs that may be no whole request are under way at a time, each on a connection of its own."""

PATIENCE: Final = 30.0
"""Seconds within which a whole request has to be answered."""

_LINGER: Final = 0.15
"""Seconds after which a connection with half a request is cut."""

_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.I)
_ID: Final = re.compile(rb'"id":"([0-9a-f]{20,})"')


class Failure(Struct):
    """An input that got what no input may get."""

    why: str
    input: Input
    answer: bytes = b""


class Attack:
    """What was sent and answered so far. `accepted` are ids of events, `failures` the inputs that went wrong."""

    def __init__(self, port: int, inputs: Iterator[Input], secrets: Sequence[str]) -> None:
        self.port = port
        self.inputs = inputs
        self.answers: Counter[int] = Counter()
        self.accepted: list[str] = []
        self.failures: list[Failure] = []
        self.sent = 0
        self._secrets = [secret.encode() for secret in secrets]
        self._senders: dict[int, deque[tuple[float, Input]]] = defaultdict(lambda: deque(maxlen=64))
        self._singles: deque[Input] = deque()
        self._wake = asyncio.Event()
        self._over = False

    async def run(self) -> None:
        """Send everything."""
        async with asyncio.TaskGroup() as group:
            singles = [group.create_task(self._single_sender()) for _ in range(SINGLE)]
            async with asyncio.TaskGroup() as kept:
                for _ in range(CONNECTIONS):
                    kept.create_task(self._sender())
            self._over = True
            self._wake.set()
            await asyncio.gather(*singles)

    def under_way(self, port: int, moment: float) -> list[Input]:
        """The input that a port was sending at a moment; of port 0, all that were under way."""
        ports = (port,) if port else tuple(self._senders)
        return [sent[-1] for own in ports if (sent := [one for at, one in self._senders[own] if at <= moment])]

    def forget(self, before: float) -> None:
        """Forget who sent what before a moment."""
        for port in [port for port, sent in self._senders.items() if not sent or sent[-1][0] < before]:
            del self._senders[port]

    def look(self, one: Input, answer: bytes) -> None:
        """Count an answer, and keep the input when something is wrong with it."""
        status = int(answer[9:12]) if answer[9:12].isdigit() else 0
        self.answers[status] += 1
        if status > 499 and status != 503:
            self.failures.append(Failure(f"answered {status}", one, answer[:1000]))
        elif status == 503 and b"retry-after" not in answer.lower():
            self.failures.append(Failure("503 without Retry-After", one, answer[:1000]))
        elif not status and answer:
            self.failures.append(Failure("answered without a status", one, answer[:1000]))
        for secret in self._secrets:
            if secret in answer:
                self.failures.append(Failure("a secret in the answer", one, answer[:1000]))
        if status == 202 and (found := _ID.search(answer)) and not one.invented:
            self.accepted.append(found[1].decode())

    def unanswered(self, one: Input, why: str) -> None:
        """Count an input that got no answer; a whole request must get one."""
        self.answers[0] += 1
        if not one.raw:
            self.failures.append(Failure(why, one))

    def _next(self) -> Input | None:
        one = next(self.inputs, None)
        self.sent += one is not None
        return one

    async def _sender(self) -> None:
        connection: _Connection | None = None
        while (one := self._next()) is not None:
            if one.raw:
                self._singles.append(one)
                self._wake.set()
                while len(self._singles) > 4 * SINGLE:
                    await asyncio.sleep(0.01)
                continue
            for last in (False, True):
                if connection is None or connection.closed:
                    connection = await self._connect()
                answer = await self._exchange(connection, one)
                if answer:
                    self.look(one, answer)
                    break
                # It may have been closed just before: one more connection decides.
                connection.close()
                if last:
                    self.unanswered(one, "no answer")
        if connection is not None:
            connection.close()

    async def _exchange(self, connection: "_Connection", one: Input) -> bytes:
        self._senders[connection.port].append((time.monotonic(), one))
        try:
            async with asyncio.timeout(PATIENCE):
                return await connection.ask(one.wire(), one.draft.method == "HEAD")
        except TimeoutError:
            return b""

    async def _single_sender(self) -> None:
        while True:
            if not self._singles:
                if self._over:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            one = self._singles.popleft()
            connection = await self._connect()
            self._senders[connection.port].append((time.monotonic(), one))
            try:
                async with asyncio.timeout(_LINGER):
                    answer = await connection.ask(one.raw, head=False)
            except TimeoutError:
                answer = b""
            (self.look(one, answer) if answer else self.unanswered(one, "no answer"))
            connection.close()

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            _, protocol = await loop.create_connection(_Connection, "127.0.0.1", self.port)
        return protocol


class _Connection(asyncio.Protocol):
    """One connection; `ask` sends and gives the whole first answer that is not an interim one, b"" for none."""

    def __init__(self) -> None:
        self.closed = False
        self.port = 0
        self._have = bytearray()
        self._head = False
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to send."""
        self._transport = cast(asyncio.Transport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    async def ask(self, wire: bytes, head: bool) -> bytes:
        """Send, and wait for the answer; `head`: it has no body."""
        self._have.clear()
        self._head = head
        self._answer = asyncio.get_running_loop().create_future()
        if self.closed:
            return b""
        self._transport.write(wire)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        """Give the answer once it is complete."""
        self._have += data
        while (end := self._have.find(b"\r\n\r\n")) >= 0:
            if self._have[9:10] == b"1":  # an interim answer
                del self._have[: end + 4]
                continue
            length = _LENGTH.search(self._have, 0, end + 2)
            size = 0 if self._head or length is None else int(length[1])
            if len(self._have) >= end + 4 + size:
                self.closed = self.closed or b"connection: close" in self._have[:end].lower()
                self._settle(bytes(self._have))
            return

    def connection_lost(self, exc: Exception | None) -> None:
        """Give what there is."""
        self.closed = True
        self._settle(bytes(self._have))

    def close(self) -> None:
        """Cut the connection."""
        self.closed = True
        self._transport.abort()

    def _settle(self, answer: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
