"""One trace for each event, from the request to the post, as the rest of the gateway knows it.

The gateway tells what it does in its own words; `tracing_otel` makes spans of that, `OFF` makes nothing of it.
Acceptance and delivery share no object: a trace goes from one to the other as the traceparent in the parcel (W3C Trace
Context), and so it holds over a restart. A traceparent here is that of a trace which is recorded, or empty.
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
"""The traceparent of the span for which the running task works."""

_EXTRA: Final = "opentelemetry.exporter.otlp.proto.http"


class RequestSpan(Protocol):
    """The answering of one request. Times are those of `time.perf_counter`."""

    traceparent: str

    def begin(self, headers: Mapping[str, str]) -> None:
        """The request may come in. Its trace goes on from that of the headers (lower-case names) if they have one.

        Give no headers where nothing proves who sent them: nobody else decides what is recorded.
        """

    def step(self, name: str, started: float, ended: float) -> None:
        """Tell of one part of the work, after `begin`."""

    def event(self, event_id: str, outcome: str, translator: str) -> None:
        """Tell what became of the request."""

    def end(self, status: int) -> None:
        """The request is answered. One that never began was refused: a few of these get traces of their own."""


class AttemptSpan(Protocol):
    """One attempt at one delivery."""

    def end(self, result: Result) -> None:
        """The attempt is over."""


class Tracer(Protocol):
    """Takes notes of requests and attempts. Nothing of it blocks or raises.

    `middlewares` are for the HTTP clients of senders, so that the servers they speak to can go on with the trace.
    """

    middlewares: Sequence[ClientMiddlewareType]

    def request(self, method: str, pattern: str, route: str, service: str) -> RequestSpan:
        """A request to a route has arrived; `pattern` is the path of all such routes: `/in/{route}`."""

    def attempt(self, destination: str, delivery: Delivery) -> AttemptSpan:
        """An attempt starts in the running task, as a part of the trace of the delivery."""

    async def close(self, grace: float) -> None:
        """Bring out what was noted, within `grace` seconds."""


class _NoSpan:
    """A request or an attempt that is not recorded."""

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


def exemplar(traceparent: str) -> dict[str, str] | None:
    """The labels that lead from a bucket of a histogram to a trace; None when there is no trace."""
    return {"trace_id": trace_id(traceparent)} if traceparent else None


async def pass_on(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Send the traceparent of the running task with a request: the middleware of HTTP clients."""
    if traceparent := current.get():
        request.headers["traceparent"] = traceparent
    return await handler(request)


def faults(settings: Settings) -> list[Fault]:
    """Why these settings cannot be traced; empty when they can, or need not."""
    if settings.tracing is None or _installed():
        return []
    remedy = "pip install 'mattergate[otel]', or leave the table out"
    return [settings.source.fault(("tracing",), "needs OpenTelemetry, which is not installed", remedy)]


def _installed() -> bool:
    try:
        return find_spec(_EXTRA) is not None
    except ModuleNotFoundError:  # of a package around it
        return False
