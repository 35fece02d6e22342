"""The running gateway as its console sees it: `console.gateway.Gateway` made of the concrete parts."""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

from prometheus_client.metrics_core import Metric

from gateway.console.gateway import Changes
from gateway.delivery.dispatcher import Dispatcher
from gateway.ingress.entry import Places
from gateway.ingress.http import Ingress
from gateway.ingress.route import Route
from gateway.journal import Appended, Entry, Journal
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.translate import catalog
from gateway.translate.catalog import Catalog
from gateway.translate.service import Service

KEPT = 300.0
"""Seconds that the whole catalog is kept after it was asked for: it takes as much memory as the rest of a gateway."""


class Running:
    """See `console.gateway.Gateway`. The catalog that requests meet is that of `ingress`: the services in `only`.

    `adopt` puts another one in its place, or raises CatalogError.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        metrics: Metrics,
        dispatcher: Dispatcher,
        ingress: Ingress,
        *,
        folders: Sequence[Path],
        only: Container[str] | None,
        adopt: Callable[[Catalog], None],
        trouble: Callable[[], str],
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.trouble = trouble
        self._metrics = metrics
        self._dispatcher = dispatcher
        self._ingress = ingress
        self._folders = folders
        self._only = only
        self._adopt = adopt
        self._whole: tuple[Catalog, Catalog] | None = None
        self._loading = asyncio.Lock()
        self._forgetting: asyncio.TimerHandle | None = None

    def samples(self, *names: str) -> Sequence[Metric]:
        """The series of these names."""
        return list(self._metrics.registry.restricted_registry(names).collect())

    def destinations(self) -> Mapping[str, tuple[str, str]]:
        """How each destination stands."""
        return self._dispatcher.states()

    def route(self, name: str, address: str = "") -> Route | None:
        """A route as ingress uses it."""
        return self._ingress.table.named(name, address)

    def places(self) -> Places:
        """What the parcels of each destination have to say."""
        return self._ingress.places

    async def service(self, key: str) -> Service | None:
        """A service as requests meet it, else that of the whole catalog."""
        return self._ingress.catalog.service(key) or (await self.catalog()).service(key)

    async def catalog(self) -> Catalog:
        """The whole catalog, read again when the one that requests meet has changed; kept for some minutes."""
        async with self._loading:
            current = self._ingress.catalog
            if self._whole is None or self._whole[0] is not current:
                self._whole = current, await asyncio.to_thread(catalog.load, self._folders)
            if self._forgetting is not None:
                self._forgetting.cancel()
            self._forgetting = asyncio.get_running_loop().call_later(KEPT, self._forget)
            return self._whole[1]

    async def submit(self, entry: Entry) -> Appended:
        """Journal an event and deliver it."""
        appended = await self.journal.append(entry)
        self._dispatcher.offer(appended.deliveries)
        return appended

    async def reload(self) -> Changes:
        """Take up the catalog as it is now."""
        before = _documents(self._ingress.catalog)
        fresh = await asyncio.to_thread(catalog.load, self._folders, self._only)
        self._adopt(fresh)
        self._metrics.catalog_reload_ok.set(1)
        after = _documents(fresh)
        gone, new = sorted(before - after), sorted(after - before)
        return Changes((*(f"translator {name}: new" for name in new), *(f"translator {name}: gone" for name in gone)))

    def _forget(self) -> None:
        self._whole = None


def _documents(known: Catalog) -> set[str]:
    return {translator.name for service in known.services.values() for translator in service.translators}
