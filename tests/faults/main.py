"""The matrix of faults: what each costs, in messages and in seconds.

Every fault is injected into a real `mattergate serve` under load, with signed requests in many lanes to an incoming
webhook and to a channel over REST, and is healed where it can be healed. Then it is counted, by the number of every
item: accepted, lost, twice, out of order, and the seconds until all is as before.

    tests/faults/run                            every fault that this machine can inject: about ten minutes
    tests/faults/run --only disk --only 429     those with a word in their name; --list shows the names
    tests/faults/run --short                    as in the test run: a few seconds each, in one gateway
    tests/faults/run --kills 300                kills at random moments, of the gateway, of its writing process, of both
    tests/faults/run --bot 5000                 a bot hears so many posts over 50 cuts of its connection and 10 kills
    tests/faults/run --mattermost URL           those that a real Mattermost can have, of which these variables tell:

{real}

The exit code is 1 when a promise was not kept, 2 for wrong arguments.
"""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import uvloop

from tests.faults import realserver, report
from tests.faults.faults import FAULTS
from tests.faults.hearing import hear
from tests.faults.kills import Kills, kill_again_and_again
from tests.faults.mattermost import StandInMattermost
from tests.faults.realserver import RealMattermost
from tests.faults.world import Fault, Finding, Server, beside, examine, running

CUTS, KILLS = 50, 10
"""Of the connection and of the process of a bot."""


def arguments() -> argparse.Namespace:
    """The command line."""
    told = (__doc__ or "").format(real=realserver.__doc__.partition("\n\n")[2].rstrip())
    parser = argparse.ArgumentParser(
        prog="tests/faults/run", description=told, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="faults with this in their name")
    parser.add_argument("--list", action="store_true", help="show the faults, and those that cannot be injected here")
    parser.add_argument("--short", action="store_true", help="the short form: no root, no packages, a few seconds each")
    parser.add_argument(
        "--seconds", type=float, default=3.0, metavar="S", help="how long a fault lasts that lasts (default: 3)"
    )
    parser.add_argument("--mattermost", metavar="URL", help="a real Mattermost behind the gateway, not the stand-in")
    parser.add_argument("--kills", type=int, metavar="N", help="kill N times instead")
    parser.add_argument("--bot", type=int, metavar="N", help="cut and kill a bot while N posts are said instead")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the moments of kills (default: 1)")
    parser.add_argument("--guide", action="store_true", help="also write what came of it into deploy/operations.md")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where all files go, and stay (default: a new one)")
    options = parser.parse_args()
    if options.mattermost and (unset := realserver.lacking()):
        parser.error(f"--mattermost needs {', '.join(unset)}")
    if options.guide and (options.only or options.short):
        parser.error("--guide is for a whole run")
    return options


def chosen(options: argparse.Namespace) -> list[Fault]:
    """The faults that the command line asks for."""
    words = [word.lower() for word in options.only]
    found = [fault for fault in FAULTS if not words or any(word in fault.name.lower() for word in words)]
    found = [fault for fault in found if fault.real or not options.mattermost]
    return [fault for fault in found if fault.short] if options.short else found


async def matrix(faults: Sequence[Fault], folder: Path, seconds: float, server: Server) -> list[Finding]:
    """Each fault in a world of its own."""
    findings = []
    for number, fault in enumerate(faults, 1):
        say(f"{number}/{len(faults)} {fault.name} ...")
        own = folder / f"{number:02}"
        own.mkdir()
        findings.append(await _tried(fault, own, seconds, server))
        say(f"    {report.line(findings[-1])}")
    return findings


async def _tried(fault: Fault, folder: Path, seconds: float, server: Server) -> Finding:
    if why := fault.lacking():
        return Finding(fault.name, skipped=why)
    try:
        async with fault.place(folder) as place, running(folder, place, server, seconds) as world:
            return await examine(fault, world, "a")
    except Exception as error:
        traceback.print_exc()
        return Finding(fault.name, broken=(f"the examination failed: {error}",))


async def short(faults: Sequence[Fault], folder: Path, server: Server) -> list[Finding]:
    """One fault after the other in one world, each only until it shows."""
    findings = []
    async with beside(folder) as place, running(folder, place, server) as world:
        for number, fault in enumerate(faults):
            findings.append(await examine(fault, world, f"f{number}"))
            say(report.line(findings[-1]))
    return findings


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


async def killed(folder: Path, count: int, seed: int, server: Server) -> Kills:
    """Kills under load, in one world."""
    async with beside(folder) as place, running(folder, place, server) as world:
        return await kill_again_and_again(world, count, seed, say)


async def _all(options: argparse.Namespace, folder: Path) -> bool:
    """Do what is asked for, and print what came of it; whether every promise was kept."""
    server = partial(RealMattermost, options.mattermost) if options.mattermost else StandInMattermost
    if options.kills:
        kills = await killed(folder, options.kills, options.seed, server)
        print(kills)
        if options.guide:
            report.write("kills", f"{kills}.")
        if kills.broken:
            print(f"not as promised: {', '.join(kills.broken)}")
        return not kills.broken
    if options.bot:
        hearing = await hear(folder, options.bot, CUTS, KILLS, options.seed, say)
        print(hearing)
        if hearing.broken:
            print(f"not as promised: {', '.join(hearing.broken)}")
        return not hearing.broken
    faults = chosen(options)
    trying = short(faults, folder, server) if options.short else matrix(faults, folder, options.seconds, server)
    findings = await trying
    table = report.markdown(findings)
    print(table)
    if options.guide:
        report.write("real" if options.mattermost else "faults", table)
    return not any(finding.broken for finding in findings)


def main() -> int:
    """Try what is asked for, and print the table."""
    options = arguments()
    if options.list:
        for fault in chosen(options):
            print(fault.name + (f"  (not here: {why})" if (why := fault.lacking()) else ""))
        return 0
    if options.folder is not None:
        options.folder.mkdir(parents=True)
        kept = uvloop.run(_all(options, options.folder.resolve()))
    else:
        with tempfile.TemporaryDirectory(prefix="mattergate-faults-") as name:
            kept = uvloop.run(_all(options, Path(name)))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
