"""The handler of the public listener: it answers a request when its event is durable, and never waits for Mattermost.

The order of the steps is that of `_accept`: find the route, read, judge (`pipeline.judge`), journal, answer. Errors are
answered as problem details (RFC 9457) without a secret, a hook id or a stack.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final

from aiohttp import web
from msgspec import Struct

from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.errors import JournalError, Refused
from gateway.ingress.answers import problem
from gateway.ingress.clock import Clock
from gateway.ingress.doors import Accepted, Match, Rejected
from gateway.ingress.learned import Learned
from gateway.ingress.series import RouteSeries, Series
from gateway.ingress.table import RouteTable
from gateway.ingress.workers import Workers
from gateway.journal import Appended, Entry
from gateway.mattermost.fit import Limits
from gateway.model import Outcome, Request
from gateway.observe import logs
from gateway.observe.metrics import NO_TRANSLATOR, Metrics
from gateway.observe.tracing import OFF, RequestSpan, Tracer, exemplar
from gateway.pipeline.entry import Traits, entry, new_id
from gateway.pipeline.interpret import Reading
from gateway.pipeline.judge import Judgement, judge, light
from gateway.pipeline.route import Route
from gateway.settings.tables import Server
from gateway.verify import handshake

RETRY: Final = {"Retry-After": "10"}
"""Seconds after which a sender should try again when the fault is the gateway's."""

_FAULTY = Refused(503, "Service Unavailable", "the documents of this service are faulty: nothing says how it signs")

_log = logs.get("ingress")


class Rules(Struct, frozen=True):
    """The rules by which requests are accepted. They may be replaced, all together, while the gateway runs."""

    table: RouteTable
    catalog: Catalog
    traits: Traits
    server: Server


class Ingress:
    """Answers requests by the current rules.

    `store` stores an event durably and has it delivered, `compiled` returns a service, and compiles it if necessary.
    """

    def __init__(
        self,
        rules: Rules,
        store: Callable[[Entry], Awaitable[Appended]],
        metrics: Metrics,
        compiled: Callable[[str], Awaitable[Service]],
        learned: Learned | None = None,
        tracer: Tracer = OFF,
    ) -> None:
        self.rules = rules
        self._store = store
        self._compiled = compiled
        self._metrics = metrics
        self._limits = Limits()
        self._accepting = metrics.accept_seconds
        self._learned = learned or Learned()
        self._workers = Workers()
        self._clock = Clock()
        self._tracer = tracer
        self._series = Series(metrics)
        self._series.keep(rules.table)
        self._translations = cache(metrics.translations.labels)  # labels() costs more than counting

    def adopt(self, rules: Rules) -> None:
        """Use other rules, from the next request on. The series of removed routes end."""
        self.rules = rules
        self._series.keep(rules.table)
        self._translations.cache_clear()

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of the public listener; the handler of `web.Server`."""
        rules = self.rules
        match = rules.table.find(incoming.rel_url.raw_path)
        if match is None:
            return problem(404, "Not Found", "no route of this name; the path is /in/{route}")
        route = match.route
        span = self._tracer.request(incoming.method, match.door.pattern, route.name, route.service_key)
        status = 500  # for an unexpected error
        try:
            response = await self._answer_refusals(incoming, rules, match, span)
            status = response.status
            return response
        finally:
            span.end(status)

    async def _answer_refusals(
        self, incoming: web.BaseRequest, rules: Rules, match: Match, span: RequestSpan
    ) -> web.StreamResponse:
        route, answer = match.route, match.door.answer
        series = self._series.of(route)
        try:
            return await self._accept(incoming, rules, match, series, span)
        except Refused as refused:
            ours = refused.status == web.HTTPServiceUnavailable.status_code
            series.answered[Outcome.BROKEN if ours else Outcome.REFUSED].inc()
            _log.info("refused", route=route.name, status=refused.status, why=refused.detail or refused.title)
            return answer(Rejected(refused.status, refused.title, refused.detail, RETRY if ours else None))
        except JournalError as error:
            series.answered[Outcome.BROKEN].inc()
            series.unstored.inc()
            _log.error("not stored", route=route.name, why=str(error))
            return answer(Rejected(503, "Service Unavailable", "the request cannot be stored now", RETRY))

    async def _accept(
        self, incoming: web.BaseRequest, rules: Rules, match: Match, series: RouteSeries, span: RequestSpan
    ) -> web.StreamResponse:
        route = match.route
        key = route.service_key
        service = rules.catalog.used(key) or await self._compiled(key)
        body = await read_body(incoming, route.body_limit, rules.server.read_timeout)
        started = time.perf_counter()
        series.bytes_received.inc(len(body))
        request = as_request(incoming, body, match.path_secret, rules.server.public_url)
        judged = await self._judge(route, service, request)
        proof, refusal, reading = judged.proof, judged.refusal, judged.reading
        if refusal is None:
            span.begin(request.headers if proof else {})
            span.step("verify", judged.started, judged.proven)
        if judged.reply is not None:
            return await self._answer_handshake(route, judged.reply)
        if refusal is not None:
            raise refusal if service.described or route.own_schemes else _FAULTY
        if reading is None:
            return match.door.answer(Rejected(405, "Method Not Allowed", "", {"Allow": handshake.METHODS}))
        read = time.perf_counter()
        series.translating.observe(read - started)
        span.step("translate", judged.proven, judged.read)
        now = time.time()
        event_id = new_id(now, random.getrandbits)
        fresh = entry(event_id, now, route, service, judged.content, reading, proof, rules.traits, span.traceparent)
        del judged  # the decoded value is large: while the journal writes, the garbage collector would walk it
        appended = await self._store(fresh)
        stored = time.perf_counter()
        span.step("journal", read, stored)
        self._count(route, series, reading, appended)
        outcome = "duplicate" if appended.duplicate else reading.outcome.value
        span.event(appended.event_id, outcome, reading.translator)
        self._accepting.observe(time.perf_counter() - started, exemplar(span.traceparent))
        pending = bool(fresh.parcels) and not appended.duplicate
        return match.door.answer(Accepted(appended.event_id, outcome, reading.translator, pending))

    async def _judge(self, route: Route, service: Service, request: Request) -> Judgement:
        """Judge a request: in the event loop, or beside it where that may take long. Raises Refused."""
        secrets, moments = self._secrets(route), self._clock.moments()
        content = light(request, route.body_limit, route.wishes.depth)
        if content is not None:
            return judge(route, service, content, secrets, moments, self._limits, time.perf_counter)

        def work() -> Judgement:
            inflated = Content.of(request, route.body_limit, route.wishes.depth)
            return judge(route, service, inflated, secrets, moments, self._limits, time.perf_counter)

        return await self._workers.run(route.name, work)

    def _secrets(self, route: Route) -> list[str]:
        """The secrets that a request may be signed with: those of the settings, and the one learned in a handshake."""
        return [secret.reveal() for secret in (*route.secrets, *self._learned.of(route.name))]

    async def _answer_handshake(self, route: Route, reply: handshake.Reply) -> web.Response:
        if reply.effect is not handshake.Effect.NONE:
            await self._learned.act(route.name, reply)
        return web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type, headers=reply.headers
        )

    def _count(self, route: Route, series: RouteSeries, reading: Reading, appended: Appended) -> None:
        series.answered[reading.outcome].inc()
        if appended.duplicate:
            series.repeats.inc()
        for piece in reading.pieces:
            translator = piece.translator or NO_TRANSLATOR
            self._translations(route.service_key, translator, piece.outcome).inc()
            if piece.mismatch:
                self._metrics.schema_mismatch.labels(route.service_key, piece.mismatch).inc()
            if piece.reason and piece.outcome is not Outcome.IGNORED:
                _log.warning(
                    "not understood", route=route.name, name=piece.name, why=piece.reason, id=appended.event_id
                )


async def read_body(incoming: web.BaseRequest, limit: int, patience: float) -> bytes:
    """The body, of at most `limit` bytes, sent within `patience` seconds. Raises Refused (413, 408, 400)."""
    if (incoming.content_length or 0) > limit:
        raise _too_large(limit)
    content = incoming.content
    if content.is_eof() and content.exception() is None:  # the body arrived with its headers, as most do
        body = content.read_nowait()
        if len(body) > limit:
            raise _too_large(limit)
        return body
    if incoming.headers.get("Expect", "").lower() == "100-continue" and incoming.transport is not None:
        incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience):
            async for chunk in content.iter_any():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except TimeoutError:
        raise Refused(408, "Request Timeout", f"the body did not arrive within {patience:g} seconds") from None
    except (web.RequestPayloadError, ConnectionError):
        raise Refused(400, "Bad Request", "the body is incomplete") from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Refused:
    return Refused(413, "Content Too Large", f"a request of this route has at most {limit} bytes")


def as_request(incoming: web.BaseRequest, body: bytes, path_secret: str, public_url: str) -> Request:
    """Convert a request of aiohttp to the gateway's own type."""
    headers: dict[str, str] = {}
    for name, value in incoming.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    url = incoming.rel_url
    query = {name: url.query.getone(name) for name in url.query} if url.raw_query_string else {}
    base = public_url or f"{incoming.scheme}://{headers.get('host', '')}"
    return Request(incoming.method, headers, query, body, path_secret, base + url.raw_path_qs)
