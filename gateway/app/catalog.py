"""The catalog of a running gateway: compiled beside the event loop, its faults logged and shown as a metric."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.callbacks import document as _callbacks  # noqa: F401 - registers their kind
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.errors import Fault
from gateway.observe import logs
from gateway.observe.metrics import Metrics

KEEP: Final = 300.0
"""Seconds that a service stays compiled which was only looked at, and which no request uses."""

_log = logs.get("catalog")


class RunningCatalog:
    """The catalog that requests use, `current`; `adopt` replaces it. `on_change` is called after each change."""

    def __init__(self, current: Catalog, metrics: Metrics, on_change: Callable[[], None]) -> None:
        self.current = current
        self._metrics = metrics
        self._on_change = on_change
        self._compiling = asyncio.Lock()
        self._faulty: set[str] = set()
        self._reported: set[str] = set()
        self._forgetting: asyncio.TimerHandle | None = None
        self._report()

    async def for_request(self, key: str) -> Service:
        """The service of a request, compiled; it stays compiled."""
        service = await self._compile(key, needed=True)
        assert service is not None  # noqa: S101 - a needed service exists, faulty or not
        return service

    async def for_viewer(self, key: str) -> Service | None:
        """A service for somebody who looks at it, compiled for KEEP seconds; None when there is none."""
        self._forget_later()
        return await self._compile(key)

    async def warm(self) -> None:
        """Compile the services of routes, so that no request waits for it, and faults are logged before any."""
        for key in sorted(self.current.needed):
            await self._compile(key)

    async def reread(self, folders: Sequence[Path], needed: Iterable[str]) -> Catalog:
        """Read the catalog of these folders, for `adopt`; unchanged services stay compiled."""
        async with self._compiling:
            return await asyncio.to_thread(Catalog, folders, needed, self.current)

    def adopt(self, fresh: Catalog) -> None:
        """Use this catalog for requests from now on."""
        self.current = fresh
        self._report()
        self._on_change()

    def close(self) -> None:
        """Cancel the timer that forgets services."""
        if self._forgetting is not None:
            self._forgetting.cancel()

    async def _compile(self, key: str, *, needed: bool = False) -> Service | None:
        async with self._compiling:
            current = self.current
            current.needed.update([key] if needed else ())
            if key in current.services:
                return current.services[key]
            found = await asyncio.to_thread(current.service, key)
        if found is not None:
            self._report()
            self._on_change()
        return found

    def _report(self) -> None:
        """Log each fault when it appears, and set the metric of each service."""
        current = self.current
        for key in self._faulty | current.faults.keys():
            self._metrics.catalog_faulty.labels(key).set(key in current.faults)
        self._faulty = set(current.faults)
        faults = {str(fault): key for key, found in _by_service(current) for fault in found}
        for text, key in faults.items():
            if text not in self._reported:
                _log.error("faulty document", service=key, fault=text, speaks=_speaks(current, key))
        self._reported = set(faults)
        self._metrics.catalog_reload_ok.set(not faults)

    def _forget_later(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(KEEP, self._forget)

    def _forget(self) -> None:
        self.current.forget()
        self._report()
        self._on_change()


def _by_service(current: Catalog) -> Iterable[tuple[str, Sequence[Fault]]]:
    yield "", current.folder_faults
    yield from current.faults.items()


def _speaks(current: Catalog, key: str) -> str:
    """Say what translates for a faulty service meanwhile."""
    service = current.services.get(key)
    return "its last good version" if service is not None and service.translators else "the generic translator"
