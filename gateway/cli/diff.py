"""`mattergate diff`: what an edited catalog would change of the events that came in."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from gateway.catalog.service import Service
from gateway.cli import app, catalog, filters, offline
from gateway.cli import options as given
from gateway.cli.offline import OfflineGateway
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Format, clock, fail, out, plural, print_value, print_values, progress, say, visible
from gateway.console import diff as facts
from gateway.console.diff import Came, Difference, Differences
from gateway.console.tryout_result import result
from gateway.journal import Query

_BYTES = 500_000_000
"""Bytes of the requests that are read together."""
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@app.command(
    epilog=example(
        "mattergate diff --catalog my-services",
        "mattergate diff --catalog my-services --service acme-orders --last 1000",
        "mattergate diff --catalog my-services -o jsonl | jq -r .event",
    )
)
def diff(
    edited: Annotated[
        list[Path],
        typer.Option(
            "--catalog",
            help="The edited folder, in place of those of the settings, over the built-in catalog. May be repeated.",
        ),
    ],
    service: given.Service = "",
    route: given.Route = "",
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many events, the newest ones.")] = 200,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """Show what an edited catalog would change of the last events.

    Their stored requests are read by the catalog of the settings and by the edited one. Nothing is sent or kept.
    """
    for folder in edited:
        if not folder.is_dir():
            fail(f"--catalog: there is no folder {folder}", 2)
    folders = catalog.folders(edited)
    query = Query(service=service, route=route)

    async def look(gateway: OfflineGateway) -> Differences:
        came = [one async for one in facts.last(gateway, query, last, _BYTES)]
        if not came:
            await filters.require_known(gateway, query)
        return await asyncio.to_thread(_compared, came, folders)

    found = offline.run(config, look)
    if output is not Format.TABLE:
        print_value(found, output) if output is Format.JSON else print_values(found.changed, output)
        return
    for one in found.changed:
        _print(one)
    changed = len(found.changed)
    say(f"{plural(found.examined, 'event')}: {changed or 'none'} would be told otherwise")


def _compared(came: Sequence[Came], folders: Sequence[Path]) -> Differences:
    """What the catalog of these folders would change of events; its faults end the command."""
    known = catalog.require(folders, {one.stored.event.service for one in came})
    changed = []
    for one in progress(came, "reading again"):
        before, after = one.stored.service, known.service(one.stored.event.service)
        if before is not None and after is not None and (found := _difference(one, before, after)):
            changed.append(found)
    return Differences(len(came), tuple(changed))


def _difference(came: Came, before: Service, after: Service) -> Difference | None:
    results = (result(service, came.sent.request, came.sent.wishes) for service in (before, after))
    return facts.difference(came.stored.event, *results)


def _print(found: Difference) -> None:
    """Print a difference as a patch is printed."""
    name = found.name or "without a name"
    say(f"{found.event}  {clock(found.received)} UTC  route {found.route}  {found.service} {name}")
    for line in found.text.splitlines():
        out.print(Text(visible(line), style=_STYLES.get(line[:1], "")), soft_wrap=True)
    say("")
