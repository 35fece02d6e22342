"""The composition root: settings in, running service out. The only module that names concrete parts."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import ClientError, ClientTimeout, web

from gateway import admin, logs, reload, tracing
from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import Dispatcher
from gateway.errors import CatalogError, Fault, SettingsError
from gateway.fields import Address
from gateway.ingress import passthrough as passthrough_hooks
from gateway.ingress import route as routes
from gateway.ingress.entry import Place, Places
from gateway.ingress.http import Ingress
from gateway.ingress.learned import Learned
from gateway.ingress.listener import Listener
from gateway.ingress.passthrough import Passthrough
from gateway.ingress.table import RouteTable
from gateway.journal import Journal
from gateway.journal.sqlite import SqliteJournal
from gateway.mattermost.answers import open_session, unanswered
from gateway.mattermost.hook import PassthroughSender
from gateway.metrics import Metrics
from gateway.senders import Connections
from gateway.settings import Settings
from gateway.translate import catalog
from gateway.translate.catalog import GENERIC, Catalog

TRACING_GRACE = 3.0
"""Seconds that a stop waits for the last traces to be taken."""

_log = logs.get("app")


class App:
    """A running gateway: `public` and `admin` are the URLs of its listeners, `failed` ends when a part has crashed."""

    def __init__(self, public: str, admin: str, failed: "asyncio.Future[None]", metrics: Metrics) -> None:
        self.public = public
        self.admin = admin
        self.failed = failed
        self.metrics = metrics


def folders(settings: Settings) -> list[Path]:
    """The catalog folders: the built-in one, and the user's over it."""
    return [catalog.builtin_folder(), *map(Path, settings.catalog.folders)]


def wanted(settings: Settings) -> set[str] | None:
    """The services that requests can be for; None for all of the catalog: it takes half of the memory of a gateway."""
    through = settings.passthrough
    if through is not None and not through.services:
        return None
    return {route.service for route in settings.routes.values()} | set(through.services if through else ()) | {GENERIC}


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[App]:
    """The gateway, running inside the block; leaving it stops in order and loses nothing.

    Raises SettingsError, CatalogError or JournalError before anything is started.
    """
    if missing := tracing.faults(settings):
        raise SettingsError(missing)
    metrics = Metrics()
    known = catalog.load(folders(settings), wanted(settings))
    if routes.faults(settings, known):  # told against the whole catalog, which knows the names that may be meant
        raise SettingsError(routes.faults(settings, catalog.load(folders(settings))))
    table = RouteTable(routes.build(settings, metrics), passthrough(settings, metrics))
    async with AsyncExitStack() as stack:
        journal = await SqliteJournal.open(
            journal_path(settings),
            retention=settings.journal.retention,
            max_size=settings.journal.max_size,
            metrics=metrics,
        )
        stack.push_async_callback(journal.close)
        tracer = _tracer(settings)
        stack.push_async_callback(tracer.close, min(settings.server.grace, TRACING_GRACE))
        connections = Connections(stack, tracer.middlewares)
        dispatcher = Dispatcher(
            journal,
            await destinations(settings, table.passthrough, journal, connections),
            metrics,
            attempt=tracer.attempt,
        )
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop, settings.server.grace)
        ingress = Ingress(
            table,
            known,
            journal,
            dispatcher.offer,
            metrics,
            places=places(settings),
            server=settings.server,
            learned=Learned(journal_path(settings).with_suffix(".secrets"), await _fetcher(stack)),
            tracer=tracer,
        )
        _expect_translators(metrics, settings, known)
        if settings.catalog.reload:
            _follow(settings, ingress, metrics, stack)
        listening = asyncio.Event()  # so that /readyz is not ahead of the public listener
        pages = admin.application(
            metrics, lambda: ingress.trouble if listening.is_set() else "starting", dispatcher.states
        )
        admin_url = await _serve(web.AppRunner(pages, access_log=None), settings.server.admin, stack)
        public_url = await _serve(_public(settings, ingress), settings.server.listen, stack)
        listening.set()
        _settle_memory()
        _log.info(
            "ready", public=public_url, admin=admin_url, routes=len(settings.routes), services=len(known.services)
        )
        yield App(public_url, admin_url, dispatcher.failed, metrics)


def _settle_memory() -> None:
    """Take what was made at the start, catalog and metrics, out of the garbage collector's sight: it never goes away.

    Without this, a full collection walks all of it, tens of milliseconds long, in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()


def journal_path(settings: Settings) -> Path:
    """The file of the embedded journal."""
    return Path(settings.journal.url.removeprefix("sqlite:"))


def passthrough(settings: Settings, metrics: Metrics) -> Passthrough | None:
    """The pass-through hooks, when a server is set for them."""
    if settings.passthrough is None:
        return None
    return Passthrough(settings.passthrough.server, settings.passthrough.services, settings.server, metrics)


async def destinations(
    settings: Settings, through: Passthrough | None, journal: Journal, connections: Connections
) -> Sequence[Destination]:
    """The destinations, each with its sender."""
    made = []
    for name, table in settings.destinations.items():
        sender = await connections.sender(table, partial(journal.card, name))
        made.append(Destination(name, sender, table.concurrency, table.rate or None, table.max_age))
    if through is not None:
        shared = settings.delivery
        sender = PassthroughSender(through.url, await connections.http(), shared.timeout)
        made.append(
            Destination(passthrough_hooks.NAME, sender, shared.concurrency, shared.rate or None, shared.max_age)
        )
    return made


def _tracer(settings: Settings) -> tracing.Tracer:
    if settings.tracing is None:
        return tracing.OFF
    from gateway.tracing_otel import OtelTracer  # an extra, which others need not have

    try:
        return OtelTracer(settings.tracing)
    except ValueError as error:
        problem, remedy = f"OpenTelemetry cannot start: {error}", "correct the OTEL_ variables"
        raise SettingsError([settings.source.fault(("tracing",), problem, remedy)]) from None


def places(settings: Settings) -> Places:
    """What the parcels of each destination have to say; a channel over REST knows its own."""
    return {
        name: Place(cards=True) if table.rest else Place(table.channel) for name, table in settings.destinations.items()
    }


def _expect_translators(metrics: Metrics, settings: Settings, known: Catalog) -> None:
    for key in {route.service for route in settings.routes.values()}:
        metrics.expect_translators(key, [translator.name for translator in known.services[key].translators])


def _follow(settings: Settings, ingress: Ingress, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Take up changed documents while running."""

    def adopt(fresh: Catalog) -> None:
        if faults := routes.faults(settings, fresh):  # a service that a route names went away
            raise CatalogError(faults)
        _expect_translators(metrics, settings, fresh)
        ingress.catalog = fresh
        _settle_memory()

    following = asyncio.ensure_future(reload.follow(folders(settings), wanted(settings), adopt, metrics))
    stack.push_async_callback(asyncio.wait, [following])
    stack.callback(following.cancel)


def _public(settings: Settings, ingress: Ingress) -> web.BaseRunner:
    server = settings.server
    listener = Listener(ingress.handle, read_timeout=server.read_timeout, header_limit=server.header_limit)
    return web.ServerRunner(listener, shutdown_timeout=server.grace)


async def _fetcher(stack: AsyncExitStack) -> Callable[[str], Awaitable[None]]:
    """How a handshake fetches the URL that confirms it; OSError says why it could not."""
    session = await stack.enter_async_context(open_session())

    async def fetch(url: str) -> None:
        try:
            async with session.get(url, allow_redirects=False, timeout=ClientTimeout(total=10)) as response:
                if response.status >= 300:
                    raise OSError(f"answered {response.status}")
        except ClientError as error:
            raise OSError(unanswered(error).reason) from error

    return fetch


async def _serve(runner: web.BaseRunner, address: Address, stack: AsyncExitStack) -> str:
    """Start listening; leaving the stack stops accepting, and waits for requests under way."""
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, address.host, address.port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        raise SettingsError(
            [Fault("", 0, "server", f"cannot listen on {address}: {error.strerror}", "is it running already?")]
        ) from error
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"http://{host}:{runner.addresses[0][1]}"
