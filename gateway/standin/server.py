"""A stand-in Mattermost: serves tests and the demo with the answers of the real one, kept posts included.

    async with StandIn().serve() as url:
        hook = standin.add_hook()
        ... POST {url}/hooks/{hook} ...
        token = standin.add_bot("gate")
        standin.join("gate", "town-square")
        ... POST {url}/api/v4/posts ...
        standin.posts[0].message

`python -m gateway.standin.server --port 8065` runs it as a process; `GET /stats` then counts what arrived.
"""

import argparse
import asyncio
import re
import signal
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import hdrs, web

from gateway.standin import administration, hooks, integrations, outgoing, rest
from gateway.standin.body import payload_of, read_body
from gateway.standin.call import SLACK, served
from gateway.standin.outside import Outside
from gateway.standin.posting import NewPost, Posting
from gateway.standin.records import Channel, Hook, OutgoingHook, Post, Team, User
from gateway.standin.refusal import RefusedError, answer_headers, document, new_id
from gateway.standin.serversettings import Settings
from gateway.standin.trouble import Rate, Trouble, drop, page
from gateway.standin.world import World

__all__ = ["Post", "Rate", "StandIn"]

_API = "/api/v4"
_PING = f"{_API}/system/ping"
_READS = frozenset({"GET", "HEAD"})
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StandIn:
    """A server with one team, `home`; hooks, channels, users and bots are added by the test, by their names.

    `mode` is what every request of hooks and of the REST API meets: "ok", "down" (503), "slow" (`delay` seconds, then
    ok), "drop" (the connection is cut without an answer), "drop after" (handled, then cut) or "html" (200 with a login
    page). `rate` limits all requests. `posts` are all that were made, deleted ones included; `settings` are the
    server's, by the names of Mattermost in small letters.
    """

    def __init__(
        self, *, keep: int = 10_000, payload: int = 300_000, rate: Rate | None = None, developer: bool = False
    ) -> None:
        self._world = World(keep)
        self._outside = Outside(self._world)
        self._posting = Posting(self._world, lambda post: outgoing.fire(self._world, self._outside, post))
        self._under_way: dict[int, web.Request] = {}
        self._trouble = Trouble(self._world.settings.rate)
        self._trouble.rate = rate
        self.settings.service.maximum_payload_size_bytes = payload
        self.settings.service.enable_developer = developer

    @property
    def posts(self) -> deque[Post]:
        """All posts, in the order of their making."""
        return self._world.posts

    @property
    def hooks(self) -> dict[str, Hook]:
        """The incoming webhooks by id; a test may take one away."""
        return self._world.hooks

    @property
    def settings(self) -> Settings:
        """The settings of the server, which a test may change."""
        return self._world.settings

    @property
    def stats(self) -> Counter[str]:
        """How many requests, posts, refusals and so on there were."""
        return self._world.stats

    @property
    def enabled(self) -> bool:
        """Whether incoming webhooks are on."""
        return self.settings.service.enable_incoming_webhooks

    @enabled.setter
    def enabled(self, on: bool) -> None:
        self.settings.service.enable_incoming_webhooks = on

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
    def rate(self) -> Rate | None:
        """The rate limit, if any."""
        return self._trouble.rate

    @rate.setter
    def rate(self, rate: Rate | None) -> None:
        self._trouble.rate = rate

    def add_team(self, name: str) -> str:
        """Make another team; gives its id."""
        return self._world.new_team(name).id

    def add_user(self, login: str, password: str = "", *, roles: str = "system_user", team: str = "home") -> str:
        """Make a person who is in a team and logs in with a password; gives the id."""
        user = self._world.new_user(login, team=self._team(team))
        user.password, user.roles = password, roles
        return user.id

    def add_bot(self, username: str, *, roles: str = "system_user", team: str = "home") -> str:
        """Make a bot that is in a team and in no channel; gives a token of its own."""
        bot = self._world.new_user(username, team=self._team(team))
        bot.bot, bot.roles = True, roles
        return self._world.new_token(bot, access=True).token

    def add_channel(self, name: str, *, private: bool = False, team: str = "home") -> str:
        """Make a channel, unless there is one of that name; gives its id. Nobody is in it."""
        home = self._team(team)
        found = self._world.channel_named(home.id, name)
        return (found or self._world.new_channel(home, name, "P" if private else "O")).id

    def add_hook(self, hook_id: str | None = None, channel: str = "town-square", *, locked: bool = False) -> str:
        """Make an incoming webhook of `owner`; gives its id, which is 26 characters of base32 unless one is given."""
        hook = Hook(id=hook_id or new_id(), channel=self.add_channel(channel), user=self._world.owner.id, locked=locked)
        self._world.hooks[hook.id] = hook
        return hook.id

    def add_outgoing(self, url: str, *words: str, channel: str = "", team: str = "home", **more: Any) -> OutgoingHook:
        """Make an outgoing webhook of `owner`: for trigger words, or for all that is said in a public channel.

        `more` are other fields by the names of REST, as `content_type`.
        """
        home = self._team(team)
        hook = OutgoingHook(
            creator_id=self._world.owner.id,
            team_id=home.id,
            channel_id=self.add_channel(channel, team=team) if channel else "",
            trigger_words=list(words),
            callback_urls=[url],
            **more,
        )
        return integrations.add_outgoing_hook(self._world, hook)

    def say(self, username: str, channel: str, text: str, *, root: str = "", team: str = "home") -> Post:
        """Post as a user, who joins the channel; `root` is the id of the post that is answered."""
        self.join(username, channel, team=team)
        asked = NewPost(channel_id=self._channel(channel, team).id, message=text, root_id=root)
        self._posting.create(self._user(username), asked)
        return self.posts[-1]

    def join(self, username: str, channel: str, *, team: str = "home") -> None:
        """Make a user a member of a channel."""
        self._channel(channel, team).members.add(self._user(username).id)

    def leave(self, username: str, channel: str, *, team: str = "home") -> None:
        """Take a user out of a channel."""
        self._channel(channel, team).members.discard(self._user(username).id)

    def rename_channel(self, name: str, new: str, *, team: str = "home") -> None:
        """Give a channel another name."""
        self._world.rename(self._channel(name, team), new)

    def archive_channel(self, name: str, *, team: str = "home") -> None:
        """Archive a channel: nobody can post there, and its hooks are gone."""
        self._world.archive(self._channel(name, team))

    def delete_channel(self, name: str, *, team: str = "home") -> None:
        """Delete a channel for good, with its posts."""
        self._world.remove(self._channel(name, team))

    def delete_post(self, post_id: str) -> None:
        """Delete a post and its replies, as a person does who cleans up."""
        post = self._world.post(post_id)
        if post is None:
            raise KeyError(post_id)
        self._world.delete(post)

    def expire_sessions(self) -> None:
        """End every session of a login; the tokens of bots and persons go on."""
        self._world.end_tokens(lambda token: not token.access)

    def revoke(self, token: str) -> None:
        """End one token or session."""
        del self._world.tokens[token]

    def lock(self, username: str) -> None:
        """Lock the account of a person, as too many wrong passwords do."""
        self._user(username).failures = self.settings.service.maximum_login_attempts

    def deactivate(self, username: str) -> None:
        """Deactivate an account: its tokens count for nothing."""
        self._user(username).delete_at = 1

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
        for request in self._under_way.values():
            drop(request)

    def _team(self, name: str) -> Team:
        return next(team for team in self._world.teams.values() if team.name == name)

    def _user(self, username: str) -> User:
        user = self._world.user_named(username)
        if user is None:
            raise KeyError(username)
        return user

    def _channel(self, name: str, team: str) -> Channel:
        channel = self._world.channel_named(self._team(team).id, name)
        if channel is None:
            raise KeyError(name)
        return channel

    def app(self) -> web.Application:
        """Give an application that serves this stand-in."""
        app = web.Application(client_max_size=0, middlewares=[self._guard])
        app.cleanup_ctx.append(self._outside.run)
        app.router.add_post(r"/hooks/{id:[A-Za-z0-9]+}", self._incoming)
        app.router.add_get(_PING, self._ping)
        listed = [*rest.routes(self._posting), *administration.routes(), *integrations.routes()]
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
            yield f"http://{host}:{runner.addresses[0][1]}"
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

    async def _incoming(self, request: web.Request) -> web.StreamResponse:
        hook_id = request.match_info["id"]
        limit = self.settings.service.maximum_payload_size_bytes + SLACK  # contract 1.5
        body = await read_body(request.content, limit)
        instead = await self._met(request)
        if instead is not None:
            return instead
        try:
            declared = request.headers.get(hdrs.CONTENT_TYPE, "")
            hooks.receive(self._world, hook_id, payload_of(body, declared, request.rel_url.raw_query_string, limit))
        except RefusedError as error:
            self.stats["refused"] += 1
            return self._document(error, f"Failed to handle the payload of incoming webhook {hook_id}.")
        return web.Response(body=b"ok", headers=answer_headers() | {"Content-Type": "text/plain"})

    def _document(self, error: RefusedError, message: str = "") -> web.Response:
        """The error document; that of a hook repeats the hook's id in its message, as the real one does."""
        return document(error, message, developer=self.settings.service.enable_developer)

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
