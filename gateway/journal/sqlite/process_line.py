"""The writing in a process of its own, so that it and the event loop do not share one interpreter lock.

SQLite gives the lock away at every step of a statement, and beside a busy event loop each way back to it costs more
than the step. The two processes speak over a pair of sockets, a `Job` a frame in one direction, `Answers` in the other.
The process ends when its socket does: of a gateway that is killed, nothing that it has answered for is lost. One that
ends by itself, or hangs, is replaced. It takes other clients at a socket that is made here and outlives it: they wait
there while it is replaced.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import structlog

from gateway.errors import JournalError
from gateway.journal.sqlite.channel import Channel
from gateway.journal.sqlite.endpoint import Endpoint
from gateway.journal.sqlite.lease import Lease
from gateway.journal.sqlite.messages import Answers, Job

FIRST_WORD: Final = 60.0
"""Seconds that a process has to say that it is there; a machine that starts everything at once may take its time."""

PATIENCE: Final = 10.0
"""Seconds that a process has to end when it has let go of its socket; then it is killed."""

AGAIN, AT_MOST = 0.2, 5.0
"""Seconds before a process is started again, at first and as they double: one that always fails takes no whole core."""

_GLANCE: Final = 0.01

_GONE: Final = "the process that writes it has ended; it is started again"

log = structlog.get_logger("gateway.journal")


class ProcessLine:
    """Leads to a process that writes. `on_answers` is given its answers; `broken` is told why there will be none.

    The process inherits the descriptor of `lease`, and so keeps the journal until it has written everything.
    """

    def __init__(
        self, path: Path, lease: Lease, on_answers: Callable[[Answers], None], broken: Callable[[str], None]
    ) -> None:
        self._path = path
        self._lease = lease
        self._on_answers = on_answers
        self._broken = broken
        self._loop = asyncio.get_running_loop()
        self._endpoint = Endpoint(path)
        self._channel: Channel | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closing = False

    @classmethod
    async def open(
        cls, path: Path, lease: Lease, on_answers: Callable[[Answers], None], broken: Callable[[str], None]
    ) -> Self:
        """Start the process, and say in the lease where it takes clients. Raises JournalError."""
        line = cls(path, lease, on_answers, broken)
        try:
            await line._start()
            lease.announce(line._endpoint.address)
        except BaseException as error:
            line._closing = True
            line._kill()
            line._endpoint.close()
            if isinstance(error, (OSError, EOFError)):
                raise JournalError(f"journal {path}: the process that writes it did not start: {error}") from error
            raise
        return line

    def send(self, job: Job) -> None:
        """Have a job done. Raises JournalError for values that cannot be kept, and while there is no process."""
        if self._channel is None:
            raise JournalError(f"journal {self._path}: {_GONE}")
        self._channel.send(job)

    def replace(self) -> None:
        """Kill the process, which does not answer: another one is started when it has ended.

        What it has answered for is durable, and of what it was asked for nothing is half-written. One that waits for
        its disk is left alone: no other would be faster, and what it has written so far would be lost.
        """
        if self._process is not None and _waits_for_disk(self._process.pid):
            log.error("the process that writes the journal waits for its disk", journal=str(self._path))
            return
        log.error("the process that writes the journal does not answer, it is killed", journal=str(self._path))
        self._kill()

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """See the end of the process, which has `stopped`, cannot be reached any more, or is killed after PATIENCE."""
        self._closing = True
        if self._starting is not None:
            await self._starting  # bounded, and not left half-done
        if not (await asyncio.wait({stopped}, timeout=PATIENCE))[0]:
            log.error("the process that writes the journal does not end, it is killed", journal=str(self._path))
            self._kill()
        if self._channel is not None:
            self._channel.close()
        await self._ended()
        self._endpoint.close()

    async def _start(self) -> None:
        """Start the process and hear from it. Raises OSError (TimeoutError among them), EOFError."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = _scribe(self._path, theirs.fileno(), self._endpoint.socket.fileno(), self._lease.descriptor)
            mine = ours.dup()
        channel = Channel(self._path, self._on_answers, self._down)
        transport, _ = await self._loop.create_unix_connection(lambda: channel, sock=mine)
        await asyncio.wait({channel.ready}, timeout=FIRST_WORD)
        if not channel.ready.done():
            channel.ready.cancel()
            transport.close()
            self._kill()
            await self._ended()
            raise TimeoutError(f"it said nothing for {FIRST_WORD:g} s and was killed")
        if channel.ready.exception():
            raise EOFError(f"it ended with code {await self._ended()}, see what it wrote")
        self._channel = channel

    def _down(self) -> None:
        """Refuse what is waited for: the process that was there has let go of the socket."""
        self._channel = None
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


def _waits_for_disk(process: int) -> bool:
    """Tell whether a process is in a sleep that no signal ends; False where the system does not say (proc(5))."""
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2][:1] == b"D"
    except OSError:
        return False


def _scribe(path: Path, line: int, listener: int, lease: int) -> "subprocess.Popen[bytes]":
    """The process that writes what comes over its end of the line; the others are descriptors that it inherits."""
    # This very release, wherever it was found; not what happens to lie in the working directory (-P).
    places = os.pathsep.join(place or "." for place in sys.path)
    return subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, "-P", "-m", "gateway.journal.sqlite.process", str(line), str(listener), str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[line, listener, lease],
        process_group=0,  # whoever presses Ctrl-C means the gateway, which ends this in its time
        env={**os.environ, "PYTHONPATH": places},
    )
