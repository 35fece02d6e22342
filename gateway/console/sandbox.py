"""The process in which an edited document is tried, apart from the gateway: started for one trial, bounded, killed.

A template or a schema can take any amount of time and memory, and a native library that runs out of memory ends its
process. So a document that somebody edits is never compiled in the gateway. Its process has no secret: an environment
with nothing of the gateway's, the request that was typed, the folders of the catalog. It limits itself
(`sandbox_process`); here its number, its wall time and its answer are bounded. Starting one costs 0.3 s of processor
time (0.5 s with the largest service): less than a spare one that is kept warm would cost in memory all day.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import msgspec

from gateway.console.port import Gateway
from gateway.console.sandbox_process import (
    LARGEST,
    MEMORY,
    NO_LIMITS,
    OUT_OF_MEMORY,
    SECONDS,
    TOO_LARGE,
    DocumentFault,
    Edited,
    Job,
)
from gateway.errors import Refused
from gateway.observe import logs

AT_ONCE: Final = 2
"""Processes at the same time."""
MOST_WAITING: Final = 8
"""Trials that wait for one of them; a further one is told at once to come again."""
PATIENCE: Final = 10.0
"""Seconds that a caller waits at most, for others before it included; then its process is killed."""

_MODULE: Final = "gateway.console.sandbox_process"
_TIME, _MEMORY = (
    f"takes more than {SECONDS} s of processor time",
    f"needs more than {MEMORY // 1_000_000} MB of memory",
)
_REASONS: Final = {
    -signal.SIGXCPU: _TIME,
    -signal.SIGABRT: _MEMORY,  # a native library whose allocation failed
    -signal.SIGKILL: "was killed, as if the machine had no memory left",
    -signal.SIGSEGV: "needs more memory for its recursion than there is",
    OUT_OF_MEMORY: _MEMORY,
    NO_LIMITS: "is not tried: its process may not limit itself (allow the system call prlimit64)",
    TOO_LARGE: f"becomes more than {LARGEST // 1_000_000} MB of messages",
}
"""What is told of a document whose process ended by itself, by its exit code."""

_log = logs.get("console")


class Sandbox:
    """The processes of one console."""

    def __init__(self, gateway: Gateway) -> None:  # noqa: ARG002 - every part of a console is called with it
        self._free = asyncio.Semaphore(AT_ONCE)
        self._asked = 0
        self._running: set[asyncio.subprocess.Process] = set()
        self._closed = False

    async def close(self) -> None:
        """Kill what runs; what is about to start ends at once."""
        self._closed = True
        for process in self._running:
            _kill(process)

    async def run(self, job: Job) -> Edited:
        """Try an edited document. Raises Refused (503) when too many others are tried, or the machine is too busy."""
        try:
            line = msgspec.json.encode(job)
        except UnicodeEncodeError:
            raise Refused(400, "Bad Request", "the request or the document holds half a UTF-16 pair") from None
        try:
            with self._place():
                async with asyncio.timeout(PATIENCE), self._free:
                    code, answer = await self._ask(line)
        except TimeoutError:
            detail = f"{job.full_name} was not tried within {PATIENCE:g} s; make it smaller, or try again"
            raise Refused(503, "Service Unavailable", detail) from None
        if code == 0:
            return msgspec.json.decode(answer, type=Edited)
        reason = _REASONS.get(code, f"ended its process with code {code}")
        _log.warning("a trial of an edited document was ended", document=job.full_name[:200], why=reason)
        remedy = "make its loops, its lists or its schema smaller; the running catalog is as it was"
        return Edited(faults=(DocumentFault(0, 0, "", f"{job.full_name} {reason}", remedy),))

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Take a place in the line for as long as the block runs. Raises Refused (503)."""
        if self._asked >= AT_ONCE + MOST_WAITING:
            raise Refused(503, "Service Unavailable", f"{self._asked} edited documents are tried already; try again")
        self._asked += 1
        try:
            yield
        finally:
            self._asked -= 1

    async def _ask(self, line: bytes) -> tuple[int, bytes]:
        """Start a process with the job as its input; its exit code and its answer. It is gone when this returns."""
        process = await _start()
        self._running.add(process)
        if self._closed:
            _kill(process)
        try:
            answer = await _exchange(process, line)
            return await process.wait(), answer
        finally:
            _kill(process)
            self._running.discard(process)
            await asyncio.shield(process.wait())


async def _start() -> asyncio.subprocess.Process:
    # The same release as this one, by its sys.path; not a package in the working directory (-P).
    places = os.pathsep.join(place or "." for place in sys.path)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-B", "-m", _MODULE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is meant for the gateway
        env={"PYTHONPATH": places},
    )


async def _exchange(process: asyncio.subprocess.Process, line: bytes) -> bytes:
    """Write the job and read the answer, at most LARGEST bytes of it; a process that has ended answers nothing."""
    source, target = process.stdin, process.stdout
    assert source is not None and target is not None  # noqa: S101, PT018 - both are pipes
    with suppress(ConnectionError):
        source.write(line)
        await source.drain()
        source.close()
    found = b""
    while len(found) <= LARGEST and (chunk := await target.read(65_536)):
        found += chunk
    if len(found) > LARGEST:  # it does not keep its own limit
        _kill(process)
    return found


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
