"""The line to a writing process, which does not share an interpreter lock with the event loop.

SQLite releases the lock at every step of a statement, and beside a busy event loop getting it back costs more than the
step. A pair of sockets connects the two processes, a `Job` a frame in one direction, `Answers` in the other. The
process ends when its socket is closed: a gateway that is killed loses nothing that it has answered for. A process that
ends by itself, or hangs, is replaced. It accepts other clients at a socket that is created here and outlives it: they
wait there while it is replaced.
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

GREETING: Final = 60.0
"""Seconds that a process has to send its greeting; a machine that starts many programs at once is slow."""

PATIENCE: Final = 10.0
"""Seconds that a process has to end after it closed its socket; then it is killed."""

AGAIN, AT_MOST = 0.2, 5.0
"""Seconds before a process is started again, doubling from AGAIN to AT_MOST: one that always fails costs little."""

_GLANCE: Final = 0.01

_GONE: Final = "the process that writes it has ended; it is started again"

log = structlog.get_logger("gateway.journal")


class ProcessLine:
    """The line to a writing process. `on_answers` gets its answers; `broken` gets the reason why no more will come.

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
        """Start the process, and announce its socket for clients in the lease. Raises JournalError."""
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
        """Send a job. Raises JournalError for values that cannot be stored, and while there is no process."""
        if self._channel is None:
            raise JournalError(f"journal {self._path}: {_GONE}")
        self._channel.send(job)

    def replace(self) -> None:
        """Kill the process, which does not answer: another one is started when it has ended.

        Jobs that it has answered are durable, and no other is half-written. A process that waits for its disk is left
        alone: no other would be faster, and its unfinished commit would be lost.
        """
        if self._process is not None and _waits_for_disk(self._process.pid):
            log.error("the process that writes the journal waits for its disk", journal=str(self._path))
            return
        log.error("the process that writes the journal does not answer, it is killed", journal=str(self._path))
        self._kill()

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """Wait for the end of the process: `stopped` is its answer to Stop; without one it is killed after PATIENCE."""
        self._closing = True
        if self._starting is not None:
            if not (await asyncio.wait({self._starting}, timeout=PATIENCE))[0]:
                self._kill()
            await self._starting
        if not (await asyncio.wait({stopped}, timeout=PATIENCE))[0]:
            log.error("the process that writes the journal does not end, it is killed", journal=str(self._path))
            self._kill()
        if self._channel is not None:
            self._channel.close()
        await self._wait_for_exit()
        self._endpoint.close()

    async def _start(self) -> None:
        """Start the process and wait for its greeting. Raises OSError (TimeoutError among them), EOFError."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = _start_process(
                self._path, theirs.fileno(), self._endpoint.socket.fileno(), self._lease.descriptor
            )
            mine = ours.dup()
        channel = Channel(self._path, self._on_answers, self._on_end)
        transport, _ = await self._loop.create_unix_connection(lambda: channel, sock=mine)
        await asyncio.wait({channel.ready}, timeout=GREETING)
        if not channel.ready.done():
            channel.ready.cancel()
            transport.close()
            self._kill()
            await self._wait_for_exit()
            raise TimeoutError(f"it sent no greeting within {GREETING:g} s and was killed")
        if channel.ready.exception():
            raise EOFError(f"it ended with code {await self._wait_for_exit()}, see its output")
        self._channel = channel

    def _on_end(self) -> None:
        """Fail all waiting jobs, and start another process: this one has closed its socket."""
        self._channel = None
        self._broken(_GONE)
        if not self._closing:
            self._starting = self._loop.create_task(self._restart(), name="journal writer")

    async def _restart(self) -> None:
        log.error(_GONE, journal=str(self._path), code=await self._wait_for_exit())
        pause = AGAIN
        await asyncio.sleep(pause)
        while not self._closing:
            try:
                await self._start()
            except Exception as error:  # memory, descriptors or processes ran out: there may be more later
                log.error("the process that writes the journal did not start", why=str(error))  # noqa: TRY400
                pause = min(2 * pause, AT_MOST)
                await asyncio.sleep(pause)
            else:
                return

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    async def _wait_for_exit(self) -> int | None:
        """Wait for the process, whose socket is closed; returns its exit code, negative for a signal, None without end.

        A process that is stuck in a disk call ends when that returns, and does no harm: it gets no more jobs.
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
    """Whether a process is in uninterruptible sleep; False where the system has no /proc (proc(5))."""
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2][:1] == b"D"
    except OSError:
        return False


def _start_process(path: Path, line: int, listener: int, lease: int) -> "subprocess.Popen[bytes]":
    """Start the writing process, which inherits the descriptors: its end of the line, the listener and the lease."""
    # The same release as this one, by its sys.path; not a package in the working directory (-P).
    places = os.pathsep.join(place or "." for place in sys.path)
    return subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, "-P", "-m", "gateway.journal.sqlite.process", str(line), str(listener), str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[line, listener, lease],
        process_group=0,  # Ctrl-C is meant for the gateway, which then stops this process
        env={**os.environ, "PYTHONPATH": places},
    )
