"""Which posts may exist although no answer said so, and whether they do: asked before a post is made once more.

    an attempt of this sender ended without an answer of Mattermost      doubt, from its start
    the delivery is older than this sender: an earlier one may have      doubt, from the receipt of its event
        been at it when the gateway ended
    neither                                                              none: no request is made for it

Mattermost itself recognises a repeat by its `pending_post_id`, but for 30 seconds only, and not across a crash.
"""

from collections.abc import Callable
from time import monotonic, time
from typing import NamedTuple

import structlog

from gateway.mattermost.history import History
from gateway.model import Delivery

KNOWN = 10_000
"""How many doubts are remembered."""

log = structlog.get_logger("gateway.mattermost")


class _Doubt(NamedTuple):
    """The first attempt that may have made the post began at `since`, the last ended at `ended` (monotonic clock)."""

    since: float
    ended: float


class Repeats:
    """The doubts of one destination. `wall` tells epoch seconds, as in `Delivery.received`."""

    def __init__(
        self,
        history: History,
        name: str,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
    ) -> None:
        self._history = history
        self._name = name
        self._clock = clock
        self._wall = wall
        self._started = clock()
        self._doubts: dict[str, _Doubt | None] = {}  # None: looked for, and not there

    def doubt(self, delivery: Delivery, marker: str, since: float) -> None:
        """Record that an attempt, begun at `since` of the monotonic clock, may have made the post with this marker."""
        earlier = self._doubt(delivery, marker)
        self._keep(marker, _Doubt(min(since, earlier.since) if earlier else since, self._clock()))

    def forget(self, marker: str) -> None:
        """The post was made, and an answer said so."""
        self._doubts.pop(marker, None)

    async def find(self, delivery: Delivery, marker: str, channel_id: str) -> str:
        """The id of the post that an earlier attempt made; empty when there is none or nobody can tell.

        Raises Unsent with a Later when the server does not answer.
        """
        doubt = self._doubt(delivery, marker)
        if doubt is None:
            return ""
        found = await self._history.find(channel_id, marker, *doubt)
        if found:
            log.info("not posted again: an earlier attempt had arrived", destination=self._name, seq=delivery.seq)
            self.forget(marker)
        elif marker not in self._doubts:
            self._keep(marker, None)
        return found

    def _keep(self, marker: str, doubt: _Doubt | None) -> None:
        self._doubts.pop(marker, None)
        if len(self._doubts) >= KNOWN:
            del self._doubts[next(iter(self._doubts))]
        self._doubts[marker] = doubt

    def _doubt(self, delivery: Delivery, marker: str) -> _Doubt | None:
        if marker in self._doubts:
            return self._doubts[marker]
        now = self._clock()
        received = now - (self._wall() - delivery.received)  # the wall clock may have been set since the start
        if self._started <= received <= now:
            return None
        return _Doubt(min(received, now), self._started)
