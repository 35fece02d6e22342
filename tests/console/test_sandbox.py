"""The processes in which edited documents are tried: what exceeds a limit is ended, and the gateway goes on."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.catalog import files
from gateway.console import sandbox
from gateway.console.sandbox import Sandbox
from gateway.console.sandbox_process import Job, Sent
from gateway.errors import Refused
from gateway.model import Outcome, Request
from gateway.pipeline.interpret import Wishes
from tests.conftest import eventually

HEAD = "title: abc\nevents: [push]\n"
TALK = HEAD + "message: {text: hello}\n"


def doubled(start: str, step: str, end: str, times: int = 40) -> str:
    """A document whose template begins with `start`, does `step` so many times, and shows `end`."""
    return HEAD + f'message:\n  text: "{"{% set s = " + start + " %}"}{step * times}{end}"\n'


CHAIN = ", ".join(f'd{n}: {{anyOf: [{{$ref: "#/$defs/d{n + 1}"}}, {{$ref: "#/$defs/d{n + 1}"}}]}}' for n in range(60))
ATTACKS = {
    "a list that holds itself twice, forty times": doubled("1", "{% set s = [s, s] %}", "{{ s | length }}"),
    "compared with its like": doubled(
        "[1] %}{% set t = [1]", "{% set s = [s, s] %}{% set t = [t, t] %}", "{{ s == t }}"
    ),
    "a list added to itself": doubled("[1]", "{% set s = s + s %}", "{{ s | first }}"),
    "a list of a thousand million": HEAD + "message: {text: '{{ ([1] * 4000000000) | first }}'}\n",
    "anyOf of itself": HEAD + "input: {$defs: {" + CHAIN + ", d60: false}, $ref: '#/$defs/d0'}\nmessage: {text: x}\n",
    "doubled by lets": HEAD
    + "let:\n  v0: '{{ [1] }}'\n"
    + "".join(f"  v{n + 1}: '{{{{ [v{n}, v{n}] }}}}'\n" for n in range(40))
    + "message: {text: '{{ v40 | upper }}'}\n",
}


HEAVY = "{% for a in commits %}{% set x = payload | html %}{% set y = payload | mrkdwn | jira %}{% endfor %}x"
SLOW = HEAD + "message:\n  text:\n" + f"    - '{HEAVY}'\n" * 300
"""A document that takes a minute with MANY, and that no other limit refuses."""
MANY = b'{"commits": [' + b", ".join(b'{"id": "%064d", "t": "*a* <b>%0200d</b>"}' % (n, n) for n in range(60)) + b"]}"
HUNGRY = (
    HEAD
    + "let:\n"
    + "".join(f"  v{number}: '{{{{ [{', '.join(['commits'] * 90)}][:90] }}}}'\n" for number in range(8))
    + "message: {text: x}\n"
)
"""A document that takes 600 MB with LONG: the engine copies what its lists hold."""
LONG = b'{"commits": "' + b"x" * 900_000 + b'"}'


def job(document: str, body: bytes = b"{}", name: str = "push", **more) -> Job:
    """A trial of a document of the service github."""
    folders = (str(files.builtin_folder()),)
    sent = Sent(Request(headers={"x-github-event": "push"}, body=body), Wishes())
    return Job(**{"folders": folders, "service": "github", "name": name, "document": document, "requests": (sent,),
                  **more})  # fmt: skip


@pytest.fixture
async def box():
    """Give a sandbox; its processes end with it."""
    made = Sandbox(None)
    yield made
    await made.close()


def children() -> list[Path]:
    """The processes that this one has started for trials and that have not ended, as folders of /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_bytes().rpartition(b") ")[2].split()[1])
            if parent == os.getpid() and b"sandbox_process" in (process / "cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


async def test_a_document_speaks(box):
    """Its result comes back whole, and its process is gone."""
    found = await box.run(job(TALK))
    assert found.results[0].outcome is Outcome.MESSAGE
    assert found.results[0].events[0].messages[0]["text"] == "hello"
    assert not found.faults
    assert not children()


async def test_faults_come_back_with_their_place(box):
    """As the loader of the catalog tells them."""
    found = await box.run(job(TALK.replace("title", "titel")))
    assert not found.results
    assert {one.line for one in found.faults} == {1}


@pytest.mark.parametrize("document", ATTACKS.values(), ids=ATTACKS)
async def test_what_would_take_too_much_is_refused_before_it_runs(box, document):
    """What grows or branches without end is a fault, with its line."""
    found = await box.run(job(document))
    assert not found.results
    assert found.faults[0].line > 0
    assert "smaller" not in found.faults[0].remedy, "no process was ended"


@pytest.mark.parametrize(
    ("document", "body", "told"),
    [(SLOW, MANY, "takes more than 1 s of processor time"), (HUNGRY, LONG, "needs more than 256 MB of memory")],
    ids=["time", "memory"],
)
async def test_what_takes_too_much_is_ended_and_said(box, document, body, told):
    """A real process that exceeds its time or memory ends, and the fault names the document and the limit."""
    found = await box.run(job(document, body))
    assert not found.results
    [fault] = found.faults
    assert fault.problem == f"github/push {told}"
    assert "smaller" in fault.remedy
    assert not children()
    assert (await box.run(job(TALK))).results


async def test_no_more_than_two_run_at_once_and_few_wait(box, monkeypatch):
    """A third waits for its turn; beyond MOST_WAITING the answer is 503 at once."""
    monkeypatch.setattr(sandbox, "MOST_WAITING", 1)
    slow = job(SLOW, MANY)
    running = [asyncio.ensure_future(box.run(slow)) for _ in range(2)]
    waiting = asyncio.ensure_future(box.run(job(TALK)))
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="503 Service Unavailable: 3 edited documents are tried already"):
        await box.run(job(TALK))
    most = 0
    while not waiting.done():
        most = max(most, len(children()))
        await asyncio.sleep(0.01)
    assert most == sandbox.AT_ONCE
    assert waiting.result().results
    assert all(one.faults for one in await asyncio.gather(*running))


async def test_what_does_not_end_is_killed(box, monkeypatch):
    """Wall time is bounded, too: a process that waits for something costs no processor time."""
    monkeypatch.setattr(sandbox, "PATIENCE", 0.05)
    with pytest.raises(Refused, match=r"503 Service Unavailable: github/push was not tried within 0\.05 s"):
        await box.run(job(TALK))
    assert not children()


async def test_an_end_of_the_console_kills_what_runs(box):
    """A stop of the gateway does not wait for an edit."""
    running = asyncio.ensure_future(box.run(job(SLOW, MANY)))
    await eventually(children)
    await box.close()
    assert (await running).faults[0].problem.startswith("github/push was killed")
    assert not children()


async def test_a_caller_that_goes_leaves_no_process(box):
    """Who is cancelled takes the process along."""
    running = asyncio.ensure_future(box.run(job(SLOW, MANY)))
    await eventually(children)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not children()


async def test_nothing_of_the_gateway_reaches_the_process(box, monkeypatch):
    """Its environment holds where its modules are, and no more; it has no file of the gateway open."""
    monkeypatch.setenv("MATTERGATE_ADMIN_TOKEN", "a-token-of-the-gateway")
    running = asyncio.ensure_future(box.run(job(SLOW, MANY)))
    await eventually(children)
    child = children()[0]
    names = [entry.partition(b"=")[0] for entry in (child / "environ").read_bytes().split(b"\0") if entry]
    assert names == [b"PYTHONPATH"]
    opened = {}
    for each in (child / "fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            opened[int(each.name)] = str(each.readlink())
    assert not any(number > 2 and name.startswith(("socket:", "pipe:")) for number, name in opened.items())
    assert (await running).faults


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import sys; sys.stdin.read(); sys.stdout.write('x' * 10_000_000)", "was killed"),
        ("import os; os.abort()", "needs more than 256 MB of memory"),
        ("import sys; sys.exit(9)", "ended its process with code 9"),
        (f"import os; os.kill(os.getpid(), {signal.SIGSEGV:d})", "needs more memory for its recursion"),
    ],
    ids=["an endless answer", "abort", "an odd code", "a stack that overflows"],
)
async def test_a_process_that_does_anything_else(box, monkeypatch, tmp_path, script, told):
    """An answer is read up to its limit, and every end is told."""
    (tmp_path / "odd_process.py").write_text(script)
    monkeypatch.setattr(sandbox, "_MODULE", "odd_process")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert told in (await box.run(job(TALK, b"x" * 500_000))).faults[0].problem
    assert not children()
