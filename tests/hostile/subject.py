"""The gateway under attack: a process with routes for every service, a real journal, and Mattermost behind it."""

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import msgspec

from gateway.standin.server import StandIn
from tests.bench import sink
from tests.conftest import PATIENCE, eventually, free_port, listens
from tests.faults import programs
from tests.hostile import corpus, inputs
from tests.hostile.drafts import SECRET, USER
from tests.hostile.measured import Report

SINKS: Final = 8
"""Destinations that take everything: one alone would be slower than the senders."""

SINK_HOOK: Final = "s" * 26
ADMIN: Final = "the token of the console of the hostile run"
SECRETS: Final = (ADMIN, SECRET, SECRET.removeprefix("whsec_"), USER.partition(":")[2], SINK_HOOK, inputs.HOOK)
"""What no answer and no line of the log may hold: secrets of routes and ids of hooks."""

_HEAD: Final = f"""
[server]
listen = "127.0.0.1:{{port}}"
admin = "127.0.0.1:{{admin}}"
read_timeout = "2s"
{{server}}
[admin]
token = "{ADMIN}"
[journal]
url = "sqlite:journal.db"
max_size = "20GB"
[log]
format = "json"
[catalog]
reload = false
[delivery]
max_age = "60s"
[passthrough]
server = "{{mattermost}}"
[destinations.mattermost]
hook = "{{mattermost}}/hooks/{{hook}}"
"""
_ROUTE: Final = """
[routes.{name}]
service = "{service}"
destinations = ["{destination}"]
{proof}
{more}
"""
_PROOF: Final = f'secrets = ["{SECRET}", "{USER}"]'


class Subject:
    """The running gateway. `standin` is its Mattermost, `log` the file of its log."""

    def __init__(self, folder: Path, port: int, admin: int, standin: StandIn) -> None:
        self.folder = folder
        self.port = port
        self.admin = admin
        self.standin = standin
        self.log = folder / "log.jsonl"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, command: Sequence[str]) -> None:
        """Start it and wait until it listens."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, "serve", "--config", str(self.folder / "mattergate.toml"),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=2**24,
            )  # fmt: skip
        await eventually(self._listens)

    async def report(self, *, reset: bool = False) -> Report:
        """What it took so far, since the last reset; only of a measured gateway."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"reset\n" if reset else b"report\n")
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        return msgspec.json.decode(line, type=Report)

    async def quiet(self, seconds: float = 0.01) -> Report:
        """The report once its loop and its threads, which warm the catalog, have done nothing for so long.

        The question itself costs the loop nothing.
        """
        before = await self.report()
        while True:
            await asyncio.sleep(seconds)
            after = await self.report()
            after.longest += before.longest
            resting = after.process - before.process < max(0.005, 0.1 * seconds)
            if resting and after.loop - before.loop < max(0.0005, 0.01 * seconds):
                return after
            before = after

    def memory(self, key: str) -> int:
        """Bytes of its main process: `VmRSS` now, `VmHWM` at most."""
        return programs.memory(self._running().pid, key)

    async def drained(self, seconds: float) -> bool:
        """Whether all that it accepted is delivered or dead within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self.deliveries().get("pending"):
                    await asyncio.sleep(0.2)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> int:
        """End it in order; gives its exit code."""
        process = self._running()
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            raise

    def confine(self, size: int) -> None:
        """Let it have so many bytes of data at most: should an attack succeed, the machine outlives it."""
        resource.prlimit(self._running().pid, resource.RLIMIT_DATA, (size, size))

    def deliveries(self) -> dict[str, int]:
        """How many deliveries of the journal are in each state; `dead without a reason` is one of them."""
        with closing(sqlite3.connect(f"file:{self.folder / 'journal.db'}?mode=ro", uri=True)) as journal:
            states = dict(journal.execute("SELECT state, count(*) FROM delivery GROUP BY state"))
            (silent,) = journal.execute("SELECT count(*) FROM delivery WHERE state = 'dead' AND reason = ''").fetchone()
        return states | ({"dead without a reason": silent} if silent else {})

    def unknown(self, ids: Sequence[str]) -> list[str]:
        """Those of the accepted events that the journal does not have."""
        with closing(sqlite3.connect(f"file:{self.folder / 'journal.db'}?mode=ro", uri=True)) as journal:
            return [one for one in ids if not journal.execute("SELECT 1 FROM event WHERE id = ?", (one,)).fetchone()]

    def dead(self) -> list[tuple[str, str, bytes]]:
        """Service, reason and message of dead deliveries to the destination `mattermost`, which are to be none."""
        query = (
            "SELECT event.service, delivery.reason, delivery.payload FROM delivery JOIN event "
            "ON event.number = delivery.event WHERE state = 'dead' AND destination = 'mattermost' LIMIT 20"
        )
        with closing(sqlite3.connect(f"file:{self.folder / 'journal.db'}?mode=ro", uri=True)) as journal:
            return journal.execute(query).fetchall()

    def _running(self) -> asyncio.subprocess.Process:
        assert self.process is not None, "it was not started"
        return self.process

    async def _listens(self) -> bool:
        if self._running().returncode is not None:
            raise RuntimeError(f"the gateway has ended: {self.log.read_text('utf-8')[-2000:]}")
        return await listens(self.port)


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """Send one request on a connection of its own; its status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            size = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
            return int(head[9:12]), await reader.readexactly(size)
    finally:
        writer.close()


CEILING: Final = 3_000_000_000
"""Bytes of data that the gateway may have before the system refuses more."""

MEASURED: Final = (sys.executable, "-m", "tests.hostile.measured")
USUAL: Final = (sys.executable, "-m", "gateway")


@asynccontextmanager
async def running(
    folder: Path,
    command: Sequence[str] = MEASURED,
    server: str = "",
    more: str = "",
    services: Sequence[str] | None = None,
) -> AsyncIterator[Subject]:
    """The gateway in a folder, with more of [server] and more tables; its Mattermost is this process.

    It has routes for all services, or for those that are named: it starts the sooner.
    """
    standin = StandIn(keep=100)
    standin.add_hook(inputs.HOOK)
    async with standin.serve() as mattermost, sink.serving() as there:
        subject = Subject(folder, free_port(), free_port(), standin)
        head = _HEAD.format(
            port=subject.port, admin=subject.admin, mattermost=mattermost, hook=inputs.HOOK, server=server
        )
        file = folder / "mattergate.toml"
        file.write_text(head + _sinks(there.port) + _routes(services) + more, "utf-8")
        file.chmod(0o600)
        os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[2]))
        await subject.start(command)
        subject.confine(CEILING)
        try:
            yield subject
        finally:
            await subject.stop()


def _sinks(port: int) -> str:
    return "".join(
        f'[destinations.sink{number}]\nhook = "http://127.0.0.1:{port}/hooks/{SINK_HOOK}"\n' for number in range(SINKS)
    )


def _routes(services: Sequence[str] | None) -> str:
    text = ""
    for index, service in enumerate(corpus.services()):
        if services is not None and service.key not in services:
            continue
        for variant in inputs.VARIANTS:
            text += _ROUTE.format(
                name=service.key + variant,
                service=service.key,
                destination="mattermost" if variant == "-mattermost" else f"sink{index % SINKS}",
                proof="allow_unsigned = true" if variant == "-open" else _PROOF,
                more="strict = true" if variant == "-strict" else "mentions = true" if variant == "-open" else "",
            )
    return text
