"""Long work that a person started: one at a time, in a task that outlives its request; its progress can be read."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.console.port import Gateway
from gateway.errors import JournalError, Refused
from gateway.journal import Page, Query
from gateway.observe import logs

BATCH: Final = 200
"""Deliveries that are sent again or discarded between two looks at the progress."""
READ: Final = 500
"""Events that are read at a time while they are collected."""
GONE: Final = "the settings no longer have their destination"
"""Why deliveries are left that would be sent again."""

_log = logs.get("console")


class Decision(StrEnum):
    """What a person decides about deliveries and events."""

    REPLAY = "replay"
    DISCARD = "discard"


class Progress(Struct, frozen=True):
    """Progress of a decision: `done` of `total` are sent again or discarded.

    `left` could not be, `why_left` says why. `total` grows while they are collected. `ended` is 0 as long as it runs;
    `trouble` says why it stopped early.
    """

    decision: Decision
    what: str
    started: float
    total: int = 0
    done: int = 0
    left: int = 0
    ended: float = 0.0
    trouble: str = ""
    why_left: str = ""

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self.ended


async def pages(gateway: Gateway, query: Query) -> AsyncIterator[Page]:
    """Every page of READ events of a search, newest first."""
    before = query.before
    while True:
        page = await gateway.journal.find(replace(query, before=before, limit=READ))
        yield page
        before = page.next
        if not before:
            return


class Work:
    """The work under way, and the progress of it or of the last one since the gateway started."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self.progress: Progress | None = None

    def start(self, begun: Progress, work: Callable[[], Awaitable[None]]) -> Progress:
        """Start work. Raises Refused (409) while other work is under way."""
        if self.progress is not None and self.progress.running:
            raise Refused(
                409,
                f"A {self.progress.decision} is running",
                f"{self.progress.what} is under way; wait until it has ended",
            )
        self.progress = begun
        self._task = asyncio.get_running_loop().create_task(self._run(work), name=f"{begun.decision} of the console")
        return begun

    def note(self, **changes: float | str) -> None:
        """Change the progress."""
        if self.progress is not None:
            self.progress = replace(self.progress, **changes)

    async def in_batches(self, seqs: Sequence[int], act: Callable[[Sequence[int]], Awaitable[int]]) -> None:
        """Do it to deliveries, in their order, BATCH of them at a time."""
        ordered = sorted(seqs)
        for at in range(0, len(ordered), BATCH):
            await act(ordered[at : at + BATCH])
            self.note(done=min(at + BATCH, len(ordered)))

    async def close(self) -> None:
        """Stop; what has not had its turn by then stays as it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        trouble = ""
        try:
            await work()
        except (JournalError, Refused) as error:
            trouble = str(error)
        except asyncio.CancelledError:
            trouble = "the gateway stopped"
            raise
        except Exception as error:
            trouble = "it failed, the log says how"
            _log.error("a decision of the console failed", exc_info=error)
        finally:
            self.note(ended=time.time(), trouble=trouble)
