"""`mattergate services`: what the catalog knows, and how a sender is connected to a route."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.catalog.payload_paths import PayloadPath
from gateway.cli import app, catalog, servicepage
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import Column, Format, fail, fault_line, print_rows, print_value, say, warn, working
from gateway.console import catalog as facts
from gateway.console.catalog import ServicePage, ServiceRow, TranslatorRow
from gateway.console.catalog_callbacks import CallbackRow
from gateway.settings import Settings

_COLUMNS: Final[Sequence[Column[ServiceRow]]] = (
    Column("service", lambda row: row.key),
    Column("name", lambda row: row.name),
    Column("about", lambda row: row.topic),
    Column("translators", lambda row: str(row.translators)),
    Column("callbacks", lambda row: str(row.callbacks or "")),
    Column("routes", lambda row: ", ".join(row.routes)),
    Column("documentation", lambda row: row.docs),
)


@app.command(
    epilog=example(
        "mattergate services",
        "mattergate services github",
        "mattergate services github --markdown",
        "mattergate services -o jsonl | jq -r .key",
    )
)
def services(
    service: Annotated[
        str | None,
        typer.Argument(
            help="One service, with its events, its callbacks, and how to set it up.",
            autocompletion=catalog.completions,
        ),
    ] = None,
    folder: given.Folders = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The page of the service in Markdown.")] = False,
    output: given.Output = Format.TABLE,
    config: given.Config = DEFAULT,
) -> None:
    """List the services of the catalog, or show one: its events and callbacks, the URL of each route, the steps there.

    Routes and further catalog folders are those of the settings file, if there is one.
    """
    known = settings_file.optional(config)
    folders = catalog.folders([*known.catalog.folders, *(folder or ())])
    if service is None:
        if markdown:
            fail("--markdown is the page of one service: name it", 2)
        _list(folders, known, output)
        return
    found = catalog.require(folders, {service}).service(service)
    if found is None:
        fail(catalog.unknown(service, folders), 2)
    page = facts.page(found, known)
    if markdown:
        say(servicepage.markdown(page, facts.first_examples(found, folders)), end="")
    elif output is Format.TABLE:
        _print(page)
    else:
        print_value(page, output)


def _list(folders: Sequence[Path], known: Settings, output: Format) -> None:
    """Print every service that can be used, and say which cannot."""
    with working("reading the catalog"):
        found, faults = catalog.load(folders)
    usable = {key: one for key, one in found.services.items() if key not in found.faults}
    print_rows(facts.rows(found, usable, known), _COLUMNS, output, "the catalog is empty")
    for fault in faults:
        warn(fault_line(fault))
    if faults:
        raise typer.Exit(1)


def _print(page: ServicePage) -> None:
    """Print a service as the console shows it."""
    say(f"{page.name}  {page.docs}\n\n{page.confidence}: {facts.CONFIDENCE[page.confidence]}\n\n{page.setup}\n")
    if page.body:
        say(f"the body of its requests, to paste there:\n\n{page.body}\n")
    for route in page.routes:
        say(f"route {route.route}: {route.url}")
        if route.url_with_secret:
            say(f"  where its secret stands in the URL, in the place of SECRET: {route.url_with_secret}")
        for line in route.filters:
            say(f"  {line}")
    if page.passthrough:
        say(f"pass-through: {page.passthrough}")
    if page.note and (page.routes or page.passthrough):
        say(f"({page.note})")
    say("\nA request is authentic with one of:")
    for words in dict.fromkeys([words for route in page.routes for words in route.proofs] or page.proofs):
        say(f"  {words}")
    say("")
    columns: Sequence[Column[TranslatorRow]] = (
        Column("events", lambda row: ", ".join(row.events)),
        Column("translator", lambda row: f"{page.key}/{row.name}"),
        Column("what happened", lambda row: row.title),
    )
    print_rows(page.translators, columns, Format.TABLE, "Every event is shown by the generic translator.")
    if page.ignored:
        say(f"\nignored: {', '.join(page.ignored)}")
    if page.tests:
        say(f"tests, which `only` and `when` of a route let pass: {', '.join(page.tests)}")
    _print_callbacks(page)
    _print_paths(page)


def _print_callbacks(page: ServicePage) -> None:
    """Print what chat can do at the service, and what a table of the settings gives for it."""
    if not page.callbacks:
        return
    say(f'\ncallbacks, which a table [callbacks.NAME] with service = "{page.key}" brings to life:\n')
    columns: Sequence[Column[CallbackRow]] = (
        Column("callback", lambda row: f"{page.key}/{row.name}"),
        Column("answers", lambda row: ", ".join(row.answers)),
        Column("tables", lambda row: ", ".join(row.tables)),
        Column("secrets", lambda row: ", ".join(row.secrets)),
        Column("settings", lambda row: ", ".join(row.settings)),
        Column("what it does", lambda row: f"{row.title}: {row.command}" if row.command else row.title),
    )
    print_rows(page.callbacks, columns, Format.TABLE, "")


def _print_paths(page: ServicePage) -> None:
    """Print what the rules of a route can ask for."""
    if not page.paths:
        return
    say("\n`only` and `ignore` of a route take the events, with * and ?; `when` and `channel` these paths and")
    say("`request.event`; a payload may have others, by its sender's documentation:\n")
    columns: Sequence[Column[PayloadPath]] = (
        Column("path", lambda row: row.path),
        Column("type", lambda row: row.type),
        Column("translators", lambda row: ", ".join(row.translators) + (f" and {row.more} more" if row.more else "")),
    )
    print_rows(page.paths, columns, Format.TABLE, "")
    if page.more_paths:
        say(f"and {page.more_paths} more, which the documents of the service name")
