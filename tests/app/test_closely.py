"""The close reading of a catalog: by one process or several, the findings are the same, in the same order."""

import os

import pytest

from gateway.app import closely
from gateway.app.closely import Findings, read, read_all

SERVICE = "name: {0}\nsetup: There is nothing to do.\nevent: [{{json: kind}}]\n"
DOCUMENT = "title: A thing\nevents: [thing]\ninput: {{box: text}}\nmessage: {{text: '{{{{ {0} }}}}'}}\n"


@pytest.fixture
def folder(tmp_path):
    """Services, some of which have a fault that a close reading finds; one cannot be compiled, one has a warning."""
    for key, path in {"a": "box", "b": "bxo", "c": "box", "d": "bax", "e": "box"}.items():
        (tmp_path / key).mkdir()
        (tmp_path / key / "service.yaml").write_text(SERVICE.format(key))
        (tmp_path / key / "thing.yaml").write_text(DOCUMENT.format(path))
    (tmp_path / "c" / "thing.yaml").write_text("title: [")
    (tmp_path / "e" / "service.yaml").write_text(SERVICE.format("e").replace("There is nothing to do", "TODO say it"))
    return tmp_path


def places(found: Findings) -> list[str]:
    """Which service each fault is in."""
    return [one.file.split("/")[-2] for one in found.faults]


def test_each_service_is_read_closely(folder):
    """Faults of compiling, of the close reading, and warnings, by service."""
    found = read([folder], ["a", "b", "c", "nothing"])
    assert {key: len(one.faults) for key, one in found.items()} == {"a": 0, "b": 1, "c": 1, "nothing": 0}
    assert "bxo" in found["b"].faults[0].problem


@pytest.mark.parametrize("processors", [1, 2, 3])
def test_several_processes_find_the_same(folder, monkeypatch, processors):
    """However many there are, in the order of the keys."""
    monkeypatch.setattr(closely, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    found = read_all([folder], list("abcde"))
    assert places(found) == ["b", "c", "d"]
    alone = read([folder], list("abcde"))
    assert found.faults == [fault for key in "abcde" for fault in alone[key].faults]
    assert len(found.warnings) == 1
    assert found.warnings == [fault for key in "abcde" for fault in alone[key].warnings]


def test_a_process_that_fails_is_done_without(folder, monkeypatch):
    """Its share is read here."""
    monkeypatch.setattr(closely, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(closely.sys, "executable", "/bin/false")
    assert places(read_all([folder], list("abcde"))) == ["b", "c", "d"]


def test_few_services_are_read_here(folder, monkeypatch):
    """A process takes longer to start than it would save."""
    monkeypatch.setattr(closely, "_start", None)
    assert places(read_all([folder], list("abcde"))) == ["b", "c", "d"]
