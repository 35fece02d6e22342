"""One trace for each event: what a real collector gets of requests and deliveries, and what it never gets."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gateway.errors import SettingsError
from gateway.observe.tracing import OFF, exemplar, trace_id

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "a route secret that nobody may see"
ROUTES = f"""
[routes.items]
service = "generic"
destinations = ["ops"]
secrets = ["{SECRET}"]
[routes.github]
service = "github"
destinations = ["ops"]
secrets = ["correct horse battery staple"]
strict = true
[routes.open]
service = "generic"
destinations = ["ops"]
allow_unsigned = true
"""
BEARER = {"Authorization": f"Bearer {SECRET}"}
REQUEST = "POST /in/{route}"
HOOK = "hookhookhookhookhookhook42"


@pytest.fixture
def traced(collector, start):
    """Give a function that runs a gateway that sends its traces to the collector."""

    async def begin(more: str = "", tables: str = ""):
        return await start(ROUTES, tables=f'[tracing]\nendpoint = "{collector.url}"\n{more}\n{tables}')

    return begin


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


async def test_every_attempt_is_a_span_and_says_how_it_ended(traced, collector):
    """An attempt that fails is a failed span with the reason; the next one stands beside it, inside the request."""
    gateway = await traced()
    gateway.standin.fail_next(1, 500)
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    first, second = await collector.got("deliver ops", 2)
    assert (first.failed, first.said["mattergate.result"], first.said["mattergate.attempt"]) == (True, "later", 1)
    assert first.said["http.response.status_code"] == 500
    assert first.why.startswith("500: ")
    assert (second.failed, second.said["mattergate.result"], second.said["mattergate.attempt"]) == (
        False,
        "delivered",
        2,
    )
    assert first.parent == second.parent == (await collector.got(REQUEST))[0].id


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


@pytest.mark.parametrize("path", ["/in/items", "/in/open", f"/hooks/{HOOK}/generic"])
async def test_nobody_unproven_decides_what_is_recorded(traced, collector, path):
    """The trace context of a request that nothing proves is passed over, whether it is refused or taken."""
    gateway = await traced(tables='[passthrough]\nserver = "{mattermost}"')
    await gateway.post(path, {"number": 1}, traceparent=PARENT)
    [request] = await collector.got("POST /hooks/{hook}/{service}" if "hooks" in path else REQUEST)
    assert request.parent == ""
    assert request.trace != trace_id(PARENT)


async def test_refused_requests_do_not_fill_the_collector(traced, collector):
    """Of many requests refused within a second, one is traced, and tells no more than the answer did."""
    gateway = await traced()
    for _ in range(20):
        assert (await gateway.post("/in/items?token=guess", {"number": 1}))[0] == 401
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    requests = await collector.got(REQUEST, 2)
    assert [span.said["http.response.status_code"] for span in requests] == [401, 202]
    assert not requests[0].failed


async def test_a_request_refused_for_its_content_is_traced(traced, collector):
    """An authentic request that strict translation refuses is traced like any other."""
    gateway = await traced()
    assert (await gateway.github("unheard-of", {"number": 1}, "d-1"))[0] == 422
    [request] = await collector.got(REQUEST)
    assert request.said["http.response.status_code"] == 422
    assert "mattergate.event.id" not in request.said


async def test_a_repeat_is_traced_and_names_the_first_event(traced, collector):
    """A duplicate has a trace of its own, with the id of the event that it repeats, and no delivery."""
    gateway = await traced()
    _, answer = await gateway.post("/in/items", {"number": 1}, **BEARER)
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    first, second = await collector.got(REQUEST, 2)
    assert second.said["mattergate.outcome"] == "duplicate"
    assert second.said["mattergate.event.id"] == first.said["mattergate.event.id"] == answer["id"]
    assert second.trace != first.trace


async def test_no_secret_and_no_payload_reaches_the_collector(traced, collector):
    """Whatever path, query, headers and body hold, and whatever the destination answers, no span repeats it."""
    gateway = await traced(tables='[passthrough]\nserver = "{mattermost}"')
    body = {"text": "private text", "private key": "private user"}
    await gateway.post(f"/in/items/{SECRET}?token={SECRET}&q=private", body)
    await gateway.post(f"/hooks/{HOOK}/generic", body, X_Private="private header")
    await gateway.post("/in/items/a-private-guess", body)
    await collector.got(REQUEST, 2)
    await collector.got("deliver passthrough")
    await collector.got("deliver ops")
    seen = "".join(span.text for span in collector.spans)
    hook = gateway.hook.rpartition("/")[2]
    for secret in (SECRET, SECRET.replace(" ", "%20"), HOOK, hook, "private", "token="):
        assert secret not in seen


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


async def test_a_collector_that_does_not_answer_keeps_nobody_waiting(traced, collector):
    """With a collector that hangs, requests and deliveries go on, and the gateway still stops soon."""
    collector.open.clear()
    gateway = await traced()
    async with asyncio.timeout(10):
        for number in range(50):
            assert (await gateway.post("/in/items", {"number": number}, **BEARER))[0] == 202
    assert len(await gateway.posts(50)) == 50
    assert not collector.spans


async def test_the_standard_variables_hold(traced, collector, monkeypatch):
    """Credentials for the collector and names of the resource come from the variables of OpenTelemetry."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=collector-secret")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "gate-7")
    gateway = await traced()
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    assert (await collector.got(REQUEST))[0].resource["service.name"] == "gate-7"
    assert collector.headers[0]["x-api-key"] == "collector-secret"


async def test_the_name_of_the_service_may_stand_among_the_attributes(traced, collector, monkeypatch):
    """OTEL_RESOURCE_ATTRIBUTES names the service as well; without any name it is mattergate."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=gate-8,deployment.environment=test")
    gateway = await traced()
    await gateway.post("/in/items", {"number": 1}, **BEARER)
    resource = (await collector.got(REQUEST))[0].resource
    assert (resource["service.name"], resource["deployment.environment"]) == ("gate-8", "test")


async def test_credentials_in_the_wrong_form_are_not_repeated(traced, monkeypatch, capsys):
    """A malformed variable is told without its value, which may be a secret."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "collector-secret")
    await traced()
    told = "".join(capsys.readouterr())
    assert "an OTEL_ variable is malformed" in told
    assert "collector-secret" not in told


async def test_a_variable_that_opentelemetry_cannot_use_is_a_fault(traced, monkeypatch):
    """A standard variable that the SDK refuses stops the start, with the place of the table and what to do."""
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1000000")
    with pytest.raises(SettingsError, match=r"tracing: OpenTelemetry cannot start: .* \(correct the OTEL_ variables\)"):
        await traced()


def test_off_is_nothing():
    """Without a trace, there is neither an exemplar nor a span, and nothing has to be closed."""
    span = OFF.request("POST", "/in/{route}", "items", "generic")
    span.begin({"traceparent": PARENT})
    assert (span.traceparent, exemplar(span.traceparent)) == ("", None)


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
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)


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
