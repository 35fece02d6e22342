"""The admin listener: metrics for Prometheus (also OpenMetrics), liveness and readiness."""

from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web
from prometheus_client.exposition import choose_encoder

from gateway.metrics import Metrics

States = Mapping[str, tuple[str, str]]


def application(metrics: Metrics, why_not: Callable[[], str], states: Callable[[], States]) -> web.Application:
    """`why_not` says why requests cannot be stored, "" when they can; `states` how each destination stands and why."""

    async def show_metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": content_type})

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        """503 when requests cannot be stored. A broken destination is shown but keeps nobody out: its messages wait."""
        why = why_not()
        destinations = {
            name: {"state": state, "why": reason} if reason else {"state": state}
            for name, (state, reason) in states().items()
        }
        body = {"ready": not why, "destinations": destinations} | ({"why": why} if why else {})
        return web.Response(status=503 if why else 200, body=msgspec.json.encode(body), content_type="application/json")

    app = web.Application()
    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    return app
