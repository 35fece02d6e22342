"""A program as a process of its own, whose output goes to a file; and what the system tells about processes."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class Program:
    """A running process. `log` is the file that gets all it writes."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log

    @classmethod
    async def start(
        cls,
        command: Sequence[str | Path],
        log: Path,
        *,
        folder: Path,
        environ: Mapping[str, str] | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> "Program":
        """Start a command in a folder; `prepare` runs in the new process before the program does.

        The settings of whoever runs this are kept out; `environ` is added.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MATTERGATE_")}
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=folder, env=kept | dict(environ or {}), stdin=asyncio.subprocess.DEVNULL,
                stdout=output, stderr=output, preexec_fn=prepare,
            )  # fmt: skip
        return cls(process, log)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.returncode is None

    def signal(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        if self.runs:
            send(self.pid, number)

    async def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        self.signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self, seconds: float = 30.0) -> int:
        """End it in order, or after `seconds` at once; returns its exit code."""
        self.signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            await self.kill()
            return await self.process.wait()


def send(pid: int, number: int) -> None:
    """Send a signal to a process, which may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def children(pid: int, of: str) -> list[int]:
    """The child processes of a process whose command line holds `of`."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [child for child in map(int, task.read_text().split()) if of in command_line(child)]
    return found


def command_line(pid: int) -> str:
    """The command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def descriptors(pid: int) -> int:
    """How many file descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def highest_descriptor(pid: int) -> int:
    """The number of the highest file descriptor that a process has open."""
    return max(int(found.name) for found in Path(f"/proc/{pid}/fd").iterdir())


def processor(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str = "VmRSS") -> int:
    """Bytes of memory that a process has: resident ones, or another line of /proc/PID/status."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return next(int(line[1]) * 1024 for line in lines if line and line[0] == f"{name}:")
