"""What .github/ says: workflows can do what they try and nothing more, forms can be filled in, the guide is true."""

import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github"
WORKFLOWS = {path.stem: yaml.load(path.read_text(), yaml.BaseLoader) for path in (FOLDER / "workflows").iterdir()}
JOBS = {f"{name}/{key}": job for name, workflow in WORKFLOWS.items() for key, job in workflow["jobs"].items()}
FORMS = [path for path in sorted((FOLDER / "ISSUE_TEMPLATE").iterdir()) if path.stem != "config"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONTRIBUTING = (FOLDER / "CONTRIBUTING.md").read_text("utf-8")
WRITERS = {
    "release/pypi": {"id-token": "write"},
    "release/image": {"contents": "read", "packages": "write"},
    "release/chart": {"packages": "write"},
}
"""The jobs that may change something outside, and what."""


def steps(job: str) -> list[dict]:
    """The steps of a job; none when it calls another workflow."""
    return JOBS[job].get("steps", [])


def test_the_tested_versions_are_the_promised_ones():
    """CI tests each Python of the classifiers, the oldest being `requires-python`; others may fail there."""
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    matrix = JOBS["test/test"]["strategy"]["matrix"]
    assert matrix["python"] == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"
    extra = matrix.get("include", [])
    assert all(one["experimental"] == "true" and one["python"] not in promised for one in extra)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read(name):
    """The token of a workflow reads the code; one run at a time writes to the same place."""
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert WORKFLOWS[name]["concurrency"]["group"]


@pytest.mark.parametrize("job", JOBS)
def test_a_job_gets_no_more_than_it_needs(job):
    """Only what publishes may write, each to one place; every job ends by itself."""
    assert JOBS[job].get("permissions") == WRITERS.get(job)
    assert "uses" in JOBS[job] or int(JOBS[job]["timeout-minutes"]) <= 60


def test_only_a_tag_publishes():
    """Jobs that write run behind tests and builds, in the one workflow that a tag starts."""
    assert WORKFLOWS["release"]["on"] == {"push": {"tags": ["v*"]}}
    for job in WRITERS:
        assert {"test", "build"} <= set(JOBS[job]["needs"])


@pytest.mark.parametrize("job", JOBS)
def test_actions_are_pinned(job):
    """Actions of GitHub by major version, those of others by commit, workflows of ours by path."""
    for used in filter(None, [JOBS[job].get("uses"), *(step.get("uses") for step in steps(job))]):
        assert re.fullmatch(r"actions/[\w-]+@v\d+|[\w/-]+@[0-9a-f]{40}|\./\.github/workflows/\w+\.yml", used)
        assert not used.startswith("./") or (ROOT / used).is_file()


@pytest.mark.parametrize("job", JOBS)
def test_what_a_job_runs_is_there(job):
    """Each script and file of the checkout that a step names exists; scripts can be executed."""
    text = "\n".join(step.get("run", "") for step in steps(job))
    for path in re.findall(r"(?<![\w/.:-])((?:\./)?(?:deploy|gateway|tests)/[\w./-]*\w)", text):
        assert (ROOT / path).exists(), path
    for script in re.findall(r"^\s*(\./\S+)", text, re.M):
        assert os.access(ROOT / script, os.X_OK), script


@pytest.mark.parametrize("job", JOBS)
def test_no_step_pastes_what_a_stranger_wrote_into_a_shell(job):
    """Expressions reach a script as variables only: a branch may be called anything."""
    assert not [step["run"] for step in steps(job) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_can_be_filled_in(path):
    """Every field has a kind that GitHub knows, an id of its own and a label; what is needed is asked for."""
    form = yaml.safe_load(path.read_text())
    assert form["name"]
    assert form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    for field in form["body"]:
        assert field["type"] in {"input", "textarea", "dropdown"}
        assert field["attributes"]["label"]
        assert field["type"] != "dropdown" or field["attributes"]["options"]
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_a_wrong_message_is_reported_with_its_request():
    """The form of a wrong message cannot be sent without the request."""
    form = yaml.safe_load((FOLDER / "ISSUE_TEMPLATE" / "wrong-message.yml").read_text())
    [request] = [field for field in form["body"] if field["id"] == "request"]
    assert request["validations"]["required"] is True


def test_the_guide_tells_every_package():
    """Whoever looks for the place of a change finds each package of the code in CONTRIBUTING."""
    table = CONTRIBUTING.split("| package |")[1].split("\n\n")[0]
    packages = [path.parent.name for path in (ROOT / "gateway").glob("*/__init__.py")]
    assert len(packages) > 10
    assert [name for name in packages if f"`{name}/`" not in table] == []


def test_the_guide_names_files_that_are_there():
    """Each path of the checkout in CONTRIBUTING is a file or folder."""
    paths = re.findall(r"`(?:\./)?((?:gateway|tests|schemas|deploy)/[a-z_./-]*)", CONTRIBUTING)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
