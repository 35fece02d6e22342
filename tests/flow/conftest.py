"""The real service in a process of its own, started as operators start it, and a stand-in Mattermost behind it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from gateway.standin.server import StandIn
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR, PATIENCE, eventually, free_port, listens

SECRET = "a route secret that nobody may see"
HEAD = """
[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
grace = "{grace}"
{server}
[journal]
url = "sqlite:journal.db"
[log]
format = "json"
[destinations.ops]
hook = "{hook}"
{destination}
"""
ITEMS_ROUTE = f"""
[routes.items]
service = "items"
destinations = ["ops"]
secrets = ["{SECRET}"]
verify = [{{header = "X-Token"}}]
[catalog]
folders = ["catalog"]
"""
PROMETHEUS = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: mattergate
    static_configs: [{{targets: ["127.0.0.1:{admin}"]}}]
"""


class Mattermost(StandIn):
    """A stand-in that can hold every request at the door: nothing passes while `door` is cleared.

    `arrivals` are the times (loop seconds) of hook requests; `held` counts those at the closed door.
    """

    def __init__(self) -> None:
        super().__init__(keep=1_000_000)
        self.door = asyncio.Event()
        self.door.set()
        self.held = 0
        self.arrivals: list[float] = []

    def app(self) -> web.Application:
        """The application of the stand-in, behind the door."""
        made = super().app()
        made.middlewares.insert(0, self._pass_door)
        return made

    @web.middleware
    async def _pass_door(self, request: web.Request, handler: Callable) -> web.StreamResponse:
        self.arrivals.append(asyncio.get_running_loop().time())
        self.held += 1
        try:
            await self.door.wait()
        finally:
            self.held -= 1
        return await handler(request)

    @property
    def texts(self) -> list[str]:
        """The text of every post, in the order of arrival."""
        return [post.message for post in self.posts]

    @property
    def boxes(self) -> dict[str, list[int]]:
        """Box -> the numbers of its items in the order of arrival."""
        found: dict[str, list[int]] = {}
        for box, number in map(str.split, self.texts):
            found.setdefault(box, []).append(int(number))
        return found


class Program:
    """A process whose output is collected while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out = bytearray()
        self.err = bytearray()
        self._reading = asyncio.gather(_collect(process.stdout, self.out), _collect(process.stderr, self.err))

    @classmethod
    async def start(cls, *command: str | Path, folder: Path) -> "Program":
        """Start a command in a folder, with the settings of whoever runs the tests kept out."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MATTERGATE_")}
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                *command, cwd=folder, env=environ | {"COLUMNS": "300"}, stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe, stderr=pipe,
            )
        )  # fmt: skip

    @property
    def text(self) -> str:
        """All that it has written so far."""
        return (self.out + self.err).decode("utf-8", "replace")

    @property
    def processes(self) -> list[int]:
        """It and those that it has started, by their numbers."""
        pid = self.process.pid
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [pid, *(int(child) for task in tasks for child in task.read_text().split())]

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has ended by itself."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
        await self._reading
        return code

    def signal(self, number: int) -> None:
        """Send it a signal, if it is still there. Asyncio's own way may take the exit code away from who waits."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    async def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.signal(signal.SIGKILL)
        await self.ended()


async def _collect(stream: asyncio.StreamReader | None, into: bytearray) -> None:
    while stream is not None and (chunk := await stream.read(65536)):
        into += chunk


class Service:
    """One gateway: its folder with settings and journal, and the process that serves them, over several lives."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, mattermost: Mattermost, url: str) -> None:
        self.folder = folder
        self.file = folder / "mattergate.toml"
        self.session = session
        self.mattermost = mattermost
        self.hook = mattermost.add_hook()
        self.mattermost_url = url
        self.port, self.admin_port = free_port(), free_port()
        self.lives: list[Program] = []
        self.routes = ""
        self.free_port = free_port
        self.secret = SECRET

    def configure(
        self, routes: str = "", server: str = "", destination: str = "", hook: str = "", grace: str = "30s"
    ) -> None:
        """Write the settings file, with the same routes if none are given; `hook` replaces that of the stand-in."""
        self.routes = routes or self.routes
        hook = hook or f"{self.mattermost_url}/hooks/{self.hook}"
        head = HEAD.format(
            port=self.port, admin=self.admin_port, server=server, hook=hook, destination=destination, grace=grace
        )
        self.file.write_text(head + self.routes)
        self.file.chmod(0o600)

    def document(self, path: str, text: str) -> Path:
        """Write a document of the user's own catalog, as editors do: whole, then renamed into place."""
        file = self.folder / "catalog" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".tmp")
        fresh.write_text(text)
        return fresh.rename(file)

    async def start(self) -> None:
        """Run `mattergate serve` until it is ready."""
        self.lives.append(await self.mattergate("serve"))
        await self.until(self._is_ready)

    async def _is_ready(self) -> bool:
        assert self.running.process.returncode is None, self.running.text
        try:
            return (await self.get("/readyz"))[0] == 200
        except aiohttp.ClientError:
            return False

    @property
    def running(self) -> Program:
        """The process of the present life."""
        return self.lives[-1]

    @property
    def log(self) -> str:
        """All that the lives have written."""
        return "".join(life.text for life in self.lives)

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it in order; its exit code."""
        self.running.signal(number)
        return await self.running.ended()

    async def mattergate(self, *arguments: str) -> Program:
        """Start a command of mattergate on this service's settings."""
        command = [sys.executable, "-m", "gateway", *arguments, "-c", self.file]
        return await Program.start(*command, folder=self.folder)

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command of mattergate to its end; its exit code and output."""
        program = await self.mattergate(*arguments)
        return await program.ended(), program.text

    async def post(self, path: str, body: dict | bytes, headers: dict | None = None) -> tuple[int, dict, dict]:
        """POST to the public listener; status, answer and headers."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.post(
            url, data=data, headers={"Content-Type": "application/json"} | (headers or {})
        ) as got:
            return got.status, await got.json(content_type=None), dict(got.headers)

    async def item(self, box: str, number: int, **more: object) -> tuple[int, dict, dict]:
        """POST one item, whose delivery id says which it is."""
        body = {"kind": "item", "id": f"{box}-{number}", "box": box, "number": number} | more
        return await self.post("/in/items", body, {"X-Token": SECRET})

    async def get(self, path: str, accept: str = "*/*") -> tuple[int, str]:
        """GET from the admin listener."""
        async with self.session.get(f"http://127.0.0.1:{self.admin_port}{path}", headers={"Accept": accept}) as got:
            return got.status, await got.text()

    async def series(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Every series of /metrics: (name, labels) -> value."""
        _, text = await self.get("/metrics")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def value(self, name: str, **labels: str) -> float | None:
        """One series of /metrics; None when there is none."""
        return (await self.series()).get((f"mattergate_{name}", frozenset(labels.items())))

    async def dead(self, count: int) -> bool:
        """Whether the destination `ops` has so many dead deliveries."""
        return await self.value("dead", destination="ops") == count

    async def accepts(self) -> bool:
        """Whether anything listens at the public port."""
        return await listens(self.port)

    async def until(self, holds: Callable[[], bool | Awaitable[bool]], seconds: float = PATIENCE) -> None:
        """Wait until something holds; fail, with the log, when it does not in time."""
        try:
            await eventually(holds, seconds)
        except TimeoutError:
            pytest.fail(f"not within {seconds:g} s; the log ends:\n{self.log[-3000:]}")


class Senders:
    """Concurrent senders, one box each: items numbered from 1, each repeated until it is answered with a 2xx."""

    def __init__(self, service: Service, count: int, pause: float = 0.0) -> None:
        self.accepted: dict[str, int] = {f"box{number}": 0 for number in range(count)}
        self.ids: set[str] = set()
        self.refusals: list[tuple[int, dict]] = []
        self._service = service
        self._pause = pause
        self._enough = False
        self._tasks = [asyncio.ensure_future(self._send(box)) for box in self.accepted]

    @property
    def total(self) -> int:
        """How many items were accepted."""
        return sum(self.accepted.values())

    @property
    def expected(self) -> dict[str, list[int]]:
        """What must have arrived of each box, in this order."""
        return {box: list(range(1, last + 1)) for box, last in self.accepted.items()}

    async def finish(self) -> None:
        """Let every sender have its last item accepted, and stop."""
        self._enough = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE)

    async def abandon(self) -> None:
        """Stop them at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, box: str) -> None:
        while not self._enough:
            await self._send_until_accepted(box, self.accepted[box] + 1)
            self.accepted[box] += 1
            await asyncio.sleep(self._pause)

    async def _send_until_accepted(self, box: str, number: int) -> None:
        while True:
            try:
                status, answer, _ = await self._service.item(box, number)
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.05)
                continue
            if status < 300:
                self.ids.add(answer["id"])
                return
            self.refusals.append((status, answer))
            await asyncio.sleep(0.05)


@pytest.fixture
async def mattermost() -> Mattermost:
    """Give a stand-in that the test may disturb; `service` serves it."""
    return Mattermost()


@pytest.fixture
async def service(tmp_path: Path, mattermost: Mattermost) -> AsyncIterator[Service]:
    """Give a gateway that is neither configured nor started; whatever was started is ended with the test."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(mattermost.serve())
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        made = Service(tmp_path, session, mattermost, url)
        try:
            yield made
        finally:
            mattermost.door.set()
            for life in made.lives:
                await life.kill()
            sys.stderr.write(made.log)  # pytest shows it with a failure


@pytest.fixture
def items(service: Service) -> Service:
    """Give the gateway with a service of its own in its catalog: `items`, whose subject is the box."""
    service.document("items/service.yaml", ITEMS_SERVICE)
    service.document("items/item.yaml", ITEMS_TRANSLATOR)
    service.configure(ITEMS_ROUTE)
    return service


@pytest.fixture
async def load(items: Service) -> AsyncIterator[Callable[..., Senders]]:
    """Give `load(count, pause)`, which starts senders, stopped with the test."""
    started: list[Senders] = []

    def begin(count: int, pause: float = 0.0) -> Senders:
        started.append(Senders(items, count, pause))
        return started[-1]

    yield begin
    for senders in started:
        await senders.abandon()


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Program]]]:
    """Give a function that starts another program, which is killed with the test."""
    started: list[Program] = []

    async def begin(*command: str | Path) -> Program:
        started.append(await Program.start(*command, folder=tmp_path))
        return started[-1]

    yield begin
    for one in started:
        await one.kill()
