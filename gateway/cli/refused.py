"""How the command line lists and shows refused requests, leads to them, and filters by note or cause."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from msgspec.structs import replace

from gateway.cli import filters
from gateway.cli.offline import OfflineGateway
from gateway.cli.output import Column, clock, fail, say
from gateway.console.events import EventRow
from gateway.journal import Query, Record
from gateway.model import Cause, Note, Outcome

COLUMNS: Final[Sequence[Column[EventRow]]] = (
    Column("id", lambda row: row.id),
    Column("received (UTC)", lambda row: clock(row.received)),
    Column("route", lambda row: row.route or "-"),
    Column("cause", lambda row: row.note),
    Column("from", lambda row: row.refused.peer if row.refused else ""),
    Column("why", lambda row: row.reason + (f" ({row.refused.hint})" if row.refused and row.refused.hint else "")),
)
WIDTHS: Final = (27, 19, 12, 12, 15, 0)
"""The minimum widths of those columns with --follow."""


def read_note(text: str) -> str:
    """Read a note or a cause. Raises typer.BadParameter, which lists them."""
    if text not in {"", *Note, *Cause}:
        raise typer.BadParameter(
            f"{text!r} is none of {', '.join(Note)}, and of refused requests none of {', '.join(Cause)}"
        )
    return text


NoteOption = Annotated[
    str,
    typer.Option(
        parser=read_note,
        metavar="WORD",
        help=f"Only what needs a look: {', '.join(Note)}; or requests refused for a cause: {', '.join(Cause)}.",
    ),
]


def require_accepted(query: Query) -> None:
    """End a command that would send refused requests again."""
    if query.outcome == Outcome.REFUSED or query.note in set(Cause):
        fail("nothing is kept of a refused request that could be sent: have its sender send it again", 2)


async def list_events(gateway: OfflineGateway, query: Query, limit: int) -> tuple[list[Record], str]:
    """The events of a list, and what to say where requests were refused in its time: one may be what is sought."""
    records = await filters.select(gateway, query, limit)
    if replace(query, route="", since=None, until=None) != Query(first_payloads=True):
        return records, ""  # whoever looks for a property of events does not look for what became none
    since = records[-1].event.received if len(records) == limit else query.since
    asked = Query(outcome=Outcome.REFUSED, route=query.route, since=since, until=query.until, limit=1, bodies=False)
    if not (await gateway.journal.find(asked)).records:
        return records, ""
    only = f" --route {query.route}" if query.route else ""
    return records, f"requests were refused, too: mattergate events list --outcome refused{only}"


def print_refused(event: EventRow) -> None:
    """Print all that is known of one refused request."""
    refused = event.refused
    if refused is None:
        return
    say(f"{event.id}  {clock(event.received)} UTC  route {event.route or '-'}  service {event.service or '-'}")
    say(f"outcome {event.outcome}  cause {event.note}  answered {refused.status}")
    say(f"because {event.reason}")
    if refused.hint:
        say(f"hint    {refused.hint}")
    size = f", {refused.size:,} bytes" if refused.size else ""
    say(f"\n{refused.method or 'a request'} of {refused.content_type or 'no content type'}{size}")
    say(f"from {refused.peer}" + (f"  {refused.agent}" if refused.agent else ""))
