"""The gateway under test: `mattergate serve` as a process, and a supervisor that starts it again, as systemd does."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR, eventually, free_port
from tests.faults import programs
from tests.faults.programs import Program
from tests.faults.senders import SECRET

CONCURRENCY: Final = 8
UNSETTLED: Final = 16
"""Posts under way to a destination, and outcomes that may not be durable yet: what a kill may repeat."""

TIMEOUT: Final = 2.0
"""Seconds of one attempt: short, so that a fault that makes attempts time out is over soon."""

_WRITER: Final = "gateway.journal.sqlite.process"
_AGAIN: Final = 0.1, 1.0
"""Seconds before a gateway that has ended is started again: at first, doubling up to the last if it ends at once."""

_SETTINGS: Final = """
[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
grace = "5s"
[journal]
url = "sqlite:{journal}"
max_size = "100MB"
[log]
format = "json"
[catalog]
folders = ["catalog"]
reload = false
[delivery]
concurrency = {concurrency}
timeout = "{timeout:g}s"
"""
_DESTINATION: Final = """
[destinations.{name}]
{lines}
[routes.{name}]
service = "items"
destinations = ["{name}"]
secrets = ["{secret}"]
verify = [{{hmac = "sha256", header = "X-Signature", prefix = "sha256="}}]
"""


class Place(NamedTuple):
    """Where a gateway runs: the folder of its journal, what stands before its command, and what is added around it.

    `prepare` runs in its process before it does; `mattermost` is the host that it knows Mattermost by.
    """

    folder: Path
    prefix: Sequence[str] = ()
    environ: Mapping[str, str] = {}
    prepare: Callable[[], None] | None = None
    mattermost: str = "127.0.0.1"


class Gateway:
    """One gateway over several lives. `ends` are the exit codes of those that were not asked to end."""

    def __init__(self, folder: Path, place: Place, session: aiohttp.ClientSession) -> None:
        self.folder = folder
        self.journal = place.folder / "journal.db"
        self.log = folder / "gateway.log"
        self.port, self.admin = free_port(), free_port()
        self.ends: list[int] = []
        self._place = place
        self._session = session
        self._life: Program | None = None
        self._supervising: asyncio.Task[None] | None = None

    def configure(self, destinations: Mapping[str, str]) -> None:
        """Write settings with a route for each of these destinations, and the catalog that they need."""
        items = self.folder / "catalog" / "items"
        items.mkdir(parents=True, exist_ok=True)
        (items / "service.yaml").write_text(ITEMS_SERVICE)
        (items / "item.yaml").write_text(ITEMS_TRANSLATOR)
        text = _SETTINGS.format(
            port=self.port, admin=self.admin, journal=self.journal, concurrency=CONCURRENCY, timeout=TIMEOUT
        )
        for name, lines in destinations.items():
            text += _DESTINATION.format(name=name, lines=lines, secret=SECRET.decode())
        file = self.folder / "mattergate.toml"
        file.write_text(text)
        file.chmod(0o600)

    async def start(self) -> None:
        """Run it from now on, whenever it ends; wait until it is ready."""
        self._supervising = asyncio.create_task(self._supervise())
        await self.ready()

    async def ready(self, seconds: float = 60.0) -> None:
        """Wait until it is ready. Raises TimeoutError."""
        await eventually(self.is_ready, seconds)

    async def stop(self) -> None:
        """Stop it in order, and let it be."""
        await self._unsupervised()
        if self._life is not None:
            await self._life.stop()

    async def try_start(self, seconds: float = 30.0) -> int | None:
        """Start it without a supervisor; its exit code when it refuses, None (and it is ended) when it gets ready."""
        self._life = await self._begin()
        waiting = asyncio.create_task(self.ready(seconds))
        ended = asyncio.create_task(self._life.process.wait())
        await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        if not ended.done():
            await self._life.stop()
            return None
        return ended.result()

    async def end(self) -> None:
        """End all that runs, at once."""
        await self._unsupervised()
        if self._life is not None:
            writers = self.writers()
            await self._life.kill()
            for writer in writers:
                programs.send(writer, signal.SIGKILL)

    async def _unsupervised(self) -> None:
        if self._supervising is not None:
            self._supervising.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervising
            self._supervising = None

    async def _supervise(self) -> None:
        first, most = _AGAIN
        wait = first
        while True:
            started = asyncio.get_running_loop().time()
            self._life = await self._begin()
            self.ends.append(await self._life.process.wait())
            await asyncio.sleep(wait)
            lasted = asyncio.get_running_loop().time() - started > 5 * most
            wait = first if lasted else min(2 * wait, most)

    async def _begin(self) -> Program:
        command = [*self._place.prefix, sys.executable, "-m", "gateway", "serve", "-c", self.folder / "mattergate.toml"]
        return await Program.start(
            command, self.log, folder=self.folder, environ=self._place.environ, prepare=self._place.prepare
        )

    @property
    def pid(self) -> int:
        """The process id of the present life, or of the last."""
        assert self._life is not None
        return self._life.pid

    def writers(self) -> list[int]:
        """The process that writes the journal, as a list: there is none while it is replaced."""
        return programs.children(self.pid, _WRITER)

    def kill(self, *, gateway: bool = False, writer: bool = False) -> None:
        """Kill these of its processes, together."""
        victims = [self.pid] if gateway and self._life is not None and self._life.runs else []
        for pid in [*victims, *(self.writers() if writer else ())]:
            programs.send(pid, signal.SIGKILL)

    async def is_ready(self) -> bool:
        """Whether it answers that it is ready to accept."""
        try:
            return (await self._get("/readyz"))[0] == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def sum_of(self, name: str) -> float:
        """The sum of a series over all its labels; raises aiohttp.ClientError while it does not run."""
        _, text = await self._get("/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == f"mattergate_{name}"
        )

    async def _get(self, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.admin}{path}"
        async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=5.0)) as answer:
            return answer.status, await answer.text()

    def said(self, since: int = 0) -> list[dict[str, object]]:
        """The lines of its log from a byte on; what is no JSON stands under `text`."""
        lines = []
        with self.log.open("rb") as file:
            file.seek(since)
            for line in file.read().decode("utf-8", "replace").splitlines():
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    lines.append({"text": line})
        return lines
