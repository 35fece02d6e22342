"""`mattergate dead`: list, show and replay dead deliveries, also while the gateway runs."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from msgspec.structs import replace

from gateway.cli import app, filters, journal, offline
from gateway.cli import options as given
from gateway.cli.events import print_delivery
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import (
    Column,
    Format,
    clock,
    confirm,
    fail,
    out,
    plural,
    print_json,
    print_rows,
    print_values,
    say,
    warn,
    working,
)
from gateway.console import dead as letters
from gateway.console import events as facts
from gateway.console.dead import DeadDelivery, DeadFilter, DeadRow, Progress, Replays, ReplayWish
from gateway.console.events import EventDetail
from gateway.errors import Refused
from gateway.journal import Query
from gateway.model import DeliveryState

dead = typer.Typer(no_args_is_help=True, help="Deliveries that were given up and wait for you.")
app.add_typer(dead, name="dead")

Destination = Annotated[str, typer.Option(help="Only of this destination.")]
Reason = Annotated[str, typer.Option(help="Only given up for this reason, word for word; needs --destination.")]

_LOOK: Final = 0.02
"""Seconds between two looks at the progress of a replay."""

_COLUMNS: Final[Sequence[Column[DeadRow]]] = (
    Column("event", lambda row: row.event),
    Column("delivery", lambda row: str(row.seq)),
    Column("received (UTC)", lambda row: clock(row.received)),
    Column("route", lambda row: row.route),
    Column("destination", lambda row: row.destination),
    Column("attempts", lambda row: str(row.attempts)),
    Column("reason", lambda row: row.reason),
)


@dead.command(
    "list",
    epilog=example(
        "mattergate dead list", "mattergate dead list --destination ops -o jsonl | jq -r .reason | sort | uniq -c"
    ),
)
def list_dead(
    destination: Destination = "",
    reason: Reason = "",
    before: given.Before = "",
    limit: given.Limit = 50,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """List dead deliveries with the reason why they were given up, newest first."""
    _require_destination(destination, reason)

    async def look(gateway: OfflineGateway) -> list[DeadRow]:
        start = await journal.complete(gateway.journal, before) if before else ""
        wanted = DeadFilter(destination=destination, reason=reason, before=start, limit=min(limit, journal.PAGE))
        found: list[DeadRow] = []
        while True:
            page = await letters.listing(gateway, wanted)
            found += page.deliveries
            if len(found) >= limit or not page.next:
                break
            wanted = replace(wanted, before=page.next)
        if not found:
            await filters.require_known(gateway, Query(destination=destination))
        return found[:limit]

    rows = offline.run(config, look)
    print_rows(rows, _COLUMNS, output, "nothing is dead")
    if len(rows) == limit and out.is_terminal and output is Format.TABLE:
        warn(f"older ones: add --before {rows[-1].event}")


@dead.command("show", epilog=example("mattergate dead show 019a7c3d11"))
def show_dead(event: given.EventId, output: given.Output = Format.TABLE, config: given.Config = DEFAULT) -> None:
    """Show the dead deliveries of an event with their attempts and messages."""

    async def look(gateway: OfflineGateway) -> EventDetail:
        return await facts.detail(gateway, await journal.complete(gateway.journal, event))

    found = offline.run(config, look)
    given_up = [one for one in found.deliveries if one.state is DeliveryState.DEAD]
    if not given_up:
        fail(f"event {found.event.id} has no dead delivery")
    if output is not Format.TABLE:
        print_values(given_up, output)
        return
    for one in given_up:
        print_delivery(one)
        for message in found.messages:
            if one.seq in message.deliveries:
                print_json(message.payload)


@dead.command(
    "replay",
    epilog=example(
        "mattergate dead replay 019a7c3d11",
        "mattergate dead replay --destination ops --dry-run",
        "mattergate dead replay --all --yes",
    ),
)
def replay_dead(
    chosen: given.EventIds = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dead delivery.")] = False,
    destination: Destination = "",
    reason: Reason = "",
    dry_run: given.DryRun = False,
    yes: given.Yes = False,
    config: given.Config = DEFAULT,
) -> None:
    """Send dead deliveries again, in their order, as if they were received now.

    Name events, a destination (and a reason), or --all. Asks for confirmation before those of more than one event.
    """
    _require_destination(destination, reason)
    if bool(chosen) == (everything or bool(destination and not chosen)):
        fail("say which: the ids of events, --destination, or --all", 2)

    async def work(gateway: OfflineGateway) -> Progress:
        wish = await _wish(gateway, chosen or (), destination, reason)
        planned = await _run(gateway.rehearsal(), wish)
        if dry_run or not planned.total:
            return planned
        if not chosen or len(chosen) > 1:
            confirm(f"{_deliveries(planned.total)} will be sent again", yes=yes)
        with working(f"sending {_deliveries(planned.total)} again"):
            return await _run(gateway, wish)

    done = offline.run(config, work)
    if not done.total and not done.left:
        say("nothing is dead")
        return
    go = "would go" if dry_run else "go" if done.done != 1 else "goes"
    say(f"{_deliveries(done.done)} {go} out again")
    if done.left:
        stay = "stays" if done.left == 1 else "stay"
        warn(f"{_deliveries(done.left)} {stay} dead: the settings do not have the destination any more")
    if done.trouble:
        fail(f"stopped early: {done.trouble}")


def _require_destination(destination: str, reason: str) -> None:
    if reason and not destination:
        fail("--reason needs --destination: reasons are those of one destination", 2)


async def _wish(gateway: OfflineGateway, chosen: Sequence[str], destination: str, reason: str) -> ReplayWish:
    """Select what to send again; an unknown destination, or an event without dead deliveries, ends the command."""
    if not chosen:
        await filters.require_known(gateway, Query(destination=destination))
        return ReplayWish(destination=destination, reason=reason, everything=not destination)
    found: list[DeadDelivery] = []
    for one in chosen:
        event_id = await journal.complete(gateway.journal, one)
        record = (await gateway.journal.find(Query(event_id=event_id, bodies=False))).records[0]
        those = [DeadDelivery(event_id, delivery.seq) for delivery in letters.dead_of(record, destination, reason)]
        if not those:
            fail(f"event {event_id} has no dead delivery" + (f" to {destination}" if destination else ""))
        found += those
    return ReplayWish(deliveries=tuple(found))


async def _run(gateway: OfflineGateway, wish: ReplayWish) -> Progress:
    """Run the replay as the console does, and give its last progress."""
    replays = Replays(gateway)
    try:
        done = replays.start(wish)
    except Refused as refused:
        fail(f"{refused.title}: {refused.detail}")
    while done.running:
        await asyncio.sleep(_LOOK)
        done = replays.progress or done
    return done


def _deliveries(count: int) -> str:
    return plural(count, "dead delivery", "dead deliveries")
