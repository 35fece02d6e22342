"""The bench: what the gateway costs beside a bare aiohttp server under the same load, in one run.

    .venv/bin/python tests/bench/run.py            everything: about seven minutes
    .venv/bin/python tests/bench/run.py --quick    a few seconds; shows that it runs, its figures mean nothing
    .venv/bin/python tests/bench/run.py steps      only the steps of one event, without sockets

Processes are real, HTTP is real (loopback), the journal is SQLite on the disk of --folder. The server under test runs
on whatever cores there are, load generator and sink keep to the second one; so nothing else should run. Requests are
distinct GitHub pushes of 8 kB with their HMAC signatures, over 32 keep-alive connections. What is compared is measured
in turns, --rounds times, and the median of the rounds' ratios counts: absolute rates are those of this machine, ratios
hold on others, too. The part `console` leaves a journal of a million events (6 GB) in the folder for the next time.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import report
import services
import steps
import uvloop
import visits
from report import Row, at_least, below, told
from scenarios import HOOKS, MANY, ONE, Bench
from servers import LOAD_CORE, QUIET_CORE, pinned


class Size(NamedTuple):
    """How much is measured: seconds, events, rounds, repetitions."""

    seconds: float
    events: int
    memory_events: int
    rounds: int
    repeats: int
    kept: int
    looks: int
    turns: int
    services: int


FULL = Size(seconds=5.0, events=20_000, memory_events=100_000, rounds=3, repeats=40, kept=1_000_000, looks=50, turns=10,
            services=services.SERVICES)  # fmt: skip
QUICK = Size(seconds=0.5, events=250, memory_events=500, rounds=1, repeats=2, kept=2_000, looks=2, turns=1,
             services=40)  # fmt: skip
LANES = 64
"""Lanes of the one destination whose deliveries are compared with what is accepted."""
RATE = 1_000.0
"""Requests per second at which latency is measured."""


async def accept(bench: Bench, size: Size) -> list[Row]:
    """Requests accepted per second, against a handler that only reads."""
    ratios, headroom = [], []
    for number in range(size.rounds):
        bare = await bench.bare_accept(size.seconds)
        ours = await bench.accept(size.seconds)
        ratios.append(ours["accepted"] / bare)
        headroom.append(await bench.generator(min(1.0, size.seconds)) / bare)
        say(f"accept, round {number + 1}: gateway {ours['accepted']:,.0f}/s (delivering {ours['delivered']:,.0f}/s), "
            f"bare handler {bare:,.0f}/s, load generator {headroom[-1]:.1f} times the bare handler")  # fmt: skip
    last = f"{ours['accepted']:,.0f}/s while delivering {ours['delivered']:,.0f}/s; bare {bare:,.0f}/s"
    return [
        at_least("load generator / bare handler", min(headroom), 1.5, "or the generator is what is measured"),
        at_least("accept rate / bare handler, one route", statistics.median(ratios), 0.3, last),
    ]


async def forward(bench: Bench, size: Size) -> list[Row]:
    """Events delivered per second from end to end, against a proxy that forwards."""
    ratios, micros = [], []
    for number in range(size.rounds):
        bare = await bench.bare_forward(size.events)
        found = await bench.end_to_end(size.events)
        ours = found["rate"]
        ratios.append(ours / bare)
        micros.append(found["micros"])
        say(f"end to end, round {number + 1}: gateway {ours:,.0f}/s, {micros[-1]:.0f} us of processor for an event, "
            f"bare proxy {bare:,.0f}/s")  # fmt: skip
    name = f"end to end / bare proxy, {len(MANY)} routes, {HOOKS} hooks"
    return [
        at_least(name, statistics.median(ratios), 0.5, f"{ours:,.0f}/s; proxy {bare:,.0f}/s"),
        told("end to end: processor time of an event", statistics.median(micros), "us", "all processes of the gateway"),
    ]


async def one_destination(bench: Bench, size: Size) -> list[Row]:
    """Events delivered per second to one destination over many lanes, against what one route accepts."""
    ratios = []
    for number in range(size.rounds):
        accepted = (await bench.accept(size.seconds))["accepted"]
        ours = (await bench.end_to_end(size.events, routes=ONE, hooks=1, lanes=LANES))["rate"]
        ratios.append(ours / accepted)
        say(f"one destination, round {number + 1}: {ours:,.0f}/s end to end, {accepted:,.0f}/s accepted")
    name = f"one destination, {LANES} lanes: end to end / accept rate"
    return [at_least(name, statistics.median(ratios), 0.7, f"{ours:,.0f}/s; accepted {accepted:,.0f}/s")]


async def rest(bench: Bench, size: Size) -> list[Row]:
    """Events delivered per second to channels of a bot, against incoming webhooks."""
    ratios = []
    for number in range(size.rounds):
        hooks = (await bench.end_to_end(size.events))["rate"]
        ours = (await bench.end_to_end(size.events, rest=True))["rate"]
        ratios.append(ours / hooks)
        say(f"over REST, round {number + 1}: {ours:,.0f}/s, incoming webhooks {hooks:,.0f}/s")
    detail = f"{ours:,.0f}/s; webhooks {hooks:,.0f}/s"
    return [at_least("end to end over REST / incoming webhooks", statistics.median(ratios), 0.8, detail)]


async def latency(bench: Bench, size: Size) -> list[Row]:
    """Milliseconds until the answer at a constant rate."""
    runs = [await bench.latency(RATE, 2 * size.seconds) for _ in range(size.rounds)]
    for run in runs:
        say(f"latency at {RATE:,.0f}/s: p50 {run['p50']:.2f} ms, p99 {run['p99']:.2f} ms, max {run['max']:.1f} ms")
    middle = sorted(runs, key=lambda run: run["p99"])[len(runs) // 2]
    detail = f"at {RATE:,.0f}/s while delivering, counted from the scheduled time; max {middle['max']:.1f} ms"
    return [
        told("accept latency p50", middle["p50"], "ms"),
        below("accept latency p99", middle["p99"], 10, "ms", detail),
    ]


async def memory(bench: Bench, size: Size) -> list[Row]:
    """Resident memory of the gateway once everything is delivered."""
    found = await bench.end_to_end(size.memory_events)
    detail = f"after {found['events']:,.0f} events; peak {found['peak']:.0f} MB"
    say(f"memory: {found['rss']:.0f} MB {detail}, {found['rate']:,.0f} events/s")
    return [below("resident memory", found["rss"], 150, "MB", detail)]


async def one_event(bench: Bench, size: Size) -> list[Row]:
    """Microseconds of the steps of one event."""
    found = await asyncio.to_thread(steps.pure, size.repeats, 200 if size.repeats > 2 else 20)
    found["journal.append, on the event loop"] = await steps.append(bench.folder, size.events)
    say("steps: " + ", ".join(f"{name} {micros:.1f} us" for name, micros in found.items()))
    total = found.pop(steps.SUM)
    return [*(told(f"step: {name}", micros, "us") for name, micros in found.items()),
            below(f"steps: {steps.SUM}", total, 80, "us")]  # fmt: skip


async def console(bench: Bench, size: Size) -> list[Row]:
    """Milliseconds of the console's pages with many events kept, and the deliveries per second while it is open."""
    rows = []
    for name, took in (await visits.pages(bench.folder, size.kept, size.looks)).items():
        say(f"console, {name}: p50 {took.p50:.1f} ms, worst {took.worst:.1f} ms")
        rows.append(below(f"console: {name}", took.worst, 50, "ms",
                          f"the slowest of {size.looks} with {size.kept:,} events; p50 {took.p50:.1f} ms"))  # fmt: skip
    pairs = await visits.watched(bench.folder, size.events // 2, size.turns)
    for alone, seen in pairs:
        got = seen.readers
        say(f"console: end to end {alone.rate:,.0f}/s, open in {len(visits.FEEDS)} browsers {seen.rate:,.0f}/s; the "
            f"gateway takes {alone.micros:.0f} and {seen.micros:.0f} us for an event, the readers "
            f"{got['processor']:.1%} of a core for {got['bytes'] / got['seconds'] / 1e3:,.0f} kB/s")  # fmt: skip
    return [*rows, *_watched(pairs)]


def _watched(pairs: Sequence[tuple[visits.Turn, visits.Turn]]) -> list[Row]:
    """What ten open consoles cost: by the clock, which anything on the machine disturbs, and by the processor.

    All turns together: a pair holds few looks, and what drifts cancels out in sums of turns that take turns in order.
    """
    without, rate = (statistics.harmonic_mean([pair[which].rate for pair in pairs]) for which in (0, 1))
    alone, seen = (statistics.fmean([pair[which].micros for pair in pairs]) for which in (0, 1))
    name = f"with {len(visits.FEEDS)} open consoles / none"
    detail = f"{rate:,.0f}/s; without {without:,.0f}/s; {len(pairs)} pairs"
    at_full_rate = "at the full rate, all threads of the gateway"
    return [
        at_least(f"end to end {name}", rate / without, 0.97, detail),
        told(f"processor time of an event {name}", seen / alone, "ratio", at_full_rate),
    ]


async def catalog(bench: Bench, size: Size) -> list[Row]:
    """What a gateway costs whose catalog has many services, and what an edit of one document does."""
    found = await services.measured(bench.folder, size.services, services.ROUTES)
    checked = await asyncio.to_thread(services.checked, bench.folder, size.services)
    name = f"{size.services} services, {services.ROUTES} routes"
    say(f"{name}: ready after {found.ready:.2f} s of processor, all compiled after {found.compiled:.2f} s, "
        f"{found.memory:.0f} MB; edit live after {found.live:.2f} s, {found.edit:.3f} s of processor; "
        f"check {checked:.1f} s of processor")  # fmt: skip
    return [
        below(f"{name}: processor until ready", found.ready, 1.5, "s"),
        told(f"{name}: processor until the services of all routes are compiled", found.compiled, "s"),
        below(f"{name}: resident memory then", found.memory, 130, "MB", "all processes, shared pages shared out"),
        below("edit of one document: until it is live", found.live, 1.0, "s"),
        below("edit of one document: processor", found.edit, 0.1, "s"),
        below(f"check of {size.services} services: processor", checked, 8, "s"),
    ]


PARTS: dict[str, Callable[[Bench, Size], Awaitable[list[Row]]]] = {
    "steps": one_event,
    "accept": accept,
    "forward": forward,
    "one": one_destination,
    "rest": rest,
    "latency": latency,
    "memory": memory,
    "console": console,
    "catalog": catalog,
}


def say(line: str) -> None:
    """Show progress."""
    print(line, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)}; nothing: all"
    )
    parser.add_argument("--quick", action="store_true", help="a short run that shows whether the bench works")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"turns for each comparison, usually {FULL.rounds}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), metavar="DIR",
                        help="where journals are made: a disk, not memory (default: %(default)s)")  # fmt: skip
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return chosen


async def measured(chosen: argparse.Namespace) -> list[Row]:
    """Every figure of the chosen parts, in order."""
    size = QUICK if chosen.quick else FULL
    size = size._replace(rounds=chosen.rounds or size.rounds)
    bench = Bench(chosen.folder)
    rows: list[Row] = []
    for name in _in_order(chosen.parts):
        with pinned(QUIET_CORE if name == "steps" else LOAD_CORE):
            rows += await PARTS[name](bench, size)
    return rows


def _in_order(parts: list[str]) -> Iterator[str]:
    return (name for name in PARTS if not parts or name in parts)


def main() -> None:
    """Measure, and print the table."""
    chosen = arguments()
    rows = uvloop.run(measured(chosen))
    print(report.markdown(rows))
    if chosen.json:
        figures = {"machine": report.machine(), "quick": chosen.quick, "figures": rows}
        chosen.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")


if __name__ == "__main__":
    main()
