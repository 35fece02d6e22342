"""`mattergate dead`: list, show, replay and discard dead deliveries, also while the gateway runs."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import typer
from msgspec.structs import replace

from gateway.cli import acts, app, filters, journal, offline
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
from gateway.console.dead import Choice, DeadDelivery, DeadFilter, Decisions
from gateway.console.deliveries import DeliveryRow
from gateway.console.events import EventDetail
from gateway.console.progress import Progress
from gateway.errors import Refused
from gateway.journal import Query
from gateway.model import DISCARD_REASON, DeliveryState
from gateway.settings.callbacks import PREFIX

dead = typer.Typer(no_args_is_help=True, help="Deliveries that were given up and wait for you.")
app.add_typer(dead, name="dead")

Destination = Annotated[str, typer.Option(help="Only of this destination.")]
Reason = Annotated[str, typer.Option(help="Only given up for this reason, word for word; needs --destination.")]

_LOOK: Final = 0.02
"""Seconds between two looks at the progress."""

_COLUMNS: Final[Sequence[Column[DeliveryRow]]] = (
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

    async def look(gateway: OfflineGateway) -> list[DeliveryRow]:
        start = await journal.complete(gateway.journal, before) if before else ""
        wanted = DeadFilter(destination=destination, reason=reason, before=start, limit=min(limit, journal.PAGE))
        found: list[DeliveryRow] = []
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
    if found.act is not None and found.request is not None:
        acts.print_act(found.act, found.request)
    for one in given_up:
        print_delivery(one)
        for message in found.messages:
            if one.seq in message.deliveries:
                print_json(message.payload)


Everything = Annotated[bool, typer.Option("--all", help="Every dead delivery.")]


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
    everything: Everything = False,
    destination: Destination = "",
    reason: Reason = "",
    dry_run: given.DryRun = False,
    yes: given.Yes = False,
    config: given.Config = DEFAULT,
) -> None:
    """Send dead deliveries again, in their order, as if they were received now.

    Name events, a destination (and a reason), or --all. Asks for confirmation before those of more than one event.
    """
    _require_choice(chosen, destination, reason, everything=everything)

    async def work(gateway: OfflineGateway) -> Progress:
        choice = await _choice(gateway, chosen or (), destination, reason)
        if await _asks_again(gateway, choice):
            warn("some go to outside services: their requests are sent again, and what was done may be done twice")
        planned = await _carry_out(gateway.rehearsal(), lambda decisions: decisions.replay(choice))
        if not _is_wanted(planned, "sent again", chosen, dry_run=dry_run, yes=yes):
            return planned
        with working(f"sending {_deliveries(planned.total)} again"):
            return await _carry_out(gateway, lambda decisions: decisions.replay(choice))

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


@dead.command(
    "discard",
    epilog=example(
        'mattergate dead discard 019a7c3d11 --because "posted by hand"',
        'mattergate dead discard --destination old --because "the channel was closed" --yes',
    ),
)
def discard_dead(
    because: Annotated[str, typer.Option(help="Why they need not be sent; kept and shown beside them.")],
    chosen: given.EventIds = None,
    everything: Everything = False,
    destination: Destination = "",
    reason: Reason = "",
    dry_run: given.DryRun = False,
    yes: given.Yes = False,
    config: given.Config = DEFAULT,
) -> None:
    """Discard dead deliveries: they need not be sent, and are dead letters no more.

    Name events, a destination (and a reason), or --all. Asks for confirmation before those of more than one event.
    `events list` shows them for the retention, and `events replay` sends them all the same.
    """
    _require_choice(chosen, destination, reason, everything=everything)
    if not because.strip() or len(because) > DISCARD_REASON:
        fail(f"--because: say why, in {DISCARD_REASON} characters at most", 2)

    async def work(gateway: OfflineGateway) -> Progress:
        choice = await _choice(gateway, chosen or (), destination, reason)
        planned = await _carry_out(gateway.rehearsal(), lambda decisions: decisions.discard(choice, because))
        if not _is_wanted(planned, "discarded", chosen, dry_run=dry_run, yes=yes):
            return planned
        with working(f"discarding {_deliveries(planned.total)}"):
            return await _carry_out(gateway, lambda decisions: decisions.discard(choice, because))

    done = offline.run(config, work)
    if not done.total:
        say("nothing is dead")
        return
    how = "would be" if dry_run else "are" if done.done != 1 else "is"
    say(f"{_deliveries(done.done)} {how} discarded")
    if done.trouble:
        fail(f"stopped early: {done.trouble}")


def _require_destination(destination: str, reason: str) -> None:
    if reason and not destination:
        fail("--reason needs --destination: reasons are those of one destination", 2)


def _is_wanted(planned: Progress, what: str, chosen: Sequence[str] | None, *, dry_run: bool, yes: bool) -> bool:
    """Whether what was rehearsed is to be done; asks for confirmation before more than the event that was named."""
    if dry_run or not planned.total:
        return False
    if not chosen or len(chosen) > 1:
        confirm(f"{_deliveries(planned.total)} will be {what}", yes=yes)
    return True


def _require_choice(chosen: Sequence[str] | None, destination: str, reason: str, *, everything: bool) -> None:
    _require_destination(destination, reason)
    if bool(chosen) == (everything or bool(destination and not chosen)):
        fail("say which: the ids of events, --destination, or --all", 2)


async def _choice(gateway: OfflineGateway, chosen: Sequence[str], destination: str, reason: str) -> Choice:
    """Select dead letters; an unknown destination, or an event without dead deliveries, ends the command."""
    if not chosen:
        await filters.require_known(gateway, Query(destination=destination))
        return Choice(destination=destination, reason=reason, everything=not destination)
    found: list[DeadDelivery] = []
    for one in chosen:
        event_id = await journal.complete(gateway.journal, one)
        record = (await gateway.journal.find(Query(event_id=event_id, bodies=False))).records[0]
        those = [DeadDelivery(event_id, delivery.seq) for delivery in letters.dead_of(record, destination, reason)]
        if not those:
            fail(f"event {event_id} has no dead delivery" + (f" to {destination}" if destination else ""))
        found += those
    return Choice(deliveries=tuple(found))


async def _asks_again(gateway: OfflineGateway, choice: Choice) -> bool:
    """Whether there are acts among dead letters."""
    if choice.deliveries:
        events = {one.event for one in choice.deliveries}
        found = [await gateway.journal.find(Query(event_id=one, bodies=False)) for one in events]
        dead = [one.destination for page in found for record in page.records for one in letters.dead_of(record)]
    else:
        dead = [one.destination for one in await gateway.journal.dead_groups()]
    wanted = choice.destination
    return any(name.startswith(PREFIX) and wanted in ("", name) for name in dead)


async def _carry_out(gateway: OfflineGateway, start: Callable[[Decisions], Progress]) -> Progress:
    """Carry out a decision as the console does, and give its last progress."""
    decisions = Decisions(gateway)
    try:
        done = start(decisions)
    except Refused as refused:
        fail(f"{refused.title}: {refused.detail}")
    while done.running:
        await asyncio.sleep(_LOOK)
        done = decisions.progress or done
    return done


def _deliveries(count: int) -> str:
    return plural(count, "dead delivery", "dead deliveries")
