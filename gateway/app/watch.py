"""Hot reload of the catalog: an edit is taken up while the gateway runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from watchfiles import Change, awatch

from gateway.observe import logs

GLANCE: Final = 0.5
"""Seconds from the beginning of a watch to its first reading, and between looks whether the folders are the same."""

PAUSE: Final = 5.0
"""Seconds between readings of folders that cannot be watched."""

_DOCUMENTS: Final = (".yaml", ".json")

_log = logs.get("catalog")
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it logs every changed file, we log the outcome


async def follow(folders: Sequence[Path], again: Callable[[], Awaitable[object]]) -> None:
    """Call `again` when the watch begins and whenever a document in the folders changes, until cancelled.

    A folder may be missing, come, go, be moved, or be a link that leads elsewhere later. Where the system cannot watch
    (it has no watches left), the folders are read every PAUSE seconds.
    """
    told = ""
    while True:
        try:
            await _watch(folders, again)
        except Exception as error:  # of the system, or of the watching: the next attempt may succeed
            if str(error) != told:
                told = str(error)
                _log.warning("documents cannot be watched, they are read every few seconds", why=told, seconds=PAUSE)
            await _read(again)
            await asyncio.sleep(PAUSE)


async def _watch(folders: Sequence[Path], again: Callable[[], Awaitable[object]]) -> None:
    """Watch the folders as they are now; ends when other folders are to be watched. Raises what watching does."""
    watched = await asyncio.to_thread(_identities, folders)
    changes = awatch(
        *watched,
        watch_filter=_concerns,
        rust_timeout=int(GLANCE * 1000),
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    fresh = True
    async with aclosing(changes):
        async for batch in changes:
            if batch or fresh:  # at first: what changed before the watch began
                await _read(again)
                fresh = False
            if any(not path.endswith(_DOCUMENTS) for _, path in batch):
                return
            if await asyncio.to_thread(_identities, folders) != watched:
                return


async def _read(again: Callable[[], Awaitable[object]]) -> None:
    try:
        await again()
    except Exception as error:  # the next change may be read
        _log.error("catalog not reloaded: this is a fault of mattergate", exc_info=error)


def _concerns(change: Change, path: str) -> bool:
    """Whether a change may be one of documents or of a folder; of a path that is gone nobody knows what it was."""
    if Path(path).name.startswith("."):
        return False
    return path.endswith(_DOCUMENTS) or change is Change.deleted or Path(path).is_dir()


def _identities(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """The folders that are there, each with what tells it from another of its name: device and inode."""
    found = {}
    for folder in folders:
        try:
            status = folder.stat()
        except OSError:
            continue
        found[folder] = status.st_dev, status.st_ino
    return found
