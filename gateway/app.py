"""The composition root: settings in, running service out. The only module that names concrete parts."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import ClientError, ClientTimeout, web

from gateway import admin, logs, reload
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
from gateway.running import Running
from gateway.senders import Connections
from gateway.settings import Settings
from gateway.translate import catalog
from gateway.translate.catalog import GENERIC, Catalog

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
        dispatcher = Dispatcher(journal, await destinations(settings, table.passthrough, journal, stack), metrics)
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop, settings.server.grace)
        ingress = Ingress(
            table,
            known,
            journal,
            dispatcher.offer,
            metrics,
            places=places(settings),
            read_timeout=settings.server.read_timeout,
            public_url=settings.server.public_url,
            learned=Learned(journal_path(settings).with_suffix(".secrets"), await _fetcher(stack)),
        )
        _expect_translators(metrics, settings, known)
        adopt = partial(_adopt, settings, ingress, metrics)
        if settings.catalog.reload:
            _follow(settings, adopt, metrics, stack)
        listening = asyncio.Event()  # so that /readyz is not ahead of the public listener
        seen = Running(
            settings,
            journal,
            metrics,
            dispatcher,
            folders=folders(settings),
            only=wanted(settings),
            current=lambda: ingress.catalog,
            adopt=adopt,
            trouble=lambda: ingress.trouble if listening.is_set() else "starting",
        )
        pages = web.AppRunner(admin.application(metrics, seen), access_log=None, shutdown_timeout=settings.server.grace)
        admin_url = await _serve(pages, settings.server.admin, stack)
        public_url = await _serve(_public(settings, ingress), settings.server.listen, stack)
        listening.set()
        _settle_memory()
        _log.info(
            "ready", public=public_url, console=admin_url, routes=len(settings.routes), services=len(known.services)
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
    settings: Settings, through: Passthrough | None, journal: Journal, stack: AsyncExitStack
) -> Sequence[Destination]:
    """The destinations, each with its sender; connections are closed with the stack."""
    connections = Connections(stack)
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


def places(settings: Settings) -> Places:
    """What the parcels of each destination have to say; a channel over REST knows its own."""
    return {
        name: Place(cards=True) if table.rest else Place(table.channel) for name, table in settings.destinations.items()
    }


def _expect_translators(metrics: Metrics, settings: Settings, known: Catalog) -> None:
    for key in {route.service for route in settings.routes.values()}:
        metrics.expect_translators(key, [translator.name for translator in known.services[key].translators])


def _adopt(settings: Settings, ingress: Ingress, metrics: Metrics, fresh: Catalog) -> None:
    """Put another catalog in the place of the running one. Raises CatalogError when a route cannot go on with it."""
    if faults := routes.faults(settings, fresh):  # a service that a route names went away
        raise CatalogError(faults)
    _expect_translators(metrics, settings, fresh)
    ingress.catalog = fresh
    _settle_memory()


def _follow(settings: Settings, adopt: Callable[[Catalog], None], metrics: Metrics, stack: AsyncExitStack) -> None:
    """Take up changed documents while running."""
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
