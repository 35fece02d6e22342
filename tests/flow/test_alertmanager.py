"""Real neighbours: an Alertmanager that posts alerts to the gateway, and a Prometheus that scrapes it."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

from tests.conftest import PATIENCE
from tests.flow.conftest import PROMETHEUS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-neighbours")]

ROUTE = """
[routes.alertmanager]
service = "alertmanager"
destinations = ["ops"]
secrets = ["{secret}"]
"""
ALERTMANAGER = """
route:
  receiver: gateway
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 200ms
  repeat_interval: 1h
receivers:
  - name: gateway
    webhook_configs:
      - url: http://127.0.0.1:{port}/in/alertmanager
        send_resolved: true
        http_config: {{authorization: {{type: Bearer, credentials: "{secret}"}}}}
"""


def needed(name: str) -> str:
    """The path of a program; without it the test is skipped."""
    return shutil.which(name) or pytest.skip(
        f"{name} is not installed: apt-get install {name.replace('promtool', 'prometheus')}"
    )


@pytest.fixture
async def alerted(service):
    """Give a running gateway with a route for Alertmanager."""
    service.configure(ROUTE.format(secret=service.secret))
    await service.start()
    return service


@pytest.fixture
async def alerts(alerted, program, tmp_path):
    """Give the URL of the alerts of a running Alertmanager that posts to the gateway."""
    binary = needed("prometheus-alertmanager")
    config = tmp_path / "alertmanager.yml"
    config.write_text(ALERTMANAGER.format(port=alerted.port, secret=alerted.secret))
    port = alerted.free_port()
    running = await program(
        binary, f"--config.file={config}", f"--storage.path={tmp_path / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    await alerted.until(lambda: answers(alerted.session, f"{url}/-/ready", running))
    return f"{url}/api/v2/alerts"


@pytest.fixture
async def prometheus(alerted, program, tmp_path):
    """Give the URL of a running Prometheus that scrapes the admin listener of the gateway."""
    binary = needed("prometheus")
    config = tmp_path / "prometheus.yml"
    config.write_text(PROMETHEUS.format(admin=alerted.admin_port))
    port = alerted.free_port()
    running = await program(
        binary, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    await alerted.until(lambda: answers(alerted.session, f"{url}/-/ready", running))
    return url


async def answers(session, url: str, running) -> bool:
    """Whether a program that is starting answers 200 here."""
    assert running.process.returncode is None, running.text
    try:
        async with session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def tell(session, url: str, name: str, *, firing: bool) -> None:
    """Tell Alertmanager that an alert fires, or that it has ended."""
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": name, "severity": "critical", "instance": "db1"},
        "annotations": {"summary": f"{name} on db1"},
        "startsAt": (now - timedelta(minutes=5)).isoformat(),
        "endsAt": (now + timedelta(hours=1) if firing else now - timedelta(seconds=1)).isoformat(),
    }
    async with session.post(url, json=[alert]) as response:
        assert response.status == 200, await response.text()


def shown(post) -> str:
    """All that a post says, as one text."""
    return json.dumps([post.message, post.attachments], ensure_ascii=False)


def said(service, word: str, name: str):
    """Whether a post says this of the alert."""
    return lambda: any(word in shown(post).lower() and name in shown(post) for post in service.mattermost.posts)


async def test_alerts_fire_and_resolve(alerted, alerts):
    """Alerts given to a real Alertmanager appear as firing, and as resolved once they have ended."""
    for name in ("DiskFull", "QueueStuck"):
        await tell(alerted.session, alerts, name, firing=True)
        await alerted.until(said(alerted, "firing", name))
        assert not said(alerted, "resolved", name)()
    for name in ("DiskFull", "QueueStuck"):
        await tell(alerted.session, alerts, name, firing=False)
        await alerted.until(said(alerted, "resolved", name))
    assert await alerted.value("requests_total", route="alertmanager", service="alertmanager", outcome="message") == 4
    assert await alerted.value("requests_total", route="alertmanager", service="alertmanager", outcome="refused") == 0
    assert alerted.secret not in alerted.log


async def _instant(session, url: str, query: str) -> float | None:
    async with session.get(f"{url}/api/v1/query", params={"query": query}) as response:
        found = (await response.json())["data"]["result"]
    return float(found[0]["value"][1]) if found else None


async def test_prometheus_sees_requests_and_deliveries(alerted, alerts, prometheus):
    """A real Prometheus scrapes the admin listener without trouble, and its values become those of the traffic."""
    await tell(alerted.session, alerts, "DiskFull", firing=True)
    await alerted.until(said(alerted, "firing", "DiskFull"))
    await alerted.post("/in/alertmanager", b"{}", {"Authorization": "Bearer wrong"})
    expected = {
        'mattergate_requests_total{route="alertmanager", service="alertmanager", outcome="message"}': 1,
        'mattergate_requests_total{route="alertmanager", service="alertmanager", outcome="refused"}': 1,
        'mattergate_requests_total{route="alertmanager", service="alertmanager", outcome="broken"}': 0,
        'mattergate_deliveries_total{destination="ops", result="delivered"}': 1,
        'mattergate_deliveries_total{destination="ops", result="never"}': 0,
        'mattergate_queue_depth{destination="ops"}': 0,
        'up{job="mattergate"}': 1,
    }
    for query, value in expected.items():

        async def seen(query: str = query, value: float = value) -> bool:
            return await _instant(alerted.session, prometheus, query) == value

        await alerted.until(seen)

    async def well() -> bool:
        async with alerted.session.get(f"{prometheus}/api/v1/targets") as response:
            [target] = (await response.json())["data"]["activeTargets"]
        return (target["health"], target["lastError"]) == ("up", "")

    await alerted.until(well)


async def _firing(alerted) -> None:
    """Send one alert, as Alertmanager would, and wait for its message."""
    bearer = {"Authorization": f"Bearer {alerted.secret}"}
    alert = {"status": "firing", "labels": {"alertname": "DiskFull"}, "annotations": {}, "fingerprint": "f1"}
    body = {"version": "4", "status": "firing", "groupKey": "g", "alerts": [alert]}
    assert (await alerted.post("/in/alertmanager", body, bearer))[0] == 202
    await alerted.until(lambda: len(alerted.mattermost.posts) == 1)


async def test_promtool_finds_nothing_to_complain_about(alerted):
    """After traffic, `promtool check metrics` accepts the page and has no remark on names, units or help texts."""
    promtool = needed("promtool")
    await _firing(alerted)
    _, text = await alerted.get("/metrics", "text/plain")
    command = [promtool, "check", "metrics"]
    found = subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


async def test_a_scrape_for_openmetrics_is_answered_in_it(alerted):
    """Asked as Prometheus asks, the page is OpenMetrics 1.0 and holds the values of the traffic."""
    await _firing(alerted)
    accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"
    status, text = await alerted.get("/metrics", accept)
    assert status == 200
    assert text.endswith("# EOF\n")
    values = {(one.name, one.labels.get("outcome")): one.value for family in parse(text) for one in family.samples}
    assert values["mattergate_requests_total", "message"] == 1
    assert values["mattergate_requests_total", "refused"] == 0
