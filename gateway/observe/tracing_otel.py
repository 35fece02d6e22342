"""Tracing by OpenTelemetry: spans are exported to a collector over OTLP/HTTP.

    RequestSpan, AttemptSpan --ended--> queue of the SDK --its own thread, in batches--> collector

The queue is bounded and drops surplus spans: a collector that is slow or down costs spans and nothing else. The
standard variables (OTEL_EXPORTER_OTLP_HEADERS, _CERTIFICATE, _TIMEOUT, OTEL_BSP_*, OTEL_RESOURCE_ATTRIBUTES, ...)
apply. Names of attributes are those of the semantic conventions for HTTP, and `mattergate.*` where these have none. No
attribute contains a URL, a header, or any part of a payload.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import ClientMiddlewareType
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway import __version__
from gateway.model import Delivered, Delivery, Later, Result
from gateway.observe import logs
from gateway.observe.tracing import NO_SPAN, AttemptSpan, RequestSpan, current, pass_on
from gateway.secret import redact
from gateway.settings.tables import Tracing

STRANGERS: Final = 1.0
"""Seconds between traces of refused requests: unauthenticated senders must not fill the collector."""

TELLING: Final = 60.0
"""Seconds between log lines about problems of the same part of OpenTelemetry."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_PATH: Final = "/v1/traces"
_propagator = TraceContextTextMapPropagator()
_log = logs.get("tracing")


class OtelTracer:
    """The tracer of a gateway with [tracing]; construction starts the thread that exports."""

    middlewares: Sequence[ClientMiddlewareType] = (pass_on,)

    def __init__(self, settings: Tracing) -> None:
        _redirect_sdk_log()
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample)), resource=_resource(), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(settings.endpoint and settings.endpoint.removesuffix(_PATH) + _PATH)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("mattergate", __version__)
        self._next_stranger = 0.0

    def request(self, method: str, pattern: str, route: str, service: str) -> RequestSpan:
        """See Tracer."""
        known = method in _METHODS
        return _Request(
            self,
            f"{method if known else 'HTTP'} {pattern}",
            {
                "http.request.method": method if known else "_OTHER",
                "http.route": pattern,
                "mattergate.route": route,
                "mattergate.service": service,
            },
        )

    def attempt(self, destination: str, delivery: Delivery) -> AttemptSpan:
        """See Tracer."""
        if not delivery.trace:
            return NO_SPAN
        attributes: dict[str, str | int] = {
            "mattergate.destination": destination,
            "mattergate.event.id": delivery.event_id,
            "mattergate.delivery.seq": delivery.seq,
            "mattergate.attempt": delivery.attempts + 1,
        }
        headers = {"traceparent": delivery.trace}
        return _Attempt(self.start_span(f"deliver {destination}", SpanKind.CLIENT, headers, attributes))

    def start_span(
        self,
        name: str,
        kind: SpanKind,
        headers: Mapping[str, str],
        attributes: Mapping[str, str | int],
        started: int | None = None,
    ) -> Span:
        """Start a span, inside that of the headers if they name one. `started` is epoch nanoseconds; None: now."""
        parent = _propagator.extract(headers, Context())
        return self._tracer.start_span(name, parent, kind, attributes, start_time=started)

    def record_span(self, name: str, parent: Span, started: int, ended: int) -> None:
        """Record a span that has already ended, inside another one. Times are epoch nanoseconds."""
        self._tracer.start_span(name, set_span_in_context(parent, Context()), start_time=started).end(ended)

    def admits_stranger(self) -> bool:
        """Whether a refused request may be recorded now."""
        now = time.monotonic()
        if now < self._next_stranger:
            return False
        self._next_stranger = now + STRANGERS
        return True

    async def close(self, grace: float) -> None:
        """See Tracer. The SDK waits half a minute for a collector that hangs: after `grace` its thread is abandoned."""
        closing = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, grace)


class _Request:
    """A request; `begin` creates its span, which knows its trace only then, with the time of the request's arrival."""

    def __init__(self, tracer: OtelTracer, name: str, attributes: dict[str, str | int]) -> None:
        self.traceparent = ""
        self._tracer = tracer
        self._name = name
        self._attributes = attributes
        self._arrived = time.perf_counter()
        self._epoch = time.time() - self._arrived
        self._begun = False
        self._span: Span | None = None

    def begin(self, headers: Mapping[str, str]) -> None:
        """See RequestSpan."""
        self._begun = True
        arrived = self._nanoseconds(self._arrived)
        span = self._tracer.start_span(self._name, SpanKind.SERVER, headers, self._attributes, arrived)
        if span.is_recording():
            self._span = span
            self.traceparent = _traceparent(span)
            current.set(self.traceparent)

    def step(self, name: str, started: float, ended: float) -> None:
        """See RequestSpan."""
        if self._span is not None:
            self._tracer.record_span(name, self._span, self._nanoseconds(started), self._nanoseconds(ended))

    def event(self, event_id: str, outcome: str, translator: str) -> None:
        """See RequestSpan."""
        if self._span is not None:
            attributes = {"event.id": event_id, "outcome": outcome, "translator": translator}
            self._span.set_attributes({f"mattergate.{key}": value for key, value in attributes.items() if value})

    def end(self, status: int) -> None:
        """See RequestSpan."""
        if not self._begun and self._tracer.admits_stranger():
            self.begin({})
        if self._span is None:
            return
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
        current.set("")

    def _nanoseconds(self, moment: float) -> int:
        return int((self._epoch + moment) * 1e9)


class _Attempt:
    """An attempt; requests and log lines of its task belong to its trace until it ends."""

    def __init__(self, span: Span) -> None:
        self._span = span
        current.set(_traceparent(span))

    def end(self, result: Result) -> None:
        """See AttemptSpan."""
        if isinstance(result, Delivered):
            self._span.set_attribute("mattergate.result", "delivered")
        else:
            self._span.set_attribute("mattergate.result", "later" if isinstance(result, Later) else "never")
            self._span.set_attribute("error.type", result.code)
            self._span.set_status(Status(StatusCode.ERROR, redact(result.reason)))
        if result.status:
            self._span.set_attribute("http.response.status_code", result.status)
        self._span.end()
        current.set("")


def _resource() -> Resource:
    """The resource: service name mattergate, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES set another."""
    found = Resource.create({"service.version": __version__})
    named = not str(found.attributes.get("service.name", "")).startswith("unknown_service")
    return found if named else found.merge(Resource({"service.name": "mattergate"}))


def _traceparent(span: Span) -> str:
    """The W3C Trace Context header for children of a span; empty for one that is not recorded."""
    context = span.get_span_context()
    if not context.trace_flags.sampled:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


class _RateLimitedHandler(logging.Handler):
    """Logs problems that OpenTelemetry reports: one line a minute for each of its loggers."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._next: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record of a logger, and then none of the same logger for a while."""
        now = time.monotonic()
        if now < self._next.get(record.name, 0.0):
            return
        self._next[record.name] = now + TELLING
        # opentelemetry.util reads the variables and logs their values, among them the credentials of the collector.
        secret = record.name.startswith("opentelemetry.util")
        _log.warning("tracing has a problem", why="an OTEL_ variable is malformed" if secret else record.getMessage())


def _redirect_sdk_log() -> None:
    """Send the log of OpenTelemetry to the log of the gateway alone, limited in rate."""
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.handlers[:] = [_RateLimitedHandler()]
