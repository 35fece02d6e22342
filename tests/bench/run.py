"""The bench: what an event costs, beside a bare aiohttp proxy that does no work with the same requests, in one run.

    .venv/bin/python tests/bench/run.py            everything: about ten minutes
    .venv/bin/python tests/bench/run.py --quick    a minute; shows that it runs, its figures mean nothing
    .venv/bin/python tests/bench/run.py cost       a part; several may be named
    .venv/bin/python tests/bench/run.py before --against DIR    this checkout beside another one

Parts:

    cost     processor time for 1,000 events by process, and end to end: of one destination (64 lanes), of eight, and of
             eight channels over REST; ratios to the proxy are the figures to look at first
    accept   requests accepted a second, while what was accepted is delivered, beside a handler that only reads
    latency  milliseconds until the answer, at 1,000 requests a second
    acts     slash commands at 200 a second: milliseconds until the answer, and of processor
    chain    one lane alone: milliseconds a post beyond what its destination takes to answer
    sizes    bytes on disk for an event, the log included, and memory, after 120,000 events
    steps    the steps of one event, each by itself: Python calls, and microseconds. Calls do not depend on the machine:
             a test fails when a step makes more of them than calls.json allows. --keep allows those of now; do that
             with the oldest Python that the project supports, which makes the most
    console  the pages of the console with a million events kept, and deliveries while it is open in ten browsers
    catalog  what a catalog of many services costs, and an edit in it
    before   cost for one destination, in turns with the gateway of the checkout --against, and as a ratio to it; this
             part has to be named
    samples  processor from the body of a request to its messages, for samples of usual events, in turns with the
             checkout --against, and as a ratio to it; this part has to be named, too

Processes are real, HTTP is real (loopback), the journal is SQLite on the disk of --folder. The servers under test run
on whatever cores there are, load generator and sink keep to the second one; so nothing else should run. Requests are
distinct GitHub pushes of 8 kB with their HMAC signatures, over 32 keep-alive connections. What is compared is measured
in slices that take turns, --rounds times, and the median of the rounds' ratios counts: absolute figures are those of
this machine, ratios hold on others, too. End to end means that the message has arrived; a slice of processor time ends
when the server rests. The part `console` leaves a journal of a million events (6 GB) in the folder for the next time.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import command
import report
from parts import COMPARING, FULL, PARTS, QUICK, Plan
from report import Row
from servers import LOAD_CORE, QUIET_CORE, pinned


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = command.parser(__doc__, PARTS, FULL.rounds)
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="another checkout of this project, for `before` and `samples`"
    )
    parser.add_argument("--keep", action="store_true", help="keep the numbers of calls that `steps` counts")
    chosen = parser.parse_args()
    if COMPARING.isdisjoint(chosen.parts) is not (chosen.against is None):
        parser.error("`before` and `samples` go together with --against DIR, the checkout to compare with")
    if chosen.against and not (chosen.against / "gateway" / "__main__.py").exists():
        parser.error(f"{chosen.against} is no checkout of this project: it has no gateway/__main__.py")
    return chosen


async def measured(chosen: argparse.Namespace) -> Sequence[Row]:
    """Every figure of the chosen parts, in order."""
    size = QUICK if chosen.quick else FULL
    size = size._replace(rounds=chosen.rounds or size.rounds)
    against = chosen.against.resolve() if chosen.against else None
    plan = Plan(size, chosen.folder.resolve(), against, keep=chosen.keep)
    rows: list[Row] = []
    for name in [name for name in PARTS if name in (chosen.parts or PARTS.keys() - COMPARING)]:
        with pinned(QUIET_CORE if name in {"steps", "samples"} else LOAD_CORE):
            rows += await PARTS[name](plan)
    return rows


def main() -> None:
    """Measure, and print the table."""
    chosen = arguments()
    rows = command.run(measured(chosen))
    print(report.markdown(rows))
    command.write(chosen, figures=rows)


if __name__ == "__main__":
    main()
