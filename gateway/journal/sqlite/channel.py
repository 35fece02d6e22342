"""The event loop's end of a connection to a writing process: it sends jobs, and receives a greeting and answers."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import msgspec

from gateway.errors import JournalError
from gateway.journal.sqlite.frames import LONGEST, Frames, head
from gateway.journal.sqlite.messages import PROTOCOL, Answers, Hello, Job

_RECEIVED: Final = 1 << 16
"""Bytes of the buffer for answers: those of the largest commit without an error take about 40,000."""


class Channel(asyncio.BufferedProtocol):
    """Sends jobs; those before the greeting wait for it.

    `ready` is resolved by the greeting, or by an EOFError that says why there is none. `on_answers` gets the answers,
    and the newest number in the greeting. `on_end` is called when a greeted connection ends. `largest` is the limit of
    an encoded job in bytes.
    """

    def __init__(
        self, path: Path, on_answers: Callable[[Answers], None], on_end: Callable[[], None], largest: int = LONGEST
    ) -> None:
        self._path = path
        self._largest = largest
        self._on_answers = on_answers
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self._frames = Frames(_RECEIVED)
        self._outbox: list[bytes] = []
        self._greeted = False
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Answers).decode

    def send(self, job: Job) -> None:
        """Send a job. Raises JournalError for values that cannot be stored."""
        try:
            packed = self._encode(job)
        except (ValueError, TypeError, OverflowError, msgspec.MsgspecError) as error:
            raise JournalError(f"journal {self._path}: {error}") from error
        if len(packed) > self._largest:
            raise JournalError(f"journal {self._path}: {len(packed):,} bytes at once are above {self._largest:,}")
        if not self._outbox and self._greeted:
            self._loop.call_soon(self._flush)
        self._outbox += head(packed), packed

    def close(self) -> None:
        """Close the connection after everything is sent."""
        self._transport.close()

    def _flush(self) -> None:
        """Send the jobs of one turn of the loop together, without a copy in uvloop.

        A system call for each would cost more than all the rest.
        """
        outbox, self._outbox = self._outbox, []
        self._transport.writelines(outbox)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        """The space for the next bytes."""
        return self._frames.space()

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on the complete answers."""
        for frame in self._frames.received(nbytes):
            if self._greeted:
                self._on_answers(self._decode(frame))
            elif not self._greet(frame):
                return

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Report the end of the connection."""
        if not self.ready.done():
            self.ready.set_exception(EOFError("it ended before its greeting"))
        elif self._greeted:
            self._on_end()

    def _greet(self, frame: memoryview) -> bool:
        if self.ready.done():  # cancelled by a timeout
            return False
        try:
            hello = msgspec.msgpack.decode(frame, type=Hello)
        except msgspec.MsgspecError:
            hello = Hello(-1, 0)
        if hello.protocol != PROTOCOL:
            self.ready.set_exception(EOFError("it belongs to another release: restart the gateway"))
            self._transport.close()
            return False
        self._greeted = True
        self.ready.set_result(None)
        self._on_answers(Answers((), newest=hello.newest))
        if self._outbox:
            self._flush()
        return True
