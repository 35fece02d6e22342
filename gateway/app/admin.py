"""The admin listener: the console, metrics for Prometheus (also OpenMetrics), liveness and readiness.

`/healthz` and the status of `/readyz` need no token, for probes. `/metrics` and the reasons of `/readyz` need one,
unless `[admin] open_metrics = true` or no token is set. Both answer without a token only to a host that is expected
(`Admin.answers_to`); `/healthz` says nothing, and answers to any.
"""

import asyncio
import logging

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client.exposition import choose_encoder

from gateway.console import application as console
from gateway.console.port import Gateway
from gateway.console.web.guard import Access, Face, visitor_of
from gateway.errors import Refused
from gateway.observe.metrics import Metrics
from gateway.observe.series import Snapshot


def application(metrics: Metrics, gateway: Gateway) -> web.Application:
    """Build the application of the admin listener: the console, metrics, liveness and readiness."""

    def may_look(request: web.Request) -> bool:
        return gateway.settings.admin.open_metrics or visitor_of(request) is not None

    async def show_metrics(request: web.Request) -> web.Response:
        if not may_look(request):
            raise Refused(401, "Unauthorized", "send Authorization: Bearer TOKEN, or set [admin] open_metrics = true")
        try:
            encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        except (TypeError, ValueError):  # a malformed version in it: the header is ignored
            encode, content_type = choose_encoder("")
        # 5 us a sample: the series of 200 routes would hold the event loop for 30 to 50 ms
        body = await asyncio.to_thread(encode, Snapshot(metrics.registry))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.Response:
        """Answer 503 when requests cannot be stored. A destination in trouble is shown only: its messages wait."""
        why = gateway.trouble()
        body: dict[str, object] = {"ready": not why}
        if may_look(request):
            body["destinations"] = {
                name: {"state": one.state, "why": one.why} if one.why else {"state": one.state}
                for name, one in gateway.destinations().items()
            }
            body |= {"why": why} if why else {}
        return web.Response(status=503 if why else 200, body=msgspec.json.encode(body), content_type="application/json")

    app = console.application(gateway)
    guard = app[console.GUARD]
    guard.route(app, "GET", "/metrics", show_metrics, Access(Face.API, named=True))
    guard.route(app, "GET", "/healthz", healthz, Access(Face.API, known=False))
    guard.route(app, "GET", "/readyz", readyz, Access(Face.API, named=True))
    return app


class _WithoutStrangers(logging.Filter):
    """Drops what is no HTTP: anybody can send it, and its traceback shows the bytes of the head, cookies included."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


def logger() -> logging.Logger:
    """The logger of the server of the console."""
    made = logging.getLogger("gateway.console.server")
    made.filters = [_WithoutStrangers()]
    return made
