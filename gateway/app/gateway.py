"""The running gateway: `console.port.Gateway` made of the concrete parts, and the reload of its settings."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from prometheus_client.metrics_core import Metric

from gateway.app import changes, ingress, watch
from gateway.app.acting import Acting
from gateway.app.catalog import RunningCatalog
from gateway.app.destinations import Destinations
from gateway.app.listening import Listening
from gateway.callbacks import fit
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.console.port import Changes
from gateway.delivery.condition import Condition
from gateway.delivery.destinations import Destination
from gateway.delivery.dispatcher import Dispatcher
from gateway.errors import Fault, FaultyFilesError, SettingsError
from gateway.ingress.acceptance import Acceptance
from gateway.ingress.captures import Captures
from gateway.ingress.http import Ingress
from gateway.journal import Appended, DeadLimits, Entry, Journal
from gateway.model import Pause
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.pipeline import route as routes
from gateway.pipeline.attached import Buttons
from gateway.pipeline.entry import Traits
from gateway.pipeline.route import Route
from gateway.settings import Settings
from gateway.sources.bot import State

_log = logs.get("settings")


class Parts(NamedTuple):
    """The running parts, from the public listener to the destinations."""

    metrics: Metrics
    catalog: RunningCatalog
    journal: Journal
    destinations: Destinations
    dispatcher: Dispatcher
    acceptance: Acceptance
    ingress: Ingress
    acting: Acting
    listening: Listening


class RunningGateway:
    """See `console.port.Gateway`. `read` gives the settings as they are written now, or raises SettingsError.

    The composition root sets `listening` when senders can reach the gateway.
    """

    def __init__(self, settings: Settings, parts: Parts, read: Callable[[], Settings]) -> None:
        self.settings = settings
        self.journal = parts.journal
        self.listening = False
        self._parts = parts
        self._read = read
        self._changing = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None

    @property
    def captures(self) -> Captures:
        """The addresses whose requests become no events."""
        return self._parts.ingress.captures

    def samples(self, *names: str) -> Sequence[Metric]:
        """The series of these names."""
        return list(self._parts.metrics.registry.restricted_registry(names).collect())

    def destinations(self) -> Mapping[str, Condition]:
        """How each destination stands."""
        return self._parts.dispatcher.conditions()

    async def set_pause(self, destination: str, pause: Pause | None) -> None:
        """Pause or resume a destination."""
        await self.journal.set_pause(destination, pause)
        await self._parts.dispatcher.read_pauses()

    def trouble(self) -> str:
        """Why requests cannot be stored; "" when they can."""
        return self._parts.acceptance.trouble if self.listening else "starting"

    def route(self, name: str, address: str = "") -> Route | None:
        """A route as ingress uses it; None when it is gone."""
        return self._parts.ingress.rules.table.named(name, address)

    def traits(self) -> Traits:
        """Of each destination, its channel or that it shows cards."""
        return self._parts.ingress.rules.traits

    async def buttons(self) -> Buttons | None:
        """What makes the buttons of messages."""
        return self._parts.acting.buttons

    def bots(self) -> Mapping[str, State]:
        """How each bot that listens is."""
        return self._parts.listening.states

    async def service(self, key: str) -> Service | None:
        """A service as requests use it; None when there is none."""
        return await self._parts.catalog.for_viewer(key)

    def catalog(self) -> Catalog:
        """The catalog as requests use it, of which some services are not compiled."""
        return self._parts.catalog.current

    async def submit(self, entry: Entry) -> Appended:
        """Journal an event and deliver it."""
        return await self._parts.acceptance.store(entry)

    async def reload(self) -> Changes:
        """Reload the settings, whole or not at all, and the catalog, service by service. Raises SettingsError."""
        async with self._changing:
            try:
                fresh, known = await self._read_all()
                destinations = await self._parts.destinations.of(fresh)
            except FaultyFilesError as error:
                self._parts.metrics.settings_reload_ok.set(0)
                for fault in error.faults:
                    _log.error("settings not taken up, the running ones stay", fault=str(fault))
                raise
            before = self._parts.catalog.current
            lines = (*changes.settings_changes(self.settings, fresh), *changes.document_changes(before, known))
            await self._adopt(fresh, known, destinations)
            self._parts.metrics.settings_reload_ok.set(1)
            _log.info("settings taken up", changed=lines, faulty=sorted(known.faults))
            self.warm()
            return Changes(lines, tuple(map(str, known.all_faults())))

    def follow(self) -> None:
        """Reload the catalog whenever a document changes, if the settings say so, and stop watching earlier folders."""
        if self._following is not None:
            self._following.cancel()
            self._following = None
        if self.settings.catalog.reload:
            self._following = asyncio.create_task(watch.follow(ingress.folders(self.settings), self._reload_catalog))

    async def close(self) -> None:
        """Cancel the tasks that compile and watch."""
        self._parts.catalog.close()
        for task in (self._warming, self._following):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})  # what it raises is of no consequence for a stop

    async def _adopt(self, fresh: Settings, known: Catalog, destinations: Sequence[Destination]) -> None:
        """Replace everything. New destinations start before requests use them; removed ones end after the last use."""
        dispatcher = self._parts.dispatcher
        await dispatcher.serve(destinations)
        old, self.settings = self.settings, fresh
        self._adopt_catalog(fresh, known)
        kept = fresh.journal
        self._parts.journal.keep(kept.retention, kept.max_size, DeadLimits(kept.dead_max_age, kept.dead_max_size))
        if fresh.log != old.log:
            logs.configure(fresh.log.level, fresh.log.format, sys.stderr)
        if fresh.catalog != old.catalog:
            self.follow()
        dispatcher.retire({destination.name for destination in destinations})

    async def _reload_catalog(self) -> None:
        async with self._changing:
            before, known = self._parts.catalog.current, await self._reread_catalog(self.settings)
            if known.is_like(before):  # another file in a folder, or only its time
                return
            self._adopt_catalog(self.settings, known)
            _log.info("catalog taken up", changed=changes.document_changes(before, known), faulty=sorted(known.faults))
            self.warm()

    async def _read_all(self) -> tuple[Settings, Catalog]:
        """The settings as they are written now, and their catalog. Raises SettingsError with every fault of both."""
        faults: list[Fault] = []
        try:
            fresh = await asyncio.to_thread(self._read)
            faults += changes.refusals(self.settings, fresh)
        except SettingsError as error:
            if error.partial is None:
                raise
            fresh = error.partial
            faults += error.faults
        known = await self._reread_catalog(fresh)
        faults += [*routes.faults(fresh), *routes.unknown_services(fresh, known.keys)]
        faults += fit.unknown_services(fresh, known.keys)
        if faults:
            raise SettingsError([*faults, *known.all_faults()])
        return fresh, known

    async def _reread_catalog(self, settings: Settings) -> Catalog:
        used = self._parts.catalog.current.needed - ingress.services_of_routes(self.settings)
        needed = ingress.services_of_routes(settings) | ingress.services_of_hooks(settings, used)
        return await self._parts.catalog.reread(ingress.folders(settings), needed)

    def _adopt_catalog(self, settings: Settings, known: Catalog) -> None:
        acting = self._parts.acting
        acting.adopt(settings, known)
        self._parts.ingress.adopt(ingress.rules(settings, known, self._parts.metrics, acting.desk))
        self._parts.catalog.adopt(known)

    def warm(self) -> None:
        """Compile the services of routes and callbacks, and have the bots listen for these, beside requests."""
        if self._warming is not None:
            self._warming.cancel()
        self._warming = asyncio.create_task(self._warm(), name="warming")

    async def _warm(self) -> None:
        catalog = self._parts.catalog
        await catalog.warm()
        await self._parts.listening.adopt(self.settings)
        usable = {key: one for key, one in catalog.current.services.items() if key not in catalog.current.faults}
        for fault in fit.faults(self.settings, usable):
            _log.error("a callback cannot work", fault=str(fault))
