"""What deploy/monitoring says, beside a real gateway, Prometheus and Alertmanager: it is there, and it arrives."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import aiohttp
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import BREAKS, ITEMS_SERVICE, PATIENCE, eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("monitoring")]

FOLDER = Path(__file__).parents[2] / "deploy/monitoring"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "mattergate.rules.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
RECORDS = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
DASHBOARD = json.loads((FOLDER / "grafana/mattergate.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {one["name"]: one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"}

TARGET = {"job", "instance"}
"""Labels that Prometheus adds to every series that it scrapes."""
PLATFORM = {"pod"}
"""Labels that a platform may add, and that rules may take away."""
OWN_SERIES = {"up": TARGET, "ALERTS": {"alertname", "alertstate", "severity"}}
"""Series that Prometheus makes itself."""

NUMBERS = count()
"""Every request is another one."""

ITEM = """
title: An item
events: [item]
input: {type: object, required: [number], properties: {number: {type: integer}}}
message: {text: "{{ number }}"}
"""
ROUTES = """
[routes.items]
service = "items"
destinations = ["ops"]
secrets = ["right"]
verify = [{header = "X-Token"}]
[routes.alerts]
service = "alertmanager"
destinations = ["ops"]
secrets = ["secret of alerts"]
"""


BOT = """
[bots.helper]
server = "{mattermost}"
token = "nobody's token"
[callbacks.ask]
service = "slack-bot"
bot = "helper"
url = "https://bot.example.com"
secrets = {{token = "nobody's token either"}}
"""
"""A bot, so that it is counted; it cannot sign in."""


@pytest.fixture
async def gateway(start, tmp_path):
    """Give a running gateway with a catalog of its own, in which translators can be out of date and fail."""
    folder = tmp_path / "catalog/items"
    folder.mkdir(parents=True)
    for name, text in (("service", ITEMS_SERVICE), ("item", ITEM), ("breaks", BREAKS)):
        (folder / f"{name}.yaml").write_text(text)
    return await start(ROUTES, tables=f'folders = ["{folder.parent}"]\n{BOT}')


@pytest.fixture
async def prometheus(gateway, tmp_path, unused_tcp_port):
    """Give the URL of a Prometheus with our configuration, but for addresses and a second in place of 15."""
    binary = shutil.which("prometheus") or pytest.skip("prometheus is not installed: apt-get install prometheus")
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0] |= {"static_configs": [{"targets": [gateway.running.admin.removeprefix("http://")]}]}
    (tmp_path / "token").write_text("any")
    config["scrape_configs"][0]["authorization"]["credentials_file"] = "token"
    del config["alerting"]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    shutil.copy(FOLDER / "mattergate.rules.yaml", tmp_path)
    address = f"127.0.0.1:{unused_tcp_port}"
    async with _running(
        gateway.session, f"http://{address}", binary,
        f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address={address}", "--log.level=error",
    ) as url:  # fmt: skip
        yield url


@pytest.fixture
async def alertmanager(gateway, tmp_path, unused_tcp_port):
    """Give the URL of an Alertmanager with our configuration, but for addresses, secrets and patience."""
    name = "prometheus-alertmanager"
    binary = shutil.which(name) or pytest.skip(f"{name} is not installed: apt-get install {name}")
    text = (FOLDER / "alertmanager.yml").read_text("utf-8")
    for place, secret in (("alerts_secret", "secret of alerts"), ("mattermost_hook", gateway.hook)):
        (tmp_path / place).write_text(secret)
        text = text.replace(f"/run/secrets/{place}", str(tmp_path / place))
    text = text.replace("http://gateway:8080", gateway.url).replace("group_wait: 30s", "group_wait: 100ms")
    (tmp_path / "alertmanager.yml").write_text(text)
    address = f"127.0.0.1:{unused_tcp_port}"
    async with _running(
        gateway.session, f"http://{address}", binary,
        f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'alertmanager'}",
        f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=error",
    ) as url:  # fmt: skip
        yield url


@asynccontextmanager
async def _running(session: aiohttp.ClientSession, url: str, *command: str) -> AsyncIterator[str]:
    """Run a program that is ready when it says so at its URL, which is given."""
    process = await asyncio.create_subprocess_exec(*command)

    async def ready() -> bool:
        assert process.returncode is None
        with suppress(aiohttp.ClientConnectionError):
            async with session.get(f"{url}/-/ready") as response:
                return response.status == 200
        return False

    try:
        await eventually(ready)
        yield url
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _send(gateway, number: int) -> None:
    """Send a request of every outcome."""
    bodies = [
        {"kind": "item", "id": f"a{number}", "number": number},
        {"kind": "item", "id": f"b{number}", "number": "no number"},
        {"kind": "breaks", "id": f"c{number}", "zero": 0},
    ]
    for body in bodies:
        assert (await gateway.post("/in/items", body, X_Token="right"))[0] == 202
    assert (await gateway.post("/in/items", bodies[0], X_Token="right"))[0] == 200
    assert (await gateway.post("/in/items", bodies[0], X_Token="wrong"))[0] == 401


async def _query(gateway, url: str, path: str, **params: str) -> dict:
    async with gateway.session.get(f"{url}/api/v1/{path}", params=params) as response:
        answer = await response.json()
    assert answer["status"] == "success", (params, answer)
    return answer["data"]


async def _becomes(gateway, look: Callable[[], Awaitable[object]], expected: object) -> None:
    """Send a round of requests before each look, until what is seen is as expected."""
    end = asyncio.get_running_loop().time() + PATIENCE
    for number in NUMBERS:
        await _send(gateway, number)
        found = await look()
        if found == expected or asyncio.get_running_loop().time() > end:
            assert found == expected
            return
        await asyncio.sleep(0.2)


async def _has(gateway, url: str, query: str) -> bool:
    return bool((await _query(gateway, url, "query", query=query))["result"])


def _plain(expression: str) -> str:
    """An expression of the dashboard with its variables replaced, everything chosen."""
    expression = expression.replace("$__rate_interval", "20s").replace("$__range", "1m")
    return re.sub(r"\$\w+", ".*", expression)


def _selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Every series of an expression with the labels that its matchers name."""
    found = []

    def visit(node) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append((node.name, {matcher.name for matcher in node.matchers.matchers}))

    promql_parser.walk(promql_parser.parse(expression), visit)
    yield from found


def _grouped(expression: str) -> set[str]:
    """Every label that an expression aggregates or matches by."""
    found: set[str] = set()

    def visit(node) -> None:
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            found.update(node.modifier.labels)
        if isinstance(node, promql_parser.BinaryExpr) and node.modifier and node.modifier.matching:
            found.update(node.modifier.matching.labels)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def _labels(name: str, series: dict[str, set[str]]) -> set[str]:
    """The labels of a series: scraped, made by Prometheus, or recorded from others."""
    if name in RECORDS:
        return set().union(*(_labels(inner, series) for inner, _ in _selectors(RECORDS[name])))
    assert name in series or name in OWN_SERIES, f"no series {name}"
    return OWN_SERIES.get(name) or series[name] | TARGET


def _fault(expression: str, series: dict[str, set[str]], texts: str = "") -> str:
    """What an expression, or a text about its result, names that does not exist; empty when all does."""
    every = set()
    for name, matched in _selectors(expression):
        labels = _labels(name, series)
        every |= labels
        if matched - labels:
            return f"{name} has no {matched - labels}: {expression}"
    spoken = set(re.findall(r"\$labels\.(\w+)|__field\.labels\.(\w+)|{{(\w+)}}", texts))
    unknown = (_grouped(expression) | {word for words in spoken for word in words if word}) - every - PLATFORM
    return f"no label {unknown}: {expression}" if unknown else ""


async def test_every_series_and_label_exists(gateway):
    """What rules and dashboard name, in expressions, legends, links and texts, is on /metrics of a gateway at work."""
    await _send(gateway, 1)
    _, text = await gateway.admin("/metrics")
    series: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
    faults = [_fault(rule["expr"], series, json.dumps(rule.get("annotations", ""))) for rule in RULES]
    for panel in PANELS:
        links = json.dumps(panel["fieldConfig"])
        for target in panel["targets"]:
            faults.append(_fault(_plain(target["expr"]), series, target.get("legendFormat", "") + links))
    for query in VARIABLES.values():
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
        faults.append(_fault(f"count by ({label}) ({_plain(selector)})", series))
    assert [fault for fault in faults if fault] == []


async def test_prometheus_evaluates_every_rule(gateway, prometheus):
    """Each rule is evaluated without an error, on what Prometheus scrapes with our configuration."""

    async def look() -> tuple[object, ...]:
        shown = await _has(gateway, prometheus, "translator:mattergate_schema_mismatch:ratio_rate1h > 0")
        groups = (await _query(gateway, prometheus, "rules"))["groups"]
        rules = {one["name"]: (one["health"], one.get("lastError", "")) for group in groups for one in group["rules"]}
        targets = (await _query(gateway, prometheus, "targets"))["activeTargets"]
        return shown, rules, [(target["health"], target["lastError"]) for target in targets]

    rules = {rule.get("record") or rule["alert"]: ("ok", "") for rule in RULES}
    await _becomes(gateway, look, (True, rules, [("up", "")]))


async def test_alerts_of_a_fault_fire(gateway, prometheus):
    """A catalog that could not be reloaded is a pending alert at once: the rules see what the gateway says."""
    gateway.running.metrics.catalog_reload_ok.set(0)
    query = 'ALERTS{alertname="MattergateCatalogReloadFailed"}'
    await _becomes(gateway, lambda: _has(gateway, prometheus, query), True)
    [alert] = (await _query(gateway, prometheus, "query", query=query))["result"]
    assert alert["metric"]["alertstate"] == "pending"
    assert alert["metric"]["instance"] == gateway.running.admin.removeprefix("http://")


async def test_every_panel_shows_something(gateway, prometheus):
    """After traffic of every kind, each query of the dashboard has a result, and each variable has its values."""
    gateway.standin.fail_next(1, 413)
    delivered = (
        'mattergate_deliveries_total{result="never"} > 0 and on () sum(rate(mattergate_requests_total[20s])) > 0'
    )
    await _becomes(gateway, lambda: _has(gateway, prometheus, delivered), True)

    async def empty() -> list[tuple[str, str]]:
        shown = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
        return [(title, expr) for title, expr in shown if not await _has(gateway, prometheus, _plain(expr))]

    await _becomes(gateway, empty, [])
    chosen = {}
    for name, query in VARIABLES.items():
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
        chosen[name] = await _query(gateway, prometheus, f"label/{label}/values", **{"match[]": _plain(selector)})
    assert (chosen["route"], chosen["service"]) == (["alerts", "items"], ["alertmanager", "items"])
    assert chosen["destination"] == ["bots.helper", "callbacks.ask", "ops"]


async def _tell(gateway, url: str, alert: dict) -> None:
    """Give an alert to Alertmanager."""
    async with gateway.session.post(f"{url}/api/v2/alerts", json=[alert]) as response:
        assert response.status == 200, await response.text()


async def test_alerts_arrive_in_mattermost(gateway, alertmanager):
    """A critical alert goes past the gateway, a warning through it; what follows from the first is not told."""
    for expected, name in ((1, "MattergateDestinationHeld"), (1, "MattergateQueueOld"), (2, "MattergateDeadLetters")):
        [rule] = [rule for rule in RULES if rule.get("alert") == name]
        labels = rule["labels"] | {"alertname": name, "instance": "gw:9090", "destination": "ops"}
        await _tell(gateway, alertmanager, {"labels": labels, "annotations": rule["annotations"]})
        posts = await gateway.posts(expected)
    past, through = (post.attachments[0] for post in posts)
    assert "does not answer: no message reaches it" in past["title"]
    assert "\nDo: `mattergate destinations list` says why" in past["text"]
    assert through["title"] == "Firing: MattergateDeadLetters on gw:9090"
    assert "\nDo: `/dead`, or `mattergate dead list" in through["text"].replace("\\`", "`")
