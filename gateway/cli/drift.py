"""`mattergate drift`: events that no document of their service understands, each kind with an example to draft from."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from gateway.cli import app, catalog, filters, offline
from gateway.cli import options as given
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Column, Format, clock, out, print_rows, say, warn
from gateway.console import drift as facts
from gateway.console.drift import DriftFilter, DriftList, DriftRow, wrong
from gateway.journal import Query

_COLUMNS: Final[Sequence[Column[DriftRow]]] = (
    Column("service", lambda row: row.service),
    Column("event", lambda row: row.event or "without a name"),
    Column("how often", lambda row: f"{row.count:,}"),
    Column("since (UTC)", lambda row: clock(row.first)),
    Column("last (UTC)", lambda row: clock(row.last)),
    Column("what is wrong", wrong),
    Column("example", lambda row: row.example),
)


@app.command(
    epilog=example(
        "mattergate drift",
        "mattergate drift github --since 7d",
        "mattergate drift -o jsonl | jq -r .example | xargs -n1 mattergate new --event",
    )
)
def drift(
    service: Annotated[
        str, typer.Argument(help="Only of this service.", autocompletion=catalog.completions, show_default=False)
    ] = "",
    since: given.Since = None,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """List events that no document of their service understands: an unknown event, or a payload of another shape.

    They were told all the same, by the generic translator. Each kind has how often it came, since when, the places that
    changed, and its newest event, from which `mattergate new --event` drafts a document.
    """

    async def look(gateway: OfflineGateway) -> DriftList:
        found = await facts.listing(gateway, DriftFilter(service=service, since=since))
        if not found.rows:
            await filters.require_known(gateway, Query(service=service))
        return found

    found = offline.run(config, look)
    print_rows(found.rows, _COLUMNS, output, "no drift: every event was understood")
    if not found.complete:
        warn("the journal has more than was looked at: narrow it by --since or a service")
    open_ = [row for row in found.rows if not row.understood]
    if open_ and out.is_terminal and output is Format.TABLE:
        say(f"\ndraft a document: mattergate new --event {open_[0].example}")
