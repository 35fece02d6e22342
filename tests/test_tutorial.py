"""The tutorial of schemas/README.md: its files, commands and outputs, in the order in which they stand there."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tests import reference

PAGE = reference.AUTHORS.read_text("utf-8")
TUTORIAL = PAGE[PAGE.index("## A translator in four steps") : PAGE.index("## Files and YAML")]
BLOCKS = re.findall(r"```(\w+)\n(?:# (\S+)\n)?(.*?)```", TUTORIAL, re.S)
MENDED = "mattergate.toml: 1 route, 1 destination, no fault"


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader of the tutorial, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MATTERGATE_CONFIG", raising=False)
    return Reader(tmp_path, monkeypatch)


class Reader:
    """Does what the page says; `said` is what the last commands printed."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.env = monkeypatch
        self.said = ""

    def write(self, name, text):
        """Write a file, in the catalog folder unless it is one of the settings."""
        path = self.folder / name if name == "mattergate.toml" else self.folder / "my-services" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, commands):
        """Run lines of a shell: mattergate, rm and export, nothing else."""
        self.said = ""
        for line in commands.strip().splitlines():
            name, *words = shlex.split(line)
            if name == "export":
                self.env.setenv(*words[0].split("=", 1))
            elif name == "rm":
                for one in words:
                    (self.folder / one).unlink()
            else:
                assert name == "mattergate"
                self.said += CliRunner(env={"COLUMNS": "300"}).invoke(app, words, catch_exceptions=False).output

    def lines(self):
        """The lines that the last commands printed, in any order: warnings and faults are another stream."""
        return sorted(self.said.strip().splitlines())


def test_the_tutorial_does_what_it_says(reader):
    """Each command prints what stands below it; the fault is that of the one change that the text describes."""
    for language, name, text in BLOCKS:
        if language == "http":
            path = reader.folder / "recorded" / "placed.http"
            path.parent.mkdir()
            path.write_text(text)
        elif language in ("yaml", "toml"):
            reader.write(name, text)
        elif language == "sh":
            if text.endswith("mattergate check\n"):
                order = reader.folder / "my-services" / "acme-orders" / "order.yaml"
                whole = order.read_text()
                order.write_text(whole.replace("order.note", "order.nte"))
            reader.run(text)
        else:
            assert reader.lines() == sorted(text.strip().splitlines())
    order.write_text(whole)
    reader.run("mattergate check")
    assert reader.lines() == [MENDED]
    assert MENDED in TUTORIAL


def test_the_sample_is_what_write_makes_of_its_request(reader):
    """From the request and an outcome, as the text says."""
    for language, name, text in BLOCKS:
        if language == "yaml":
            path = reader.write(name, text)
            if name.endswith("order.failed.yaml"):
                sample, whole = path, text
                path.write_text(text.partition("expect:")[0] + "expect: {outcome: message}\n")
    reader.run(f"mattergate test --catalog my-services {sample.relative_to(reader.folder)} --write")
    assert sample.read_text() == whole
