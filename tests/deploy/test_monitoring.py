"""Rules, dashboard and wiring of deploy/monitoring: sound by themselves, and by the tools that read them.

What they say about a real gateway is in test_monitoring_live.py.
"""

import json
import re
import shutil
import subprocess
import typing
from itertools import combinations
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "deploy/monitoring"
RULES = yaml.safe_load((FOLDER / "mattergate.rules.yaml").read_text("utf-8"))
RULE_TESTS = sorted(FOLDER.glob("*.test.yaml"))
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
RECORDS = {rule["record"]: rule["expr"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
DASHBOARD = json.loads((FOLDER / "grafana/mattergate.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ROUTING = yaml.safe_load((FOLDER / "alertmanager.yml").read_text("utf-8"))
README = (FOLDER / "README.md").read_text("utf-8")

CONSOLE = re.compile(r"\$\{console}/(events|dead|try|catalog)?(\?\w+=\$\{__(field\.labels\.\w+:|value\.text:)\w+})?")
"""The pages of the console that a link may lead to."""


def tool(*command: str | Path, package: str = "prometheus") -> str:
    """The output of a program, which must succeed; without it the test is skipped."""
    path = shutil.which(command[0]) or pytest.skip(f"{command[0]} is not installed: apt-get install {package}")
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_rules():
    """`promtool check rules` finds nothing, and finds every rule."""
    assert f"{len(ALERTS) + len(RECORDS)} rules found" in tool(
        "promtool", "check", "rules", *FOLDER.glob("*.rules.yaml")
    )


@pytest.mark.slow
@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda path: path.name)
def test_alerts_fire_when_they_must(file):
    """`promtool test rules`: each alert fires with its text, and stays silent in the near miss."""
    tool("promtool", "test", "rules", file)


def test_every_alert_is_tested_and_in_the_runbook():
    """There is a test in which the alert fires, and a line that says what to do."""
    cases = [case for file in RULE_TESTS for group in yaml.safe_load(file.read_text("utf-8"))["tests"]
             for case in group["alert_rule_test"]]  # fmt: skip
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(ALERTS)
    assert set(re.findall(r"^\| `(Mattergate\w+)` \|", README, re.M)) == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_alerts_are_for_somebody_who_was_woken(name):
    """A severity, one short line that says what is wrong, one about what it means, and one about what to do."""
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert set(alert["annotations"]) == {"summary", "description"}
    assert len(re.sub(r"{{.*?}}", "xxxxxxxx", alert["annotations"]["summary"])) <= 70
    meaning, todo = alert["annotations"]["description"].split("\n")
    assert len(meaning) <= 160
    assert todo.startswith("Do: ")
    for title in re.findall(r'"([A-Z][^"]+)"', todo):
        assert any(panel["title"].startswith(title) for panel in PANELS), f"no panel {title!r}"


def test_every_recorded_series_is_used():
    """What is computed every 15 seconds is read by somebody."""
    expressions = [*RECORDS.values(), *(alert["expr"] for alert in ALERTS.values())]
    for record in RECORDS:
        assert any(re.search(rf"{record}\b", expression) for expression in expressions), record


def test_prometheus_takes_its_configuration(tmp_path):
    """`promtool check config` finds nothing; the rule file and the job are those of the rules."""
    text = (FOLDER / "prometheus.yml").read_text("utf-8")
    config = yaml.safe_load(text)
    assert config["rule_files"] == ["mattergate.rules.yaml"]
    assert config["scrape_configs"][0]["job_name"] == re.search(r'job="(\w+)"', ALERTS["MattergateDown"]["expr"])[1]
    token = tmp_path / "token"
    token.write_text("t")
    shutil.copy(FOLDER / "mattergate.rules.yaml", tmp_path)
    (tmp_path / "prometheus.yml").write_text(text.replace("/run/secrets/mattergate_read_token", str(token)))
    tool("promtool", "check", "config", tmp_path / "prometheus.yml")


def test_alertmanager_takes_its_configuration():
    """`amtool check-config` finds nothing; what the gateway may be unable to tell goes past it, all else through it."""
    config = f"--config.file={FOLDER / 'alertmanager.yml'}"
    tool("amtool", "check-config", FOLDER / "alertmanager.yml", package="prometheus-alertmanager")
    for name, alert in ALERTS.items():
        labels = (f"alertname={name}", f"severity={alert['labels']['severity']}")
        receiver = "direct" if alert["labels"]["severity"] == "critical" else "gateway"
        assert tool("amtool", "config", "routes", "test", config, *labels).strip() == receiver, name
    assert (
        tool("amtool", "config", "routes", "test", config, "alertname=Other", "severity=critical").strip() == "gateway"
    )


def test_alertmanager_knows_the_alerts_that_it_names():
    """What is inhibited, and by what, are alerts that exist."""
    matchers = [one for rule in ROUTING["inhibit_rules"] for key in ("source_matchers", "target_matchers")
                for one in rule[key]]  # fmt: skip
    named = {name for matcher in matchers for name in re.findall(r"Mattergate\w+", matcher)}
    assert named
    assert named <= set(ALERTS)


def test_grafana_is_given_what_the_dashboard_asks_for():
    """The provisioned data source is the one that the dashboard's variable starts with."""
    [source] = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    [first, *_] = DASHBOARD["templating"]["list"]
    assert (first["name"], first["query"]) == ("datasource", source["type"])
    assert first["current"] == {"text": source["name"], "value": source["uid"]}
    scrape = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrape
    [provider] = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/mattergate.yaml").read_text())["providers"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards")


@pytest.mark.filterwarnings("ignore:Prefer using dashboardv2:DeprecationWarning")
def test_grafana_knows_every_key_of_the_dashboard():
    """Read and written again by Grafana's own types, nothing is gone: no key is misspelt or in the wrong place."""
    from grafana_foundation_sdk.cog import plugins
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    plugins.register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(DASHBOARD), cls=JSONEncoder))
    assert list(_lost(DASHBOARD, again, "")) == []


def _lost(given, kept, place: str) -> typing.Iterator[str]:
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            yield from _lost(value, kept[key], f"{place}/{key}") if key in kept else [f"{place}/{key}"]
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for index, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from _lost(one, other, f"{place}/{index}")
    elif given != kept:
        yield place


def test_panels_have_their_own_ids_and_places():
    """No id and no title twice, nothing beyond the 24 columns, nothing over something else."""
    for key in ("id", "title"):
        assert len({panel[key] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"]), key
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panels_say_what_they_show(panel):
    """A description, a unit that Grafana knows, the data source of the variable, and a colour for every state."""
    from grafana_foundation_sdk.models import units

    known = {typing.get_args(kind)[0] for kind in typing.get_type_hints(units).values() if typing.get_args(kind)}
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["description"].endswith(".")
    assert defaults["unit"] in known
    assert panel["datasource"]["uid"] == "${datasource}"
    assert [target["refId"] for target in panel["targets"]] == list("ABC")[: len(panel["targets"])]
    if panel["type"] == "stat":
        assert defaults["thresholds"]["steps"]


def test_links_lead_somewhere():
    """Links of panels and dashboard lead to pages of the console, or to panels that exist."""
    urls = re.findall(r'"url": "([^"]+)"', json.dumps(DASHBOARD["panels"])) + [one["url"] for one in DASHBOARD["links"]]
    ids = {str(panel["id"]) for panel in PANELS}
    assert urls
    for url in urls:
        if inner := re.match(r"/d/mattergate\?viewPanel=(\d+)&", url):
            assert inner[1] in ids, url
        else:
            assert url.startswith("/d/mattergate?var-route=") or CONSOLE.fullmatch(url), url
