"""The public listener: one request in, one durable answer out. Nothing here waits for Mattermost.

The order of the steps is that of `_accept`: find the route, read, verify, inflate, interpret, journal, answer. Errors
leave as problem details (RFC 9457) without a secret, a hook id or a stack.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import msgspec
from aiohttp import web

from gateway import logs
from gateway.errors import JournalError, Refused
from gateway.ingress import handshake, verify
from gateway.ingress.compression import inflate
from gateway.ingress.decode import decode
from gateway.ingress.entry import Places, entry
from gateway.ingress.learned import Learned
from gateway.ingress.route import Route
from gateway.ingress.table import RouteTable
from gateway.interpret import Reading, interpret
from gateway.journal import Appended, Entry, Journal
from gateway.jsonpath import MISSING
from gateway.mattermost.fit import Limits
from gateway.metrics import NO_TRANSLATOR, Metrics
from gateway.model import Delivery, Outcome, Request
from gateway.translate.catalog import Catalog
from gateway.translate.service import Service

RETRY_AFTER = "10"
"""Seconds after which a sender should try again when the journal cannot store."""

TROUBLE_SECONDS = 15.0
"""How long one request that could not be stored keeps the gateway from being ready."""

WAITING = 2000
"""How many requests may wait for the journal, each with its body in memory: a disk that stalls must not fill it."""

_METHODS = frozenset({"POST", "PUT", "GET"})
_log = logs.get("ingress")


class Ingress:
    """Answers requests. `offer` takes journalled deliveries to the dispatcher; `catalog` may be swapped while running.

    `trouble` says why requests cannot be stored, and is empty when they can, as far as is known.
    """

    def __init__(
        self,
        table: RouteTable,
        catalog: Catalog,
        journal: Journal,
        offer: Callable[[Sequence[Delivery]], None],
        metrics: Metrics,
        places: Places,
        read_timeout: float,
        public_url: str = "",
        learned: Learned | None = None,
    ) -> None:
        self.catalog = catalog
        self._table = table
        self._journal = journal
        self._offer = offer
        self._metrics = metrics
        self._places = places
        self._read_timeout = read_timeout
        self._public_url = public_url
        self._limits = Limits()
        self._accepting = metrics.accept_seconds
        self._learned = learned or Learned()
        self._translations = cache(metrics.translations.labels)  # labels() costs more than the counting itself
        self._trouble = ("", 0.0)
        self._waiting = 0

    @property
    def trouble(self) -> str:
        """Why the last request could not be stored; forgotten after a while, so that senders come back and try."""
        why, since = self._trouble
        return why if time.monotonic() - since < TROUBLE_SECONDS else ""

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of the public listener; the handler of `web.Server`."""
        found = self._table.find(incoming.rel_url.raw_path, self.catalog.services)
        if found is None:
            return problem(404, "Not Found", "no route of this name; the path is /in/{route}")
        route, path_secret = found
        try:
            return await self._accept(incoming, route, path_secret)
        except Refused as refused:
            route.answered["refused"].inc()
            _log.info("refused", route=route.name, status=refused.status, why=refused.detail or refused.title)
            return problem(refused.status, refused.title, refused.detail)
        except JournalError as error:
            self._trouble = (str(error), time.monotonic())
            route.answered["broken"].inc()
            route.unstored.inc()
            _log.error("not stored", route=route.name, why=str(error))
            return problem(503, "Service Unavailable", "the request cannot be stored now", {"Retry-After": RETRY_AFTER})

    async def _accept(self, incoming: web.BaseRequest, route: Route, path_secret: str) -> web.StreamResponse:
        service = self.catalog.services[route.service_key]
        body = await read_body(incoming, route.body_limit, self._read_timeout)
        started = time.perf_counter()
        route.bytes_received.inc(len(body))
        request = as_request(incoming, body, path_secret, self._public_url)
        plain, scheme, refusal = self._proof(route, service, request)
        if (service.handshake or not body) and (reply := self._handshake(route, service, request, plain, refusal)):
            return reply
        if refusal is not None:
            raise refusal
        if request.method not in _METHODS:
            return problem(405, "Method Not Allowed", "", {"Allow": handshake.METHODS})
        reading = interpret(service, request, plain, route.wishes, self._limits)
        route.translating.observe(time.perf_counter() - started)
        now = time.time()
        # Ids grow with time, which keeps the journal's index small to write; the rest only has to differ.
        event_id = f"{int(now * 1000):011x}{random.getrandbits(64):016x}"
        appended = await self._store(entry(event_id, now, route, service, request, reading, scheme, self._places))
        self._offer(appended.deliveries)
        self._count(route, reading, appended)
        self._accepting.observe(time.perf_counter() - started)
        return _answer(reading, appended)

    async def _store(self, fresh: Entry) -> Appended:
        if self._waiting >= WAITING:
            raise JournalError(f"{WAITING} requests wait for the journal already")
        self._waiting += 1
        try:
            appended = await self._journal.append(fresh)
        finally:
            self._waiting -= 1
        self._trouble = ("", 0.0)
        return appended

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

    def _handshake(
        self, route: Route, service: Service, request: Request, plain: bytes, refusal: Refused | None
    ) -> web.Response | None:
        value = decode(request, plain, route.wishes.depth).value if plain else MISSING
        secrets = [*route.secrets, *self._learned.of(route.name)]
        reply = handshake.answer(service.handshake, request, value, secrets, authentic=refusal is None)
        if reply is None:
            return None
        if reply.effect is not handshake.Effect.NONE:
            self._learned.act(route.name, reply)
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


def problem(status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """Problem details, RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/problem+json", headers=headers
    )


def _answer(reading: Reading, appended: Appended) -> web.Response:
    outcome = "duplicate" if appended.duplicate else reading.outcome.value
    body = {"id": appended.event_id, "outcome": outcome, "translator": reading.translator}
    status = 202 if appended.deliveries else 200
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
