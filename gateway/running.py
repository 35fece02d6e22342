"""The running gateway as its console sees it: `console.gateway.Gateway` made of the concrete parts."""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

from prometheus_client.metrics_core import Metric

from gateway.console.gateway import Changes
from gateway.delivery.dispatcher import Dispatcher
from gateway.journal import Appended, Entry, Journal
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.translate import catalog
from gateway.translate.catalog import Catalog

KEPT = 300.0
"""Seconds that the whole catalog is kept after it was asked for: it takes as much memory as the rest of a gateway."""


class Running:
    """See `console.gateway.Gateway`. `current` is the catalog that requests meet, of the services in `only`.

    `adopt` puts another one in its place, or raises CatalogError.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        metrics: Metrics,
        dispatcher: Dispatcher,
        *,
        folders: Sequence[Path],
        only: Container[str] | None,
        current: Callable[[], Catalog],
        adopt: Callable[[Catalog], None],
        trouble: Callable[[], str],
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.trouble = trouble
        self._metrics = metrics
        self._dispatcher = dispatcher
        self._folders = folders
        self._only = only
        self._current = current
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

    async def catalog(self) -> Catalog:
        """The whole catalog, read again when the one that requests meet has changed; kept for some minutes."""
        async with self._loading:
            current = self._current()
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
        before = _documents(self._current())
        fresh = await asyncio.to_thread(catalog.load, self._folders, self._only)
        self._adopt(fresh)
        self._metrics.catalog_reload_ok.set(1)
        after = _documents(fresh)
        gone, new = sorted(before - after), sorted(after - before)
        return Changes((*(f"translator {name}: new" for name in new), *(f"translator {name}: gone" for name in gone)))

    def _forget(self) -> None:
        self._whole = None


def _documents(known: Catalog) -> set[str]:
    return {f"{key}/{one.name}" for key, service in known.services.items() for one in service.translators}
