"""The short form of the matrix of faults: one gateway under load, one fault after the other, nothing lost in any."""

import sys

import pytest
import pytest_asyncio

from tests.conftest import PATIENCE
from tests.faults import main, realserver, report
from tests.faults.comparison import Comparison
from tests.faults.faults import FAULTS
from tests.faults.kills import Kills, kill_again_and_again
from tests.faults.world import Finding, beside, examine, running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

SHORT = [fault for fault in FAULTS if fault.short]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory):
    """Give a world in which all runs, to be disturbed again and again."""
    folder = tmp_path_factory.mktemp("world")
    async with beside(folder) as place, running(folder, place) as made:
        yield made
        sys.stderr.write(made.gateway.log.read_text()[-3000:])  # pytest shows it with a failure


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: fault.name)
async def test_a_fault_is_got_over(world, fault):
    """Nothing that was accepted is lost, no more is repeated than must be, and each lane stays in order."""
    patient = fault._replace(within=PATIENCE, resumes=PATIENCE)  # how soon depends on what else the machine does
    finding = await examine(patient, world, f"f{SHORT.index(fault)}")
    assert not finding.broken, report.line(finding)
    assert finding.comparison.accepted


@pytest.mark.asyncio(loop_scope="module")
async def test_kills_are_got_over(world):
    """Kills of the gateway, of its writing process and of both, one after the other under load."""
    kills = await kill_again_and_again(world, 3, 1, lambda _: None)
    assert not kills.broken, str(kills)
    assert kills.comparison.accepted


def test_the_report_tells_what_was_not_kept():
    """A promise that was not kept stands in bold, a fault that was not tried has its reason, and nothing is hidden."""
    kept = Finding("kept", Comparison(10, 0, 1, 0), seconds=1.25)
    lost = Finding("lost", Comparison(10, 5, 0, 0), dead=1, waiting=1, seconds=float("inf"), broken=("3 lost",))
    skipped = Finding("skipped", skipped="needs root")
    lines = report.markdown([kept, lost, skipped]).splitlines()[2:]
    assert lines == [
        "| kept | 10 | 0 | 1 | 0 | 1.2 |  |",
        "| lost | 10 | 3 | 0 | 0 | too long | 1 dead; 1 still wait; **not as promised: 3 lost** |",
        "| skipped | | | | | | skipped: needs root |",
    ]


def test_the_guide_has_every_fault():
    """The tables of the guide for operators are those of whole runs: each fault has its line."""
    for place, faults in (("faults", FAULTS), ("real", [fault for fault in FAULTS if fault.real])):
        lines = report.written(place).splitlines()[2:]
        assert [line.split("|")[1].strip() for line in lines] == [fault.name for fault in faults]
    assert "kills in" in report.written("kills")


def test_kills_beyond_their_bound_are_told():
    """Anything lost, dead, waiting or out of order is no kept promise, nor is a repeat more than the bound."""
    kills = Kills(3, 2, Comparison(100, 0, 96, 0), 0, 0, 0, [1.0], 3.0)
    assert kills.bound == 96
    assert not kills.broken
    assert kills._replace(comparison=Comparison(100, 0, 97, 0)).broken == ("97 twice of at most 96",)
    assert kills._replace(comparison=Comparison(100, 3, 0, 1), dead=1).broken == ("2 lost", "1 dead", "1 out of order")


def test_the_command_tells_what_it_can_do(monkeypatch, capsys):
    """`--help` teaches, `--list` names every fault."""
    monkeypatch.setattr(sys, "argv", ["run", "--list"])
    assert main.main() == 0
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == [fault.name for fault in FAULTS]
    monkeypatch.setattr(sys, "argv", ["run", "--help"])
    with pytest.raises(SystemExit):
        main.main()
    shown = capsys.readouterr().out
    assert "--kills 300" in shown
    assert all(f"MATTERMOST_{name}" in shown for name in realserver.NAMES)
