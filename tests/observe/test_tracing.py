"""One trace for each event: what a real collector gets of requests and deliveries, and what it never gets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gateway.observe.tracing import OFF, trace_id
from tests.conftest import PATIENCE
from tests.observe.conftest import BEARER, HOOK, PARENT, REQUEST


async def test_a_trace_goes_from_the_request_to_the_post(traced, collector):
    """Request, its steps and the delivery are spans of one trace, each inside the one that caused it."""
    gateway = await traced()
    status, answer = await gateway.post("/in/items", {"number": 1}, **BEARER)
    [delivery] = await collector.got("deliver ops")
    [request] = await collector.got(REQUEST)
    steps = [(await collector.got(name))[0] for name in ("verify", "translate", "journal")]
    assert {span.trace for span in collector.spans} == {request.trace}
    assert (request.parent, request.kind, request.failed) == ("", 2, False)
    assert {span.parent for span in (*steps, delivery)} == {request.id}
    assert request.started <= steps[0].started <= steps[0].ended <= steps[1].started <= steps[2].ended <= request.ended
    assert request.said == {
        "http.request.method": "POST",
        "http.route": "/in/{route}",
        "http.response.status_code": status,
        "mattergate.route": "items",
        "mattergate.service": "generic",
        "mattergate.event.id": answer["id"],
        "mattergate.outcome": "message",
        "mattergate.translator": "generic",
    }
    assert (delivery.kind, delivery.failed) == (3, False)
    assert delivery.said == {
        "mattergate.destination": "ops",
        "mattergate.event.id": answer["id"],
        "mattergate.delivery.seq": 1,
        "mattergate.attempt": 1,
        "mattergate.result": "delivered",
        "http.response.status_code": 200,
    }
    assert request.resource["service.name"] == "mattergate"


async def test_the_trace_of_an_authentic_sender_goes_on(traced, collector):
    """The W3C trace context of an authentic request is that of its spans."""
    gateway = await traced("sample = 0")
    await gateway.post("/in/items", {"number": 1}, traceparent=PARENT, **BEARER)
    [request] = await collector.got(REQUEST)
    assert (request.trace, request.parent) == (trace_id(PARENT), PARENT[36:52])
    assert (await collector.got("deliver ops"))[0].trace == request.trace


async def test_a_sender_may_say_that_a_trace_is_not_recorded(traced, collector):
    """A trace context without the sampled flag leaves nothing at the collector."""
    gateway = await traced()
    await gateway.post("/in/items", {"number": 1}, traceparent=PARENT[:-2] + "00", **BEARER)
    await gateway.post("/in/items", {"number": 2}, **BEARER)
    assert len(await collector.got(REQUEST)) == 1
    await collector.got("deliver ops")
    assert trace_id(PARENT) not in {span.trace for span in collector.spans}
    assert len(collector.named("deliver ops")) == 1


async def test_a_repeat_is_traced_and_names_the_first_event(traced, collector):
    """A duplicate has a trace of its own, with the id of the event that it repeats, and no delivery."""
    gateway = await traced()
    _, answer = await gateway.post("/in/items", {"number": 1}, **BEARER)
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    first, second = await collector.got(REQUEST, 2)
    assert second.said["mattergate.outcome"] == "duplicate"
    assert second.said["mattergate.event.id"] == first.said["mattergate.event.id"] == answer["id"]
    assert second.trace != first.trace


async def test_the_request_to_mattermost_carries_the_trace(traced, collector):
    """The post goes out with the traceparent of its attempt, so that a proxy before Mattermost can go on with it."""
    seen = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request.headers.get("traceparent"))
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_post("/hooks/{id}", take)
    async with TestServer(application) as proxy:
        route = '[routes.proxied]\nservice = "generic"\ndestinations = ["proxy"]\nallow_unsigned = true\n'
        hook = f'[destinations.proxy]\nhook = "{proxy.make_url("/hooks/" + HOOK)}"\n'
        gateway = await traced(tables=route + hook)
        await gateway.post("/in/proxied", {"number": 1})
        [delivery] = await collector.got("deliver proxy")
    assert [one.rpartition("-")[0] for one in seen] == [f"00-{delivery.trace}-{delivery.id}"]


async def test_histograms_lead_to_traces(traced, collector):
    """Both latency histograms have exemplars with the trace in OpenMetrics, and none in the other format."""
    gateway = await traced()
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    [delivery] = await collector.got("deliver ops")
    async with gateway.session.get(
        gateway.running.admin + "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    ) as response:
        families = {family.name: family for family in text_string_to_metric_families(await response.text())}
    for name in ("mattergate_accept_seconds", "mattergate_delivery_seconds"):
        found = [sample.exemplar for sample in families[name].samples if sample.exemplar]
        assert [one.labels for one in found] == [{"trace_id": delivery.trace}]
    assert delivery.trace not in (await gateway.admin("/metrics"))[1]


def test_off_is_nothing():
    """Without a trace, there is neither a span nor a traceparent, and nothing has to be closed."""
    span = OFF.request("POST", "/in/{route}", "items", "generic")
    span.begin({"traceparent": PARENT})
    assert span.traceparent == ""


SERVED = """
import asyncio, sys
from pathlib import Path
import aiohttp
from gateway import settings
from gateway.app.app import running
from gateway.cli import app

async def serve():
    async with running(settings.load(Path("mattergate.toml"), {})) as gateway, aiohttp.ClientSession() as session:
        async with session.post(gateway.public + "/in/open", json={}) as response:
            assert response.status == 202

asyncio.run(serve())
print(sorted(name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "google", "requests")))
"""
MINIMAL = """
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[destinations.ops]
hook = "http://127.0.0.1:9/hooks/aaaaaaaaaaaaaaaaaaaaaaaaaa"
[routes.open]
service = "generic"
destinations = ["ops"]
allow_unsigned = true
"""


def _python(code: str, folder: Path) -> subprocess.CompletedProcess:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=5 * PATIENCE, check=False
    )


def test_off_imports_nothing(tmp_path):
    """A gateway without [tracing] that has served a request has loaded no module of OpenTelemetry."""
    (tmp_path / "mattergate.toml").write_text(MINIMAL)
    done = _python(SERVED, tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["[]"]), done.stderr


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_missing_extra_is_told_with_what_to_do(tmp_path, command):
    """Without OpenTelemetry, [tracing] is a fault with its line, and with the command that installs it."""
    (tmp_path / "mattergate.toml").write_text(MINIMAL + "[tracing]\n")
    without = "import sys; sys.modules['opentelemetry'] = None; from gateway.__main__ import main; "
    done = _python(f"{without} sys.argv = ['mattergate', {command!r}]; main()", tmp_path)
    assert done.returncode == 1
    assert "mattergate.toml:11: tracing: needs OpenTelemetry, which is not installed" in done.stdout + done.stderr
    assert "pip install 'mattergate[otel]'" in done.stdout + done.stderr
