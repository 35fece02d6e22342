"""The thread in which requests are tried with the running catalog, and shown, beside the event loop. Nothing is stored.

What runs here is bounded as in ingress: by the size of a request, and by the catalog, whose documents are the
operator's. Documents that somebody edits never run here, see `sandbox`.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from gateway.catalog import files
from gateway.console.port import Gateway
from gateway.errors import Refused

PATIENCE: Final = 6.0
"""Seconds that a caller waits at most, for others before it included."""
MOST_WAITING: Final = 20
"""Callers that wait at once; a further one is told at once to come again, for each holds a request in memory."""

T = TypeVar("T")


class Workshop:
    """The thread; one for a console."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._thread = ThreadPoolExecutor(1, "workshop")
        self._waiting = 0

    async def close(self) -> None:
        """Let the thread end; waiting work is cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread and give its result. Raises Refused (503) when that takes too long."""
        if self._waiting >= MOST_WAITING:
            raise Refused(503, "Service Unavailable", f"{MOST_WAITING} requests are being tried already; try again")
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._thread, work), PATIENCE)
        except TimeoutError:
            detail = f"this was not done within {PATIENCE:g} s; make the request smaller, and try again"
            raise Refused(503, "Service Unavailable", detail) from None
        finally:
            self._waiting -= 1

    def folders(self) -> Sequence[Path]:
        """The folders of the catalog, later ones laid over earlier ones."""
        return files.layered(self._gateway.settings.catalog.folders)
