"""Stays connected as one account: opens connections, takes up what was cut, pauses between failures.

    prove the token over REST, which renews a login -> take up -> a hello all the same: once more -> a new connection

A connection is taken up only with the token that it began with: while that was expired, events went by without numbers.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Final, Protocol

import structlog

from gateway.errors import MattergateError
from gateway.mattermost.session import Me, Session, decoded
from gateway.model import Later
from gateway.outbound.exchange import Unsent
from gateway.sources.connection import Connection, Dial, Ended, Event, Gap, Place
from gateway.sources.inbox import Full

AGAIN: Final = 1.0
"""Seconds until the second try to take up a connection: the server may not know yet that it was cut."""

PAUSE_FIRST: Final = 0.5
PAUSE_MOST: Final = 60.0
"""The longest pause before a new try, in seconds: doubled with each failure in a row. It is drawn evenly from 0 on."""

log = structlog.get_logger("gateway.sources")


class Listening(Protocol):
    """Who is told what connections bring."""

    async def on_account(self, me: Me) -> None:
        """Know who listens, before each connection. Raises MattergateError."""

    def on_connection(self, *, new: bool) -> None:
        """Take note of a connection; before a new one events may have gone by."""

    def on_cut(self) -> None:
        """Take note that the connection is no more."""

    def on_event(self, event: Event) -> None:
        """Take the next event. Raises Full."""

    def on_pong(self, ms: float, age: float) -> None:
        """Take note of the server's time in milliseconds, asked for at this age of the connection in seconds."""

    async def on_room(self) -> None:
        """Wait until there is room for events again."""


class Keeper:
    """Keeps the connection of the bot of this name. `since` is when the present one began, in seconds since the epoch.

    `problem` says in words why there is none.
    """

    def __init__(
        self, name: str, session: Session, dial: Dial, listening: Listening, clock: Callable[[], float] = time
    ) -> None:
        self.since: float | None = None
        self.problem = ""
        self._name = name
        self._session = session
        self._dial = dial
        self._listening = listening
        self._clock = clock
        self._connection: Connection | None = None
        self._place = Place()
        self._gap = ("", 0)
        self._opened = 0.0
        self._failures = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            await self._listening.on_room()
            failed: Exception | None = None
            try:
                await self._live()
            except Ended as ended:
                self._trouble(str(ended))
                self._lose(ended)
            except Full:
                self._trouble("more is said than is taken: it goes on when half of that is done")
            except MattergateError as error:
                self._trouble(str(error))
                failed = error
            except Exception:
                self._trouble("the gateway failed, see its log")
                log.exception("the connection of a bot failed", bot=self._name)
            self._failures += 1
            await asyncio.sleep(pause(self._failures, failed))

    async def typing(self, channel_id: str, root_id: str) -> None:
        """Show that the account writes, if there is a connection."""
        if self._connection is not None:
            with suppress(Ended):
                await self._connection.say("user_typing", {"channel_id": channel_id, "parent_id": root_id})

    def on_event(self, event: Event) -> None:
        """Pass an event on: the connection works."""
        self._listening.on_event(event)
        self._failures = 0

    def on_pong(self, ms: float, asked: float) -> None:
        """Pass the time on: the connection works."""
        self._failures = 0
        self._listening.on_pong(ms, asked - self._opened)

    async def _live(self) -> None:
        """One life of a connection. Raises Ended, Full, and MattergateError."""
        await self._listening.on_account(decoded(await self._session.call("GET", "/users/me"), Me))
        token = await self._session.token()
        if self._place.token != token:
            self._place = Place()
        connection = await self._open(token)
        self._place, self._connection = connection.place, connection
        self.since, self.problem = self._clock(), ""
        log.info("a bot is connected", bot=self._name, resumed=not connection.is_new)
        try:
            self._listening.on_connection(new=connection.is_new)
            await connection.listen(self)
        finally:
            self._connection = self.since = None
            self._listening.on_cut()
            await asyncio.shield(connection.close())

    async def _open(self, token: str) -> Connection:
        """Take up the connection, or open a new one where that fails twice."""
        connection = await self._open_once(token)
        if connection.is_new and self._place.id:
            await connection.close()
            await asyncio.sleep(AGAIN)
            connection = await self._open_once(token)
        return connection

    async def _open_once(self, token: str) -> Connection:
        self._opened = asyncio.get_running_loop().time()
        return await Connection.open(self._dial, token, self._place)

    def _lose(self, ended: Ended) -> None:
        """Forget the place where it makes no sense to go on: also where the same gap came twice."""
        gap = (self._place.id, self._place.next)
        if not ended.resumable or (isinstance(ended, Gap) and self._gap == gap):
            self._place = Place()
        if isinstance(ended, Gap):
            self._gap = gap

    def _trouble(self, problem: str) -> None:
        if self.problem != problem:
            log.warning("a bot is not connected", bot=self._name, problem=problem)
        self.problem = problem


def pause(failures: int, failed: Exception | None = None) -> float:
    """Seconds to wait after so many failures in a row, and for as long as the server asked for with the last."""
    asked = failed.result.after if isinstance(failed, Unsent) and isinstance(failed.result, Later) else None
    drawn = random.uniform(0.0, min(PAUSE_MOST, PAUSE_FIRST * 2.0 ** min(failures - 1, 10)))  # noqa: S311 - no secret
    return max(drawn, asked or 0.0)
