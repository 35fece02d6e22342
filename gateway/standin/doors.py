"""What the stand-in takes without a token, because an id in the address is the secret: hooks and later answers."""

from collections.abc import Callable

from aiohttp import hdrs, web

from gateway.standin import hooks
from gateway.standin.body import TOO_LARGE, payload_of, read_body
from gateway.standin.call import SLACK, CutError, Guard
from gateway.standin.commands import Commands
from gateway.standin.refusal import RefusedError, answer_headers, document
from gateway.standin.trouble import drop
from gateway.standin.world import World


class Doors:
    """Takes messages for incoming webhooks, and the later answers to commands."""

    def __init__(self, world: World, commands: Commands, guard: Guard) -> None:
        self._world = world
        self._commands = commands
        self._guard = guard

    async def incoming(self, request: web.Request) -> web.StreamResponse:
        """A message for an incoming webhook. Its error document repeats the hook's id, as the real one does."""
        hook_id, limit = request.match_info["id"], self._limit
        body = await read_body(request.content, limit)
        declared, query = request.headers.get(hdrs.CONTENT_TYPE, ""), request.rel_url.raw_query_string
        message = f"Failed to handle the payload of incoming webhook {hook_id}."

        def take() -> None:
            hooks.receive(self._world, hook_id, payload_of(body, declared, query, limit))

        return await self._answer(request, take, message)

    async def later(self, request: web.Request) -> web.StreamResponse:
        """A later answer to a command; the error document repeats its id."""
        later_id, limit = request.match_info["id"], self._limit
        body = await read_body(request.content, limit)

        def take() -> None:
            if len(body) > limit:
                raise TOO_LARGE
            self._commands.answer_later(later_id, request.headers.get(hdrs.CONTENT_TYPE, ""), body)

        return await self._answer(request, take, f"Failed to handle the payload of command webhook {later_id}.")

    @property
    def _limit(self) -> int:
        """The bytes of a body that count (contract 1.5)."""
        return self._world.settings.service.maximum_payload_size_bytes + SLACK

    async def _answer(self, request: web.Request, take: Callable[[], None], message: str) -> web.StreamResponse:
        instead = await self._guard(request)
        if instead is not None:
            return instead
        try:
            take()
        except RefusedError as error:
            self._world.stats["refused"] += 1
            return document(error, message, developer=self._world.settings.service.enable_developer)
        except CutError:
            self._world.stats["crashes"] += 1
            return drop(request)
        return web.Response(body=b"ok", headers=answer_headers() | {"Content-Type": "text/plain"})
