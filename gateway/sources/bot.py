"""A bot that listens: everything that is said where it is, once and in order, over cuts, restarts and kills.

    keeper --posts, times, "catch up"--> inbox --one after the other--> heard, until it is durable --> position

Where a connection could not be taken up, the inbox gets the order to catch up over REST before the posts of the new
one, so that they wait for it. The position is a time of the server up to which everything was heard; it moves on with
each pong, and stays LAG behind, because posts become visible a little out of the order of their times. What is read
twice by that is known by its id: for a while here, and for good by whoever makes it durable.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import time
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from gateway.errors import MattergateError
from gateway.journal.positions import Positions
from gateway.mattermost.session import Me, Session
from gateway.observe.metrics import Metrics
from gateway.sources.connection import Dial, Event
from gateway.sources.hearing import Exchanges, Memory
from gateway.sources.inbox import Inbox
from gateway.sources.keeper import Keeper, pause
from gateway.sources.past import Past
from gateway.sources.posts import Post, read

LAG: Final = 30_000.0
"""Milliseconds by which the position stays behind."""

WINDOW: Final = 30 * 86_400.0
"""Seconds for which whoever makes posts durable must know them by their ids: a restart may come days after a kill."""

SEEN: Final = 20_000
"""How many ids of posts are remembered here."""

GRACE: Final = 5.0
"""Seconds at the end for what is being heard."""

Hear = Callable[[Mapping[str, Any]], Awaitable[bool]]
"""Takes the data of a `posted` event, and returns when it is durable: True, or False for what nobody wants.

After a MattergateError (JournalError, Unsent) it is called again with the same; any other exception is a fault of the
program, and the post is passed over.
"""

log = structlog.get_logger("gateway.sources")


class State(Struct, frozen=True):
    """How a bot is, for people: times are seconds since the epoch, `problem` is empty when all is well."""

    connected_since: float | None = None
    last_event: float | None = None
    problem: str = ""
    waiting: int = 0


class _CatchUp(Struct, frozen=True):
    """The order to catch up."""


class _Now(Struct, frozen=True):
    """The server's time in milliseconds when all of before had come, and when the connection began."""

    ms: float
    begun: float


class Bot:
    """One account that listens.

    `dial` opens its sockets (`connection.dialler`), `heard` takes what is said, `positions` keeps under `name` how far
    it has come. Its own posts are not heard, those of programs only with `bots`, and then only so many in a thread.
    """

    def __init__(
        self,
        name: str,
        session: Session,
        dial: Dial,
        heard: Hear,
        positions: Positions,
        metrics: Metrics,
        *,
        bots: bool = False,
        inbox: Inbox | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self.me: Me | None = None
        self._name = name
        self._session = session
        self._heard = heard
        self._positions = positions
        self._metrics = metrics
        self._bots = bots
        self._inbox = Inbox() if inbox is None else inbox
        self._clock = clock
        self._keeper = Keeper(name, session, dial, self, clock)
        self._past: Past | None = None
        self._exchanges, self._threads, self._seen = Exchanges(), Memory(), Memory(SEEN)
        self._position: float | None = None
        self._reached: dict[str, float] = {}
        self._connections = 0
        self._last: float | None = None
        self._problem = ""
        self._closing, self._ended = asyncio.Event(), asyncio.Event()
        self._ended.set()
        metrics.expect_bot(name)

    @property
    def state(self) -> State:
        """How it is."""
        problem = "; ".join(filter(None, (self._keeper.problem, self._problem)))
        return State(self._keeper.since, self._last, problem, len(self._inbox))

    async def run(self) -> None:
        """Listen until `close`, or until it is cancelled."""
        self._ended.clear()
        keeping = asyncio.create_task(self._keeper.run(), name=f"connection of bot {self._name}")
        taking = asyncio.create_task(self._take_all(), name=f"bot {self._name}")
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait((keeping, taking, closing), return_when=asyncio.FIRST_COMPLETED)
            keeping.cancel()
            self._inbox.end()
            await asyncio.wait((taking,), timeout=GRACE)
        finally:
            for task in (keeping, taking, closing):
                task.cancel()
            results = await asyncio.gather(keeping, taking, closing, return_exceptions=True)
            self._ended.set()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def close(self) -> None:
        """Stop listening; what is being heard is finished within GRACE seconds."""
        self._closing.set()
        await self._ended.wait()

    async def typing(self, channel_id: str, root_id: str = "") -> None:
        """Show for some seconds that it writes, in a thread if there is a root; nothing happens while it is cut."""
        await self._keeper.typing(channel_id, root_id)

    async def takes_part(self, root_id: str) -> bool:
        """Whether it has posted in a thread; the server is asked once. Raises Unsent."""
        known = self._threads.get(root_id)
        if known is None:
            found = self._past is not None and await self._past.takes_part(root_id)
            known = bool(self._threads.get(root_id) or found)  # it may have posted meanwhile
            self._threads.put(root_id, known)
        return bool(known)

    # What the keeper tells

    async def on_account(self, me: Me) -> None:
        """Know who listens, and up to when all was heard."""
        self.me = me
        self._past = self._past or Past(self._session, me)
        if self._position is None:
            self._position = await self._positions.position(self._name)

    def on_connection(self, *, new: bool) -> None:
        """Order to catch up before a new connection, except at the very first start."""
        self._metrics.bot_connected.labels(self._name).set(1)
        if self._connections:
            self._metrics.bot_reconnects.labels(self._name).inc()
        if new and self._position is not None:
            self._metrics.bot_gaps.labels(self._name).inc()
            self._inbox.replace(_CatchUp())  # which hears what it takes the place of
        self._connections += 1

    def on_cut(self) -> None:
        """Count it."""
        self._metrics.bot_connected.labels(self._name).set(0)

    def on_event(self, event: Event) -> None:
        """Put a post into the inbox, and pass over everything else. Raises Full."""
        self._last = self._clock()
        if event.name != "posted":
            return
        try:
            data = msgspec.json.decode(event.data, type=dict[str, Any])
            post = read(data)
        except (msgspec.DecodeError, TypeError):
            log.warning("a post of the server cannot be read", bot=self._name)
            return
        self._inbox.put((post, data), len(memoryview(event.data)))

    def on_pong(self, ms: float, age: float) -> None:
        """Put the time into the inbox."""
        self._inbox.put(_Now(ms, ms - age * 1000))

    async def on_room(self) -> None:
        """Wait until there is room in the inbox."""
        await self._inbox.room()

    # What is taken out of the inbox

    async def _take_all(self) -> None:
        while (thing := await self._inbox.next()) is not None:
            if not await self._insist(thing):
                return
            self._inbox.done()

    async def _insist(self, thing: Any) -> bool:
        """Take a thing as often as it needs; False when it is not taken before the end."""
        failures = 0
        while not self._closing.is_set():
            try:
                await self._take(thing)
            except Exception as error:
                failures += 1
                self._trouble(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), pause(failures, error))
            else:
                self._problem = ""
                return True
        return False

    async def _take(self, thing: Any) -> None:
        if isinstance(thing, _CatchUp):
            await self._catch_up()
        elif isinstance(thing, _Now):
            await self._move_on(thing)
        else:
            await self._take_post(*thing)

    async def _take_post(self, post: Post, data: Mapping[str, Any]) -> None:
        """Have a post heard, unless it was, or is not to be."""
        if post.id in self._seen:
            return
        heard = self._is_for_ears(post) and await self._hear(data)
        self._seen.put(post.id)
        self._metrics.bot_events.labels(self._name, "heard" if heard else "ignored").inc()

    async def _hear(self, data: Mapping[str, Any]) -> bool:
        try:
            return await self._heard(data)
        except MattergateError:
            raise
        except Exception:
            log.exception("a post is passed over", bot=self._name)
            return False

    def _is_for_ears(self, post: Post) -> bool:
        """Whether a post is anybody's but its own and those of programs; and not one of an endless talk with them."""
        if not post.said:
            return False
        if self.me is not None and post.user_id == self.me.id:
            self._threads.put(post.thread)
            return False
        return not post.automated or (self._bots and self._exchanges.allow(post, post.create_at / 1000))

    async def _catch_up(self) -> None:
        """Hear what was said from the position on, channel by channel; a second try goes on where it broke off."""
        start = self._position
        if self._past is None or start is None:
            return
        for channel in await self._past.channels():
            since = self._reached.get(channel.id, start)
            if channel.has_news(since):
                async for said in self._past.said(channel, since):
                    if self._closing.is_set():
                        return
                    await self._take_post(said.post, said.data)
                    self._reached[channel.id] = float(said.post.create_at)
        self._reached.clear()

    async def _move_on(self, now: _Now) -> None:
        """Store that all was heard up to LAG before now; at the very first start, begin where the connection did."""
        position = now.begun if self._position is None else max(self._position, now.ms - LAG)
        if not self._closing.is_set():
            await self._positions.advance(self._name, position)
            self._position = position

    def _trouble(self, error: Exception) -> None:
        expected = isinstance(error, MattergateError)
        problem = str(error) if expected else "the gateway failed, see its log"
        if self._problem != problem:
            log.warning("a bot cannot go on, trying again", bot=self._name, problem=problem, exc_info=not expected)
        self._problem = problem
