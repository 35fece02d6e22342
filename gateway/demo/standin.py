"""A stand-in Mattermost: serves tests and the demo with the answers of the real one, kept posts included.

    async with StandIn().serve() as url:
        hook = standin.add_hook()
        ... POST {url}/hooks/{hook} ...
        standin.posts[0].message

`python -m gateway.demo.standin --port 8065` runs it as a process; `GET /stats` then counts what arrived.
"""

import argparse
import asyncio
import secrets
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from gateway.demo import incoming
from gateway.demo.body import payload_of, read_body
from gateway.demo.incoming import GENERAL, RefusedError

_ID_LETTERS = "ybndrfg8ejkmcpqxot1uwisza345h769"
_PAGE = "<!DOCTYPE html><html><head><title>Mattermost</title></head><body>This page needs JavaScript.</body></html>"


class Post(Struct):
    """One stored post. `create_at` is milliseconds since the epoch; `hook` is the id of the hook it came through."""

    channel: str
    message: str
    props: dict[str, Any]
    username: str
    icon: str
    create_at: int
    hook: str

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The attachments as stored, every key there."""
        found: list[dict[str, Any]] = self.props.get("attachments", [])
        return found


class Hook(Struct):
    """One incoming webhook."""

    id: str
    channel: str
    locked: bool


class Failure(Struct):
    """What to answer instead, for the next `left` requests."""

    left: int
    status: int
    headers: Mapping[str, str]
    body: str


class Rate(Struct):
    """A leaky bucket (contract 1.8): `per_second` requests, `burst` more at once."""

    per_second: float
    burst: int
    full_at: float = 0.0

    def take(self, now: float) -> tuple[bool, dict[str, str]]:
        """Whether a request at `now` (seconds) passes, and the headers that say how things stand."""
        spacing = 1 / self.per_second
        full_at = max(self.full_at, now) + spacing
        allowed = full_at - now <= spacing * (self.burst + 1) + 1e-9
        if allowed:
            self.full_at = full_at
        waiting = max(self.full_at - now, 0.0)
        headers = {
            "X-RateLimit-Limit": str(self.burst + 1),
            "X-RateLimit-Remaining": str(max(int(self.burst + 1 - waiting / spacing + 1e-9), 0)),
            "X-RateLimit-Reset": str(int(waiting + 0.999)),
        }
        if not allowed:
            headers["Retry-After"] = str(max(int(full_at - now - spacing * (self.burst + 1) + 0.999), 1))
        return allowed, headers


class StandIn:
    """A server with one team; hooks, channels and users are added by the test.

    `mode` is what every hook request meets: "ok", "down" (503), "slow" (`delay` seconds, then ok), "drop" (the
    connection is cut without an answer), "drop after" (stored, then cut) or "html" (200 with a login page).
    """

    def __init__(
        self, *, keep: int = 10_000, payload: int = 300_000, rate: Rate | None = None, developer: bool = False
    ) -> None:
        self.posts: deque[Post] = deque(maxlen=keep)
        self.hooks: dict[str, Hook] = {}
        self.channels: dict[str, bool] = {"town-square": True, "off-topic": True}
        self.users: dict[str, str] = {}
        self.stats: Counter[str] = Counter()
        self.enabled = True
        self.mode = "ok"
        self.delay = 0.2
        self.rate = rate
        self._limit = payload + 512  # contract 1.5
        self._developer = developer
        self._failure: Failure | None = None

    def add_hook(self, hook_id: str | None = None, channel: str = "town-square", *, locked: bool = False) -> str:
        """Make an incoming webhook; gives its id, which is 26 characters of base32 unless one is given."""
        hook_id = hook_id or "".join(secrets.choice(_ID_LETTERS) for _ in range(26))
        self.add_channel(channel)
        self.hooks[hook_id] = Hook(hook_id, channel, locked)
        return hook_id

    def add_channel(self, name: str, *, readable: bool = True) -> None:
        """Make a channel; one that is not `readable` is private and the hooks' owner is not in it."""
        self.channels.setdefault(name, readable)

    def fail_next(
        self, count: int, status: int = 500, headers: Mapping[str, str] | None = None, body: str = "failed on request"
    ) -> None:
        """Answer the next `count` hook requests with this status and store nothing."""
        self._failure = Failure(count, status, headers or {}, body)

    def app(self) -> web.Application:
        """Give an application that serves this stand-in."""
        app = web.Application(client_max_size=0, middlewares=[self._limited])
        app.router.add_post(r"/hooks/{id:[A-Za-z0-9]+}", self._incoming)
        app.router.add_get("/api/v4/system/ping", self._ping)
        app.router.add_get("/stats", self._stats)
        app.router.add_get("/{path:.*}", self._page)
        return app

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the context ends; gives the URL. Port 0 takes a free one."""
        runner = web.AppRunner(self.app(), access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            yield f"http://{host}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    @web.middleware
    async def _limited(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        allowed, headers = self.rate.take(time.monotonic()) if self.rate else (True, {})
        if not allowed:
            self.stats["limited"] += 1
            return web.Response(status=429, text="limit exceeded", headers=headers)
        response = await handler(request)
        response.headers.update(headers)
        return response

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html")

    async def _ping(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "OK", "ActiveSearchBackend": "database"})

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response({"requests": 0, "posts": 0, "refused": 0, "limited": 0, **self.stats})

    async def _incoming(self, request: web.Request) -> web.StreamResponse:
        self.stats["requests"] += 1
        hook_id = request.match_info["id"]
        body = await read_body(request.content, self._limit)
        instead = await self._instead(request)
        if instead is not None:
            return instead
        try:
            payload = payload_of(body, request.headers.get(hdrs.CONTENT_TYPE, ""), self._limit)
            self._store(hook_id, payload)
        except RefusedError as error:
            self.stats["refused"] += 1
            return self._error(hook_id, error)
        if self.mode == "drop after":
            return _drop(request)
        return web.Response(text="ok", headers=_ids())

    async def _instead(self, request: web.Request) -> web.StreamResponse | None:
        """Give the answer of the present mode or ordered failure, if any."""
        failure = self._failure
        if failure is not None and failure.left > 0:
            failure.left -= 1
            self.stats["failed"] += 1
            return web.Response(status=failure.status, headers=failure.headers, text=failure.body)
        if self.mode == "down":
            return web.Response(status=503, text="upstream connect error")
        if self.mode == "html":
            return await self._page(request)
        if self.mode == "drop":
            return _drop(request)
        if self.mode == "slow":
            await asyncio.sleep(self.delay)
        return None

    def _store(self, hook_id: str, payload: bytes) -> None:
        """Keep the posts that a payload makes; raises RefusedError in the server's order of checks."""
        message = incoming.read(payload)
        if not self.enabled:
            raise RefusedError(501, GENERAL, "incoming webhooks are disabled")
        hook = self.hooks.get(hook_id)
        if hook is None:
            raise RefusedError(400, GENERAL, "no such hook")
        if not message.text and not any(message.attachments or ()):
            raise RefusedError(400, GENERAL, "no text specified")
        channel = self._channel(hook, message.channel or "")
        icon = message.icon_emoji or message.icon_url or ""
        for draft in incoming.posts(message, self.users, direct=channel.startswith("@")):
            post = Post(channel, draft.message, draft.props, message.username or "webhook", icon, _now(), hook_id)
            self.posts.append(post)
            self.stats["posts"] += 1

    def _channel(self, hook: Hook, asked: str) -> str:
        """Contract 1.4."""
        if asked.startswith("@"):
            if asked[1:] not in self.users.values():
                raise RefusedError(400, GENERAL, "no such user")
            channel = asked
        else:
            channel = asked.removeprefix("#") or hook.channel
            if channel not in self.channels:
                raise RefusedError(404, GENERAL, "no such channel")
        if hook.locked and channel != hook.channel:
            raise RefusedError(403, GENERAL, "the hook is locked to its channel")
        if not self.channels.get(channel, True):
            raise RefusedError(403, GENERAL, "no permission to read the channel")
        return channel

    def _error(self, hook_id: str, error: RefusedError) -> web.Response:
        """Give the error document of contract 1.8; its message repeats the hook's id, as the real one does."""
        headers = _ids()
        document = {
            "id": error.error_id,
            "message": f"Failed to handle the payload of incoming webhook {hook_id}.",
            "detailed_error": error.detail if self._developer else "",
            "request_id": headers["X-Request-Id"],
            "status_code": error.status,
        }
        return web.Response(
            status=error.status, body=msgspec.json.encode(document), content_type="application/json", headers=headers
        )


def _drop(request: web.Request) -> web.StreamResponse:
    """Cut the connection; what is returned never arrives."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _ids() -> dict[str, str]:
    return {"X-Request-Id": secrets.token_hex(13), "X-Version-Id": "11.6.0.stand-in"}


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _main(host: str, port: int, hook: str) -> None:
    standin = StandIn()
    hook_id = standin.add_hook(hook or None)
    async with standin.serve(host, port) as url:
        sys.stdout.write(f"{url}/hooks/{hook_id}\n")
        sys.stdout.flush()
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()


def main() -> None:
    """Run a stand-in until interrupted; the first line of output is the URL of its one hook."""
    parser = argparse.ArgumentParser(prog="python -m gateway.demo.standin", description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8065)
    parser.add_argument("--hook", default="", help="id of the hook (default: a random one)")
    options = parser.parse_args()
    import uvloop

    uvloop.run(_main(options.host, options.port, options.hook))


if __name__ == "__main__":
    main()
