"""Hot reload: an edited catalog is taken up while the gateway runs; a faulty edit changes a metric and a log only."""

import asyncio
import logging
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from watchfiles import awatch

from gateway import logs
from gateway.errors import CatalogError
from gateway.metrics import Metrics
from gateway.translate import catalog
from gateway.translate.catalog import Catalog

_log = logs.get("catalog")
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells every change of the folders, ours says what became


async def follow(
    folders: Sequence[Path], only: Container[str] | None, adopt: Callable[[Catalog], None], metrics: Metrics
) -> None:
    """Load the folders again whenever a document in them changes, until cancelled; see `catalog.load` for `only`.

    `adopt` may raise CatalogError.
    """
    async for changes in awatch(*folders, watch_filter=lambda _, path: path.endswith((".yaml", ".json"))):
        try:
            adopt(await asyncio.to_thread(catalog.load, folders, only))
        except CatalogError as error:
            metrics.catalog_reload_ok.set(0)
            for fault in error.faults:
                _log.error("catalog not reloaded, the running one stays", fault=str(fault))
        else:
            metrics.catalog_reload_ok.set(1)
            _log.info("catalog reloaded", changed=len(changes))
