"""`mattergate status`: how the running gateway is doing, as its console shows it."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import typer

from gateway import units
from gateway.cli import app, running
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.destinations import COLUMNS as DESTINATIONS
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Column, Format, clock, fail, plural, print_json, print_line, print_rows, say, working
from gateway.cli.running import NoGatewayError
from gateway.console.overview import RouteStanding, Status
from gateway.model import DestinationState
from gateway.settings import Settings

_ROUTES: Final[Sequence[Column[RouteStanding]]] = (
    Column("route", lambda row: row.name),
    Column("service", lambda row: row.service),
    Column("messages", lambda row: str(row.outcomes.get("message", 0))),
    Column("ignored", lambda row: str(row.outcomes.get("ignored", 0))),
    Column("refused", lambda row: str(row.outcomes.get("refused", 0))),
    Column("broken", lambda row: str(row.outcomes.get("broken", 0))),
    Column("repeats", lambda row: str(row.duplicates)),
    Column("newest (UTC)", lambda row: clock(row.last) if row.last else "never"),
)


@app.command(
    epilog=example("mattergate status", "mattergate status -o json | jq '.destinations[] | select(.dead > 0)'")
)
def status(output: given.Output = Format.TABLE, config: given.Config = DEFAULT) -> None:
    """Show how the running gateway is doing: destinations with their queues, and routes with their requests by outcome.

    The exit code is 1 when no gateway answers, when it cannot store requests, or when a destination is held or failing.
    """
    known = settings_file.require(config)
    with working("asking the gateway"):
        found = _status(known)
    if output is Format.JSON:
        print_json(found)
    elif output is Format.JSONL:
        for kind, rows in (("destination", found.destinations), ("route", found.routes)):
            for row in rows:
                print_line({"kind": kind, **msgspec.to_builtins(row)})
    else:
        _print(found)
    if found.trouble or {one.state for one in found.destinations} & {DestinationState.HELD, DestinationState.FAILING}:
        raise typer.Exit(1)


def _status(known: Settings) -> Status:
    """The overview of the running gateway; without one the command ends."""
    try:
        return asyncio.run(running.ask(known, "/overview", Status))
    except NoGatewayError as error:
        fail(error)


def _print(found: Status) -> None:
    totals, kept = found.totals, found.kept
    if found.trouble:
        say(f"REQUESTS CANNOT BE STORED: {found.trouble}\n")
    waiting = f", the oldest for {units.written(totals.oldest)}" if totals.waiting else ""
    say(f"mattergate {found.version} at {clock(found.at)} UTC")
    say(f"last 24 h: received {totals.received:,} (now {totals.received_rate:.1f}/s), ", end="")
    say(f"delivered {totals.delivered:,} (now {totals.delivered_rate:.1f}/s)")
    say(f"{plural(totals.waiting, 'delivery', 'deliveries')} waiting{waiting}; {totals.dead:,} dead")
    since = f" since {clock(kept.oldest)} UTC" if kept.oldest else ""
    dead = f", {kept.dead_events:,} of them dead ({units.amount(kept.dead_size)})" if kept.dead_events else ""
    say(f"the journal keeps {plural(kept.events, 'event')} ({units.amount(kept.size)}){since}{dead}\n")
    print_rows(found.destinations, DESTINATIONS, Format.TABLE, "no destinations")
    say("")
    print_rows(found.routes, _ROUTES, Format.TABLE, "no routes")
    for one in found.routes:
        if one.muted_until:
            say(f"\n{one.name} is muted until {clock(one.muted_until)} UTC: its events are stored, and ignored")
