"""A proven sender at a steady rate, first alone and then beside a crowd without proof: what the crowd costs it."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.bench import load, push
from tests.bench.report import Row, below, told
from tests.hostile import flood, subject

RATE: Final = 100.0
"""Signed pushes of 8 kB a second."""

MEMORY: Final = 300_000_000
"""Bytes that the gateway may take at most."""

SLOWER: Final = 5.0
"""How many times its p99 alone the sender's p99 may be."""

_ROUTE: Final = f"""
[routes.push]
service = "github"
destinations = ["sink0"]
secrets = ["{push.SECRET}"]
"""


class Crowded(Struct):
    """What was measured: seconds of the sender's p99, bytes of the gateway, answers to the crowd and to the sender."""

    alone: float
    beside: float
    before: int
    peak: int
    crowd: dict[str, int]
    sent: int
    answers: dict[int, int]

    def rows(self, connections: int) -> list[Row]:
        """The figures beside their targets."""
        told_of = ", ".join(f"{count:,} x {answer}" for answer, count in sorted(self.crowd.items()))
        return [
            told("connections without proof", connections, "", f"{told_of}; {self.sent / 1e6:,.0f} MB taken"),
            below("memory of the gateway at most", self.peak / 1e6, MEMORY / 1e6, "MB",
                  f"{self.before / 1e6:.0f} MB before"),
            told("p99 of the proven sender alone", self.alone * 1e3, "ms", f"{RATE:g} a second"),
            below("p99 beside the crowd, of that alone", self.beside / self.alone, SLOWER, "times",
                  f"{self.beside * 1e3:.1f} ms"),
            below("pushes not accepted", sum(count for status, count in self.answers.items() if status != 202), 1, "",
                  f"of {sum(self.answers.values()):,}"),
        ]  # fmt: skip


async def measured(folder: Path, connections: int, seconds: float) -> Crowded:
    """Measure the sender for so many seconds alone, and as long while the crowd is there."""
    flood.raise_limit()
    async with subject.running(folder, subject.USUAL, more=_ROUTE, services=()) as gateway:
        pushes = push.Pushes(["push"]).requests()
        with load.first():
            await load.paced(gateway.port, pushes, rate=RATE, seconds=seconds / 4)
            alone = await load.paced(gateway.port, pushes, rate=RATE, seconds=seconds)
            before = gateway.memory("VmRSS")
            crowd = await _crowd(gateway.port, connections)
            beside = await load.paced(gateway.port, pushes, rate=RATE, seconds=seconds)
            facts = await _scatter(crowd)
        answers = {
            status: alone.answers[status] + beside.answers[status] for status in {*alone.answers, *beside.answers}
        }
        peak = gateway.memory("VmHWM")
    return Crowded(alone.quantile(0.99), beside.quantile(0.99), before, peak, facts["answers"], facts["bytes"], answers)


async def _crowd(port: int, connections: int) -> asyncio.subprocess.Process:
    """The crowd, at work."""
    command: Sequence[str] = (sys.executable, "-m", "tests.hostile.flood", str(port), str(connections))
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, preexec_fn=_usual)


def _usual() -> None:
    """The crowd is not preferred: what it costs is to be seen."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)


async def _scatter(crowd: asyncio.subprocess.Process) -> dict:
    """Let the crowd go; what it tells."""
    assert crowd.stdin is not None
    out, _ = await crowd.communicate(b"")
    return json.loads(out.splitlines()[-1])
