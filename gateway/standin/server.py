"""A stand-in Mattermost: serves tests and the demo with the answers of the real one, kept posts included.

    async with StandIn().serve() as url:
        hook = standin.add_hook()
        ... POST {url}/hooks/{hook} ...
        token = standin.add_bot("gate")
        standin.join("gate", "town-square")
        ... POST {url}/api/v4/posts ...
        standin.posts[0].message
        standin.add_command("deploy", "http://...")
        await standin.execute("ann", "town-square", "/deploy shop")
        await standin.click("ann", standin.posts[0], "Acknowledge")

`python -m gateway.standin.server --port 8065` runs it as a process; `GET /stats` then counts what arrived.
"""

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from gateway.standin import administration, integrations, rest
from gateway.standin.call import served
from gateway.standin.doors import Doors
from gateway.standin.records import Post
from gateway.standin.refusal import RefusedError, document
from gateway.standin.scene import Scene
from gateway.standin.trouble import Rate, Trouble, drop, page
from gateway.standin.websocket import Sockets
from gateway.standin.world import World

__all__ = ["Post", "Rate", "StandIn"]

_API = "/api/v4"
_PING = f"{_API}/system/ping"
_READS = frozenset({"GET", "HEAD"})
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StandIn(Scene):
    """A server of a scene, to which the test adds what it needs.

    `mode` is what every request of hooks and of the REST API meets: "ok", "down" (503), "slow" (`delay` seconds, then
    ok), "drop" (the connection is cut without an answer), "drop after" (handled, then cut) or "html" (200 with a login
    page). `rate` limits all requests.
    """

    def __init__(
        self, *, keep: int = 10_000, payload: int = 300_000, rate: Rate | None = None, developer: bool = False
    ) -> None:
        super().__init__(World(keep))
        self._doors = Doors(self._world, self._commands, self._met)
        self._sockets = Sockets(self._world, self._met)
        self._under_way: dict[int, web.Request] = {}
        self._trouble = Trouble(self._world.settings.rate)
        self._trouble.rate = rate
        self.settings.service.maximum_payload_size_bytes = payload
        self.settings.service.enable_developer = developer

    @property
    def mode(self) -> str:
        """What every request meets."""
        return self._trouble.mode

    @mode.setter
    def mode(self, mode: str) -> None:
        self._trouble.mode = mode

    @property
    def delay(self) -> float:
        """Seconds that a request takes in the mode "slow"."""
        return self._trouble.delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._trouble.delay = seconds

    @property
    def linger(self) -> float:
        """Seconds for which the server takes a WebSocket that has ended for open: until then it is not resumed."""
        return self._sockets.linger

    @linger.setter
    def linger(self, seconds: float) -> None:
        self._sockets.linger = seconds

    @property
    def rate(self) -> Rate | None:
        """The rate limit, if any."""
        return self._trouble.rate

    @rate.setter
    def rate(self, rate: Rate | None) -> None:
        self._trouble.rate = rate

    def fail_next(
        self, count: int, status: int = 500, headers: Mapping[str, str] | None = None, body: str = "failed on request"
    ) -> None:
        """Answer the next `count` requests of hooks and of the REST API with this status and store nothing."""
        self._trouble.order(count, status, headers or {}, body)

    def crash(self) -> None:
        """End and start again at once, as after kill -9: requests under way get no answer, pending ids are forgotten.

        What was stored stays, answered or not.
        """
        self._posting.forget()
        self._world.hub.forget()
        for request in self._under_way.values():
            drop(request)

    def cut_sockets(self) -> int:
        """Cut all WebSockets, and count them; they can be resumed for as long as the server remembers them."""
        return self._sockets.cut()

    def forget_sockets(self) -> None:
        """Forget the WebSockets that were cut or closed, as the server does sooner or later: none can be resumed."""
        self._world.hub.reap()

    async def _end_sockets(self, _: web.Application) -> None:
        self._sockets.cut()

    def app(self) -> web.Application:
        """Give an application that serves this stand-in."""
        app = web.Application(client_max_size=0, middlewares=[self._guard])
        app.cleanup_ctx.append(self._outside.run)
        app.router.add_post(r"/hooks/{id:[A-Za-z0-9]+}", self._doors.incoming)
        app.router.add_post(r"/hooks/commands/{id:[A-Za-z0-9]+}", self._doors.later)
        app.router.add_get(_PING, self._ping)
        app.router.add_get(f"{_API}/websocket", self._sockets.connect)
        app.on_shutdown.append(self._end_sockets)
        listed = [*rest.routes(self._posting), *administration.routes()]
        listed += [*integrations.routes(), *self._commands.routes(), *self._actions.routes()]
        listed += self._dialogs.routes()
        for method, path, handler in listed:
            app.router.add_route(method, _API + path, served(self._world, handler, self._met))
        app.router.add_route("*", _API + "{path:.*}", self._no_route)
        app.router.add_get("/stats", self._stats)
        app.router.add_get("/{path:.*}", self._page)
        app.router.add_route("*", "/{path:.*}", self._nothing)
        return app

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the context ends; gives the URL. Port 0 takes a free one."""
        runner = web.AppRunner(self.app(), access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.url = f"http://{host}:{runner.addresses[0][1]}"
            yield self.url
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Check every request before its handler: the rate limit, and URLs that are too long or not clean."""
        allowed, headers = self._trouble.limited(self.settings.rate)
        if not allowed:
            self.stats["limited"] += 1
            return web.Response(status=429, text="limit exceeded\n", headers=headers)
        if "//" in request.path:
            return web.Response(status=301, headers={"Location": re.sub("/+", "/", request.raw_path), **headers})
        if len(request.raw_path) > self.settings.service.maximum_url_length:
            error = RefusedError(414, "basic_security_check.url.too_long_error")
            response: web.StreamResponse = self._document(error)
        else:
            self._under_way[id(request)] = request
            try:
                response = await handler(request)
            finally:
                del self._under_way[id(request)]
        response.headers.update(headers)
        return drop(request) if self.mode == "drop after" and request.method not in _READS else response

    async def _met(self, request: web.Request) -> web.Response | None:
        """The failure that a request meets instead of its handler, if any."""
        self.stats["requests"] += 1
        failed = self._trouble.failed()
        if failed is not None:
            self.stats["failed"] += 1
            return failed
        return await self._trouble.met(request)

    def _document(self, error: RefusedError) -> web.Response:
        return document(error, developer=self.settings.service.enable_developer)

    async def _page(self, _: web.Request) -> web.Response:
        return page()

    async def _nothing(self, _: web.Request) -> web.Response:
        return web.Response(status=404, text="404 page not found\n")

    async def _no_route(self, _: web.Request) -> web.Response:
        return self._document(RefusedError(404, "api.context.404.app_error"))

    async def _ping(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "OK", "ActiveSearchBackend": "database"})

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response({"requests": 0, "posts": 0, "refused": 0, "limited": 0, **self.stats})


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
    parser = argparse.ArgumentParser(prog="python -m gateway.standin.server", description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8065)
    parser.add_argument("--hook", default="", help="id of the hook (default: a random one)")
    options = parser.parse_args()
    import uvloop

    uvloop.run(_main(options.host, options.port, options.hook))


if __name__ == "__main__":
    main()
