"""Hot reload of the catalog: an edit is taken up while the gateway runs; a faulty one changes a metric and a log."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from watchfiles import awatch

from gateway.errors import FaultyFilesError
from gateway.observe import logs

_log = logs.get("catalog")
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells every change of the folders, ours says what became


async def follow(folders: Sequence[Path], again: Callable[[], Awaitable[object]]) -> None:
    """Have the catalog read `again` whenever a document in the folders changes, until cancelled.

    `again` raises FaultyFilesError when the catalog cannot be used.
    """
    async for changes in awatch(*folders, watch_filter=lambda _, path: path.endswith((".yaml", ".json"))):
        try:
            await again()
        except FaultyFilesError as error:
            for fault in error.faults:
                _log.error("catalog not reloaded, the running one stays", fault=str(fault))
        except Exception as error:  # the next change may be read
            _log.error("catalog not reloaded: this is a fault of mattergate", exc_info=error)
        else:
            _log.info("catalog reloaded", changed=len(changes))
