"""Browsers that have a page of the console open: `python readers.py PORT FEED ...`, one event stream for each FEED.

They read and take no further notice. "ready" is printed when each has had its first event; when standard input ends,
what they got and what that took of the processor, as JSON.
"""

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

_HEAD = "GET /live?feed={feed} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"


class Reader(asyncio.Protocol):
    """One stream; `begun` ends with its first event."""

    def __init__(self, head: bytes) -> None:
        self.begun = asyncio.get_running_loop().create_future()
        self.events = 0
        self.bytes = 0
        self._head = head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        cast(asyncio.Transport, transport).write(self._head)

    def data_received(self, data: bytes) -> None:
        """Count."""
        self.bytes += len(data)
        if count := data.count(b"\ndata: "):
            self.events += count
            if not self.begun.done():
                self.begun.set_result(None)


async def main(port: int, feeds: list[str]) -> None:
    """Read until standard input ends."""
    loop = asyncio.get_running_loop()
    readers = []
    for feed in feeds:
        head = _HEAD.format(feed=feed, port=port).encode()
        _, reader = await loop.create_connection(lambda head=head: Reader(head), "127.0.0.1", port)
        readers.append(reader)
    async with asyncio.timeout(120):
        await asyncio.gather(*(reader.begun for reader in readers))
    before, started = time.process_time(), time.perf_counter()
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    spent, seconds = time.process_time() - before, time.perf_counter() - started
    totals = {"events": sum(one.events for one in readers), "bytes": sum(one.bytes for one in readers)}
    print(json.dumps({**totals, "processor": spent / seconds, "seconds": seconds}))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2:]))
