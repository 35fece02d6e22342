"""Servers under test: real processes on whatever cores there are, started as an operator starts them.

`running` starts any program that listens on a port of the loopback; what it and its children take of the processor and
of memory is read from outside, so that programs in any language are measured alike.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from push import SECRET

QUIET_CORE: Final = 0
LOAD_CORE: Final = 1
OURS: Final = Path(__file__).resolve().parents[2]
"""The checkout that this bench is part of."""

JOURNAL: Final = "bench.db"
"""The file of a gateway's journal, beside its settings."""

GATEWAY: Final = "gateway"
WRITER: Final = "writing process"
_NAMES: Final = {"gateway.journal.sqlite.process": WRITER}

_HERE = Path(__file__).parent
_STARTING = 120.0
_STOPPING = 120.0
_RESTING = 60.0
_IDLE = 0.02
"""The part of a core that a server takes at most that has nothing to do: it looks at clocks now and then."""
_C = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_TICKS = os.sysconf("SC_CLK_TCK")

_SERVER = """
[log]
level = "error"
[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
"""
_JOURNAL = """
[journal]
url = "sqlite:{journal}"
{keep}"""
_FOR_EVER = """retention = "3650d"
max_size = "1000GB"
"""
_DESTINATION = """
[destinations.{name}]
hook = "http://127.0.0.1:{sink}/hooks/{name}"
"""
_CHANNEL = """
[destinations.{name}]
server = "http://127.0.0.1:{sink}"
team = "bench"
channel = "{name}"
token = "a token of the bench"
"""
_ROUTE = """
[routes.{name}]
service = "{service}"
destinations = ["{destination}"]
secrets = ["{secret}"]
"""


class Server:
    """A running program that listens on `port`; a gateway also on `admin`. Its children count with it."""

    def __init__(self, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self.admin = 0
        self.process = process

    def processor(self) -> Counter[str]:
        """Seconds of processor time that each of its processes has taken so far, by what the process runs.

        All threads count, and all processes that it has started, those that have ended, too; so does what the kernel
        does on their behalf. The difference of two such counters is what was taken meanwhile, its `total()` that of all
        processes.
        """
        spent: Counter[str] = Counter()
        for process in self.processes():
            with suppress(OSError):  # it has ended meanwhile
                spent[_name(process)] += _seconds(process) + _ended(process)
        return spent

    def memory(self) -> tuple[float, float]:
        """Resident memory in MB (10^6 bytes) of all its processes: now, and the most that it may have been.

        What they share counts once now, and in each of them for the most.
        """
        processes = self.processes()
        now = sum(_kib(f"/proc/{process}/smaps_rollup")["Pss"] for process in processes)
        most = sum(_kib(f"/proc/{process}/status")["VmHWM"] for process in processes)
        return now * 1.024e-3, most * 1.024e-3

    async def rest(self, quiet: float = 0.2) -> None:
        """Wait until it has done nothing for so many seconds. Raises TimeoutError."""
        before = self.processor()
        async with asyncio.timeout(_RESTING):
            while True:
                await asyncio.sleep(quiet)
                now = self.processor()
                if (now - before).total() <= _IDLE * quiet:
                    return
                before = now

    async def kill(self) -> None:
        """Kill all its processes, as the end of its container or of the machine does."""
        stopped: set[int] = set()
        while started := set(self.processes()) - stopped:  # what is stopped starts no other process
            _signal(started, signal.SIGSTOP)
            stopped |= started
        _signal(stopped, signal.SIGKILL)
        await asyncio.wait_for(self.process.wait(), _STOPPING)

    def processes(self) -> list[int]:
        """The program's own process, its children, theirs."""
        found = [self.process.pid]
        for process in found:
            for task in Path(f"/proc/{process}/task").glob("*/children"):
                with suppress(OSError):
                    found += map(int, task.read_text("utf-8").split())
        return found


def _seconds(process: int) -> float:
    """Processor time by the process's own clock, to the nanosecond: /proc/PID/stat counts ticks of 10 ms."""
    clock = ctypes.c_int()
    if error := _C.clock_getcpuclockid(process, ctypes.byref(clock)):
        raise OSError(error, os.strerror(error))
    return time.clock_gettime(clock.value)


def _ended(process: int) -> float:
    """Processor time of what a process has started and what has ended, in ticks of 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _name(process: int) -> str:
    """What a process runs: a module, a script or a program, without its folder."""
    program, *words = Path(f"/proc/{process}/cmdline").read_text("utf-8").rstrip("\0").split("\0")
    if "-m" in words[:-1]:
        module = words[words.index("-m") + 1]
        return _NAMES.get(module, module)
    script = next((word for word in words if not word.startswith("-")), "")
    return Path(script if script.endswith((".py", ".js")) else program).name


def _kib(file: str) -> dict[str, int]:
    """The lines `Name: NUMBER kB` of a file."""
    lines = (line.partition(":") for line in Path(file).read_text("utf-8").splitlines())
    return {name: int(rest.split()[0]) for name, _, rest in lines if rest.endswith("kB")}


def settings(
    sink: int,
    routes: Sequence[str],
    destinations: int,
    *,
    rest: bool = False,
    journal: Path | None = None,
    keep: bool = False,
) -> str:
    """Settings with these routes, spread over the destinations, but for where the gateway listens.

    The destinations are incoming webhooks, or with `rest` channels of a bot. A `journal` that is there already is used
    where it is, and keeps what it has; with `keep` so does one that is made, beside the settings.

    The catalog is not followed: whoever edits a document meanwhile would have it compiled during a measurement.
    """
    text = "[catalog]\nreload = false\n" + _journal(journal, keep=keep) + _destinations(sink, destinations, rest=rest)
    for index, route in enumerate(routes):
        text += _ROUTE.format(name=route, service="github", destination=f"hook{index % destinations}", secret=SECRET)
    return text


def with_services(services: Sequence[str]) -> str:
    """Settings with a route for each of these services, which are in the folder `catalog` beside the settings."""
    routes = (_ROUTE.format(name=key, service=key, destination="hook0", secret=SECRET) for key in services)
    return '[catalog]\nfolders = ["catalog"]\n' + _journal() + _destinations(1, 1) + "".join(routes)


@asynccontextmanager
async def serving(folder: Path, settings: str, tree: Path = OURS) -> AsyncIterator[Server]:
    """`mattergate serve` of a checkout with these settings, which are written into the folder; ports are free ones."""
    port, admin = free_port(), free_port()
    file = write_settings(folder, settings, port, admin).resolve()
    command = (str(python_of(tree)), "-m", GATEWAY, "serve", "-c", str(file))
    async with running(command, port, folder=tree, environment={"PYTHONPATH": str(tree)}) as server:
        server.admin = admin
        yield server


def python_of(tree: Path) -> Path:
    """The Python of a checkout: that of its own environment, if it has one."""
    own = tree / ".venv" / "bin" / "python"
    return own if own.exists() else Path(sys.executable)


def write_settings(folder: Path, settings: str, port: int = 8080, admin: int = 9090) -> Path:
    """The settings file of a gateway that listens at these ports of the loopback."""
    file = folder / "mattergate.toml"
    file.write_text(_SERVER.format(port=port, admin=admin) + settings, "utf-8")
    file.chmod(0o600)
    return file


def _journal(there: Path | None = None, *, keep: bool = False) -> str:
    return _JOURNAL.format(journal=there or JOURNAL, keep=_FOR_EVER if keep or there else "")


def _destinations(sink: int, count: int, *, rest: bool = False) -> str:
    form = _CHANNEL if rest else _DESTINATION
    return "".join(form.format(name=f"hook{number}", sink=sink) for number in range(count))


@asynccontextmanager
async def watched(admin: int, feeds: Sequence[str]) -> AsyncIterator[dict[str, float]]:
    """Within the block, a stream of the console for each of the feeds is read, by a process beside this one.

    After the block: how many `events` and `bytes` came in how many `seconds`, and which part of a core the readers
    themselves took (`processor`).
    """
    command = (sys.executable, str(_HERE / "readers.py"), str(admin), *feeds)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    seen: dict[str, float] = {}
    try:
        if await asyncio.wait_for(cast(asyncio.StreamReader, process.stdout).readline(), _STARTING) != b"ready\n":
            raise RuntimeError("the readers of the console's streams did not start")
        yield seen
    finally:
        told, _ = await asyncio.wait_for(process.communicate(b""), _STOPPING)
    seen |= json.loads(told)


@asynccontextmanager
async def bare(kind: str, sink: int = 0) -> AsyncIterator[Server]:
    """One of the servers of `bare.py`."""
    port = free_port()
    async with running([sys.executable, str(_HERE / "bare.py"), kind, str(port), str(sink)], port) as server:
        yield server


@contextmanager
def scratch(where: Path) -> Iterator[Path]:
    """A folder below this one, for what a server writes within the block."""
    with TemporaryDirectory(prefix="mattergate-bench-", dir=where) as folder:
        yield Path(folder)


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process, and what it starts, on one core within the block, where there are several."""
    before = os.sched_getaffinity(0)
    if len(before) > 1:
        os.sched_setaffinity(0, {sorted(before)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@asynccontextmanager
async def running(
    command: Sequence[str],
    port: int,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    output: int | None = None,
) -> AsyncIterator[Server]:
    """A program, from when it accepts connections on the port of the loopback until the end of the block.

    It starts in `folder`, with these variables beside those of this process; `output` (a descriptor, or DEVNULL) takes
    what it prints. Raises RuntimeError when it stops before it listens.
    """
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=output, stderr=output,
        preexec_fn=begin,
    )  # fmt: skip
    try:
        await asyncio.wait_for(_listening(process, port), _STARTING)
        yield Server(port, process)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _STOPPING)
            except TimeoutError:
                process.kill()
                raise


def begin() -> None:
    """In a program's process, before it starts: it may use every core, and ends when the bench is killed."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    _C.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def _listening(process: asyncio.subprocess.Process, port: int) -> None:
    while True:
        if process.returncode is not None:
            raise RuntimeError(f"the server has stopped with exit code {process.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
