"""Spans by OpenTelemetry: what stands in them, what never does, and what trouble with the collector costs."""

import asyncio
import logging
import time

import pytest

from gateway.errors import SettingsError
from gateway.model import Delivered, Delivery, Later, Never
from gateway.observe import tracing_otel
from gateway.observe.tracing import NO_SPAN, current, trace_id
from gateway.observe.tracing_otel import OtelTracer
from gateway.settings.tables import Tracing
from tests.observe.conftest import BEARER, HOOK, PARENT, REQUEST, SECRET


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


@pytest.fixture
async def tracer(collector):
    """Give a tracer of the collector."""
    made = OtelTracer(Tracing(endpoint=collector.url))
    yield made
    await made.close(5.0)


def delivery(trace: str) -> Delivery:
    """A delivery of a trace that was tried twice."""
    return Delivery(7, "e1", 1.0, "ops", "lane", b"{}", attempts=2, trace=trace)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (Delivered("p", status=201), {"result": "delivered", "status": 201, "failed": False, "why": ""}),
        (Later("no answer", code="timeout"),
         {"result": "later", "error": "timeout", "failed": True, "why": "no answer"}),
        (Never("404: gone", status=404, code="4xx"),
         {"result": "never", "error": "4xx", "status": 404, "failed": True, "why": "404: gone"}),
    ],
)  # fmt: skip
async def test_an_attempt_says_how_it_ended(tracer, collector, result, said):
    """Result, class and status; an answer that did not come has no status."""
    span = tracer.attempt("ops", delivery(PARENT))
    assert trace_id(current.get()) == trace_id(PARENT)
    span.end(result)
    assert current.get() == ""
    [found] = await collector.got("deliver ops")
    assert (found.trace, found.parent, found.said["mattergate.attempt"]) == (trace_id(PARENT), PARENT[36:52], 3)
    assert {
        "result": found.said["mattergate.result"], "failed": found.failed, "why": found.why,
        **({"error": found.said["error.type"]} if "error.type" in found.said else {}),
        **({"status": found.said["http.response.status_code"]} if "http.response.status_code" in found.said else {}),
    } == said  # fmt: skip


async def test_a_delivery_without_a_trace_has_no_span(tracer):
    """It came before tracing was on, or its sender said that it is not recorded."""
    assert tracer.attempt("ops", delivery("")) is NO_SPAN


@pytest.mark.parametrize("method", ["BREW", "get", "", "POST\r\nX: 1"])
async def test_a_method_that_is_none_names_no_span(tracer, collector, method):
    """Whoever invents methods invents no names."""
    span = tracer.request(method, "/in/{route}", "r", "s")
    span.begin({})
    span.end(405)
    [found] = await collector.got("HTTP /in/{route}")
    assert found.said["http.request.method"] == "_OTHER"


async def test_a_fault_of_ours_is_a_failed_span(tracer, collector):
    """From 500 on; what the sender did wrong is no failure."""
    for status in (499, 500, 503):
        span = tracer.request("POST", "/in/{route}", "r", "s")
        span.begin({})
        span.end(status)
    found = await collector.got("POST /in/{route}", 3)
    assert sorted((one.said["http.response.status_code"], one.failed) for one in found) == [
        (499, False), (500, True), (503, True),
    ]  # fmt: skip
    assert {one.said.get("error.type") for one in found} == {None, "500", "503"}


async def test_a_span_begins_when_the_request_came_in(tracer, collector):
    """Also when it is known only later whose trace it belongs to; steps are inside it."""
    before = time.time()
    span = tracer.request("POST", "/in/{route}", "r", "s")
    after = time.time()
    arrived = time.perf_counter()
    time.sleep(0.02)
    span.begin({})
    span.step("verify", arrived, time.perf_counter())
    span.event("e1", "message", "")
    span.end(202)
    [request] = await collector.got("POST /in/{route}")
    [step] = await collector.got("verify")
    assert before - 0.005 <= request.started <= after + 0.01
    assert request.started <= step.started + 1e-4
    assert step.ended - step.started >= 0.019
    assert (step.parent, request.said["mattergate.event.id"]) == (request.id, "e1")
    assert "mattergate.translator" not in request.said


async def test_strangers_are_shown_once_in_a_while(tracer, monkeypatch):
    """One a second, however many come."""
    now = [100.0]
    monkeypatch.setattr(tracing_otel.time, "monotonic", lambda: now[0])
    assert [tracer.admits_stranger() for _ in range(3)] == [True, False, False]
    now[0] += tracing_otel.STRANGERS
    assert [tracer.admits_stranger() for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    "given_",
    ["", "x", "00-0-0-01", PARENT.upper(), PARENT + "-more", PARENT.replace("0af7", "zzzz"), "ff" + PARENT[2:],
     "00-" + "0" * 32 + "-b7ad6b7169203331-01", "x" * 100_000],
)  # fmt: skip
async def test_no_header_of_a_sender_breaks_a_span(tracer, given_):
    """What is no trace context is passed over: the span has a trace of its own."""
    span = tracer.request("POST", "/in/{route}", "r", "s")
    span.begin({"traceparent": given_, "tracestate": given_})
    assert len(trace_id(span.traceparent)) == 32
    assert trace_id(span.traceparent) != trace_id(PARENT)
    span.end(202)


def test_trouble_is_told_once_a_minute_for_each_part(monkeypatch):
    """However often a part of OpenTelemetry complains; what it says of variables is not repeated."""
    now = [100.0]
    monkeypatch.setattr(tracing_otel.time, "monotonic", lambda: now[0])
    told = tracing_otel._RateLimitedHandler()
    lines = []
    monkeypatch.setattr(tracing_otel._log, "warning", lambda event, why: lines.append(why))

    def complain(part: str, text: str) -> None:
        told.handle(logging.LogRecord(part, logging.ERROR, "", 0, text, None, None))

    for _ in range(5):
        complain("opentelemetry.exporter", "cannot export")
        complain("opentelemetry.util.re", "malformed: key=secret")
    assert lines == ["cannot export", "an OTEL_ variable is malformed"]
    now[0] += tracing_otel.TELLING
    complain("opentelemetry.exporter", "cannot export")
    assert lines[2:] == ["cannot export"]
