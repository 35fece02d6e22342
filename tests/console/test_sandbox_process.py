"""The job of the process in which an edited document is tried, and its limits."""

import io
import resource
import subprocess
import sys

import msgspec
import pytest

from gateway.console import sandbox_process
from gateway.console.sandbox_process import LARGEST, NO_LIMITS, OUT_OF_MEMORY, TOO_LARGE, Edited, main
from tests.console.test_sandbox import HEAD, TALK, job


@pytest.fixture(autouse=True)
def unlimited(monkeypatch):
    """The process of the tests keeps its rights."""
    monkeypatch.setattr(sandbox_process, "limit", lambda: None)
    monkeypatch.setattr(sandbox_process.Path, "write_text", lambda *_: None)


def run(asked) -> tuple[int, bytes]:
    """Do a job; the exit code and the answer."""
    answer = io.BytesIO()
    return main(io.BytesIO(msgspec.json.encode(asked)), answer), answer.getvalue()


def test_the_edited_document_answers():
    """In the place of the one that the catalog has."""
    code, answer = run(job(TALK))
    assert code == 0
    assert msgspec.json.decode(answer, type=Edited).results[0].events[0].messages[0]["text"] == "hello"


def test_a_mismatch_names_the_line_of_the_edited_text():
    """Its schema is the edited one, and so are the lines."""
    document = HEAD + "input:\n  other?: text\n  ref: number\nmessage: {text: x}\n"
    _, answer = run(job(document, b'{"ref": "x"}'))
    fault = msgspec.json.decode(answer, type=Edited).results[0].events[0].faults[0]
    assert (fault.path, fault.line) == ("$.ref", 5)


def test_a_service_that_went_away_is_told():
    """The files may change between two steps."""
    code, answer = run(job(TALK, service="nothing"))
    assert code == 0
    assert "no service nothing any more" in msgspec.json.decode(answer, type=Edited).faults[0].problem


def test_what_memory_did_not_suffice_for_and_what_is_too_large_have_their_codes(monkeypatch):
    """The console tells them apart; nothing is written."""
    monkeypatch.setattr(sandbox_process, "LARGEST", 10)
    assert run(job(TALK)) == (TOO_LARGE, b"")
    monkeypatch.setattr(sandbox_process, "LARGEST", LARGEST)

    def starve(*_):
        raise MemoryError

    monkeypatch.setattr(sandbox_process, "tried", starve)
    assert run(job(TALK)) == (OUT_OF_MEMORY, b"")


def test_without_limits_nothing_is_tried(monkeypatch):
    """Where the system does not let a process limit itself, the document is not looked at."""

    def refuse():
        raise PermissionError

    monkeypatch.setattr(sandbox_process, "limit", refuse)
    assert run(job("title: [")) == (NO_LIMITS, b"")


def test_the_limits_are_those_of_the_kernel():
    """Time, memory, files and dumps, and no way back."""
    script = (
        "import resource as r; from gateway.console import sandbox_process as s; s.limit(); "
        "print(*(r.getrlimit(k) for k in (r.RLIMIT_CPU, r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_CORE)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    cpu, memory, size, dump = done.stdout.replace(") (", ")|(").split("|")
    soft, hard = map(int, cpu.strip("()").split(", "))
    assert 2 <= soft <= 4
    assert hard == soft + 1
    assert memory == f"({sandbox_process.MEMORY}, {sandbox_process.MEMORY})"
    assert size.strip() == dump.strip() == "(0, 0)"
    assert resource.getrlimit(resource.RLIMIT_CORE) is not None
