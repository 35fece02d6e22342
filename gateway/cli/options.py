"""The arguments and options that several commands have, and the parser of times."""

import time
from pathlib import Path
from typing import Annotated

import typer

from gateway import units
from gateway.cli.output import Format
from gateway.model import DeliveryState

DEFAULT = Path("mattergate.toml")
"""The settings file where none is named."""


def moment(text: str) -> float:
    """Read a time as `units.moment` does. Raises typer.BadParameter, which says what may be written."""
    try:
        return units.moment(text, time.time())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def example(*commands: str) -> str:
    """The end of a help text: commands as one types them."""
    return "```\n" + "\n".join(commands) + "\n```"


Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="MATTERGATE_CONFIG", help="The settings file.", show_default=True)
]
Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalog",
        exists=True,
        file_okay=False,
        help="A folder of your own services, laid over the built-in catalog. May be repeated.",
    ),
]
Output = Annotated[
    Format,
    typer.Option("--output", "-o", help="A table, one JSON value, or one JSON value a line; JSON has the API's names."),
]
Since = Annotated[
    float | None,
    typer.Option(parser=moment, metavar="WHEN", help="Only received since: 2h (ago), or 2026-01-31T08:00 (UTC)."),
]
Until = Annotated[float | None, typer.Option(parser=moment, metavar="WHEN", help="Only received until; as --since.")]
Route = Annotated[str, typer.Option(help="Only of this route.")]
Service = Annotated[str, typer.Option(help="Only of this service.")]
Destination = Annotated[str, typer.Option(help="Only with a delivery to this destination.")]
Translator = Annotated[str, typer.Option(help="Only by this translator: github/push.")]
State = Annotated[DeliveryState | None, typer.Option(help="Only with a delivery in this state.")]
Text = Annotated[str, typer.Option(help="Only with all of these words: in id, event, subject, messages ...")]
Before = Annotated[str, typer.Option(metavar="ID", help="Only older than this event: the next page.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many, the newest first.")]
EventId = Annotated[str, typer.Argument(metavar="EVENT", help="The id of an event, or the beginning of one.")]
EventIds = Annotated[
    list[str] | None, typer.Argument(metavar="[EVENT]...", help="Ids of events, or the beginnings of some.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
