"""`mattergate serve` with each callback of its event loop measured, in processor time of the loop's thread.

    python -m tests.hostile.measured serve --config mattergate.toml

The loop is asyncio's own, since uvloop runs callbacks where nobody can measure them. A line on standard input asks, a
line of JSON on standard output answers: `report` (see `Report`), or `reset` for the same, after which the peak of
memory begins anew.
"""

import asyncio
import heapq
import os
import sys
import threading
import time
from asyncio import events
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import msgspec
from msgspec import Struct

from tests.faults import programs

KEPT: Final = 50
"""How many of the longest callbacks are told."""

FLOOR: Final = 0.002
"""Seconds below which a callback is not worth a look."""


class Callback(Struct, array_like=True, order=True):
    """One callback: seconds of processor time, what ran, the port of its sender (0: none), its end (monotonic)."""

    took: float
    what: str
    port: int
    ended: float


class Report(Struct):
    """What the process took: seconds of its loop's thread and of all threads, its memory in bytes now and at most.

    `longest` are the callbacks since the last report that took more than `FLOOR`.
    """

    loop: float
    process: float
    resident: int
    peak: int
    longest: list[Callback]


class _Meter:
    """Measures the callbacks of the thread in which it is installed."""

    def __init__(self) -> None:
        self.longest: list[Callback] = []
        self._thread = threading.get_ident()

    def install(self) -> None:
        """Measure every callback that asyncio runs from now on."""
        run, clock, floor = events.Handle._run, time.thread_time, FLOOR

        def measured(handle: Any) -> None:
            began = clock()
            run(handle)
            took = clock() - began
            if took > floor:
                self._note(handle, took)

        events.Handle._run = measured  # type: ignore[method-assign]

    def report(self, *, reset: bool) -> Report:
        """The figures so far; may be called in any thread."""
        loop = time.clock_gettime(time.pthread_getcpuclockid(self._thread))
        resident, peak = (programs.memory(os.getpid(), key) for key in ("VmRSS", "VmHWM"))
        longest, self.longest = sorted(self.longest, reverse=True), []
        if reset:
            Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak begins anew
        return Report(loop, time.process_time(), resident, peak, longest)

    def _note(self, handle: Any, took: float) -> None:
        entry = Callback(took, *_described(handle), time.monotonic())
        (heapq.heappush if len(self.longest) < KEPT else heapq.heappushpop)(self.longest, entry)


def _described(handle: Any) -> tuple[str, int]:
    """The name of what a handle ran, and the port of the sender whose connection it served."""
    owner = getattr(handle._callback, "__self__", None)
    if isinstance(owner, asyncio.Task) or hasattr(owner, "get_coro"):
        coroutine = owner.get_coro()
        name = getattr(coroutine, "__qualname__", repr(coroutine))
        frame = getattr(coroutine, "cr_frame", None)
        transport = getattr(frame.f_locals.get("self"), "transport", None) if frame is not None else None
        return name, _port(transport)
    name = getattr(handle._callback, "__qualname__", repr(handle._callback))
    return name, _port(owner)


def _port(transport: Any) -> int:
    peer = transport.get_extra_info("peername") if hasattr(transport, "get_extra_info") else None
    return peer[1] if isinstance(peer, tuple) else 0


def _answer_questions(meter: _Meter) -> None:
    for line in sys.stdin:
        sys.stdout.buffer.write(msgspec.json.encode(meter.report(reset=line.strip() == "reset")) + b"\n")
        sys.stdout.buffer.flush()


def main() -> None:
    """Run the command line, measured."""
    from gateway.__main__ import main as command
    from gateway.cli import serve

    meter = _Meter()
    meter.install()
    threading.Thread(target=_answer_questions, args=(meter,), daemon=True).start()
    serve.uvloop = SimpleNamespace(run=asyncio.run)  # type: ignore[assignment]
    command()


if __name__ == "__main__":
    main()
