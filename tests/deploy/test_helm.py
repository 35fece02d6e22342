"""The chart, rendered by helm for several installations, and judged as Kubernetes would."""

import json
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from gateway import settings
from gateway.settings import tables

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "mattergate"
CASES = ("default", *sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").iterdir()))
OPERATOR = {"ServiceMonitor", "PrometheusRule"}
"""Kinds that Kubernetes itself does not know."""


def helm(*arguments: str | Path) -> subprocess.CompletedProcess:
    """Run helm; the test is skipped where there is none."""
    program = shutil.which("helm") or shutil.which("helm", path=str(Path.home() / "go" / "bin"))
    if not program:
        pytest.skip("no helm here: see https://helm.sh, or go install helm.sh/helm/v3/cmd/helm@latest")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@cache
def rendered(case: str, *more: str) -> dict[tuple[str, str], dict]:
    """The manifests of a case by kind and the end of their name."""
    values = [] if case == "default" else ["--values", CHART / "ci" / f"{case}-values.yaml"]
    done = helm("template", "mattergate", CHART, "--namespace", "hooks", "--kube-version", "1.31.0", *values, *more)
    assert done.returncode == 0, done.stderr
    found = [document for document in yaml.safe_load_all(done.stdout) if document]
    main = next(document["metadata"]["name"] for document in found if document["kind"] == "StatefulSet")
    return {(one["kind"], one["metadata"]["name"].removeprefix(main)): one for one in found}


def pod(case: str, *more: str) -> dict:
    """The pod of a case."""
    return rendered(case, *more)["StatefulSet", ""]["spec"]["template"]["spec"]


def container(case: str, *more: str) -> dict:
    """The one container of the pod."""
    [only] = pod(case, *more)["containers"]
    return only


@pytest.mark.parametrize("case", CASES)
def test_helm_lints_the_chart(case):
    """`helm lint --strict` finds neither errors nor warnings."""
    values = [] if case == "default" else ["--values", CHART / "ci" / f"{case}-values.yaml"]
    done = helm("lint", "--strict", CHART, *values)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("version", ["1.25", "1.37"])
def test_kubernetes_accepts_every_manifest(case, version):
    """The schemas of Kubernetes, with no key beyond them, hold for every manifest of its own kinds."""
    for (kind, _), manifest in rendered(case).items():
        if kind not in OPERATOR:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("case", CASES)
def test_the_pod_is_restricted(case):
    """Everything that the Pod Security Standard `restricted` asks for, and a read-only root."""
    found, only = pod(case), container(case)
    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["securityContext"]["runAsUser"] >= 10_000
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert found["automountServiceAccountToken"] is False
    allowed = {"configMap", "secret", "emptyDir", "persistentVolumeClaim"}
    assert all(set(volume) - {"name"} <= allowed for volume in found["volumes"])
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(found)


@pytest.mark.parametrize("case", CASES)
def test_no_secret_is_in_a_manifest(case):
    """The chart makes no Secret and writes no value of one: pods refer to it by name."""
    assert not [kind for kind, _ in rendered(case) if kind == "Secret"]
    for variable in container(case)["env"]:
        assert re.fullmatch(r"MATTERGATE_(SERVER|JOURNAL|LOG)_\w+", variable["name"]) or "valueFrom" in variable


@pytest.mark.parametrize("case", CASES)
def test_ports_and_paths_fit_together(case):
    """Services, probes and the settings of the container speak of the same ports; each mount has its volume."""
    only = container(case)
    ports = {port["name"]: port["containerPort"] for port in only["ports"]}
    given = {variable["name"]: variable.get("value", "") for variable in only["env"]}
    assert given["MATTERGATE_SERVER_LISTEN"] == f"0.0.0.0:{ports['http']}"
    assert given["MATTERGATE_SERVER_ADMIN"] == f"0.0.0.0:{ports['admin']}"
    mounts = {mount["name"]: mount["mountPath"] for mount in only["volumeMounts"]}
    claims = rendered(case)["StatefulSet", ""]["spec"].get("volumeClaimTemplates", [])
    volumes = [volume["name"] for volume in pod(case)["volumes"]] + [claim["metadata"]["name"] for claim in claims]
    assert sorted(mounts) == sorted(volumes)
    assert given["MATTERGATE_JOURNAL_URL"].startswith(f"sqlite:{mounts['journal']}/")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert only[probe]["httpGet"]["port"] == "admin"
    assert [port["targetPort"] for port in rendered(case)["Service", ""]["spec"]["ports"]] == ["http"]
    assert [port["targetPort"] for port in rendered(case)["Service", "-admin"]["spec"]["ports"]] == ["admin"]


@pytest.mark.parametrize("case", CASES)
def test_one_pod_writes_the_journal(case):
    """One replica, whose settings decide when it is replaced, and which has time to finish what is under way."""
    workload = rendered(case)["StatefulSet", ""]
    assert workload["spec"]["replicas"] == 1
    template = workload["spec"]["template"]
    assert template["metadata"]["annotations"]["checksum/settings"]
    assert template["spec"]["terminationGracePeriodSeconds"] > tables.Server().grace
    changed = rendered(case, "--set", "settings=[log]")["StatefulSet", ""]["spec"]["template"]
    assert changed["metadata"]["annotations"] != template["metadata"]["annotations"]


@pytest.mark.parametrize("case", CASES)
def test_selectors_find_the_pod_and_nothing_else(case):
    """Services, policy and budget select by the labels that the pod has."""
    labels = rendered(case)["StatefulSet", ""]["spec"]["template"]["metadata"]["labels"]
    for (kind, _), manifest in rendered(case).items():
        selector = {
            "Service": lambda spec: spec["selector"],
            "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
            "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        }.get(kind)
        if selector:
            assert selector(manifest["spec"]).items() <= labels.items()
            assert "app.kubernetes.io/instance" in selector(manifest["spec"])


@pytest.mark.parametrize("case", CASES)
def test_the_settings_are_valid(case, tmp_path):
    """The gateway accepts the settings of the ConfigMap with the variables and files that the pod gets."""
    text = rendered(case)["ConfigMap", ""]["data"]["mattergate.toml"]
    only = container(case)
    environ = {variable["name"]: variable.get("value", "a-token-of-the-console") for variable in only["env"]}
    if "envFrom" in only:
        tables = json.dumps(tomllib.loads(text))
        environ |= {name: secret(name) for name in re.findall(r'_env": (?:\[)?"(\w+)"', tables)}
    known = settings.parse(text, "/etc/mattergate/mattergate.toml", environ, lambda path: secret(path.name))
    assert (known.server.listen.port, known.server.admin.port) == (8080, 9090)
    assert known.routes or known.passthrough


def secret(name: str) -> str:
    """A value for a key of the Secret."""
    return "https://chat.example.com/hooks/abc" if "HOOK" in name else f"a long secret called {name}"


def test_prometheus_is_let_in():
    """The ServiceMonitor finds the admin Service, brings the token of the Secret, and the policy lets it through."""
    found = rendered("full")
    spec = found["ServiceMonitor", ""]["spec"]
    assert spec["selector"]["matchLabels"].items() <= found["Service", "-admin"]["metadata"]["labels"].items()
    assert not spec["selector"]["matchLabels"].items() <= found["Service", ""]["metadata"]["labels"].items()
    [endpoint] = spec["endpoints"]
    assert endpoint["authorization"]["credentials"] == {"name": "webhooks", "key": "READ_TOKEN"}
    assert endpoint["honorLabels"] is True
    [scrape] = yaml.safe_load((CHART.parents[1] / "monitoring" / "prometheus.yml").read_text())["scrape_configs"]
    assert [one["replacement"] for one in endpoint["relabelings"]] == [scrape["job_name"]]
    assert endpoint["port"] in {port["name"] for port in found["Service", "-admin"]["spec"]["ports"]}
    admin = [rule for rule in found["NetworkPolicy", ""]["spec"]["ingress"] if rule["ports"][0]["port"] == "admin"]
    assert admin[0]["from"]


def test_rules_and_dashboard_are_those_of_the_project():
    """What the chart installs is what deploy/monitoring holds, unchanged."""
    monitoring = CHART.parents[1] / "monitoring"
    found = rendered("full")
    assert found["PrometheusRule", ""]["spec"] == yaml.safe_load((monitoring / "mattergate.rules.yaml").read_text())
    dashboard = json.loads(found["ConfigMap", "-dashboard"]["data"]["mattergate.json"])
    assert dashboard == json.loads((monitoring / "grafana" / "mattergate.json").read_text())


@pytest.mark.parametrize(
    "values",
    [
        "replicas=3",
        "image.tag=latest",
        "image.digest=sha256:abc",
        "persistence.size=much",
        "persistence.accessModes={ReadWriteMany}",
        "secret.value=hush",
        "service.port=http",
        "podDisruptionBudget.maxUnavailable=2",
        "settings=",
    ],
)
def test_values_that_cannot_work_are_refused(values):
    """The schema refuses unknown keys and values that the chart cannot mean, before anything is installed."""
    done = helm("template", "mattergate", CHART, "--kube-version", "1.31.0", "--set", values)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


def test_a_secret_that_is_not_named_is_told():
    """Files of no Secret, or metrics without its token: helm says which value is missing."""
    for values in ("secret.as=files", "serviceMonitor.enabled=true"):
        done = helm("template", "m", CHART, "--kube-version", "1.31.0", "--set", f"secret.existingSecret=,{values}")
        assert done.returncode != 0
        assert "secret.existingSecret" in done.stderr


def test_the_notes_say_where_it_is(tmp_path):
    """After the installation people read where senders reach it, how to check it, and what is dangerous."""
    chart = shutil.copytree(CHART, tmp_path / "mattergate")
    # as a manifest, for helm shows notes only with a cluster
    first, *lines = (chart / "templates" / "NOTES.txt").read_text().splitlines(keepends=True)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata:\n  notes: |\n"
    (chart / "templates" / "shown.yaml").write_text(first + head + "".join(f"    {line}" for line in lines))
    off = ("--namespace", "hooks", "--kube-version", "1.31.0", "--set", "persistence.enabled=false")
    shown = helm("template", "mattergate", chart, *off, "--show-only", "templates/shown.yaml")
    assert shown.returncode == 0, shown.stderr
    notes = yaml.safe_load(shown.stdout)["data"]["notes"]
    assert "http://mattergate.hooks.svc:80/in/ROUTE" in notes
    assert "mattergate check --live" in notes
    assert "WARNING: persistence is off" in notes
