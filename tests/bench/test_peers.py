"""The comparison with other programs runs, and tells a relay that keeps promises from one that does not."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import PATIENCE, eventually

HERE = Path(__file__).parent
SCRIPT = HERE / "peers.py"
PROMISES = ("keeps", "order", "once", "forged", "retry", "429")


def run(tmp_path: Path, *arguments: str) -> tuple[dict[str, dict], str]:
    """What a quick run finds of each program, by name, and the table that it prints."""
    out = tmp_path / "figures.json"
    command = [sys.executable, str(SCRIPT), "--quick", *arguments, "--json", str(out), "--folder", str(tmp_path)]
    command += ["--programs", str(tmp_path / "programs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(out.read_bytes())["programs"]}, done.stdout


def test_table_has_a_line_for_every_program(bench):
    """A program shows what it costs and keeps, with what was seen; one that is absent shows why."""
    peers, promises = bench("peers"), bench("promises")
    verdicts = {"keeps": promises.Verdict(kept=False, seen="3 of 4"), "once": promises.Verdict(kept=True, seen="once")}
    cost = peers.Cost(seconds=0.214, ratio=1.49, rate=2345.6, memory=27.6)
    lines = peers.markdown([peers.Row("ours", "", cost, verdicts), peers.Row("theirs", "needs npm")]).splitlines()
    assert lines[2] == "| ours | 0.21 | 1.5 | 2,346 | 28 | no, 3 of 4 |  | yes, once |  |  |  |"
    assert lines[3].startswith("| theirs | absent: needs npm |")
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.parametrize(
    ("arrived", "late"),
    [([], 0), ([0, 1, 2, 3], 0), ([0, 2, 1, 3], 1), ([3, 0, 1, 2], 3), ([0, 1, 3], 0)],
)
def test_late_is_what_comes_after_a_later_one(bench, arrived, late):
    """What overtakes counts by what it overtook; what is missing is lost, and not late."""
    assert bench("promises").late(arrived) == late


def test_rough_destination_treats_all_programs_alike(bench):
    """A fifth of the attempts fail, in each of the ways, and the same attempt at the same event always does."""
    rough = bench("rough")
    attempts = [(f"change{lane}x{number}", attempt) for lane in range(20) for number in range(20) for attempt in (1, 2)]
    fates = [rough.rough(*one) for one in attempts]
    assert fates == [rough.rough(*one) for one in attempts]
    failed = [fate for fate in fates if fate is not rough.Fate.TAKEN]
    assert 0.15 < len(failed) / len(fates) < 0.25
    assert set(failed) == {rough.Fate.REFUSED, rough.Fate.CLOSED, rough.Fate.LATE}


def test_processes_that_have_ended_count(bench):
    """A program that starts a command for each request has no less to pay for that."""
    server = bench("servers").Server(0, SimpleNamespace(pid=os.getpid()))
    before = server.processor()
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", burn], timeout=PATIENCE, check=True)
    assert (server.processor() - before).total() > 0.15


async def test_kill_leaves_no_process(bench):
    """What a program has started ends with it, though it is busy with starting more."""
    nap = f"sleep 600.{os.getpid()}"
    process = await asyncio.create_subprocess_exec("sh", "-c", f"while :; do sh -c '{nap} & {nap}' & sleep 0.01; done")
    server = bench("servers").Server(0, process)
    await eventually(lambda: len(server.processes()) > 10)
    await server.kill()
    await eventually(lambda: not any(nap in command for command in commands()))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "left"), [(signal.SIGTERM, 0), (signal.SIGKILL, 1)])
async def test_end_leaves_nothing(tmp_path: Path, number: signal.Signals, left: int):
    """What is interrupted leaves no process and no folder; what is killed leaves a folder, for nobody removes it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "run.py"), "chain", "--folder", str(tmp_path), stderr=subprocess.DEVNULL
    )
    await eventually(lambda: any("serve" in command and str(tmp_path) in command for command in commands()))
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), PATIENCE) != 0
    await eventually(lambda: not any(str(tmp_path) in command for command in commands()))
    assert len(list(tmp_path.iterdir())) == left


def commands() -> Iterator[str]:
    """The command lines of all processes."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield file.read_text("utf-8", "replace").replace("\0", " ")


@pytest.mark.slow
def test_cost_is_measured_beside_the_proxy(tmp_path: Path):
    """The gateway's figures and those of the proxy come from one run; what is not installed is told."""
    found, table = run(tmp_path, "cost", "--only", "mattergate", "--only", "benthos")
    benthos = next(name for name in found if name.startswith("Benthos"))
    assert set(found) == {"aiohttp proxy", "mattergate", benthos}
    assert found["aiohttp proxy"]["cost"]["ratio"] == 1
    for name in ("aiohttp proxy", "mattergate"):
        assert min(found[name]["cost"].values()) > 0
        assert f"| {name} | {found[name]['cost']['seconds']:.2f} |" in table
    assert found[benthos] == {"name": benthos, "absent": "not installed: --install fetches it"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("mattergate", ()),
        pytest.param(
            "durable Go relay", ("--install",), marks=pytest.mark.skipif(not shutil.which("go"), reason="needs go")
        ),
    ],
)
def test_every_promise_is_kept(tmp_path: Path, name: str, more: Sequence[str]):
    """Everything that is sent arrives once and in order, and nothing else does: of the gateway, of what is like it."""
    found, table = run(tmp_path, "promises", "--only", name, *more)
    verdicts = found[name]["verdicts"]
    assert {name: verdict["kept"] for name, verdict in verdicts.items()} == dict.fromkeys(PROMISES, True)
    assert verdicts["keeps"] == {"kept": True, "seen": "8 of 8", "detail": "8 accepted"}
    assert "| yes, once |" in table


@pytest.mark.slow
def test_promises_are_really_tried(tmp_path: Path):
    """A relay that answers at once and forgets keeps none of them."""
    found, table = run(tmp_path, "promises", "--only", "forgetful")
    verdicts = found["forgetful relay"]["verdicts"]
    assert {name: verdict["kept"] for name, verdict in verdicts.items()} == dict.fromkeys(PROMISES, False)
    assert verdicts["keeps"] == {"kept": False, "seen": "0 of 8", "detail": "8 accepted"}
    assert "| no, twice |" in table


def test_help_teaches():
    """The help says what the work is, how each promise is tried, and where the others come from."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    for word in (
        "--install",
        "--only",
        "--rounds",
        "kill -9",
        "8 kB",
        "median",
        "nothing else should run",
        "tests/bench/peers/",
    ):
        assert word in done.stdout
