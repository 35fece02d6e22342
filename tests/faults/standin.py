"""The stand-in Mattermost as a process that may be killed: what it stored is on the disk, as in a real one's database.

    python -m tests.faults.standin --port PORT --folder FOLDER

FOLDER has `setup.json` (hook, token, team and channel, for the settings of the gateway), `world` (all but the posts)
and `posts.jsonl`, one post a line, written before it is answered. A start with such a folder goes on from there, with
every memory of a process gone: that of `pending_post_id`, too.

`POST /faults` with {"trouble": NAME, "delay": SECONDS} orders a trouble; `GET /faults` counts the requests that met
one, and of these the posts that were stored and never, or too late, answered for.
"""

import argparse
import asyncio
import json
import os
import pickle
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from aiohttp import web

from gateway.standin.records import Post
from gateway.standin.refusal import RefusedError, document, permissions
from gateway.standin.server import StandIn
from gateway.standin.trouble import drop, page

CONTROL: Final = "/faults"
_DRIP: Final = 0.05
"""Seconds between two bytes of an endless answer."""

_WORK: Final = 0.003
"""Seconds that a server works before it has stored a post, and again before it answers."""

_GARBAGE: Final = b"\x16\x03\x01 220 smtp.example.com ESMTP ready\r\n\x00\xff\xfe" + b"\xa5" * 300
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Troubles:
    """The trouble that requests meet. `met` counts them, `unanswered` the posts stored and not answered for."""

    def __init__(self) -> None:
        self.name = ""
        self.delay = 0.0
        self.met = 0
        self.unanswered = 0
        self._ended = asyncio.Event()

    def order(self, name: str, delay: float) -> None:
        """Begin a trouble, "" for none; requests that wait in the last one are cut."""
        self._ended.set()
        self._ended = asyncio.Event()
        self.name, self.delay = name, delay

    @web.middleware
    async def meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer as the present trouble does."""
        if request.path == CONTROL:
            return await self._control(request)
        if not self.name:
            return await self._at_work(request, handler)
        self.met += 1
        return await _TROUBLES[self.name](self, request, handler)

    async def _control(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            wanted = await request.json()
            self.order(wanted["trouble"], wanted["delay"])
        return web.json_response({"met": self.met, "unanswered": self.unanswered})

    async def _at_work(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Take the time that a real one takes, before and after the post is stored."""
        await asyncio.sleep(_WORK)
        response = await handler(request)
        await asyncio.sleep(_WORK)
        return response

    async def slow(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer rightly, after the delay."""
        await asyncio.sleep(self.delay)
        return await handler(request)

    async def silent(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Take the request and do nothing until the trouble ends."""
        await request.read()
        await self._ended.wait()
        return drop(request)

    async def late(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Store the post, and answer when nobody waits any more."""
        await self._stored(request, handler)
        await asyncio.sleep(self.delay)
        return drop(request)

    async def hang_up(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Cut the connection without an answer."""
        await request.read()
        return drop(request)

    async def half(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Store the post, and cut the connection in the middle of the answer: of its head and of its body by turns."""
        await self._stored(request, handler)
        half = _HEAD[: len(_HEAD) // 2] if self.met % 2 else _HEAD + b"Content-Length: 2\r\n\r\no"
        return await self._raw(request, half)

    async def endless(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Begin an answer that never ends, a byte at a time."""
        await request.read()
        self._write(request, _HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while self._write(request, b"1\r\no\r\n") and not self._ended.is_set():
            await asyncio.sleep(_DRIP)
        return drop(request)

    async def flood(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Begin an answer that never ends, as fast as the connection takes it."""
        await request.read()
        response = web.StreamResponse()
        await response.prepare(request)
        while not self._ended.is_set():
            await response.write(b"o" * 65536)
        return drop(request)

    async def garbage(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Answer with what is no HTTP."""
        await request.read()
        return await self._raw(request, _GARBAGE)

    async def redirect(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Send everybody to another host."""
        await request.read()
        return web.Response(status=302, headers={"Location": f"https://elsewhere.example{request.path}"})

    async def login_page(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Answer everything with 200 and the page of a proxy."""
        await request.read()
        return page()

    async def limited(self, request: web.Request, _: Handler) -> web.StreamResponse:
        """Refuse with 429, and say for how long."""
        await request.read()
        return web.Response(status=429, headers={"Retry-After": "1"}, text="limit exceeded\n")

    async def failing(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 500 to every post, as with a sick database; the ping of the server still works."""
        if request.method == "GET" and request.path.endswith("/system/ping"):
            return await handler(request)
        await request.read()
        return web.Response(status=500, text="internal error\n")

    async def forbidden(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse every post, as when the hook is deleted and the bot is out of the channel; the server is well."""
        if request.method == "GET":
            return await handler(request)
        await request.read()
        if request.path.startswith("/hooks/"):
            return document(RefusedError(400, "web.incoming_webhook.general.app_error"), developer=False)
        return document(permissions("create_post"), developer=False)

    async def _stored(self, request: web.Request, handler: Handler) -> None:
        response = await handler(request)
        self.unanswered += response.status < 300 and request.method == "POST"

    async def _raw(self, request: web.Request, data: bytes) -> web.StreamResponse:
        self._write(request, data)
        await asyncio.sleep(0)
        if request.transport is not None:
            request.transport.close()  # sends what is written, unlike abort
        return web.Response()

    def _write(self, request: web.Request, data: bytes) -> bool:
        if request.transport is None or request.transport.is_closing():
            return False
        request.transport.write(data)
        return True


_TROUBLES: Final = {
    "slow": Troubles.slow,
    "silent": Troubles.silent,
    "late": Troubles.late,
    "hang up": Troubles.hang_up,
    "half": Troubles.half,
    "endless": Troubles.endless,
    "flood": Troubles.flood,
    "garbage": Troubles.garbage,
    "redirect": Troubles.redirect,
    "login page": Troubles.login_page,
    "429": Troubles.limited,
    "500": Troubles.failing,
    "forbidden": Troubles.forbidden,
}


def restored(folder: Path) -> StandIn:
    """The stand-in of this folder: a new one, or the one that was killed, with all that it had stored."""
    standin = StandIn(keep=1_000_000)
    world, posts = folder / "world", folder / "posts.jsonl"
    if world.exists():
        vars(standin._world).update(vars(pickle.loads(world.read_bytes())))  # the same object: others refer to it
        decode = msgspec.json.Decoder(Post).decode
        for line in posts.read_bytes().splitlines():
            standin._world.keep(decode(line))
    else:
        setup = {"hook": standin.add_hook(), "token": standin.add_bot("gate"), "team": "home", "channel": "off-topic"}
        standin.join("gate", "off-topic")
        world.write_bytes(pickle.dumps(standin._world))
        (folder / "setup.json").write_text(json.dumps(setup))
    _record(standin, posts)
    return standin


def _record(standin: StandIn, posts: Path) -> None:
    """Have every post written to the file before it is answered for."""
    file = os.open(posts, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    keep, encode = standin._world.keep, msgspec.json.Encoder().encode

    def keep_and_write(post: Post) -> None:
        keep(post)
        os.write(file, encode(post) + b"\n")

    standin._world.keep = keep_and_write


async def _serve(host: str, port: int, folder: Path) -> None:
    standin, troubles = restored(folder), Troubles()
    made = standin.app()
    made.middlewares.insert(0, troubles.meet)
    runner = web.AppRunner(made, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port, reuse_address=True).start()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    uvloop.run(_serve(options.host, options.port, options.folder))


if __name__ == "__main__":
    main()
