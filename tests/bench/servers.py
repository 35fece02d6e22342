"""Servers under test: real processes on whatever cores there are, started as an operator starts them."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, cast

from push import SECRET

QUIET_CORE: Final = 0
LOAD_CORE: Final = 1
_HERE = Path(__file__).parent
_STARTING = 120.0
_STOPPING = 120.0

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
    """A running process that listens on `port`; a gateway also on `admin`."""

    def __init__(self, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self.admin = 0
        self.process = process

    def processor(self) -> float:
        """Seconds of processor time that it has taken, all threads and processes together."""
        return sum(map(_seconds, self._processes()))

    def memory(self) -> tuple[float, float]:
        """Resident memory in MB (10^6 bytes) of all its processes: now, and the most that it may have been.

        What they share counts once now, and in each of them for the most.
        """
        processes = self._processes()
        now = sum(_kib(f"/proc/{process}/smaps_rollup")["Pss"] for process in processes)
        most = sum(_kib(f"/proc/{process}/status")["VmHWM"] for process in processes)
        return now * 1.024e-3, most * 1.024e-3

    def _processes(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(child) for task in tasks for child in task.read_text("utf-8").split())]


def _seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kib(file: str) -> dict[str, int]:
    """The lines `Name: NUMBER kB` of a file."""
    lines = (line.partition(":") for line in Path(file).read_text("utf-8").splitlines())
    return {name: int(rest.split()[0]) for name, _, rest in lines if rest.endswith("kB")}


@asynccontextmanager
async def gateway(
    folder: Path,
    sink: int,
    routes: Sequence[str],
    destinations: int,
    *,
    rest: bool = False,
    journal: Path | None = None,
) -> AsyncIterator[Server]:
    """`mattergate serve` with these routes, spread over the destinations; journal and settings are in `folder`.

    The destinations are incoming webhooks, or with `rest` channels of a bot. A `journal` that is there already is used
    where it is, and keeps what it has.

    The catalog is not followed: whoever edits a document meanwhile would have it compiled during a measurement.
    """
    text = "[catalog]\nreload = false\n" + _journal(journal) + _destinations(sink, destinations, rest=rest)
    for index, route in enumerate(routes):
        text += _ROUTE.format(name=route, service="github", destination=f"hook{index % destinations}", secret=SECRET)
    async with serving(folder, text) as server:
        yield server


def with_services(services: Sequence[str]) -> str:
    """Settings with a route for each of these services, which are in the folder `catalog` beside the settings."""
    routes = (_ROUTE.format(name=key, service=key, destination="hook0", secret=SECRET) for key in services)
    return '[catalog]\nfolders = ["catalog"]\n' + _journal(None) + _destinations(1, 1) + "".join(routes)


@asynccontextmanager
async def serving(folder: Path, settings: str) -> AsyncIterator[Server]:
    """`mattergate serve` with these settings, which are written into the folder; ports are free ones."""
    port, admin = _free_port(), _free_port()
    file = write_settings(folder, settings, port, admin)
    command = Path(sys.executable).with_name("mattergate")
    async with _running([str(command), "serve", "-c", str(file)], port) as server:
        server.admin = admin
        yield server


def write_settings(folder: Path, settings: str, port: int = 8080, admin: int = 9090) -> Path:
    """The settings file of a gateway that listens at these ports of the loopback."""
    file = folder / "mattergate.toml"
    file.write_text(_SERVER.format(port=port, admin=admin) + settings, "utf-8")
    file.chmod(0o600)
    return file


def _journal(kept: Path | None) -> str:
    return _JOURNAL.format(journal=kept or "bench.db", keep=_FOR_EVER if kept else "")


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
    port = _free_port()
    async with _running([sys.executable, str(_HERE / "bare.py"), kind, str(port), str(sink)], port) as server:
        yield server


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
async def _running(command: Sequence[str], port: int) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(*command, preexec_fn=_to_every_core)
    try:
        await asyncio.wait_for(_listening(process, port), _STARTING)
        yield Server(port, process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), _STOPPING)


def _to_every_core() -> None:
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
