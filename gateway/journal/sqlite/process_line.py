"""The writing in a process of its own, so that it and the event loop do not share one interpreter lock.

SQLite gives the lock away at every step of a statement, and beside a busy event loop each way back to it costs more
than the step. The two processes speak over a pair of sockets, a `Job` a frame in one direction, `Answers` in the other.
The process ends when its socket does: of a gateway that is killed, nothing that it has answered for is lost. One that
ends by itself is started again.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self, cast

import msgspec
import structlog

from gateway.errors import JournalError
from gateway.journal.sqlite.frames import Frames, framed
from gateway.journal.sqlite.messages import Answers, Job

PATIENCE: Final = 10.0
"""Seconds that a process has to say its first word, and to end when it has let go of its socket; then it is killed."""

AGAIN, AT_MOST = 0.2, 5.0
"""Seconds before a process is started again, at first and as they double: one that always fails takes no whole core."""

_GLANCE: Final = 0.01

_GONE: Final = "the process that writes it has ended; it is started again"

log = structlog.get_logger("gateway.journal")


class ProcessLine:
    """Leads to a process that writes. `on_answers` is given its answers; `broken` is told why there will be none."""

    def __init__(self, path: Path, on_answers: Callable[[Answers], None], broken: Callable[[str], None]) -> None:
        self._path = path
        self.on_answers = on_answers
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._outbox: list[bytes] = []
        self._encode = msgspec.msgpack.Encoder().encode
        self._transport: asyncio.WriteTransport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closing = False

    @classmethod
    async def open(cls, path: Path, on_answers: Callable[[Answers], None], broken: Callable[[str], None]) -> Self:
        """Start the process. Raises JournalError when it does not come up."""
        line = cls(path, on_answers, broken)
        try:
            await line._start()
        except (OSError, EOFError) as error:
            line._closing = True
            raise JournalError(f"journal {path}: the process that writes it did not start: {error}") from error
        return line

    def send(self, job: Job) -> None:
        """Have a job done. Raises JournalError for values that cannot be kept, and while there is no process."""
        if self._transport is None:
            raise JournalError(f"journal {self._path}: {_GONE}")
        try:
            packed = self._encode(job)
        except (ValueError, TypeError, OverflowError, msgspec.MsgspecError) as error:
            raise JournalError(f"journal {self._path}: {error}") from error
        self._outbox.append(framed(packed))
        if len(self._outbox) == 1:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Send what was asked for in one turn of the loop: a system call for each costs more than all before it."""
        outbox, self._outbox = self._outbox, []
        if self._transport is not None:
            self._transport.writelines(outbox)

    async def close(self, stopped: "asyncio.Future[Any] | None") -> None:
        """See the end of the process, which has `stopped`, cannot be reached any more, or is killed after PATIENCE."""
        self._closing = True
        if self._starting is not None:
            await self._starting  # bounded, and not left half-done
        if stopped is not None and not (await asyncio.wait({stopped}, timeout=PATIENCE))[0]:
            log.error("the process that writes the journal does not answer, it is killed", journal=str(self._path))
            self._kill()
        if self._transport is not None:
            self._transport.close()
        await self._ended()

    async def _start(self) -> None:
        """Start the process and hear from it. Raises OSError (TimeoutError among them), EOFError."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = _scribe(theirs, self._path)
            mine = ours.dup()
        ready = self._loop.create_future()
        transport, _ = await self._loop.create_unix_connection(lambda: _Channel(self, ready), sock=mine)
        await asyncio.wait({ready}, timeout=PATIENCE)
        if not ready.done():
            ready.cancel()
            transport.close()
            self._kill()
            await self._ended()
            raise TimeoutError(f"it said nothing for {PATIENCE:g} s and was killed")
        if ready.exception():
            raise EOFError(f"it ended with code {await self._ended()}, see what it wrote")

    def up(self, transport: asyncio.WriteTransport) -> None:
        """The process is there."""
        self._transport = transport

    def down(self) -> None:
        """The process that was there has let go of the socket."""
        self._transport = None
        self._broken(_GONE)
        if not self._closing:
            self._starting = self._loop.create_task(self._restart(), name="journal writer")

    async def _restart(self) -> None:
        log.error(_GONE, journal=str(self._path), code=await self._ended())
        pause = AGAIN
        await asyncio.sleep(pause)
        while not self._closing:
            try:
                await self._start()
            except Exception as error:  # of whatever there is too little: there may be more of it later
                log.error("the process that writes the journal did not start", why=str(error))  # noqa: TRY400
                pause = min(2 * pause, AT_MOST)
                await asyncio.sleep(pause)
            else:
                return

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    async def _ended(self) -> int | None:
        """The exit code of the process, whose socket is closed, negative for a signal; None when it does not end.

        One that is stuck in a disk ends when that goes on, and does no harm then: nobody can ask it for anything.
        """
        process, self._process = self._process, None
        until = self._loop.time() + PATIENCE
        while process is not None and process.poll() is None:
            if self._loop.time() >= until:
                process.kill()
                if self._loop.time() >= until + PATIENCE:
                    break
            await asyncio.sleep(_GLANCE)
        return process.returncode if process else None


def _scribe(line: socket.socket, path: Path) -> "subprocess.Popen[bytes]":
    """The process that writes what comes over its end of the line."""
    # This very release, wherever it was found; not what happens to lie in the working directory (-P).
    places = os.pathsep.join(place or "." for place in sys.path)
    return subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, "-P", "-m", "gateway.journal.sqlite.process", str(line.fileno()), str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[line.fileno()],
        process_group=0,  # whoever presses Ctrl-C means the gateway, which ends this in its time
        env={**os.environ, "PYTHONPATH": places},
    )


class _Channel(asyncio.Protocol):
    """Reads what the process says, from its first word, which only says that it is there."""

    def __init__(self, line: ProcessLine, ready: "asyncio.Future[None]") -> None:
        self._line = line
        self._ready = ready
        self._frames = Frames()
        self._decode = msgspec.msgpack.Decoder(Answers).decode

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._frames.feed(data)
        for frame in self._frames:
            if self._ready.done():
                self._line.on_answers(self._decode(frame))
            else:
                self._ready.set_result(None)
                self._line.up(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self._ready.done():
            self._ready.set_exception(EOFError())
        elif not self._ready.cancelled():
            self._line.down()
