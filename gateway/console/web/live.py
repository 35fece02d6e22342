"""/live: updates of open pages, by server-sent events.

Once a second, or less often where that is much work, each feed that anybody follows is taken once, for all who follow
it; nothing is computed when nobody listens. `NAME:THING` follows a feed about one thing. An event is one JSON object of
the named texts that changed for this listener. A slow listener misses steps, and is disconnected when it reads nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from gateway.console.web.operations import Console, Feed
from gateway.console.web.params import read_pairs
from gateway.errors import JournalError, Refused
from gateway.observe import logs

TICK, SLOWEST = 1.0, 3.0
"""Seconds between two looks at the feeds, and the most that they become."""

SHARE: Final = 0.005
"""The share of time that looks may take before they are further apart: many routes make a long page."""

MOST: Final = 50
"""Streams at the same time."""

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment shows proxies and browsers that the stream is alive."""

FEEDS: Final = 8
"""Feeds that one page follows."""

LIFETIME: Final = 600.0
"""Seconds after which a stream ends; the browser reconnects, and is authenticated again.

A stream also ends when [admin] changes: its token may no longer be valid.
"""

PATIENCE: Final = 5.0
"""Seconds that a listener may keep a write waiting."""

_log = logs.get("console")


def pause(took: float) -> float:
    """Seconds until the next look, when one took so many."""
    return min(max(TICK, took / SHARE), SLOWEST)


class _Wanted(Struct, frozen=True):
    feed: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=FEEDS)] = ()


class Live:
    """The streams of one console."""

    def __init__(self, console: Console, feeds: Iterable[Feed]) -> None:
        self._console = console
        self._feeds = {feed.name: feed for feed in feeds}
        self._followers: Counter[str] = Counter()
        self._streams = 0
        self._texts: dict[str, Mapping[str, str]] = {}
        self._events: dict[tuple[tuple[str, ...], ...], bytes] = {}  # made of `_texts`, by feeds and names of texts
        self._number = 0
        self._next = asyncio.Event()  # set and replaced with every tick
        self._ticking: asyncio.Task[None] | None = None
        self._closed = False

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /live?feed=NAME&feed=NAME. Raises Refused: 400 unknown feed, 503 one stream too many."""
        names = tuple(dict.fromkeys(read_pairs(request.query, _Wanted).feed))
        if not names or not all(map(self._knows, names)):
            known = (f"{name}:..." if feed.about else name for name, feed in self._feeds.items())
            raise Refused(400, "Bad Request", f"feed: expected some of {', '.join(known)}")
        if self._streams >= MOST or self._closed:
            raise Refused(503, "Service Unavailable", f"{MOST} pages are followed live already")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        self._join(names)
        try:
            await response.prepare(request)
            await self._send(response, b"retry: 1000\n\n")
            await self._follow(response, names)
        except (TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._leave(names)
        return response

    async def close(self) -> None:
        """End every stream at once."""
        self._closed = True
        self._next.set()
        if self._ticking is not None:
            self._ticking.cancel()

    async def _follow(self, response: web.StreamResponse, names: tuple[str, ...]) -> None:
        sent: dict[str, str] = {}
        loop = asyncio.get_running_loop()
        opened = spoke = loop.time()
        gateway = self._console.gateway
        admin = gateway.settings.admin
        while not self._closed and loop.time() - opened < LIFETIME and gateway.settings.admin == admin:
            changed = {
                key: text for name in names for key, text in self._texts.get(name, {}).items() if sent.get(key) != text
            }
            if changed:
                sent |= changed
                spoke = loop.time()
                await self._send(response, self._event(names, changed))
            elif loop.time() - spoke > HEARTBEAT:
                spoke = loop.time()
                await self._send(response, b":\n\n")
            await self._next.wait()

    def _event(self, names: tuple[str, ...], changed: Mapping[str, str]) -> bytes:
        """Encode one event of these changed texts of feeds; listeners that miss the same texts share its bytes."""
        key = names, tuple(changed)
        if key not in self._events:
            self._events[key] = b"id: %d\ndata: %b\n\n" % (self._number, msgspec.json.encode(changed))
        return self._events[key]

    async def _send(self, response: web.StreamResponse, data: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            await response.write(data)

    def _join(self, names: tuple[str, ...]) -> None:
        self._streams += 1
        self._followers.update(names)
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().create_task(self._tick(), name="console live")

    def _leave(self, names: tuple[str, ...]) -> None:
        self._streams -= 1
        self._followers -= Counter(names)  # which forgets those that nobody follows
        self._texts = {name: taken for name, taken in self._texts.items() if self._followers[name]}
        self._events.clear()
        if not self._streams and self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            for name in list(self._followers):
                await self._take(name)
            self._number += 1
            self._next.set()
            self._next = asyncio.Event()
            await asyncio.sleep(pause(loop.time() - began))

    def _knows(self, name: str) -> bool:
        """Whether there is such a feed: those about one thing need to be told which, others must not."""
        kind, _, about = name.partition(":")
        return kind in self._feeds and self._feeds[kind].about is bool(about)

    async def _take(self, name: str) -> None:
        kind, _, about = name.partition(":")
        feed = self._feeds[kind]
        try:
            texts = await (feed.take(self._console, about) if feed.about else feed.take(self._console))
        except JournalError as error:
            _log.warning("live pages are behind", feed=kind, why=str(error))
        except Exception as error:
            _log.error("a feed of the live pages failed", feed=kind, exc_info=error)
        else:
            if self._followers[name]:
                self._texts[name] = texts
                self._events.clear()
