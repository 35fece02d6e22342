"""How the command line lists and shows refused requests, and the option that filters by note or cause."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from gateway.cli.output import Column, clock, say
from gateway.console.events import EventRow
from gateway.model import Cause, Note

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
