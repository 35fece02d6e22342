"""The thread in which requests and edited translators are tried, beside the event loop.

Ingress never uses an edited translator, and nothing is stored. The pulse of its engine ends a translator that takes too
long; a caller that waits longer than PATIENCE gets 503.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from gateway.catalog import files
from gateway.console.port import Gateway
from gateway.errors import Refused, TranslationError
from gateway.language.template import Engine

SECONDS: Final = 2.0
"""Processor time that an edited translator may take, compiled and run: other work of the machine is not its fault."""
PATIENCE: Final = 6.0
"""Seconds that a caller waits at most, for others before it included."""

T = TypeVar("T")


class Workshop:
    """The thread; one for a console."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._thread = ThreadPoolExecutor(1, "workshop")

    async def close(self) -> None:
        """Let the thread end; waiting work is cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread and give its result. Raises Refused (503) when that takes too long."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._thread, work), PATIENCE)
        except TimeoutError:
            detail = f"this was not done within {PATIENCE:g} s; make the request or the document smaller, and try again"
            raise Refused(503, "Service Unavailable", detail) from None

    def folders(self) -> Sequence[Path]:
        """The folders of the catalog, later ones laid over earlier ones."""
        return files.layered(self._gateway.settings.catalog.folders)


def bounded_engine(name: str, seconds: float = SECONDS) -> Engine:
    """An engine whose templates raise TranslationError when this thread, which runs them, has worked for `seconds`."""
    end = time.thread_time() + seconds

    def pulse() -> None:
        if time.thread_time() > end:
            raise TranslationError(name, "", f"the translator takes longer than {seconds:g} s")

    return Engine(pulse=pulse)
