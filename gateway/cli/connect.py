"""`mattergate connect`: the webhooks, slash commands and bots of the settings, set up at the Mattermost server."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer
import uvloop

from gateway.app.connect_desk import Desk, Task
from gateway.app.connecting import plan
from gateway.callbacks import fit
from gateway.callbacks.connect_scope import Choice, Role
from gateway.callbacks.connecting import Step
from gateway.catalog.service import Service
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Column, Format, confirm, fail, plural, print_rows, say, unusable, warn, working
from gateway.errors import SettingsError
from gateway.mattermost.probe import Level
from gateway.outbound.exchange import Unsent
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.reader import ADMIN_TOKEN

_COLUMNS: Final[Sequence[Column[Step]]] = (
    Column("action", lambda step: step.action),
    Column("table", lambda step: step.table),
    Column("what", lambda step: f"{step.what} ({step.team})" if step.team else step.what),
    Column("why", lambda step: step.why),
)
_NO_TOKEN: Final = (
    "connect needs the access token of a system administrator: name a file of it with --token-file, "
    f"or set {ADMIN_TOKEN}"
)
_NO_URL: Final = (
    "the settings do not say where Mattermost reaches the gateway: write public_url = "
    '"https://gate.example.com" in [server]'
)


@app.command(
    epilog=example(
        "mattergate connect --dry-run --token-file admin.token",
        "mattergate connect deploy --team ops --token-file admin.token",
        "mattergate connect ask --team ops --channel help --trigger '!ask' --yes",
        "mattergate connect bots.helper --role post:channels",
    )
)
def connect(
    tables: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TABLE]...", help="Tables of callbacks, or bots.NAME. None: all of the settings."),
    ] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="The team, as in its URL; may be repeated. Otherwise the only one.")
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(help="The public channel of an outgoing webhook, and one that the bot joins. May be repeated."),
    ] = None,
    trigger: Annotated[
        list[str] | None, typer.Option(help="A first word that calls an outgoing webhook. May be repeated.")
    ] = None,
    role: Annotated[
        Role | None, typer.Option(help="Let bots post outside of their channels: in all, or in the public ones.")
    ] = None,
    server: Annotated[str, typer.Option(help="The Mattermost server, where the settings name several, or none.")] = "",
    token_file: Annotated[
        Path | None, typer.Option(help=f"A file with the access token of an administrator; otherwise {ADMIN_TOKEN}.")
    ] = None,
    dry_run: given.DryRun = False,
    yes: given.Yes = False,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """Create or update at Mattermost the webhooks, commands and bots that the settings need. Shows first what it does.

    Tokens are kept in the files that the settings name (`tokens_file`, `token_file`). Nothing is ever deleted.
    """
    choice = Choice(tuple(tables or ()), server, tuple(team or ()), tuple(channel or ()), tuple(trigger or ()), role)
    admin = _admin(token_file)
    unfinished = settings_file.unfinished(config)
    if not unfinished.settings.server.public_url:
        fail(_NO_URL)
    services = _services(unfinished.settings)
    try:
        desk = Desk(unfinished, choice, config.parent)
        uvloop.run(_connect(desk, services, admin, Wish(dry_run, yes, output)))
    except (SettingsError, Unsent) as error:
        fail(error)


class Wish(NamedTuple):
    """How far to go, and how to tell of it."""

    dry_run: bool
    yes: bool
    output: Format


def _admin(file: Path | None) -> Secret:
    """The token of the administrator; its absence ends the command."""
    try:
        text = file.read_text("utf-8") if file is not None else os.environ.get(ADMIN_TOKEN, "")
    except (OSError, UnicodeDecodeError) as error:
        fail(unusable(file or Path(), error))
    if not text.strip():
        fail(_NO_TOKEN if file is None else f"{file}: it is empty; write the token into it", 2)
    return Secret(text.strip())


def _services(settings: Settings) -> Mapping[str, Service]:
    """The services of the tables; a fault that keeps a table from working ends the command."""
    keys = {table.service for table in settings.callbacks.values()}
    with working("reading the catalog"):
        known = catalog.require(catalog.folders(settings.catalog.folders), keys)
    if unknown := fit.unknown_services(settings, known.keys):
        fail(SettingsError(unknown))
    return known.services


async def _connect(desk: Desk, services: Mapping[str, Service], admin: Secret, wish: Wish) -> None:
    """Tell the plan, ask, and carry it out."""
    async with AsyncExitStack() as stack:
        with working("asking the server"):
            await desk.open(stack, admin)
            tasks = await plan(desk, services)
            called = await desk.called() if desk.scope.tables else None
        print_rows([one.step for one in tasks], _COLUMNS, wish.output, "the settings need nothing at this server")
        if called is not None and called.level is not Level.FINE:
            warn(f"{called.level}: {called.text}")
        to_do = [one for one in tasks if one.work is not None]
        if to_do and not wish.dry_run:
            confirm(
                f"{plural(len(to_do), 'change')} will be made at {desk.scope.server} and in files here", yes=wish.yes
            )
            await _carry_out(to_do)
            _tell(
                f"done: {plural(len(to_do), 'change')}; reload the gateway (SIGHUP), so that it takes the tokens", wish
            )
    wrong = sum(one.step.action == "cannot" for one in tasks)
    if tasks and not to_do and not wrong:
        _tell("nothing is to be done", wish)
    if wrong:
        fail(f"{plural(wrong, 'thing')} cannot be done as it is")


async def _carry_out(tasks: Sequence[Task]) -> None:
    """Do the work of tasks in their order; the first that fails ends the command, and says what was done before it."""
    for number, task in enumerate(tasks):
        if task.work is None:
            continue
        try:
            await task.work()
        except (Unsent, OSError) as error:
            why = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
            fail(f"{task.step.table}: {task.step.action} {task.step.what}: {why}; {number} of {len(tasks)} are done")


def _tell(text: str, wish: Wish) -> None:
    """Say how it ended, where no program reads."""
    (say if wish.output is Format.TABLE else warn)(text)
