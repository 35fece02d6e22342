"""Hot reload of the catalog: an edit is taken up while the gateway runs."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from watchfiles import awatch

from gateway.observe import logs

_log = logs.get("catalog")
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it logs every changed file, we log the outcome


async def follow(folders: Sequence[Path], again: Callable[[], Awaitable[object]]) -> None:
    """Call `again` whenever a document in the folders changes, until cancelled; its errors are logged."""
    async for _ in awatch(*folders, watch_filter=lambda _, path: path.endswith((".yaml", ".json"))):
        try:
            await again()
        except Exception as error:  # the next change may be read
            _log.error("catalog not reloaded: this is a fault of mattergate", exc_info=error)
