"""The gateway beside other programs that do the same work: what each costs in one run, and what each promises.

    .venv/bin/python tests/bench/peers.py --install    fetch and build the others, then everything: about ten minutes
    .venv/bin/python tests/bench/peers.py              everything, with whatever is installed
    .venv/bin/python tests/bench/peers.py --quick      shows that it runs, its figures mean nothing
    .venv/bin/python tests/bench/peers.py promises --only benthos    only what one program promises

The work: signed GitHub pushes of 8 kB over 32 keep-alive connections, each of which becomes a POST of Slack-shaped JSON
to one incoming webhook. All programs run all the time, and get their load in turns that rotate, --rounds times; medians
count. Figures are processor time for 1,000 events, of all processes of a program (those that it starts and that end,
too), its ratio to that of a bare aiohttp proxy in the same round, events per second from the first request to the last
message, and memory at the end. Ratios hold on other machines, too; nothing else should run. Load generator and sink
keep to the second core.

The promises are tried one by one, each with a new start, by senders that do not wait for answers and never repeat:

    keeps    sent while the destination does not answer, then kill -9 of all processes and a new start: how many arrive
    order    a fifth of all attempts fail (503, a closed connection, no answer): how many arrive, how many late
    once     the same delivery, with the same id, sent twice: how often it arrives
    forged   signed with another secret: the status; kept when that is 4xx and nothing arrives
    retry    the destination answers 503 for five seconds: how many arrive
    429      the destination answers 429 with Retry-After: whether the message arrives, and not earlier than that

`--only forgetful` tries them with a relay that keeps none, to show that they are really tried.

The others have the versions that programs.py names, and the configurations and sources of tests/bench/peers/; --install
fetches what they are made of with the clients of Go, npm and Debian. What cannot be had is told in the table.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import command
import programs
import promises
import scenarios
from command import say
from msgspec import Struct
from programs import BASELINE, FORGETFUL, PROGRAMS, AbsentError, Program
from scenarios import Slice
from servers import LOAD_CORE, pinned

PARTS = ("cost", "promises")


class Size(NamedTuple):
    """How much is measured: events of a turn, rounds, and how the promises are tried."""

    events: int
    rounds: int
    trials: promises.Size


FULL = Size(events=4_000, rounds=5, trials=promises.FULL)
QUICK = Size(events=128, rounds=1, trials=promises.QUICK)


class Cost(Struct, frozen=True):
    """The medians of a program's turns; memory in MB."""

    seconds: float
    ratio: float
    rate: float
    memory: float


Verdicts = Mapping[str, promises.Verdict]
"""By the name of the promise."""


class Row(Struct, frozen=True, omit_defaults=True):
    """What is known of one program: why it is absent, or what it costs and promises."""

    name: str
    absent: str = ""
    cost: Cost | None = None
    verdicts: Verdicts = {}


async def costs(chosen: Sequence[Program], installed: Path, where: Path, size: Size) -> Mapping[str, Cost]:
    """What each program costs; all of them run meanwhile, and one of them works."""
    turns: dict[str, list[Slice]] = {program.name: [] for program in chosen}

    async def turn(one: scenarios.Contender) -> Slice:
        return await one.slice(size.events)

    variants = {program.name: programs.variant(program, installed) for program in chosen}
    async with scenarios.side_by_side(where, variants) as contenders:
        async for found in scenarios.in_turns(contenders, size.rounds, turn):
            for name, took in found.items():
                turns[name].append(took)
                say(f"round {len(turns[name])}, {name}: {took.thousand():.3f} s for 1,000, {took.rate:,.0f}/s")
        memory = {name: one.server.memory()[0] for name, one in contenders.items()}
    return {name: _medians(own, turns[BASELINE], memory[name]) for name, own in turns.items()}


def _medians(own: Sequence[Slice], baseline: Sequence[Slice], memory: float) -> Cost:
    return Cost(
        seconds=statistics.median(turn.thousand() for turn in own),
        ratio=statistics.median(turn.thousand() / bare.thousand() for turn, bare in zip(own, baseline, strict=True)),
        rate=statistics.median(turn.rate for turn in own),
        memory=memory,
    )


async def trials(
    chosen: Sequence[Program], installed: Path, where: Path, size: promises.Size
) -> Mapping[str, Verdicts]:
    """The verdicts on each program."""
    verdicts = {}
    for program in chosen:
        verdicts[program.name] = found = await promises.tried(program, installed, where, size)
        said = "; ".join(f"{name} {_verdict(one)} ({one.detail})" for name, one in found.items())
        say(f"{program.name}: {said}")
    return verdicts


def markdown(rows: Sequence[Row]) -> str:
    """The table; a program that is absent says why."""
    heads = ("program", "s for 1,000", "of the proxy", "events/s", "MB", *promises.PROMISES)
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * 4}{'---|' * len(promises.PROMISES)}"]
    for row in rows:
        if row.absent:
            cells = [f"absent: {row.absent}", *[""] * (len(heads) - 2)]
        else:
            cells = [*_cost(row.cost), *(_verdict(row.verdicts.get(name)) for name in promises.PROMISES)]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cost(cost: Cost | None) -> Sequence[str]:
    if cost is None:
        return [""] * 4
    return [f"{cost.seconds:.2f}", f"{cost.ratio:.1f}", f"{cost.rate:,.0f}", f"{cost.memory:.0f}"]


def _verdict(verdict: promises.Verdict | None) -> str:
    return "" if verdict is None else f"{'yes' if verdict.kept else 'no'}, {verdict.seen}"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = command.parser(__doc__, PARTS, FULL.rounds)
    parser.add_argument("--install", action="store_true", help="first fetch and build what the others are")
    parser.add_argument("--programs", type=Path, default=Path("~/.cache/mattergate-peers").expanduser(), metavar="DIR",
                        help="where they are installed (default: %(default)s)")  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="only programs with this in their names; the proxy's cost is always measured")  # fmt: skip
    chosen = parser.parse_args()
    for name in chosen.only:
        if not any(_matches(program, name) for program in (*PROGRAMS, FORGETFUL)):
            parser.error(f"no such program: {name}; there are {', '.join(program.name for program in PROGRAMS)}")
    return chosen


def _matches(program: Program, name: str) -> bool:
    return name.lower() in program.name.lower()


def _wanted(program: Program, only: Sequence[str]) -> bool:
    return any(_matches(program, name) for name in only) if only else program is not FORGETFUL


def present(chosen: Sequence[Program], installed: Path, *, install: bool) -> Mapping[str, str]:
    """Why each of the programs is absent, "" when it is there; with `install` they are fetched and built before."""
    absent = {}
    installed.mkdir(parents=True, exist_ok=True)
    for program in chosen:
        try:
            if install:
                say(f"installing {program.name}")
                program.install(installed)
            program.check(installed)
            absent[program.name] = ""
        except AbsentError as why:
            absent[program.name] = str(why)
    return absent


async def measured(chosen: argparse.Namespace) -> list[Row]:
    """What is found of every chosen program; the cost of the proxy is always among it."""
    size = QUICK if chosen.quick else FULL
    size = size._replace(rounds=chosen.rounds or size.rounds)
    wanted = [program for program in (*PROGRAMS, FORGETFUL) if _wanted(program, chosen.only)]
    absent = present(wanted, chosen.programs, install=chosen.install)
    there = [program for program in wanted if not absent[program.name]]
    parts = chosen.parts or PARTS
    cost: Mapping[str, Cost] = {}
    verdicts: Mapping[str, Verdicts] = {}
    with pinned(LOAD_CORE):
        if "cost" in parts:
            baseline = [program for program in PROGRAMS if program.name == BASELINE and program not in there]
            cost = await costs([*baseline, *there], chosen.programs, chosen.folder, size)
        if "promises" in parts:
            verdicts = await trials(there, chosen.programs, chosen.folder, size.trials)
    names = dict.fromkeys([*cost, *absent])
    return [Row(name, absent.get(name, ""), cost.get(name), verdicts.get(name, {})) for name in names]


def main() -> None:
    """Measure and try, and print the table."""
    chosen = arguments()
    rows = command.run(measured(chosen))
    print(markdown(rows))
    command.write(chosen, programs=rows)


if __name__ == "__main__":
    main()
