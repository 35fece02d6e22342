"""`mattergate events`: list, show and replay events, also while the gateway runs."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import typer
from msgspec import Struct
from msgspec.structs import replace

from gateway.cli import acts, app, filters, journal, offline, refused
from gateway.cli import options as given
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import (
    Column,
    Format,
    clock,
    confirm,
    fail,
    lines,
    out,
    plural,
    print_json,
    print_rows,
    print_value,
    print_values,
    progress,
    say,
    warn,
)
from gateway.console import events as facts
from gateway.console import replay
from gateway.console.events import DeliveryDetail, EventDetail, EventRow, Sent
from gateway.console.waiting import Wait
from gateway.errors import Refused
from gateway.journal import Query
from gateway.model import Cause, Outcome
from gateway.settings.callbacks import PREFIX

events = typer.Typer(no_args_is_help=True, help="What came in, what it became, and where it went.")
app.add_typer(events, name="events")

OutcomeOption = Annotated[Outcome | None, typer.Option(help="Only with this outcome.")]

_POLL: Final = 0.5
"""Seconds between two looks for new events."""

_COLUMNS: Final[Sequence[Column[EventRow]]] = (
    Column("id", lambda row: row.id),
    Column("received (UTC)", lambda row: clock(row.received)),
    Column("route", lambda row: row.route),
    Column("event", lambda row: row.name),
    Column("outcome", acts.outcome),
    Column("translator", lambda row: row.translator),
    Column("deliveries", lambda row: ", ".join(map(_standing, row.sent))),
    Column("message, or why", lambda row: row.reason or row.title or row.subject),
)
_FOLLOWED: Final = (27, 19, 12, 16, 8, 20, 16, 0)
"""The minimum widths of those columns with --follow, which prints rows one by one."""


class ReplayRow(Struct, frozen=True):
    """The replay of one event: how many `deliveries` go out again, or the `problem` that prevented it.

    With today's catalog it has the id of the `new_event`, its outcome and its translator.
    """

    event: str
    deliveries: int = 0
    new_event: str = ""
    outcome: str = ""
    translator: str = ""
    problem: str = ""


@events.command(
    "list",
    epilog=example(
        "mattergate events list --route github --since 2h",
        "mattergate events list --outcome refused",
        "mattergate events list --note unknown -o jsonl | jq -r .id",
        "mattergate events list --destination ops --state dead --since 1d",
        "mattergate events list --follow",
    ),
)
def list_events(
    route: given.Route = "",
    service: given.Service = "",
    translator: given.Translator = "",
    outcome: OutcomeOption = None,
    note: refused.NoteOption = "",
    destination: given.Destination = "",
    state: given.State = None,
    text: given.Text = "",
    since: given.Since = None,
    until: given.Until = None,
    before: given.Before = "",
    limit: given.Limit = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new events, oldest first, until Ctrl-C.")
    ] = False,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """List events, newest first; with --outcome refused, the requests that were not accepted."""
    query = Query(
        route=route,
        service=service,
        translator=translator,
        outcome=outcome or (Outcome.REFUSED if note in set(Cause) else ""),  # only refused requests have a cause
        note=note,
        destination=destination,
        delivery_state=state,
        text=text,
        since=since,
        until=until,
        before=before,
        first_payloads=True,
    )
    if follow:
        if before or until is not None or output is Format.JSON:
            fail("--follow prints new events: it takes no --before and no --until; its JSON is -o jsonl", 2)
        try:
            offline.run(config, lambda gateway: _follow(gateway, query, limit, output))
        except KeyboardInterrupt:
            raise typer.Exit from None
        return
    records, refusals = offline.run(config, lambda gateway: refused.list_events(gateway, query, limit))
    nothing = "nothing was refused" if _columns(query) is refused.COLUMNS else "no events"
    print_rows([facts.row(record) for record in records], _columns(query), output, nothing)
    if len(records) == limit and out.is_terminal and output is Format.TABLE:
        warn(f"older ones: add --before {records[-1].event.id}")
    if refusals and output is Format.TABLE:
        warn(refusals)


@events.command(
    "show", epilog=example("mattergate events show 019a7c3d11", "mattergate events show 019a7c3d11 -o json")
)
def show_event(event: given.EventId, output: given.Output = Format.TABLE, config: given.Config = DEFAULT) -> None:
    """Show one event whole: the request, its outcome, every message, delivery and attempt; secrets are masked."""

    async def look(gateway: OfflineGateway) -> EventDetail:
        return await detail(gateway, event)

    found = offline.run(config, look)
    if output is Format.TABLE:
        _print_event(found)
    else:
        print_value(found, output)


@events.command(
    "replay",
    epilog=example(
        "mattergate events replay 019a7c3d11",
        "mattergate events replay 019a7c3d11 --today",
        "mattergate events replay --route github --note mismatch --since 2h --today --dry-run",
    ),
)
def replay_events(
    chosen: given.EventIds = None,
    route: given.Route = "",
    service: given.Service = "",
    translator: given.Translator = "",
    outcome: OutcomeOption = None,
    note: refused.NoteOption = "",
    destination: given.Destination = "",
    state: given.State = None,
    text: given.Text = "",
    since: given.Since = None,
    until: given.Until = None,
    today: Annotated[
        bool, typer.Option("--today", help="Read the stored requests again, with today's catalog and routes.")
    ] = False,
    dry_run: given.DryRun = False,
    yes: given.Yes = False,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """Send the messages of events again, as they were, or as today's catalog writes them; oldest first.

    Name events by their ids or by filters; as they were, only deliveries that match go out.
    Asks for confirmation before more than one event.
    """
    query = Query(
        route=route,
        service=service,
        translator=translator,
        outcome=outcome or "",
        note=note,
        destination=destination,
        delivery_state=state,
        text=text,
        since=since,
        until=until,
    )
    if bool(chosen) == (query != Query()):
        fail("say which events to send again: their ids, or filters such as --route and --since", 2)

    rows: list[ReplayRow] = []

    async def work(gateway: OfflineGateway) -> None:
        ids, matched = await _to_replay(gateway, chosen, query, today=today)
        if len(ids) > 1 and not dry_run:
            how = "read with today's catalog and sent" if today else "sent again as they were"
            confirm(f"{matched}{plural(len(ids), 'event')} will be {how}", yes=yes)
        speaker = gateway.rehearsal() if dry_run else gateway
        for one in progress(ids, "sending again"):
            rows.append(await _replay_one(speaker, one, query, today=today))

    try:
        offline.run(config, work)
    except typer.Exit:  # in the middle, when the gateway went away: what was sent again must not be sent once more
        if rows:
            _print_replay(rows, output, dry_run=dry_run)
        raise
    _print_replay(rows, output, dry_run=dry_run)
    if any(row.problem for row in rows):
        raise typer.Exit(1)


def _columns(query: Query) -> Sequence[Column[EventRow]]:
    return refused.COLUMNS if query.outcome == Outcome.REFUSED else _COLUMNS


async def _to_replay(
    gateway: OfflineGateway, chosen: Sequence[str] | None, query: Query, *, today: bool
) -> tuple[list[str], str]:
    """The ids of the events to send again, oldest first, and what is to be known: how many matched or ask a service."""
    if chosen:
        return list(dict.fromkeys([await journal.complete(gateway.journal, one) for one in chosen])), ""
    refused.require_accepted(query)
    found = await filters.select(gateway, query)
    ids = [
        one.event.id for one in reversed(found) if today or replay.settled(one, query.destination, query.delivery_state)
    ]
    matched = f"{plural(len(found), 'event matches', 'events match')}: " if len(found) != len(ids) else ""
    asking = sum(record.event.route.startswith(PREFIX) for record in found) if not today else 0
    return ids, matched + (f"{plural(asking, 'request')} to outside services among them: " if asking else "")


async def detail(gateway: OfflineGateway, event: str) -> EventDetail:
    """An event by the beginning of its id; if it waits, with how its destinations stand at the gateway that runs."""
    event_id = await journal.complete(gateway.journal, event)
    if any(one.wait for one in await facts.deliveries(gateway, event_id)) and (
        missing := await gateway.ask_destinations()
    ):
        warn(f"nothing is delivered now: {missing}")
    return await facts.detail(gateway, event_id)


def _standing(one: Sent) -> str:
    return f"{one.destination} {one.state}" + (f" x{one.count}" if one.count > 1 else "")


async def _follow(gateway: OfflineGateway, query: Query, limit: int, form: Format) -> None:
    """Print the newest events and then each new one, until cancelled."""
    every = Query(outcome=query.outcome) if query.outcome == Outcome.REFUSED else Query()
    latest = await _newer(gateway, every, "", 1)
    mark = latest[0] if latest else ""
    await filters.require_known(gateway, query)
    records = await filters.select(gateway, query, limit)
    put = _printer(form, _columns(query))
    put([facts.row(record) for record in reversed(records)])
    shown = {record.event.id for record in records}
    while True:
        await asyncio.sleep(_POLL)
        if not await _newer(gateway, every, mark, 1):  # a whole page is read only when there is something new
            continue
        fresh = await _newer(gateway, every, mark)
        for event_id in reversed(fresh):
            page = await gateway.journal.find(replace(query, event_id=event_id, bodies=False))
            put([facts.row(record) for record in page.records if event_id not in shown])
        if fresh:  # what the first look saw may be gone
            mark, shown = fresh[0], set()


async def _newer(gateway: OfflineGateway, every: Query, mark: str, limit: int | None = None) -> list[str]:
    """The ids of the events of a query that were stored after this one, newest first, at most `limit`."""
    found: list[str] = []
    async for record in journal.walk(gateway.journal, replace(every, limit=limit or journal.PAGE, bodies=False)):
        if record.event.id == mark:
            break
        found.append(record.event.id)
        if len(found) == limit:
            break
    return found


def _printer(form: Format, columns: Sequence[Column[EventRow]]) -> Callable[[Sequence[EventRow]], None]:
    """Give the function that prints rows as they arrive; a table begins with its titles."""
    widths = refused.WIDTHS if columns is refused.COLUMNS else _FOLLOWED

    def put(rows: Sequence[EventRow]) -> None:
        if form is Format.JSONL:
            print_values(rows, form)
        else:
            for line in lines(rows, columns, widths):
                say(line)

    if form is Format.TABLE:
        titles = zip(columns, widths, strict=True)
        say("  ".join(column.title.ljust(width) for column, width in titles).rstrip())
    return put


async def _replay_one(gateway: OfflineGateway, event_id: str, query: Query, *, today: bool) -> ReplayRow:
    try:
        if not today:
            sent = await replay.as_it_was(gateway, event_id, query.destination, query.delivery_state)
            return ReplayRow(event_id, sent.deliveries)
        made = await replay.with_todays_catalog(gateway, event_id)
    except Refused as refused:
        return ReplayRow(event_id, problem=refused.detail or refused.title)
    return ReplayRow(event_id, made.deliveries, made.event_id, made.outcome, made.translator)


def _print_replay(rows: Sequence[ReplayRow], form: Format, *, dry_run: bool) -> None:
    if form is not Format.TABLE or not rows:
        print_rows(rows, (), form, "nothing to send again")
        return
    for row in rows:
        if row.problem:
            warn(f"{row.event}: not sent: {row.problem}")
            continue
        made = f"{row.outcome} by {row.translator or 'no translator'}, " if row.outcome else ""
        fresh = f"event {row.new_event}, " if row.new_event and not dry_run else ""
        say(f"{row.event}: {fresh}{made}{_going_out(row.deliveries, dry_run=dry_run)}")
    if len(rows) != 1:
        sent = [row for row in rows if not row.problem]
        total = _going_out(sum(row.deliveries for row in sent), dry_run=dry_run)
        say(f"{plural(len(sent), 'event')}, {total}; {len(rows) - len(sent)} could not be sent")


def _going_out(count: int, *, dry_run: bool) -> str:
    go = "would go" if dry_run else "goes" if count == 1 else "go"
    return f"{plural(count, 'delivery', 'deliveries')} {go} out again"


def _print_event(found: EventDetail) -> None:
    event, request = found.event, found.request
    if request is None:
        refused.print_refused(event)
        return
    say(f"{event.id}  {clock(event.received)} UTC  route {event.route}  service {event.service}")
    note = f"  note {event.note}" if event.note else ""
    became = f"{event.ended or event.outcome}{note}"
    say(f"outcome {became}  event {event.name or '-'}  translator {event.translator or '-'}")
    if event.subject:
        say(f"subject {event.subject}")
    if event.reason:
        say(f"because {event.reason}")
    if found.act is not None:
        acts.print_act(found.act, request)
    else:
        acts.print_request(request)
    for delivery in found.deliveries:
        print_delivery(delivery)
    for message in found.messages:
        kind = "card" if message.card else "message"
        numbers = ", ".join(map(str, message.deliveries))
        say(f"\n{kind} of {'delivery' if len(message.deliveries) == 1 else 'deliveries'} {numbers}:")
        print_json(message.payload)
    if found.more_messages:
        say(f"\nand {plural(found.more_messages, 'other message')}")


def print_delivery(delivery: DeliveryDetail) -> None:
    """Print a delivery with every attempt at it that is kept."""
    gone = " (which is not in the settings any more)" if delivery.gone else ""
    tries = plural(delivery.attempts, "attempt")
    why = f", {delivery.reason}" if delivery.reason else ""
    say(f"\ndelivery {delivery.seq} to {delivery.destination}{gone}: {delivery.state}, {tries}{why}")
    if delivery.wait:
        _print_wait(delivery, delivery.wait)
    for attempt in delivery.log:
        status = str(attempt.status or attempt.code)
        say(f"  {clock(attempt.at)}  {attempt.result:9}  {status:7}  {attempt.answer}".rstrip())
    if delivery.discard:
        say(f"  {clock(delivery.discard.at)}  discarded: {delivery.discard.reason}")
    if delivery.permalink:
        say(f"  {delivery.permalink}")


def _print_wait(delivery: DeliveryDetail, wait: Wait) -> None:
    for words in wait.words:
        say(f"  waits: {words}")
    if wait.behind_event:
        say(f"  waits: `mattergate events show {wait.behind_event}` shows the one that goes first")
    elif delivery.not_before > time.time():
        say(f"  waits: its next attempt is at {clock(delivery.not_before)} UTC")
    if wait.next_at > time.time():
        say(f"  waits: {delivery.destination} gets the next attempt at {clock(wait.next_at)} UTC")
