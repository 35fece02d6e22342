"""The parts of the bench: each measures something, says how it goes, and gives its figures beside their targets."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import acts as commands
import samples
import scenarios
import servers
import services
import steps
import visits
from command import say
from report import Row, at_least, at_most, below, told
from scenarios import HOOKS, MANY, Contender, Slice


class Size(NamedTuple):
    """How much is measured.

    Comparisons take `rounds`, with slices of `events` or of `seconds`. `memory` is the number of events after which
    memory and disk are looked at, `posts` those of the serial chain; a step is timed `repeats` times with `step`
    events; the console has `kept` events, of which each page is seen `looks` times, and `turns` of `watched` events;
    samples are read in `pairs` of processes.
    """

    rounds: int
    events: int
    seconds: float
    memory: int
    posts: int
    repeats: int
    step: int
    kept: int
    looks: int
    turns: int
    watched: int
    pairs: int


FULL = Size(rounds=5, events=4_000, seconds=3.0, memory=120_000, posts=300, repeats=20, step=200, kept=1_000_000,
            looks=50, turns=10, watched=10_000, pairs=10)  # fmt: skip
QUICK = Size(rounds=1, events=250, seconds=0.3, memory=500, posts=40, repeats=2, step=20, kept=2_000, looks=2, turns=1,
             watched=125, pairs=1)  # fmt: skip

RATE = 1_000.0
"""Requests per second at which latency is measured."""

DELAY = 0.010
"""Seconds after which the destination of the serial chain answers."""


class Plan(NamedTuple):
    """What parts need to know: how much to measure, where journals are made, another checkout to compare with.

    With `keep`, the numbers of calls that `steps` counts become those that are kept.
    """

    size: Size
    folder: Path
    against: Path | None = None
    keep: bool = False


async def cost(plan: Plan) -> list[Row]:
    """Processor time for 1,000 events and events a second, beside a proxy that forwards and keeps nothing."""
    proxy, one, eight, rest = "bare proxy", "one destination", f"{HOOKS} destinations", f"{HOOKS} channels over REST"
    variants = {
        proxy: scenarios.bare("proxy", delivers=True),
        one: scenarios.gateway(),
        eight: scenarios.gateway(MANY, HOOKS),
        rest: scenarios.gateway(MANY, HOOKS, rest=True),
    }
    found = await _slices(plan, variants)
    gateways = (one, eight, rest)
    times = {name: [turn[name].thousand() / turn[proxy].thousand() for turn in found] for name in gateways}
    rates = {name: [turn[name].rate / turn[proxy].rate for turn in found] for name in gateways}
    least = f"the proxy {_thousand(found, proxy):.3f} s"
    rows = [
        at_most(f"processor for 1,000 events, {one}", _thousand(found, one), 0.36, "s", _split(found, one)),
        at_most("the same / bare proxy", statistics.median(times[one]), 2.5, "ratio", f"{_all(times[one])}; {least}"),
    ]
    for name in (eight, rest):
        rows += [
            told(f"processor for 1,000 events, {name}", _thousand(found, name), "s", _split(found, name)),
            told(f"the same, {name} / bare proxy", statistics.median(times[name]), "ratio", _all(times[name])),
        ]
    rows.append(
        at_least(f"end to end / bare proxy, {one}", statistics.median(rates[one]), 0.45, _rates(found, one, proxy))
    )
    for name in (eight, rest):
        median = statistics.median(rates[name])
        rows.append(told(f"end to end / bare proxy, {name}", median, "ratio", _rates(found, name, proxy)))
    return rows


async def before(plan: Plan) -> list[Row]:
    """Processor time for 1,000 events and events a second, beside the gateway of another checkout."""
    if plan.against is None:
        raise ValueError("there is no other checkout to compare with")
    here, there = "this", str(plan.against)
    variants = {here: scenarios.gateway(), there: scenarios.gateway(tree=plan.against)}
    found = await _slices(plan, variants)
    times = [turn[here].thousand() / turn[there].thousand() for turn in found]
    rates = [turn[here].rate / turn[there].rate for turn in found]
    return [
        told("processor for 1,000 events / before", statistics.median(times), "ratio", f"{_all(times)}; {there}"),
        told("processor for 1,000 events", _thousand(found, here), "s", _split(found, here)),
        told("processor for 1,000 events before", _thousand(found, there), "s", _split(found, there)),
        told("end to end / before", statistics.median(rates), "ratio", _rates(found, here, there)),
    ]


async def reading(plan: Plan) -> list[Row]:
    """Processor time from the body of a sample to its messages, beside another checkout."""
    if plan.against is None:
        raise ValueError("there is no other checkout to compare with")
    found = await samples.compared(servers.OURS, plan.against, plan.size.pairs)
    return [
        told(f"{name} / before", pair.here / pair.there, "ratio", f"{pair.here:.1f} us; before {pair.there:.1f} us")
        for name, pair in found.items()
    ]


async def accept(plan: Plan) -> list[Row]:
    """Requests answered a second while what was accepted is delivered, beside a handler that only reads."""
    ours, handler, nothing = "gateway", "bare handler", "load generator"
    variants = {handler: scenarios.bare("handler"), ours: scenarios.gateway(), nothing: scenarios.bare("trivial")}
    ratios, headroom = [], []
    async with scenarios.side_by_side(plan.folder, variants) as contenders:

        async def turn(one: Contender) -> tuple[float, float]:
            return await one.accept(plan.size.seconds)

        async for found in scenarios.in_turns(contenders, plan.size.rounds, turn):
            (accepted, delivered), (bare, _), (most, _) = (found[name] for name in (ours, handler, nothing))
            ratios.append(accepted / bare)
            headroom.append(most / bare)
            detail = f"{accepted:,.0f}/s while delivering {delivered:,.0f}/s; bare {bare:,.0f}/s"
            say(f"accepting: {detail}; load generator {headroom[-1]:.1f} times the bare handler")
    return [
        at_least("load generator / bare handler", min(headroom), 1.5, "or the generator is what is measured"),
        at_least("accepting / bare handler", statistics.median(ratios), 0.18, f"{_all(ratios)}; last {detail}"),
    ]


async def latency(plan: Plan) -> list[Row]:
    """Milliseconds until the answer at a constant rate."""
    runs = [await scenarios.latency(plan.folder, RATE, 3 * plan.size.seconds) for _ in range(plan.size.rounds)]
    for run in runs:
        say(f"latency at {RATE:,.0f}/s: p50 {run['p50']:.2f} ms, p99 {run['p99']:.2f} ms, max {run['max']:.1f} ms")
    middle = sorted(runs, key=lambda run: run["p99"])[len(runs) // 2]
    detail = f"at {RATE:,.0f}/s while delivering, counted from the scheduled time; max {middle['max']:.1f} ms"
    return [
        told("accept latency p50", middle["p50"], "ms"),
        at_most("accept latency p99", middle["p99"], 10, "ms", detail),
    ]


async def acts(plan: Plan) -> list[Row]:
    """Milliseconds until a slash command is answered, and of processor for it."""
    rows = []
    for kind, words in commands.KINDS.items():
        found = await commands.measured(plan.folder, kind, plan.size.seconds / 0.3)
        say(f"/desk {kind}: p50 {found.p50:.2f} ms, p99 {found.p99:.2f} ms, {found.processor:.3f} ms of processor")
        detail = f"at {commands.RATE:,.0f}/s; p50 {found.p50:.2f} ms, max {found.most:.1f} ms"
        name = f"act {words}"
        if kind == "hello":
            rows.append(at_most(f"{name}, p99", found.p99, 10, "ms", detail))
            rows.append(at_most(f"{name}, processor", found.processor, 1, "ms", found.split))
        else:
            rows.append(told(f"{name}, p99", found.p99, "ms", detail))
            rows.append(told(f"{name}, processor", found.processor, "ms", found.split))
    return rows


async def chain(plan: Plan) -> list[Row]:
    """Milliseconds between two posts of one lane, beyond what the destination takes to answer."""
    means, most = [], 0.0
    for _ in range(plan.size.rounds):
        gaps = await scenarios.chain(plan.folder, plan.size.posts, DELAY)
        means.append(statistics.fmean(gaps) * 1e3)
        most = max(most, *gaps)
        say(f"serial chain: {means[-1]:.2f} ms between an answer and the next post, {len(gaps)} posts")
    detail = f"one lane, whose destination answers after {DELAY * 1e3:.0f} ms; {_all(means)}; longest {most * 1e3:.1f}"
    return [at_most("serial chain: a post beyond the answer", statistics.median(means), 2, "ms", detail)]


async def sizes(plan: Plan) -> list[Row]:
    """Memory of the gateway and bytes on the disk once many events are delivered."""
    variants = {"gateway": scenarios.gateway(MANY, HOOKS, keep=True)}
    async with scenarios.side_by_side(plan.folder, variants) as contenders:
        ours = contenders["gateway"]
        rate = (await ours.slice(plan.size.memory)).rate
        (now, most), disk = ours.server.memory(), ours.disk()
    after = f"after {plan.size.memory:,} events"
    say(f"{now:.0f} MB of memory, {disk:,.0f} bytes on disk an event {after}, {rate:,.0f}/s")
    return [
        at_most("on disk for an event of 8 kB", disk / 1e3, 7, "kB", f"journal and its log, {after}"),
        at_most("resident memory", now, 125, "MB", f"{after}; peak {most:.0f} MB"),
    ]


async def one_event(plan: Plan) -> list[Row]:
    """Python calls and microseconds of the steps of one event."""
    micros = await steps.times(plan.folder, plan.size.repeats, plan.size.step)
    calls = {name: made.total() for name, made in (await steps.calls(plan.folder)).items()}
    if plan.keep:
        steps.keep(calls)
    allowed = steps.kept()
    rows = []
    for name, number in calls.items():
        say(f"step {name}: {number} calls, {micros[name]:.1f} us")
        rows.append(at_most(f"step: {name}", number, allowed.get(name, 0), "calls", f"{micros[name]:.1f} us"))
    for process, parts in ((servers.GATEWAY, steps.GATEWAY), (servers.WRITER, steps.WRITER)):
        detail = f"{sum(micros[name] for name in parts):.0f} us: {' + '.join(parts)}"
        rows.append(told(f"steps of the {process}", sum(calls[name] for name in parts), "calls", detail))
    return rows


async def console(plan: Plan) -> list[Row]:
    """Milliseconds of the console's pages with many events kept, and the deliveries a second while it is open."""
    size, rows = plan.size, []
    for name, took in (await visits.pages(plan.folder, size.kept, size.looks)).items():
        say(f"console, {name}: p50 {took.p50:.1f} ms, worst {took.worst:.1f} ms")
        rows.append(below(f"console: {name}", took.worst, 50, "ms",
                          f"the slowest of {size.looks} with {size.kept:,} events; p50 {took.p50:.1f} ms"))  # fmt: skip
    pairs = await visits.watched(plan.folder, size.watched, size.turns)
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


async def catalog(plan: Plan) -> list[Row]:
    """What a gateway costs with the whole catalog, what an edit of one document does, and what commands take."""
    found = await services.measured(plan.folder)
    checked, check_processor = await asyncio.to_thread(services.checked, plan.folder)
    tested, test_processor = await asyncio.to_thread(services.tested)
    name = f"{len(services.keys())} services, {services.ROUTES} routes"
    say(f"{name}: ready after {found.ready:.2f} s of processor, all compiled after {found.compiled:.2f} s, "
        f"{found.memory:.0f} MB; edit live after {found.live:.2f} s, {found.edit:.3f} s of processor; "
        f"check {checked:.1f} s, {check_processor:.1f} s of processor; "
        f"samples {tested:.1f} s, {test_processor:.1f} s of processor")  # fmt: skip
    return [
        below(f"{name}: processor until ready", found.ready, 1.5, "s"),
        told(f"{name}: processor until the services of all routes are compiled", found.compiled, "s"),
        below(f"{name}: resident memory then", found.memory, 130, "MB", "all processes, shared pages shared out"),
        below("edit of one document: until it is live", found.live, 1.0, "s"),
        below("edit of one document: processor", found.edit, 0.1, "s"),
        below("check of the whole catalog: by the clock", checked, 10, "s", f"processor {check_processor:.1f} s"),
        below("all samples: by the clock", tested, 60, "s", f"processor {test_processor:.1f} s"),
    ]


PARTS: Mapping[str, Callable[[Plan], Awaitable[list[Row]]]] = {
    "cost": cost,
    "accept": accept,
    "latency": latency,
    "acts": acts,
    "chain": chain,
    "sizes": sizes,
    "steps": one_event,
    "console": console,
    "catalog": catalog,
    "before": before,
    "samples": reading,
}

COMPARING: Final = frozenset({"before", "samples"})
"""The parts that need another checkout."""


async def _slices(plan: Plan, variants: Mapping[str, scenarios.Variant]) -> list[Mapping[str, Slice]]:
    """What each variant did with a slice of the events, round by round."""
    rounds = []

    async def turn(one: Contender) -> Slice:
        return await one.slice(plan.size.events)

    async with scenarios.side_by_side(plan.folder, variants) as contenders:
        async for found in scenarios.in_turns(contenders, plan.size.rounds, turn):
            say("; ".join(f"{name} {one.thousand():.3f} s/1,000, {one.rate:,.0f}/s" for name, one in found.items()))
            rounds.append(found)
    return rounds


def _thousand(found: Sequence[Mapping[str, Slice]], name: str, process: str = "") -> float:
    return statistics.median(turn[name].thousand(process) for turn in found)


def _split(found: Sequence[Mapping[str, Slice]], name: str) -> str:
    """The parts of the processes."""
    return ", ".join(f"{process} {_thousand(found, name, process):.3f}" for process in found[0][name].processor)


def _rates(found: Sequence[Mapping[str, Slice]], *names: str) -> str:
    return "; ".join(f"{name} {statistics.median(turn[name].rate for turn in found):,.0f}/s" for name in names)


def _all(figures: Sequence[float]) -> str:
    """The figure of each round."""
    return "rounds " + " ".join(f"{figure:.2f}" for figure in figures)
