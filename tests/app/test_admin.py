"""The admin listener for programs: metrics in both formats, liveness and readiness, and who may see what of them."""

import asyncio
import json
import threading

import pytest
from aiohttp.http_exceptions import BadHttpMessage
from prometheus_client import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from gateway.app.admin import logger
from gateway.ingress.acceptance import Acceptance
from tests.conftest import eventually
from tests.console.conftest import GUARDED, READ_TOKEN, ROUTES, TOKEN


class Got:
    """An answer, read whole."""

    def __init__(self, status: int, text: str, content_type: str) -> None:
        self.status = status
        self.text = text
        self.content_type = content_type

    def json(self):
        """The body as JSON."""
        return json.loads(self.text)


class Listener:
    """The admin listener of a gateway, as a program asks it."""

    def __init__(self, gateway) -> None:
        self.gateway = gateway

    async def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        """Ask for a path; redirects are not followed."""
        async with self.gateway.session.request(
            method, self.gateway.running.admin + path, headers=headers, allow_redirects=False
        ) as response:
            return Got(response.status, await response.text(), response.headers.get("Content-Type", ""))


async def test_probes_need_no_token_and_learn_no_more_than_they_need(start):
    """/healthz and the bare answer of /readyz are open; metrics and reasons take a token."""
    listener = Listener(await start(tables=GUARDED))
    assert (await listener.get("/healthz")).text == "ok\n"
    assert (await listener.get("/readyz")).json() == {"ready": True}
    assert (await listener.get("/metrics")).status == 401
    for token in (TOKEN, READ_TOKEN):
        named = {"Authorization": f"Bearer {token}"}
        assert "mattergate_requests_total" in (await listener.get("/metrics", **named)).text
        assert (await listener.get("/readyz", **named)).json()["destinations"] == {"ops": {"state": "healthy"}}
    assert (await listener.get("/healthz", method="HEAD")).status == 200


async def test_metrics_can_be_opened_by_a_setting(start):
    """Inside a cluster, [admin] open_metrics shows /metrics and the whole of /readyz to everybody, and nothing else."""
    listener = Listener(await start(tables='[admin]\ntoken = "another-token-of-the-tests"\nopen_metrics = true\n'))
    assert "mattergate_requests_total" in (await listener.get("/metrics")).text
    assert "destinations" in (await listener.get("/readyz")).json()
    assert (await listener.get("/")).status == 303


@pytest.mark.parametrize(
    ("accept", "content_type", "parse"),
    [
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0", open_metrics),
        ("text/plain", "text/plain; version=", text_string_to_metric_families),
        ("*/*", "text/plain; version=", text_string_to_metric_families),
        (
            "application/openmetrics-text; version=abc; escaping=zzz",
            "text/plain; version=",
            text_string_to_metric_families,
        ),
        (";;;,,,", "text/plain; version=", text_string_to_metric_families),
    ],
)
async def test_metrics_come_as_the_scraper_asks(start, accept, content_type, parse):
    """OpenMetrics where it is understood, else Prometheus' own text; what asks oddly gets the latter."""
    found = await Listener(await start(ROUTES)).get("/metrics", Accept=accept)
    assert (found.status, found.content_type.startswith(content_type)) == (200, True)
    assert {"mattergate_requests", "mattergate_queue_depth"} <= {family.name for family in parse(found.text)}


async def test_a_large_scrape_holds_up_nothing_else(start, monkeypatch):
    """While the text of the metrics is written the gateway goes on; the text shows the moment of the question."""
    listener = Listener(await start(ROUTES))
    began, go_on = threading.Event(), threading.Event()

    def slow(registry):
        began.set()
        assert go_on.wait(20)
        return generate_latest(registry)

    monkeypatch.setattr("gateway.app.admin.choose_encoder", lambda _: (slow, "text/plain"))
    scrape = asyncio.create_task(listener.get("/metrics"))
    await eventually(began.is_set)
    assert (await listener.get("/healthz")).text == "ok\n"
    listener.gateway.running.metrics.refusals.labels("rate").inc()
    go_on.set()
    assert 'mattergate_refusals_total{cause="rate"} 0.0\n' in (await scrape).text


async def test_a_gateway_that_cannot_store_is_not_ready(start, monkeypatch):
    """503 with the reason for whoever may know it; it is alive all the same, and ready again when it can."""
    gateway = await start(tables=GUARDED)
    listener, named = Listener(gateway), {"Authorization": f"Bearer {READ_TOKEN}"}
    monkeypatch.setattr(Acceptance, "trouble", "the disk is full")
    stranger, known = await listener.get("/readyz"), await listener.get("/readyz", **named)
    assert (stranger.status, stranger.json()) == (503, {"ready": False})
    assert (known.status, known.json()["why"]) == (503, "the disk is full")
    assert (await listener.get("/healthz")).status == 200
    monkeypatch.undo()
    assert (await listener.get("/readyz")).json() == {"ready": True}


@pytest.mark.parametrize(("status", "state"), [(503, "held"), (400, "failing")])
async def test_a_destination_in_trouble_keeps_nobody_out(start, status, state):
    """It is told with its reason, which holds no secret, and the gateway is ready: messages wait."""
    gateway = await start(ROUTES, tables=GUARDED)
    gateway.standin.fail_next(1000, status)
    for number in range(8):
        await gateway.github("push", {"ref": "x", "repository": {"full_name": f"a/{number}"}}, f"d{number}")
    listener, states = Listener(gateway), gateway.running._running.destinations
    await eventually(lambda: states()["ops"].state == state, 20)
    found = await listener.get("/readyz", Authorization=f"Bearer {TOKEN}")
    assert (found.status, found.json()["ready"], found.json()["destinations"]["ops"]["state"]) == (200, True, state)
    assert f"{status}: " in found.json()["destinations"]["ops"]["why"]
    assert gateway.hook.rpartition("/")[2] not in found.text


def test_what_is_no_http_is_not_logged(caplog):
    """Anybody can send it, and its traceback would show a cookie; what else goes wrong is logged."""
    made = logger()
    for error in (BadHttpMessage("Invalid header value: Cookie: session=1"), RuntimeError("a fault")):
        made.error("Error handling request", exc_info=error)
    assert [record.exc_info[1].args for record in caplog.records] == [("a fault",)]
