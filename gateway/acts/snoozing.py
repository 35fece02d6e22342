"""The subjects that are snoozed, as requests ask for them: in memory, and in the journal before that."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from gateway.callbacks.snooze import SnoozeWish
from gateway.journal.snoozes import Snooze, Snoozes
from gateway.pipeline import snoozed
from gateway.pipeline.interpret import Reading

MOST: Final = 10_000
"""Subjects that are snoozed at once at most."""

_NAME: Final = 64
"""Characters of a person's name that are kept: more than Mattermost has."""


class Snoozing:
    """The snoozes of each route by their subjects. It begins with those that are `kept` in the journal."""

    def __init__(self, journal: Snoozes, kept: Iterable[Snooze] = (), clock: Callable[[], float] = time.time) -> None:
        self.routes: dict[str, dict[str, Snooze]] = {}
        """Only routes with a snooze are here: whether there is one costs requests no call."""
        self._journal = journal
        self._clock = clock
        for one in kept:
            self._add(one)
        self._forget()

    async def take(self, wish: SnoozeWish, by: str) -> str:
        """Snooze a subject anew, or wake it; the answer says why that is not possible. Raises JournalError.

        What is said last holds: it may end earlier than what was said before.
        """
        if why := self.refusal(wish):
            return why
        if not wish.seconds:
            await self._journal.wake(wish.route, wish.subject)
            self._drop(wish.route, wish.subject)
            return ""
        one = Snooze(wish.route, wish.subject, self._clock() + wish.seconds, by[:_NAME])
        await self._journal.snooze(one)
        self._add(one)
        return ""

    def refusal(self, wish: SnoozeWish) -> str:
        """Why a wish cannot be fulfilled now; "" when it can."""
        known = self.routes.get(wish.route, {}).get(wish.subject)
        awake = known is None or known.until <= self._clock()
        if not wish.seconds:
            return "it is not snoozed" if awake else ""
        self._forget()
        if awake and sum(map(len, self.routes.values())) >= MOST:
            return f"{MOST:,} subjects are snoozed already, and more are not kept"
        return ""

    async def heed(self, reading: Reading, route: str) -> Reading:
        """The reading of a request to one of `routes` without what is snoozed.

        What closes a subject wakes it for good before it is stored itself: nothing is missed after a crash between.
        Raises JournalError.
        """
        snoozes, now = self.routes[route], self._clock()
        heard, woken = snoozed.heeded(reading, snoozes, now)
        for subject in woken:
            if (one := snoozes.get(subject)) is not None and one.until > now:  # else the journal drops it by itself
                await self._journal.wake(route, subject)
            self._drop(route, subject)
        return heard

    def _add(self, one: Snooze) -> None:
        self.routes.setdefault(one.route, {})[one.subject] = one

    def _drop(self, route: str, subject: str) -> None:
        snoozes = self.routes.get(route, {})
        snoozes.pop(subject, None)
        if not snoozes:
            self.routes.pop(route, None)

    def _forget(self) -> None:
        """Drop those that have ended, which the journal drops by itself."""
        now = self._clock()
        for one in [one for snoozes in self.routes.values() for one in snoozes.values() if one.until <= now]:
            self._drop(one.route, one.subject)
