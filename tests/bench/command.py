"""What the commands of the bench have in common: arguments, how they say how it goes, how they end, what they write."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import report
import uvloop

T = TypeVar("T")


def parser(doc: str | None, parts: Iterable[str], rounds: int) -> argparse.ArgumentParser:
    """A parser of the arguments that all take: `parts` to choose from, and how, where and how often to measure."""

    def part(name: str) -> str:
        if name not in parts:
            raise argparse.ArgumentTypeError(f"no such part: {name}; there are {', '.join(parts)}")
        return name

    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("parts", nargs="*", metavar="PART", type=part, help="what to do, see above; nothing: everything")
    made.add_argument("--quick", action="store_true", help="a short run that shows whether it works")
    made.add_argument("--rounds", type=int, metavar="N", help=f"turns for each comparison, usually {rounds}")
    made.add_argument("--json", type=Path, metavar="FILE", help="write what is found there, too")
    made.add_argument("--folder", type=Path, default=Path("/var/tmp"), metavar="DIR",
                      help="where journals are made: a disk, not memory (default: %(default)s)")  # fmt: skip
    return made


def run(work: Coroutine[Any, Any, T]) -> T:
    """What the work returns. SIGTERM ends it as Ctrl-C does: no server and no folder is left behind."""

    async def until_told() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return uvloop.run(until_told())
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("interrupted")


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


def write(chosen: argparse.Namespace, **found: object) -> None:
    """Write what was found as JSON, where --json says so."""
    if chosen.json:
        figures = {"machine": report.machine(), "quick": chosen.quick, **found}
        chosen.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
