"""/api/v1: every operation of the table as a handler. JSON in, JSON out, problems as RFC 9457."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.console.web.guard import PATIENCE, visitor_of
from gateway.console.web.operations import Ask, Console, Operation
from gateway.console.web.params import read_json, read_pairs
from gateway.console.web.problems import Problem
from gateway.ingress.body import read_body

BASE: Final = "/api/v1"

_encoder = msgspec.json.Encoder()


class _Nothing(Struct):
    """What an operation without query parameters takes."""


def handler(console: Console, operation: Operation) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer one operation: read what it asks for, call it, send its result."""

    async def answer(request: web.Request) -> web.Response:
        visitor = visitor_of(request)
        if visitor is None:  # the guard lets nobody through who is unknown
            raise AssertionError(f"{operation.name} is open")
        query = read_pairs(request.query, operation.query or _Nothing)
        body = None
        if operation.body is not None:
            body = read_json(await read_body(request, operation.limit, PATIENCE), operation.body)
        asked = Ask(console, visitor, request.match_info, query if operation.query else None, body)
        result = await operation.call(asked)
        if result is None:
            return web.Response(status=204)
        return web.Response(status=operation.status, body=_encoder.encode(result), content_type="application/json")

    return answer


def show_problem(_: web.Request, problem: Problem) -> web.Response:
    """Answer with a problem, as the API and all that is not a page does."""
    body = {"type": "about:blank", **msgspec.to_builtins(problem)}
    return web.Response(status=problem.status, body=_encoder.encode(body), content_type="application/problem+json")
