"""What every test may use: a stand-in Mattermost, and the whole gateway before it, over real HTTP and SQLite."""

import asyncio
import gc
import hashlib
import hmac
import json
import os
import random
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web, web_app
from hypothesis import settings as settings_of_hypothesis

from gateway import settings
from gateway.app import app
from gateway.app.fetching import INTERNET, Outside
from gateway.catalog import catalog, files
from gateway.catalog.build import build
from gateway.catalog.fragments import NO_FRAGMENTS, KnownFragments
from gateway.catalog.kinds import Text
from gateway.catalog.service import Service
from gateway.errors import Fault
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.journalurl import file_of
from gateway.language.template import Engine
from gateway.standin.server import StandIn

# The same examples at every run: what fails, fails for everybody. `--hypothesis-seed=random` looks further.
settings_of_hypothesis.register_profile("tests", derandomize=True, deadline=None)
settings_of_hypothesis.load_profile("tests")

PATIENCE = 60.0
"""Seconds that anything may take on a machine that is busy with other things: a wait ends when what it is for holds."""

SECRET = "correct horse battery staple"
HEAD = """
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
grace = "2s"
{server}
[journal]
url = "sqlite:test.db"
[catalog]
reload = false
{tables}
[destinations.ops]
hook = "{hook}"
"""
ITEMS_SERVICE = """
name: Items
docs: https://example.com/items
setup: Nothing to set up; this service exists for tests alone.
event: [{json: kind}]
delivery_id: [{json: id}]
"""
ITEMS_TRANSLATOR = """
title: An item
events: [item]
input: {type: object, required: [box, number], properties: {box: {type: string}, number: {type: integer}}}
subject: "{{ box }}"
message: {text: "{{ box }} {{ number }}"}
"""
BREAKS = """
title: A translator that fails
events: [breaks]
message: {text: "{{ 1 // 0 }}"}
"""


Built = tuple[Service, list[Fault]]
_BUILTIN = str(files.builtin_folder())
_built: dict[tuple[str, int], Built] = {}


def _build_once(
    key: str,
    texts: Mapping[str, Text],
    engine: Engine,
    before: Service | None = None,
    fragments: KnownFragments = NO_FRAGMENTS,
) -> Built:
    """A service as it is built; one that is all of the built-in catalog is built once."""
    if not all(text.file.startswith(_BUILTIN) for text in texts.values()):
        return build(key, texts, engine, before, fragments)
    known = key, hash(tuple(sorted((name, text.text) for name, text in texts.items())))
    if known not in _built:
        _built[known] = build(key, texts, engine, before, fragments)
    return _built[known]


@pytest.fixture(scope="session", autouse=True)
def one_catalog() -> Iterator[None]:
    """Gateways share the services of the built-in catalog: they never change, and to build them takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "build", _build_once)
        yield


def pytest_collection_finish() -> None:
    """What collecting the tests made stays: a million objects, which no search for garbage needs to look at again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def nothing_kept() -> Iterator[None]:
    """Let go of the gateways of a module: aiohttp caches what it made of handlers, and with them all they refer to.

    Text that is logged is searched for every living secret: with those of a thousand gateways that takes milliseconds.
    What is left then, such as compiled documents, stays.
    """
    yield
    web_app._cached_build_middleware.cache_clear()
    gc.collect()
    gc.freeze()


async def _opened(url: str, *, deliver: bool, **more: Any) -> SqliteJournal:
    """The journal of a gateway, written by a thread of this process."""
    journal = await SqliteJournal.open(file_of(url), **more)
    journal.upkeep.start()
    return journal


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let somebody look for payloads that break a translator at length: `tests/run -k any_payload --examples 1000`."""
    parser.addoption("--examples", type=int, default=5, help="Payloads that are generated for each translator.")


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest) -> int:
    """How many payloads are generated for each translator."""
    return request.config.getoption("--examples")


class Gateway:
    """A running gateway, its stand-in Mattermost, and a session to talk to both; `stop` ends it early."""

    def __init__(
        self,
        running: app.App,
        standin: StandIn,
        hook: str,
        session: aiohttp.ClientSession,
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self.running = running
        self.url = running.public
        self.standin = standin
        self.hook = hook
        self.session = session
        self.stop = stop

    async def post(self, path: str, body: bytes | str | dict, **headers: str) -> tuple[int, dict]:
        """POST to the public listener; header names have `_` for `-`."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.url + path, data=data, headers=named) as response:
            return response.status, await response.json(content_type=None)

    async def github(self, event: str, body: dict, delivery: str, secret: str = SECRET) -> tuple[int, dict]:
        """POST as GitHub does, signed."""
        data = json.dumps(body).encode()
        signature = "sha256=" + hmac.digest(secret.encode(), data, hashlib.sha256).hex()
        headers = {"X_GitHub_Event": event, "X_GitHub_Delivery": delivery, "X_Hub_Signature_256": signature}
        return await self.post("/in/github", data, Content_Type="application/json", **headers)

    async def admin(self, path: str) -> tuple[int, str]:
        """GET from the admin listener."""
        async with self.session.get(self.running.admin + path) as response:
            return response.status, await response.text()

    async def posts(self, count: int) -> list:
        """The stand-in's posts, once there are `count` of them."""
        await eventually(lambda: len(self.standin.posts) >= count)
        return list(self.standin.posts)


async def eventually(holds: Callable[[], bool | Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Wait until something holds, whether it is told at once or awaited; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await _value(holds()):
            await asyncio.sleep(0.01)


async def _value(given: bool | Awaitable[bool]) -> bool:
    return await given if isinstance(given, Awaitable) else given


_ports: set[int] = set()


def free_port() -> int:
    """A port that nobody uses, below those of outgoing connections: it stays free until somebody listens there.

    Workers that run side by side draw from different ones.
    """
    worker, workers = (os.environ.get(f"PYTEST_XDIST_WORKER{part}", "") for part in ("", "_COUNT"))
    draw = random.SystemRandom()
    while True:
        port = draw.randrange(12_000 + int(worker.removeprefix("gw") or 0), 32_000, int(workers or 1))
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _ports:
                _ports.add(port)
                return port


async def listens(port: int) -> bool:
    """Whether anything listens at this port of the loopback."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


@pytest.fixture
def unused_tcp_port() -> int:
    """A port for a server that does not choose one itself."""
    return free_port()


@pytest.fixture
def unused_tcp_port_factory() -> Callable[[], int]:
    """A function that gives such ports."""
    return free_port


@asynccontextmanager
async def gateways(folder: Path) -> AsyncIterator[Callable[..., Awaitable[Gateway]]]:
    """Give a function that runs a gateway, its files in `folder`: routes, and more of [server] and of tables, as TOML.

    All that it began ends with the context. The journal is written by this process: to start another takes longer than
    all else, and tests/flow has the gateway as operators start it.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(app, "journals", SimpleNamespace(open=_opened))
        standin = StandIn()
        mattermost = await stack.enter_async_context(standin.serve())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        hook = f"{mattermost}/hooks/{standin.add_hook()}"

        async def begin(routes: str = "", server: str = "", tables: str = "", outside: Outside = INTERNET) -> Gateway:
            text = HEAD.format(server=server, tables=tables.format(mattermost=mattermost), hook=hook) + routes
            known = settings.parse(text, str(folder / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
            own = await stack.enter_async_context(AsyncExitStack())
            running = await own.enter_async_context(app.running(known, outside=outside))
            return Gateway(running, standin, hook, session, own.aclose)

        yield begin


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Gateway]]]:
    """A function that runs a gateway until the test ends."""
    async with gateways(tmp_path) as begin:
        yield begin


class Collector:
    """A receiver of OTLP over HTTP.

    `status` is what it answers once `open` is set; `spans` are those it took, `headers` those of every request.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.open = asyncio.Event()
        self.open.set()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Answer one export."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        self.headers.append(dict(request.headers))
        found = ExportTraceServiceRequest.FromString(await request.read())
        await self.open.wait()
        if self.status == 200:
            self.spans += [
                Span(span, {one.key: one.value.string_value for one in resource.resource.attributes})
                for resource in found.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
        return web.Response(status=self.status)

    def named(self, name: str) -> list["Span"]:
        """The spans of a name, in the order in which they started."""
        return sorted((span for span in self.spans if span.name == name), key=lambda span: span.started)

    async def got(self, name: str, count: int = 1) -> list["Span"]:
        """The spans of a name, once there are that many."""
        await eventually(lambda: len(self.named(name)) >= count)
        return self.named(name)


class Span:
    """A span as the collector got it: ids in hexadecimal, times in seconds of the epoch, `said` are its attributes."""

    def __init__(self, sent: object, resource: dict[str, str]) -> None:
        self.name, self.kind = sent.name, sent.kind
        self.trace, self.id, self.parent = sent.trace_id.hex(), sent.span_id.hex(), sent.parent_span_id.hex()
        self.started, self.ended = sent.start_time_unix_nano / 1e9, sent.end_time_unix_nano / 1e9
        self.said = {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in sent.attributes}
        self.failed, self.why = sent.status.code == sent.status.STATUS_CODE_ERROR, sent.status.message
        self.text = str(sent)
        self.resource = resource


@pytest.fixture
async def collector(monkeypatch) -> AsyncIterator[Collector]:
    """Give a running collector, and have gateways export to collectors every few hundredths of a second."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    made = Collector()
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    made.open.set()
    for thread in threading.enumerate():  # of gateways that did not wait for a collector that hung
        if thread.name == "tracing":
            await asyncio.to_thread(thread.join, PATIENCE)
    await runner.cleanup()
