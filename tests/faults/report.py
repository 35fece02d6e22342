"""The findings as a Markdown table, and their places in the guide for operators."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.faults.world import Finding

GUIDE: Final = Path(__file__).parents[2] / "deploy" / "operations.md"

HEAD: Final = """\
| fault | accepted | lost | twice | out of order | seconds until normal | |
|---|---:|---:|---:|---:|---:|---|"""


def markdown(findings: Sequence[Finding]) -> str:
    """The table; a promise that was not kept stands in bold."""
    return "\n".join([HEAD, *map(line, findings)])


def line(finding: Finding) -> str:
    """The line of one finding."""
    if finding.skipped:
        return f"| {finding.name} | | | | | | skipped: {finding.skipped} |"
    found = finding.comparison
    seconds = f"{finding.seconds:.1f}" if finding.seconds < math.inf else "too long"
    notes = [f"{finding.dead} dead"] if finding.dead else []
    notes += [f"first message after {finding.first:.1f} s"] if finding.first else []
    notes += [f"{finding.again} of them over REST"] if finding.again else []
    notes += [f"{finding.waiting} still wait"] if finding.waiting else []
    notes += finding.notes
    if finding.broken:
        notes.append(f"**not as promised: {', '.join(finding.broken)}**")
    cells = finding.name, found.accepted, finding.lost, found.twice, found.disorder, seconds, "; ".join(notes)
    return f"| {' | '.join(map(str, cells))} |"


def write(place: str, text: str) -> None:
    """Replace what the guide says at a place, which is between `<!-- measured: PLACE -->` and `<!-- end -->`."""
    GUIDE.write_text(_place(place).sub(lambda found: f"{found[1]}{text}{found[3]}", GUIDE.read_text()))


def written(place: str) -> str:
    """What the guide says at a place."""
    found = _place(place).search(GUIDE.read_text())
    assert found is not None, f"{GUIDE} has no place {place!r}"
    return found[2]


def _place(place: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- measured: {place} -->\n)(.*?)(\n<!-- end -->)", re.DOTALL)
