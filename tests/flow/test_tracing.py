"""Traces of the real service: over a kill, with a collector in trouble, in its log, and in a real Prometheus."""

import json
import shutil

import aiohttp
import pytest

from tests.conftest import BREAKS
from tests.flow.conftest import PROMETHEUS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-tracing")]

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = PARENT[3:35]
REQUEST = "POST /in/{route}"
TRACING = '[tracing]\nendpoint = "{url}"\n'


@pytest.fixture
def traced(collector, items):
    """Give the gateway, not started, with its traces going to the collector."""
    items.configure(TRACING.format(url=collector.url) + items.routes)
    return items


async def _item(service, number: int, **headers: str) -> dict:
    body = {"kind": "item", "id": str(number), "box": "a", "number": number}
    status, answer, _ = await service.post("/in/items", body, {"X-Token": service.secret} | headers)
    assert status == 202
    return answer


async def test_a_trace_holds_over_a_kill(traced, collector):
    """An event accepted before SIGKILL and delivered by the next process is one trace, begun by the sender."""
    await traced.start()
    traced.mattermost.door.clear()
    answer = await _item(traced, 1, traceparent=PARENT)
    await traced.until(lambda: traced.mattermost.held == 1)
    [request] = await collector.got(REQUEST)
    await traced.running.kill()
    traced.mattermost.door.set()
    await traced.start()
    delivery = (await collector.got("deliver ops"))[-1]
    assert request.trace == delivery.trace == TRACE
    assert (request.parent, delivery.parent) == (PARENT[36:52], request.id)
    assert delivery.said["mattergate.event.id"] == answer["id"]
    assert delivery.started > request.ended


async def test_the_last_spans_come_out_when_the_gateway_stops(traced, collector, monkeypatch):
    """Spans that wait for company are sent when the gateway is told to stop."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    await traced.start()
    await _item(traced, 1)
    await traced.until(lambda: len(traced.mattermost.posts) == 1)
    assert not collector.spans
    assert await traced.stop() == 0
    assert collector.named(REQUEST)
    assert collector.named("deliver ops")


@pytest.mark.parametrize("trouble", ["away", "hangs", "refuses"])
async def test_a_collector_in_trouble_costs_spans_and_nothing_else(traced, collector, trouble, monkeypatch):
    """With a collector that is away, hangs or refuses, events are answered and delivered, and a stop does not wait."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3600")
    collector.status = 401
    if trouble == "hangs":
        collector.open.clear()
    if trouble == "away":
        traced.configure(traced.routes.replace(collector.url, f"http://127.0.0.1:{traced.free_port()}"))
    await traced.start()
    for number in range(100):
        await _item(traced, number)
    await traced.until(lambda: len(traced.mattermost.posts) == 100)
    if trouble != "hangs":
        await traced.until(lambda: "tracing has a problem" in traced.log)
    assert await traced.stop() == 0
    assert not collector.spans
    assert traced.log.count("tracing has a problem") <= 2


async def test_log_lines_of_a_traced_event_name_its_trace(traced, collector):
    """What is logged about a request and about an attempt has the id of the trace; other lines have none."""
    traced.document("items/breaks.yaml", BREAKS)
    await traced.start()
    body = {"kind": "breaks", "id": "1", "zero": 0}
    traced.mattermost.fail_next(1, 413)
    await traced.post("/in/items", body, {"X-Token": traced.secret, "traceparent": PARENT})
    await traced.post("/in/items", body, {"X-Token": "wrong", "traceparent": PARENT})
    await traced.until(lambda: "delivery dead" in traced.log)
    assert await traced.stop() == 0
    lines = {line["event"]: line.get("trace_id") for line in map(json.loads, traced.running.err.splitlines())}
    assert lines["not understood"] == lines["delivery dead"] == TRACE
    assert lines["ready"] is None
    assert lines["refused"] is None


async def test_prometheus_keeps_the_exemplars(traced, collector, program, tmp_path):
    """A real Prometheus that scrapes the gateway leads from both latency histograms to the trace."""
    binary = shutil.which("prometheus") or pytest.skip("prometheus is not installed: apt-get install prometheus")
    await traced.start()
    await _item(traced, 1, traceparent=PARENT)
    await collector.got("deliver ops")
    config = tmp_path / "prometheus.yml"
    config.write_text(PROMETHEUS.format(admin=traced.admin_port))
    url = f"127.0.0.1:{traced.free_port()}"
    await program(
        binary, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'prometheus'}",
        f"--web.listen-address={url}", "--enable-feature=exemplar-storage",
    )  # fmt: skip

    async def kept() -> bool:
        query = {"query": '{__name__=~"mattergate_(accept|delivery)_seconds_bucket"}', "start": "0", "end": "9e9"}
        try:
            async with traced.session.get(f"http://{url}/api/v1/query_exemplars", params=query) as response:
                found = (await response.json(content_type=None)).get("data") or []
        except (aiohttp.ClientError, ValueError):
            return False
        traces = {series["seriesLabels"]["__name__"]: series["exemplars"][0]["labels"]["trace_id"] for series in found}
        return traces == dict.fromkeys(
            ("mattergate_accept_seconds_bucket", "mattergate_delivery_seconds_bucket"), TRACE
        )

    await traced.until(kept)
