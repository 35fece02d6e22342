"""Repeats of which the body is another: where a service sends no id of a delivery, they are events that nobody sees.

The journal tells by its keys that a request repeats another, without comparing them. So now and then one is compared.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from gateway.errors import JournalError
from gateway.journal import Page, Query
from gateway.model import Event
from gateway.observe import logs
from gateway.settings.callbacks import PREFIX

INTERVAL: Final = 60.0
"""Seconds between two comparisons for a route."""

_log = logs.get("ingress")


class Repeats:
    """Compares repeats with their first events, which `find` reads: one at a time, and of a route one a minute."""

    def __init__(self, find: Callable[[Query], Awaitable[Page]]) -> None:
        self._find = find
        self._compared: dict[str, float] = {}  # when, by route
        self._comparing: asyncio.Task[None] | None = None

    def note(self, repeat: Event, first: str) -> None:
        """Have a repeat of the event with this id compared with it, if it is time to; nobody waits for that."""
        if repeat.route.startswith(PREFIX):
            return  # an act: of the same button by another person, or at another time
        now = time.monotonic()
        if not first or self._comparing is not None or now - self._compared.get(repeat.route, -INTERVAL) < INTERVAL:
            return
        self._compared[repeat.route] = now
        self._comparing = asyncio.get_running_loop().create_task(self._compare(repeat, first), name="a repeat")

    async def close(self) -> None:
        """Compare no further."""
        if self._comparing is not None:
            self._comparing.cancel()
            await asyncio.wait({self._comparing})

    async def _compare(self, repeat: Event, first: str) -> None:
        try:
            with suppress(JournalError):
                page = await self._find(Query(event_id=first, limit=1))
                if any(one.event.request.body != repeat.request.body for one in page.records):
                    _log.warning(
                        "a repeat has another body than its first event, and is not shown",
                        route=repeat.route,
                        service=repeat.service,
                        id=first,
                        hint="if these are two events, `delivery_id` in service.yaml is no id of a delivery",
                    )
        finally:
            self._comparing = None
