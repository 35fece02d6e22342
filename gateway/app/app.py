"""The composition root: settings in, running service out. The only module that names concrete parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from aiohttp import web

from gateway import journal as journals
from gateway.app import admin, deadletters, ingress
from gateway.app.acting import Acting
from gateway.app.catalog import RunningCatalog
from gateway.app.destinations import Destinations
from gateway.app.fetching import INTERNET, Fetching, Outside, reporter
from gateway.app.gateway import Parts, RunningGateway
from gateway.app.listening import Listening
from gateway.app.senders import Senders
from gateway.callbacks import fit
from gateway.catalog.catalog import Catalog
from gateway.console.port import Changes
from gateway.delivery.addresses import Addresses
from gateway.delivery.dispatcher import Dispatcher
from gateway.errors import Fault, SettingsError
from gateway.ingress.acceptance import Acceptance
from gateway.ingress.confirmations import Confirmations
from gateway.ingress.doors import hooks
from gateway.ingress.learned import Learned
from gateway.ingress.recorder import Recorder
from gateway.ingress.repeats import Repeats
from gateway.journal import Appended, DeadLimits, Entry, Journal
from gateway.observe import logs, tracing
from gateway.observe.metrics import Metrics
from gateway.outbound.call import Calls
from gateway.outbound.keyring import Keyring
from gateway.outbound.sessions import Sessions
from gateway.pipeline import route as routes
from gateway.settings import Settings
from gateway.settings.keys import Address

TRACING_GRACE = 3.0
"""Seconds that a stop waits for the collector to take the last traces."""

_log = logs.get("app")


class App:
    """A running gateway: `public` and `admin` are the URLs of its listeners, `failed` is done when a part crashed."""

    def __init__(self, public: str, admin: str, running: RunningGateway, parts: Parts) -> None:
        self.public = public
        self.admin = admin
        self.failed = parts.dispatcher.failed
        self.metrics = parts.metrics
        self._running = running

    async def reload(self) -> Changes:
        """Reload settings and catalog. Raises SettingsError, and then the running settings stay."""
        return await self._running.reload()


@asynccontextmanager
async def running(
    settings: Settings,
    read: Callable[[], Settings] | None = None,
    on_change: Callable[[], None] = lambda: None,
    outside: Outside = INTERNET,
) -> AsyncIterator[App]:
    """The gateway, running inside the block; leaving it stops in order and loses nothing.

    `read` gives the settings as they are written at a reload (none: these). `on_change` is called when catalog and
    routes have been built, and whenever they are replaced. Keys are fetched from the hosts `outside`. Raises
    SettingsError or JournalError before it listens.
    """
    if missing := tracing.faults(settings):
        raise SettingsError(missing)
    if wrong := routes.faults(settings):
        raise SettingsError(wrong)
    async with AsyncExitStack() as stack:
        parts = await _parts(settings, on_change, outside, stack)
        seen = RunningGateway(settings, parts, read or (lambda: settings))
        stack.push_async_callback(seen.close)
        seen.follow()
        pages = web.AppRunner(
            admin.application(parts.metrics, seen),
            access_log=None,
            logger=admin.logger(),
            shutdown_timeout=settings.server.grace,
        )
        admin_url = await _serve(pages, settings.server.admin, stack)
        on_change()
        public_url = await _serve(ingress.listener(parts.ingress, settings.server), settings.server.listen, stack)
        seen.listening = True
        stack.push_async_callback(parts.listening.close)
        seen.warm()
        _log.info(
            "ready",
            public=public_url,
            console=admin_url,
            routes=len(settings.routes),
            services=len(parts.catalog.current.keys),
        )
        yield App(public_url, admin_url, seen, parts)


async def _parts(settings: Settings, on_change: Callable[[], None], outside: Outside, stack: AsyncExitStack) -> Parts:
    """Build everything between the listeners and Mattermost; the stack closes it in reverse order."""
    metrics = Metrics()
    catalog = await _catalog(settings, metrics, on_change)
    journal = await _journal(settings, metrics, stack)
    tracer = _tracer(settings)
    stack.push_async_callback(tracer.close, min(settings.server.grace, TRACING_GRACE))
    closing = await stack.enter_async_context(AsyncExitStack())
    sessions = Sessions(closing, tracer.middlewares, settings.proxies)
    senders, fetching = Senders(sessions), Fetching(closing, outside, settings.proxies)
    calls = Calls(closing, settings.proxies, outside.tls, fetching.resolver)

    async def store(entry: Entry) -> Appended:
        return await acceptance.store(entry)

    acting = await Acting.start(settings, journal, catalog, senders, calls, metrics, store, stack)
    destinations = Destinations(senders, lambda name: partial(journal.card, name), acting)
    addresses = Addresses(await journal.addresses(hooks.NAME))
    strangers = await ingress.strangers(journal, addresses)
    dispatcher = Dispatcher(
        journal, await destinations.of(settings), metrics, addresses=addresses, attempt=tracer.attempt
    )
    repeats = Repeats(journal.find)
    stack.push_async_callback(repeats.close)
    acceptance = Acceptance(journal, dispatcher.offer, repeats.note)
    await dispatcher.start()
    stack.push_async_callback(dispatcher.stop, settings.server.grace)
    learned = Learned(journal, await journal.secrets(), Confirmations(fetching.confirm))
    keys = Keyring(fetching.key, reporter(metrics))
    stack.push_async_callback(keys.close)
    recorder = Recorder(journal.refuse)
    stack.push_async_callback(recorder.close)
    taking = ingress.open_ingress(
        settings,
        catalog,
        acceptance.store,
        metrics,
        tracer,
        learned,
        strangers,
        recorder,
        keys,
        acting,
    )
    stack.push_async_callback(taking.refusals.settle)
    listening = Listening(acting.desk, acting.bots, senders, journal, metrics)
    return Parts(metrics, catalog, journal, destinations, dispatcher, acceptance, taking, acting, listening)


async def _catalog(settings: Settings, metrics: Metrics, on_change: Callable[[], None]) -> RunningCatalog:
    needed = ingress.services_of_routes(settings) | ingress.services_of_hooks(settings)
    known = await asyncio.to_thread(Catalog, ingress.folders(settings), needed)
    for fault in routes.unknown_services(settings, known.keys):
        _log.error("a service is missing: the generic translator speaks for it", fault=str(fault))
    for fault in fit.unknown_services(settings, known.keys):
        _log.error("a service is missing: nobody answers its callbacks", fault=str(fault))
    return RunningCatalog(known, metrics, on_change)


async def _journal(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> Journal:
    kept = settings.journal
    journal = await journals.open(
        kept.url,
        retention=kept.retention,
        max_size=kept.max_size,
        dead=DeadLimits(kept.dead_max_age, kept.dead_max_size),
        deliver=True,
        on_commit=metrics.journal_commit_seconds.observe,
        on_discard=deadletters.reporter(metrics),
    )
    stack.push_async_callback(journal.close)
    return journal


def _tracer(settings: Settings) -> tracing.Tracer:
    if settings.tracing is None:
        return tracing.OFF
    from gateway.observe.tracing_otel import OtelTracer  # an extra, which others need not have

    try:
        return OtelTracer(settings.tracing)
    except ValueError as error:
        problem, remedy = f"OpenTelemetry cannot start: {error}", "correct the OTEL_ variables"
        raise SettingsError([settings.source.fault(("tracing",), problem, remedy)]) from None


async def _serve(runner: web.BaseRunner, address: Address, stack: AsyncExitStack) -> str:
    """Start listening. Leaving the stack stops accepting, and waits for running requests."""
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
