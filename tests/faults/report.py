"""The findings as a Markdown table."""

import math
from collections.abc import Sequence

from tests.faults.world import Finding

HEAD = """\
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
    seconds = f"{finding.seconds:.1f}" if finding.seconds < math.inf else "not within a minute"
    notes = [f"{finding.dead} dead"] if finding.dead else []
    notes += [f"first message after {finding.first:.1f} s"] if finding.first else []
    notes += [f"{finding.again} of them over REST"] if finding.again else []
    notes += [f"{finding.waiting} still wait"] if finding.waiting else []
    notes += finding.notes
    if finding.broken:
        notes.append(f"**not as promised: {', '.join(finding.broken)}**")
    cells = finding.name, found.accepted, finding.lost, found.twice, found.disorder, seconds, "; ".join(notes)
    return f"| {' | '.join(map(str, cells))} |"
