"""A gateway made of the files on the disk, for commands: settings, catalog and journal, whether or not one runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from prometheus_client.metrics_core import Metric

from gateway.app import ingress
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.cli import catalog, journal
from gateway.cli import settings as settings_file
from gateway.cli.output import fail, fault_line, warn
from gateway.console.port import Changes
from gateway.delivery.destinations import DestinationState
from gateway.errors import JournalError
from gateway.ingress.doors.hooks import NAME as PASSTHROUGH
from gateway.ingress.table import open_doors
from gateway.journal import Appended, Entry, Journal, deliveries
from gateway.pipeline.entry import Traits
from gateway.pipeline.route import Route
from gateway.settings import Settings

T = TypeVar("T")


class OfflineGateway:
    """See `console.port.Gateway`. The running gateway, or the next one that starts, delivers what this one journals."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings = settings
        self.journal = journal
        self._table = open_doors(settings, self.catalog())
        self._services: dict[str, Service | None] = {}

    @property
    def folders(self) -> list[Path]:
        """The folders of the catalog."""
        return catalog.folders(self.settings.catalog.folders)

    def rehearsal(self) -> "OfflineGateway":
        """The same gateway with a journal that stores nothing, and says what it would store."""
        return OfflineGateway(self.settings, cast(Journal, _Rehearsal(self.journal)))

    def samples(self, *names: str) -> Sequence[Metric]:  # noqa: ARG002 - of the Protocol
        """No series: nothing runs."""
        return ()

    def destinations(self) -> Mapping[str, tuple[str, str]]:
        """The destinations of the settings, all healthy: their state is not known here."""
        through = (PASSTHROUGH,) if self.settings.passthrough is not None else ()
        return dict.fromkeys((*self.settings.destinations, *through), (DestinationState.HEALTHY, ""))

    def route(self, name: str, address: str = "") -> Route | None:
        """A route of the settings; None when there is none."""
        return self._table.named(name, address)

    def traits(self) -> Traits:
        """Of each destination, its channel or that it shows cards."""
        return ingress.traits(self.settings)

    def trouble(self) -> str:
        """Always "": a journal that cannot be used is not opened."""
        return ""

    async def service(self, key: str) -> Service | None:
        """A service as its files are now; None when it has faults, which are printed."""
        if key not in self._services:
            known, faults = await asyncio.to_thread(catalog.load, self.folders, {key})
            for fault in faults:
                warn(fault_line(fault))
            self._services[key] = None if key in known.faults else known.service(key)
        return self._services[key]

    def catalog(self) -> Catalog:
        """The catalog as its files are now, of which nothing is compiled."""
        return Catalog(self.folders)

    async def whole_catalog(self) -> Catalog:
        """The catalog with every service compiled."""
        return (await asyncio.to_thread(catalog.load, self.folders))[0]

    async def submit(self, entry: Entry) -> Appended:
        """Journal an event. Raises JournalError."""
        return await self.journal.append(entry)

    async def reload(self) -> Changes:
        """Nothing changes: all of it was read for this command."""
        return Changes()


class _Rehearsal:
    """A journal that is read as it is, and stores nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def append(self, entry: Entry) -> Appended:
        return Appended(entry.event.id, deliveries=deliveries(entry, 0))

    async def requeue(self, seqs: Sequence[int]) -> int:
        return len(seqs)

    async def discard(self, seqs: Sequence[int], reason: str) -> int:  # noqa: ARG002 - of the Protocol
        return len(seqs)


def run(config: Path, work: Callable[[OfflineGateway], Awaitable[T]]) -> T:
    """Run `work` with the gateway of a settings file; a fault of settings or journal ends the command."""
    known = settings_file.require(config)

    async def opened() -> T:
        async with journal.opened(known) as stored:
            return await work(OfflineGateway(known, stored))

    try:
        return asyncio.run(opened())
    except JournalError as error:
        fail(error)
