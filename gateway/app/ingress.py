"""Build the public side from settings and catalog: the ingress, and the listener in front of it."""

import resource
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from aiohttp import web

from gateway.acts.desk import Desk
from gateway.app.acting import Acting
from gateway.app.catalog import RunningCatalog
from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.catalog.generic import GENERIC
from gateway.delivery.addresses import Addresses
from gateway.ingress.doors import hooks
from gateway.ingress.http import Ingress, Rules
from gateway.ingress.learned import Learned
from gateway.ingress.listener import Listener
from gateway.ingress.recorder import Recorder
from gateway.ingress.strangers import Strangers
from gateway.ingress.table import open_doors
from gateway.journal import Appended, Entry, Journal
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.observe.tracing import Tracer
from gateway.outbound.keyring import Keyring
from gateway.pipeline.entry import DestinationTraits, Traits
from gateway.settings import Settings
from gateway.settings.tables import Server

FILES = 200
"""Open files that are kept for the journal, the destinations and the console."""

_log = logs.get("ingress")


def open_ingress(  # noqa: PLR0913 - each is another part
    settings: Settings,
    known: RunningCatalog,
    store: Callable[[Entry], Awaitable[Appended]],
    metrics: Metrics,
    tracer: Tracer,
    learned: Learned,
    strangers: Strangers,
    recorder: Recorder,
    keys: Keyring,
    acting: Acting,
) -> Ingress:
    """Make the ingress for settings and a catalog that fit together."""
    own = rules(settings, known.current, metrics, acting.desk)
    buttons, snoozing = acting.buttons, acting.snoozing
    return Ingress(
        own, store, metrics, known.for_request, learned, tracer, strangers, recorder, keys, buttons, snoozing
    )


async def strangers(journal: Journal, addresses: Addresses) -> Strangers:
    """The bound of what hooks send that have never delivered, with what the journal has of it from before the start."""
    found = Strangers(addresses)
    for address, kept in (await journal.strangers(hooks.NAME)).items():
        found.count(address, kept.deliveries, kept.size)
    return found


def rules(settings: Settings, known: Catalog, metrics: Metrics, desk: Desk | None = None) -> Rules:
    """Make the rules by which requests are taken in. The series of all translators that routes use start at 0."""
    for key in {route.service for route in settings.routes.values()}:
        metrics.expect_translators(key, known.translators(key))
    return Rules(open_doors(settings, known, desk), known, traits(settings), settings.server)


def listener(ingress: Ingress, server: Server) -> web.BaseRunner:
    """The public listener; on shutdown it waits up to `grace` for running requests."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = max(2, min(server.connections, files - FILES))
    if connections < server.connections:
        _log.warning("fewer connections than [server] connections: too few open files", files=files, now=connections)
    made = Listener(ingress, header_limit=server.header_limit, connections=connections)
    return web.ServerRunner(made, shutdown_timeout=server.grace)


def folders(settings: Settings) -> list[Path]:
    """The catalog folders: the built-in one, and the user's over it."""
    return files.layered(settings.catalog.folders)


def services_of_routes(settings: Settings) -> set[str]:
    """The services of routes and callbacks, and the generic one; pass-through hooks add theirs by a first request."""
    callbacks = {table.service for table in settings.callbacks.values()}
    return {GENERIC, *callbacks, *(route.service for route in settings.routes.values())}


def services_of_hooks(settings: Settings, used: Iterable[str] = ()) -> set[str]:
    """The services of pass-through hooks: those that the settings name, otherwise those that hooks have `used`."""
    through = settings.passthrough
    return set() if through is None else set(through.services or used)


def traits(settings: Settings) -> Traits:
    """Of each destination, its channel or that it shows cards: a destination over REST knows its channel itself."""
    return {
        name: DestinationTraits(cards=True) if table.rest else DestinationTraits(table.channel)
        for name, table in settings.destinations.items()
    }
