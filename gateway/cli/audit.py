"""`mattergate audit`: who did what from Mattermost, and how it ended; also while the gateway runs."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from gateway.cli import app, offline
from gateway.cli import options as given
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example, moment
from gateway.cli.output import Column, Format, clock, fail, out, print_rows, warn
from gateway.journal.audit import AuditLine, AuditOutcome, AuditPage, AuditQuery

_COLUMNS: Final[Sequence[Column[AuditLine]]] = (
    Column("line", lambda line: str(line.number)),
    Column("at (UTC)", lambda line: clock(line.at)),
    Column("who", lambda line: f"@{line.user_name}" if line.user_name else line.user or "-"),
    Column("action", lambda line: line.action or "-"),
    Column("subject", lambda line: line.subject or "-"),
    Column("outcome", lambda line: line.outcome),
    Column("callback", lambda line: line.callback),
    Column("event", lambda line: line.event or "-"),
    Column("what was said", lambda line: line.text),
)


@app.command(
    "audit",
    epilog=example(
        "mattergate audit --since 1d",
        "mattergate audit --user ann --callback pagerduty/acknowledge",
        "mattergate audit --subject 'acme/api#12' -o json",
        "mattergate audit --outcome forged -o jsonl | jq -r .text",
    ),
)
def list_audit(
    user: Annotated[str, typer.Option(help="Only by this person: the name, or Mattermost's id.")] = "",
    subject: Annotated[str, typer.Option(help="Only about this subject, written as in the list of events.")] = "",
    callback: Annotated[str, typer.Option(help="Only by this callback: pagerduty/acknowledge.")] = "",
    action: Annotated[str, typer.Option(help="Only with this action.")] = "",
    outcome: Annotated[AuditOutcome | None, typer.Option(help="Only with this outcome.")] = None,
    since: Annotated[
        float | None,
        typer.Option(parser=moment, metavar="WHEN", help="Only since: 2h (ago), or 2026-01-31T08:00 (UTC)."),
    ] = None,
    until: Annotated[
        float | None, typer.Option(parser=moment, metavar="WHEN", help="Only until; written as --since.")
    ] = None,
    before: Annotated[
        int | None, typer.Option(metavar="LINE", help="Only older than the line of this number: the next page.")
    ] = None,
    limit: given.Limit = 20,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """List who clicked, commanded or answered what in Mattermost, and how it ended; newest first.

    Clicks that are not authentic are among them, too: forged, of another post, channel or person, or too old.
    """
    if since is not None and until is not None and since > until:
        fail("--since is later than --until: nothing can be between them", 2)
    query = AuditQuery(user.removeprefix("@"), subject, callback, action, outcome, since, until, before, limit)

    async def look(gateway: OfflineGateway) -> AuditPage:
        return await gateway.journal.audit(query)

    page = offline.run(config, look)
    print_rows(page.lines, _COLUMNS, output, "nobody did anything of this kind")
    if page.next is not None and out.is_terminal and output is Format.TABLE:
        warn(f"older ones: add --before {page.next}")
