"""The interface for tracing: one trace for each event, from the request to the post.

The gateway reports its steps to a Tracer; `tracing_otel` makes spans of them, `OFF` ignores them. Acceptance and
delivery share no object: the trace is passed on as the traceparent in the parcel (W3C Trace Context), and so it
survives a restart. A traceparent here belongs to a trace that is recorded, or is empty.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Final, Protocol

from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from gateway.errors import Fault
from gateway.model import Delivery, Result
from gateway.settings import Settings

current: ContextVar[str] = ContextVar("traceparent", default="")
"""The traceparent of the running task's span."""

_EXTRA: Final = "opentelemetry.exporter.otlp.proto.http"


class RequestSpan(Protocol):
    """The span of one request. Times are those of `time.perf_counter`."""

    traceparent: str

    def begin(self, headers: Mapping[str, str]) -> None:
        """Start the span of an admitted request, in the trace of the headers (lower-case names) if they name one.

        Pass no headers for an unauthenticated request: a stranger must not decide what is recorded.
        """

    def step(self, name: str, started: float, ended: float) -> None:
        """Record one step of the work, after `begin`."""

    def event(self, event_id: str, outcome: str, translator: str) -> None:
        """Record the event that the request became."""

    def end(self, status: int) -> None:
        """End the span: the request is answered. Without `begin` it was refused, and few of those are recorded."""


class AttemptSpan(Protocol):
    """The span of one delivery attempt."""

    def end(self, result: Result) -> None:
        """End the span with the result of the attempt."""


class Tracer(Protocol):
    """Records requests and attempts. Its methods neither block nor raise.

    `middlewares` are for the HTTP clients of senders, and pass the trace on to the servers.
    """

    middlewares: Sequence[ClientMiddlewareType]

    def request(self, method: str, pattern: str, route: str, service: str) -> RequestSpan:
        """Return the span of a request that arrived; `pattern` is the path of all such routes: `/in/{route}`."""

    def attempt(self, destination: str, delivery: Delivery) -> AttemptSpan:
        """Start the span of an attempt in the running task, in the trace of the delivery."""

    async def close(self, grace: float) -> None:
        """Export the recorded spans, within `grace` seconds."""


class _NoSpan:
    """The span of a request or an attempt that is not recorded."""

    traceparent = ""

    def begin(self, headers: Mapping[str, str]) -> None:
        pass

    def step(self, name: str, started: float, ended: float) -> None:
        pass

    def event(self, event_id: str, outcome: str, translator: str) -> None:
        pass

    def end(self, outcome: int | Result) -> None:
        pass


NO_SPAN: Final = _NoSpan()


class _Off:
    """The tracer of a gateway without [tracing]."""

    middlewares: Sequence[ClientMiddlewareType] = ()

    def request(self, method: str, pattern: str, route: str, service: str) -> RequestSpan:  # noqa: ARG002
        return NO_SPAN

    def attempt(self, destination: str, delivery: Delivery) -> AttemptSpan:  # noqa: ARG002
        return NO_SPAN

    async def close(self, grace: float) -> None:
        pass


OFF: Final = _Off()


def trace_id(traceparent: str) -> str:
    """The trace that a traceparent belongs to, as 32 hexadecimal digits."""
    return traceparent[3:35]


async def pass_on(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Send the traceparent of the running task with a request: a middleware of HTTP clients."""
    if traceparent := current.get():
        request.headers["traceparent"] = traceparent
    return await handler(request)


def faults(settings: Settings) -> list[Fault]:
    """The faults that prevent tracing by these settings; empty without [tracing]."""
    if settings.tracing is None or _is_installed():
        return []
    remedy = "pip install 'mattergate[otel]', or leave the table out"
    return [settings.source.fault(("tracing",), "needs OpenTelemetry, which is not installed", remedy)]


def _is_installed() -> bool:
    try:
        return find_spec(_EXTRA) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False
