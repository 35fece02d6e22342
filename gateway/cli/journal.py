"""`mattergate events` and `mattergate dead`: look into the journal and send again, also while the gateway runs."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
import typer
from msgspec.structs import replace
from rich.table import Table

from gateway import journal as journals
from gateway import settings
from gateway.cli import app
from gateway.cli.common import fail, out
from gateway.cli.serve import DEFAULT, Config
from gateway.errors import JournalError, SettingsError
from gateway.journal import Journal, Query, Record
from gateway.model import Delivery, DeliveryState, Outcome

events = typer.Typer(no_args_is_help=True, help="What came in, what it became, and where it went.")
dead = typer.Typer(no_args_is_help=True, help="Deliveries that were given up and wait for you.")
app.add_typer(events, name="events")
app.add_typer(dead, name="dead")

T = TypeVar("T")
Id = Annotated[str, typer.Argument(help="The id of the event.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many, the newest first.")]
Before = Annotated[str, typer.Option(help="Only what is older than the event of this id: the next page.")]


async def _find(journal: Journal, query: Query) -> list[Record]:
    """As many events as the query is limited to, over as many pages as that takes."""
    records: list[Record] = []
    while True:
        page = await journal.find(replace(query, limit=query.limit - len(records)))
        records += page.records
        if not page.next or len(records) == query.limit:
            return records
        query = replace(query, before=page.next)


def _with_journal(config: Config, work: Callable[[Journal], Awaitable[T]]) -> T:
    async def run() -> T:
        known = settings.load(config, os.environ)
        kept = known.journal
        journal = await journals.open(kept.url, retention=kept.retention, max_size=kept.max_size)
        try:
            return await work(journal)
        finally:
            await journal.close()

    try:
        return asyncio.run(run())
    except (SettingsError, JournalError) as error:
        fail(error)


@events.command("list")
def list_events(
    route: Annotated[str, typer.Option(help="Only of this route.")] = "",
    service: Annotated[str, typer.Option(help="Only of this service.")] = "",
    outcome: Annotated[Outcome | None, typer.Option(help="Only with this outcome.")] = None,
    destination: Annotated[str, typer.Option(help="Only with a delivery to this destination.")] = "",
    text: Annotated[str, typer.Option(help="Only with all of these words: in id, event, subject, messages ...")] = "",
    before: Before = "",
    limit: Limit = 20,
    config: Config = DEFAULT,
) -> None:
    """List events, newest first."""
    query = Query(
        route=route,
        service=service,
        outcome=outcome or "",
        destination=destination,
        text=text,
        before=before,
        limit=limit,
        bodies=False,
    )
    records = _with_journal(config, lambda journal: _find(journal, query))
    table = Table("id", "received", "route", "event", "outcome", "translator", "deliveries", box=None)
    for record in records:
        event = record.event
        row = (
            event.id,
            _time(event.received),
            event.route,
            event.name,
            event.outcome,
            event.translator,
            _states(record),
        )
        table.add_row(*row)
    out.print(table if records else "no events")


@events.command("show")
def show_event(event_id: Id, config: Config = DEFAULT) -> None:
    """Show one event whole: the request, its outcome, every message and delivery."""
    record = _one(event_id, config)
    event, request = record.event, record.event.request
    out.print(f"{event.id}  {_time(event.received)}  route {event.route}  service {event.service}", markup=False)
    out.print(f"outcome {event.outcome}  event {event.name or '-'}  translator {event.translator or '-'}", markup=False)
    if event.subject:
        out.print(f"subject {event.subject}", markup=False)
    if event.reason:
        out.print(f"because {event.reason}", markup=False)
    out.print(f"\n{request.method} {request.url}", markup=False)
    for name, value in request.headers.items():
        out.print(f"{name}: {value}", markup=False)
    out.print("\n" + request.body.decode("utf-8", "replace"), markup=False)
    for delivery in record.deliveries:
        _show_delivery(delivery)


@events.command("replay")
def replay_event(event_id: Id, config: Config = DEFAULT) -> None:
    """Send the messages of an event again, as they were."""
    seqs = [delivery.seq for delivery in _one(event_id, config).deliveries]
    count = _with_journal(config, lambda journal: journal.requeue(seqs))
    out.print(f"deliveries of {event_id} that go out again: {count}")


@dead.command("list")
def list_dead(
    destination: Annotated[str, typer.Option(help="Only of this destination.")] = "",
    before: Before = "",
    limit: Limit = 50,
    config: Config = DEFAULT,
) -> None:
    """List dead deliveries with the reason why they were given up, newest first."""
    table = Table("event", "delivery", "received", "route", "destination", "attempts", "reason", box=None)
    for record in _dead_records(destination, before, limit, config):
        for delivery in _dead_of(record, destination):
            table.add_row(
                record.event.id,
                str(delivery.seq),
                _time(record.event.received),
                record.event.route,
                delivery.destination,
                str(delivery.attempts),
                delivery.reason,
            )
    out.print(table if table.row_count else "nothing is dead")


@dead.command("show")
def show_dead(event_id: Id, config: Config = DEFAULT) -> None:
    """Show the dead deliveries of an event with their messages."""
    found = _dead_of(_one(event_id, config), "")
    if not found:
        fail(f"event {event_id} has no dead delivery")
    for delivery in found:
        _show_delivery(delivery)


@dead.command("replay")
def replay_dead(
    event_id: Annotated[str | None, typer.Argument(help="The id of the event; none: see --all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dead delivery.")] = False,
    destination: Annotated[str, typer.Option(help="Only of this destination.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Send dead deliveries again, in their order, as if they were received now."""
    if (event_id is None) == (not everything):
        fail("say which: the id of an event, or --all", 2)
    records = [_one(event_id, config)] if event_id else _dead_records(destination, "", 1_000_000, config)
    seqs = sorted(delivery.seq for record in records for delivery in _dead_of(record, destination))
    count = _with_journal(config, lambda journal: journal.requeue(seqs))
    out.print(f"deliveries that go out again: {count}")


def _one(event_id: str, config: Config) -> Record:
    records = _with_journal(config, lambda journal: _find(journal, Query(event_id=event_id)))
    if not records:
        fail(f"the journal has no event {event_id}; `mattergate events list` shows those that it has")
    return records[0]


def _dead_records(destination: str, before: str, limit: int, config: Config) -> list[Record]:
    query = Query(delivery_state=DeliveryState.DEAD, destination=destination, before=before, limit=limit, bodies=False)
    return _with_journal(config, lambda journal: _find(journal, query))


def _dead_of(record: Record, destination: str) -> list[Delivery]:
    return [
        delivery
        for delivery in record.deliveries
        if delivery.state is DeliveryState.DEAD and destination in ("", delivery.destination)
    ]


def _show_delivery(delivery: Delivery) -> None:
    head = f"\ndelivery {delivery.seq} to {delivery.destination}: {delivery.state}, {delivery.attempts} attempts"
    out.print(head + (f", {delivery.reason}" if delivery.reason else ""), markup=False)
    for attempt in delivery.log:
        status = str(attempt.status or attempt.code)
        line = f"  {_time(attempt.at)}  {attempt.result:9}  {status:7}  {attempt.answer}"
        out.print(line.rstrip(), markup=False)
    out.print_json(msgspec.json.format(delivery.payload).decode())


def _states(record: Record) -> str:
    counts = {state: sum(delivery.state is state for delivery in record.deliveries) for state in DeliveryState}
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
