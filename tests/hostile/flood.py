"""A crowd without proof: many connections that each send nearly all of a large body, and hold on.

    python -m tests.hostile.flood PORT CONNECTIONS

A process of its own, so that what it does costs the proven sender beside it no time. It ends with its standard input,
and prints a line of JSON: how many answers of which status there were, and how many bytes were taken.
"""

import asyncio
import json
import resource
import sys
from collections import Counter
from typing import Final

BODY: Final = 4_900_000
"""Bytes of each body, just below the limit of a route."""

PEERS: Final = 40
"""Addresses 127.0.0.x from which they come."""

_HELD: Final = 50_000
"""Bytes at the end of each body that are never sent."""

_STEP: Final = 64 * 1024
_AT_ONCE: Final = 100
_HEAD: Final = (
    b"POST /in/github HTTP/1.1\r\nHost: gateway.example.com\r\nContent-Type: application/json\r\n"
    b"X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=%s\r\nContent-Length: %d\r\n\r\n" % (b"0" * 64, BODY)
)


class Flood:
    """The connections, and what came of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: Counter[str] = Counter()
        self.sent = 0
        self._chunk = b"a" * _STEP
        self._connecting = asyncio.Semaphore(_AT_ONCE)

    async def run(self, connections: int) -> None:
        """Open them all, send, and hold them until standard input ends."""
        crowd = [asyncio.create_task(self._one(number)) for number in range(connections)]
        await asyncio.to_thread(sys.stdin.read)
        for one in crowd:
            one.cancel()
        await asyncio.wait(crowd)

    async def _one(self, number: int) -> None:
        try:
            async with self._connecting:
                peer = f"127.0.0.{2 + number % PEERS}"
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(peer, 0))
        except asyncio.CancelledError:
            self.answers["not connected yet"] += 1
            return
        except OSError as error:
            self.answers[f"not connected ({error.strerror})"] += 1
            return
        sending = asyncio.create_task(self._send(writer))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.answers[head[9:12].decode("ascii", "replace")] += 1
        except asyncio.CancelledError:
            self.answers["held"] += 1
        except (OSError, asyncio.IncompleteReadError):
            self.answers["cut"] += 1
        finally:
            sending.cancel()
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(_HEAD)
            for _ in range((BODY - _HELD) // _STEP):
                writer.write(self._chunk)
                await writer.drain()
                self.sent += _STEP
        except OSError:
            pass  # refused: the answer says so


def raise_limit() -> None:
    """Let this process, and those that it starts, have as many connections as the system allows."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Send, then tell."""
    raise_limit()
    flood = Flood(int(sys.argv[1]))
    asyncio.run(flood.run(int(sys.argv[2])))
    print(json.dumps({"answers": flood.answers, "bytes": flood.sent}), flush=True)


if __name__ == "__main__":
    main()
