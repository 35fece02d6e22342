"""The public listener: one request in, one durable answer out. Nothing here waits for Mattermost.

The order of the steps is that of `_accept`: find the route, read, verify, inflate, interpret, journal, answer. Errors
leave as problem details (RFC 9457) without a secret, a hook id or a stack.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.decode.compression import inflate
from gateway.decode.decode import decode
from gateway.errors import JournalError, Refused
from gateway.ingress.learned import Learned
from gateway.ingress.table import RouteTable
from gateway.journal import Appended, Entry
from gateway.jsonpath import MISSING
from gateway.mattermost.fit import Limits
from gateway.model import Outcome, Request
from gateway.observe import logs
from gateway.observe.metrics import NO_TRANSLATOR, Metrics
from gateway.observe.tracing import OFF, RequestSpan, Tracer, exemplar
from gateway.pipeline.entry import Traits, entry, new_id
from gateway.pipeline.interpret import Reading, interpret
from gateway.pipeline.route import Route
from gateway.settings.tables import Server
from gateway.verify import handshake, verify

RETRY_AFTER = "10"
"""Seconds after which a sender should try again when the journal cannot store."""

_METHODS = frozenset({"POST", "PUT", "GET"})
_log = logs.get("ingress")


class Rules(Struct, frozen=True):
    """What requests are taken in by: the part that may be exchanged while running, whole."""

    table: RouteTable
    catalog: Catalog
    traits: Traits
    server: Server


class Ingress:
    """Answers requests by the rules of the moment. `store` keeps an event durably and has it delivered."""

    def __init__(
        self,
        rules: Rules,
        store: Callable[[Entry], Awaitable[Appended]],
        metrics: Metrics,
        learned: Learned | None = None,
        tracer: Tracer = OFF,
    ) -> None:
        self.rules = rules
        self._store = store
        self._metrics = metrics
        self._limits = Limits()
        self._accepting = metrics.accept_seconds
        self._learned = learned or Learned()
        self._tracer = tracer
        self._translations = cache(metrics.translations.labels)  # labels() costs more than the counting itself

    def adopt(self, rules: Rules) -> None:
        """Take requests in by other rules, from the next one on."""
        self.rules = rules
        self._translations.cache_clear()

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of the public listener; the handler of `web.Server`."""
        rules = self.rules
        found = rules.table.find(incoming.rel_url.raw_path, rules.catalog.services)
        if found is None:
            return problem(404, "Not Found", "no route of this name; the path is /in/{route}")
        route, path_secret = found
        pattern = "/hooks/{hook}/{service}" if route.address else "/in/{route}"
        span = self._tracer.request(incoming.method, pattern, route.name, route.service_key)
        status = 500  # of an error that nobody foresaw
        try:
            response = await self._answer_refusals(incoming, rules, route, path_secret, span)
            status = response.status
            return response
        finally:
            span.end(status)

    async def _answer_refusals(
        self, incoming: web.BaseRequest, rules: Rules, route: Route, path_secret: str, span: RequestSpan
    ) -> web.StreamResponse:
        try:
            return await self._accept(incoming, rules, route, path_secret, span)
        except Refused as refused:
            route.answered["refused"].inc()
            _log.info("refused", route=route.name, status=refused.status, why=refused.detail or refused.title)
            return problem(refused.status, refused.title, refused.detail)
        except JournalError as error:
            route.answered["broken"].inc()
            route.unstored.inc()
            _log.error("not stored", route=route.name, why=str(error))
            return problem(503, "Service Unavailable", "the request cannot be stored now", {"Retry-After": RETRY_AFTER})

    async def _accept(
        self, incoming: web.BaseRequest, rules: Rules, route: Route, path_secret: str, span: RequestSpan
    ) -> web.StreamResponse:
        service = rules.catalog.services[route.service_key]
        body = await read_body(incoming, route.body_limit, rules.server.read_timeout)
        started = time.perf_counter()
        route.bytes_received.inc(len(body))
        request = as_request(incoming, body, path_secret, rules.server.public_url)
        plain, scheme, refusal = self._proof(route, service, request)
        proven = time.perf_counter()
        if refusal is None:
            span.begin(request.headers if scheme else {})
            span.step("verify", started, proven)
        request = _legible(request)
        if service.handshake or not body:
            reply = await self._handshake(route, service, request, plain, refusal)
            if reply is not None:
                return reply
        if refusal is not None:
            raise refusal
        if request.method not in _METHODS:
            return problem(405, "Method Not Allowed", "", {"Allow": handshake.METHODS})
        reading = interpret(service, request, plain, route.wishes, self._limits)
        read = time.perf_counter()
        route.translating.observe(read - started)
        span.step("translate", proven, read)
        now = time.time()
        fresh = entry(new_id(now), now, route, service, request, reading, scheme, rules.traits, span.traceparent)
        appended = await self._store(fresh)
        stored = time.perf_counter()
        span.step("journal", read, stored)
        self._count(route, reading, appended)
        outcome = "duplicate" if appended.duplicate else reading.outcome.value
        span.event(appended.event_id, outcome, reading.translator)
        self._accepting.observe(time.perf_counter() - started, exemplar(span.traceparent))
        return _answer(outcome, reading.translator, fresh, appended)

    def _proof(
        self, route: Route, service: Service, request: Request
    ) -> tuple[bytes, verify.Scheme | None, Refused | None]:
        """The inflated body, the scheme that proved the request, and the refusal when none did."""
        encoding = request.headers.get("content-encoding", "")
        plain = inflate(request.body, encoding, route.body_limit) if encoding else request.body
        if route.open:
            return plain, None, None
        try:
            secrets = [*route.secrets, *self._learned.of(route.name)]
            inflated = plain if encoding else None
            return plain, verify.verify(route.schemes(service), secrets, request, time.time(), inflated), None
        except Refused as refusal:
            return plain, None, refusal

    async def _handshake(
        self, route: Route, service: Service, request: Request, plain: bytes, refusal: Refused | None
    ) -> web.Response | None:
        value = decode(request, plain, route.wishes.depth).value if plain else MISSING
        secrets = [*route.secrets, *self._learned.of(route.name)]
        reply = handshake.answer(service.handshake, request, value, secrets, authentic=refusal is None)
        if reply is None:
            return None
        if reply.effect is not handshake.Effect.NONE:
            await self._learned.act(route.name, reply)
        return web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type, headers=reply.headers
        )

    def _count(self, route: Route, reading: Reading, appended: Appended) -> None:
        route.answered[reading.outcome].inc()
        if appended.duplicate:
            route.repeats.inc()
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
    if content.is_eof() and content.exception() is None:  # it came with its headers, as most bodies do
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
        raise Refused(400, "Bad Request", "the body ended before its end") from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Refused:
    return Refused(413, "Content Too Large", f"a request of this route has at most {limit} bytes")


def as_request(incoming: web.BaseRequest, body: bytes, path_secret: str, public_url: str) -> Request:
    """The request as the rest of the gateway sees it."""
    headers: dict[str, str] = {}
    for name, value in incoming.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    url = incoming.rel_url
    query = {name: url.query.getone(name) for name in url.query} if url.raw_query_string else {}
    base = public_url or f"{incoming.scheme}://{headers.get('host', '')}"
    return Request(incoming.method, headers, query, body, path_secret, base + url.raw_path_qs)


def _legible(request: Request) -> Request:
    """The request with what is not UTF-8 in its headers replaced: a proof covers the very bytes, JSON cannot hold them.

    The URL repeats the header `Host`.
    """
    if request.url.isascii() and all(map(str.isascii, request.headers.values())):
        return request
    headers = {name: _replace_undecodable(value) for name, value in request.headers.items()}
    return msgspec.structs.replace(request, headers=headers, url=_replace_undecodable(request.url))


def _replace_undecodable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def problem(status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """Problem details, RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/problem+json", headers=headers
    )


def _answer(outcome: str, translator: str, fresh: Entry, appended: Appended) -> web.Response:
    body = {"id": appended.event_id, "outcome": outcome, "translator": translator}
    status = 202 if fresh.parcels and not appended.duplicate else 200
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
