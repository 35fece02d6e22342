"""The handler of the public listener: it answers a request when its event is durable, and never waits for Mattermost.

The order of the steps is that of `_accept`: find the route, read, judge (`pipeline.judge`), journal, answer. Errors are
answered as problem details (RFC 9457) without a secret, a hook id or a stack.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from aiohttp import web
from msgspec import Struct

from gateway.acts.snoozing import Snoozing
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.delivery.addresses import Addresses
from gateway.errors import JournalError, Refused
from gateway.ingress.acceptance import size_of
from gateway.ingress.answers import problem
from gateway.ingress.body import arrived_body, read_body
from gateway.ingress.budget import Budget
from gateway.ingress.captures import Capture, Captures, unknown
from gateway.ingress.clock import Clock
from gateway.ingress.clues import LARGEST, Clues
from gateway.ingress.doors import Accepted, Call, Match, Rejected
from gateway.ingress.incoming import as_request, knock
from gateway.ingress.judging import Judging
from gateway.ingress.learned import Learned
from gateway.ingress.peers import Peers
from gateway.ingress.recorder import Recorder
from gateway.ingress.refusals import Refusals, cause_of
from gateway.ingress.response import Response
from gateway.ingress.series import RouteSeries, Series
from gateway.ingress.strangers import Strangers
from gateway.ingress.table import RouteTable
from gateway.ingress.workers import Workers
from gateway.journal import Appended, Entry
from gateway.mattermost.fit import Limits
from gateway.model import DRIFT, Cause, Outcome
from gateway.observe import logs
from gateway.observe.metrics import NO_TRANSLATOR, Metrics
from gateway.observe.tracing import OFF, RequestSpan, Tracer
from gateway.outbound.keyring import Keyring
from gateway.pipeline.attached import Buttons
from gateway.pipeline.confirmation import confirmation
from gateway.pipeline.entry import Traits, entry, new_id
from gateway.pipeline.interpret import Reading
from gateway.pipeline.judge import METHODS, Judgement
from gateway.pipeline.route import Route
from gateway.settings.tables import Server
from gateway.verify import handshake, masking

RETRY: Final = {"Retry-After": "10"}
"""Seconds after which a sender should try again when the fault is the gateway's."""

CALL_LIMIT: Final = 1_000_000
"""Bytes of a request of Mattermost's by somebody who said or clicked something."""

Answered = Response | web.Response
"""A response of aiohttp answers a handshake: its headers may repeat something of the request."""

_SHARES: Final = 4
"""How many peers with a whole share the memory for unproven bodies has."""

_random = random.Random()  # noqa: S311 - ids are no secrets; the generator of the module belongs to whoever seeds it
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
    `strangers` bounds what is sent to addresses that have never delivered. `budget`, `peers` and `refusals` are those
    of the listener, too; refusals are recorded by `recorder`. `captures` are addresses whose requests become no events.
    `keys` are the public keys that requests are verified with; without them those of other hosts cannot be had.
    `buttons` makes those of messages; without it they have none. `snoozing` knows the subjects that are not told.
    """

    def __init__(  # noqa: PLR0913 - each is another part
        self,
        rules: Rules,
        store: Callable[[Entry], Awaitable[Appended]],
        metrics: Metrics,
        compiled: Callable[[str], Awaitable[Service]],
        learned: Learned | None = None,
        tracer: Tracer = OFF,
        strangers: Strangers | None = None,
        recorder: Recorder | None = None,
        keys: Keyring | None = None,
        buttons: Buttons | None = None,
        snoozing: Snoozing | None = None,
    ) -> None:
        self.buttons = buttons
        self._snoozing = snoozing
        self._snoozed = snoozing.routes if snoozing is not None else {}
        self.budget = Budget(0, 0)
        self.refusals = Refusals(metrics, recorder)
        self.captures = Captures()
        self._clues = Clues()
        self._strangers = strangers or Strangers(Addresses(()))
        self._store = store
        self._compiled = compiled
        self._metrics = metrics
        self._limits = Limits()
        self._accepting = metrics.accept_seconds
        self._learned = learned or Learned()
        self._workers = Workers()
        self._clock = Clock()
        self._judging = Judging(self.budget, self._workers, self._clock, keys, self._limits)
        self._tracer = tracer
        self._series = Series(metrics)
        metrics.unproven_bytes.set_function(lambda: float(self.budget.size))
        self.adopt(rules)

    def adopt(self, rules: Rules) -> None:
        """Use other rules, from the next request on. The series of removed routes end."""
        self.rules = rules
        server = rules.server
        largest = max([server.body_limit, *(route.body_limit for route in rules.table)])
        self.budget.resize(server.unproven_limit, max(server.unproven_limit // _SHARES, largest))
        self.peers = Peers(server.trusted_proxies)
        self._series.keep(rules.table)

    async def handle(self, incoming: web.BaseRequest) -> Answered:
        """Answer one request of the public listener; the handler of `web.Server`."""
        rules = self.rules
        peer = self.peers.of(incoming.remote or "", incoming.headers)
        match = rules.table.find(incoming.rel_url.raw_path)
        if match is None:
            if (call := rules.table.call(incoming.rel_url.raw_path)) is not None:
                return await self._call(incoming, call, peer)
            if (capture := self.captures.at(incoming.rel_url.raw_path)) is not None:
                return await self._capture(incoming, capture, peer)
            refused = _no_route(rules.table, incoming.rel_url.raw_path)
            self.refusals.note(refused, knock(incoming, peer))
            return problem(refused.status, refused.title, refused.detail)
        route = match.route
        span = self._tracer.request(incoming.method, match.door.pattern, route.name, route.service_key)
        status = 500  # for an unexpected error
        try:
            response = await self._answer_refusals(incoming, rules, match, peer, span)
            status = response.status
            return response
        finally:
            span.end(status)

    async def _call(self, incoming: web.BaseRequest, call: Call, peer: str) -> Answered:
        """Answer a request of Mattermost by somebody who said or clicked something."""
        server, asked = self.rules.server, (call.name, call.service)
        try:
            body = arrived_body(incoming, CALL_LIMIT)
            if body is None:
                with self.budget.hold(peer) as held:
                    body = await read_body(incoming, CALL_LIMIT, server.read_timeout, held)
            return await call.answer(as_request(incoming, body, call.path_secret, server.public_url))
        except Refused as refused:
            self.refusals.note(refused, knock(incoming, peer, *asked))
            return problem(refused.status, refused.title, refused.detail, _headers(refused))
        except JournalError as error:
            _log.error("not stored", route=call.name, why=str(error))
            return problem(503, "Service Unavailable", "the request cannot be stored now", RETRY)

    async def _capture(self, incoming: web.BaseRequest, capture: Capture, peer: str) -> Answered:
        """Keep a request that becomes no event; it is neither counted nor noted."""
        server = self.rules.server
        try:
            with self.budget.hold(peer) as held:
                body = await read_body(incoming, capture.room, server.read_timeout, held)
            reply = capture.keep(as_request(incoming, body, "", server.public_url))
        except Refused as refused:
            return problem(refused.status, refused.title, refused.detail, _headers(refused))
        return _of_handshake(reply)

    async def _answer_refusals(
        self, incoming: web.BaseRequest, rules: Rules, match: Match, peer: str, span: RequestSpan
    ) -> Answered:
        route, answer = match.route, match.door.answer
        series = self._series.of(route)
        try:
            self._strangers.knock(route.address, peer)
            return await self._accept(incoming, rules, match, peer, series, span)
        except Refused as refused:
            ours = cause_of(refused) is Cause.DOCUMENTS
            series.answered[Outcome.BROKEN if ours else Outcome.REFUSED].inc()
            self.refusals.note(refused, knock(incoming, peer, route.name, route.service_key))
            return answer(Rejected(refused.status, refused.title, refused.detail, _headers(refused)))
        except JournalError as error:
            series.answered[Outcome.BROKEN].inc()
            series.unstored.inc()
            _log.error("not stored", route=route.name, why=str(error))
            return answer(Rejected(503, "Service Unavailable", "the request cannot be stored now", RETRY))

    async def _accept(
        self,
        incoming: web.BaseRequest,
        rules: Rules,
        match: Match,
        peer: str,
        series: RouteSeries,
        span: RequestSpan,
    ) -> Answered:
        route = match.route
        key = route.service_key
        service = rules.catalog.used(key) or await self._compiled(key)
        body = arrived_body(incoming, route.body_limit)
        if body is None:
            with self.budget.hold(peer) as held:
                body = await read_body(incoming, route.body_limit, rules.server.read_timeout, held)
        started = time.perf_counter()
        series.bytes_received.inc(len(body))
        request = as_request(incoming, body, match.path_secret, rules.server.public_url)
        judged = await self._judging.judge(route, service, request, self._secrets(route), peer)
        proof, refusal, reading = judged.proof, judged.refusal, judged.reading
        if refusal is None:
            span.begin(request.headers if proof else {})
            span.step("verify", judged.started, judged.proven)
        if judged.reply is not None:
            if judged.reply.effect is handshake.Effect.FETCH:
                await self._confirm(rules, route, service, judged, judged.reply, series, span)
            return await self._answer_handshake(route, judged.reply)
        if refusal is not None:
            raise self._with_clue(refusal, rules, route, service, judged.content)
        if reading is None:
            raise Refused(405, "Method Not Allowed", f"an event is sent by {', '.join(sorted(METHODS))}")
        if self._snoozing is not None and route.name in self._snoozed and route.wishes.buttons:
            reading = await self._snoozing.heed(reading, route.name)
        read = time.perf_counter()
        series.translating.observe(read - started)
        span.step("translate", judged.proven, judged.read)
        now = time.time()
        event_id = new_id(now, _random.getrandbits)
        trace, kept = span.traceparent, judged.kept
        fresh = entry(
            event_id, now, route, service, judged.content, reading, proof, rules.traits, trace, kept, self.buttons
        )
        del judged  # the decoded value is large: while the journal writes, the garbage collector would walk it
        appended = await self._store_bounded(fresh, route)
        stored = time.perf_counter()
        span.step("journal", read, stored)
        self._count(route, series, reading, appended)
        outcome = "duplicate" if appended.duplicate else reading.outcome.value
        span.event(appended.event_id, outcome, reading.translator)
        self._accepting.observe(time.perf_counter() - started, span.traceparent)
        pending = bool(fresh.parcels) and not appended.duplicate
        return match.door.answer(Accepted(appended.event_id, outcome, reading.translator, pending, service.answer))

    async def _store_bounded(self, fresh: Entry, route: Route) -> Appended:
        """Store an event; of an address that has never delivered, what waits for it is bounded.

        Raises Refused (503), JournalError.
        """
        if not route.address:
            return await self._store(fresh)
        take_back = self._strangers.admit(route.address, len(fresh.parcels), size_of(fresh))
        try:
            appended = await self._store(fresh)
        except BaseException:
            take_back()
            raise
        if appended.duplicate:
            take_back()
        return appended

    def _with_clue(self, refusal: Refused, rules: Rules, route: Route, service: Service, content: Content) -> Refused:
        """The refusal of a request that nobody vouches for, with the way to find a hint where that is cheap enough."""
        if not (service.described or route.own_schemes):
            return _faulty()
        if refusal.cause == Cause.KEYS:
            refusal.hint = "let the gateway reach that host; the log says what is wrong: `keys not fetched`"
        elif len(content.body) <= LARGEST:
            schemes, secrets, now = route.schemes(service), self._secrets(route), self._clock.moments()[0]
            refusal.clue = partial(
                self._clues.of, refusal.cause, service, schemes, secrets, content, now, rules.catalog
            )
        return refusal

    def _secrets(self, route: Route) -> list[str]:
        """The secrets that a request may be signed with: those of the settings, and the one learned in a handshake."""
        return [secret.reveal() for secret in (*route.secrets, *self._learned.of(route.name))]

    async def _answer_handshake(self, route: Route, reply: handshake.Reply) -> web.Response:
        if reply.effect is not handshake.Effect.NONE:
            await self._learned.act(route.name, reply)
        return _of_handshake(reply)

    async def _confirm(
        self,
        rules: Rules,
        route: Route,
        service: Service,
        judged: Judgement,
        reply: handshake.Reply,
        series: RouteSeries,
        span: RequestSpan,
    ) -> None:
        """Ask for the URL that confirms a subscription, and store how that ended. Raises Refused, JournalError."""
        why = await self._learned.confirmations.confirm(route.name, reply)
        now, secrets, content = time.time(), self._secrets(route), judged.content

        def work() -> tuple[Reading, Entry]:
            reading = confirmation(service, content, route.wishes, self._limits, reply.value, why)
            kept = masking.kept_request(content, route.schemes(service), secrets)
            event_id, trace = new_id(now, _random.getrandbits), span.traceparent
            return reading, entry(
                event_id, now, route, service, content, reading, judged.proof, rules.traits, trace, kept
            )

        reading, fresh = await self._workers.run(route.name, work)
        appended = await self._store_bounded(fresh, route)
        series.answered[reading.outcome].inc()
        span.event(appended.event_id, "duplicate" if appended.duplicate else reading.outcome.value, reading.translator)

    def _count(self, route: Route, series: RouteSeries, reading: Reading, appended: Appended) -> None:
        series.answered[reading.outcome].inc()
        if appended.duplicate:
            series.repeats.inc()
        for piece in reading.pieces:
            translator = piece.translator or NO_TRANSLATOR
            self._metrics.translations.labels(route.service_key, translator, piece.outcome).inc()
            if piece.mismatch:
                self._metrics.schema_mismatch.labels(route.service_key, piece.mismatch).inc()
            if piece.note in DRIFT and not appended.duplicate:
                self._metrics.drift.labels(route.service_key, piece.note).inc()
            if piece.emptied:
                self._metrics.empty_messages.labels(route.service_key, piece.emptied).inc()
            if piece.note:
                _log.warning(
                    "not understood", route=route.name, name=piece.name, why=piece.reason, id=appended.event_id
                )


def _of_handshake(reply: handshake.Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type, headers=reply.headers)


def _faulty() -> Refused:
    detail = "the documents of this service are faulty: nothing says how it signs"
    hint = "`mattergate check` names every fault"
    return Refused(503, "Service Unavailable", detail, cause=Cause.DOCUMENTS, hint=hint)


def _no_route(table: RouteTable, path: str) -> Refused:
    """The refusal of a request that no door takes. Its path may hold a secret, and is not kept."""
    refused = unknown()

    async def near() -> str:
        return table.near(path)

    refused.clue = near
    return refused


def _headers(refused: Refused) -> Mapping[str, str]:
    """The headers of the answer to a refused request."""
    if refused.status == web.HTTPMethodNotAllowed.status_code:
        return {"Allow": handshake.METHODS}
    if refused.retry:
        return {"Retry-After": str(refused.retry)}
    return RETRY if refused.status == web.HTTPServiceUnavailable.status_code else {}
