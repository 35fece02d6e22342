"""`mattergate services` and `mattergate functions`: what the catalog knows, and what templates may call."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway import settings
from gateway.cli import app
from gateway.cli.common import Folders, fail, load_catalog, out
from gateway.cli.serve import DEFAULT, Config
from gateway.console import catalog as shelf
from gateway.console.catalog import ServicePage
from gateway.errors import SettingsError
from gateway.language.functions import TABLE
from gateway.settings import Settings


@app.command()
def services(
    service: Annotated[str | None, typer.Argument(help="One service, with its events and how to set it up.")] = None,
    catalog: Folders = None,
    config: Config = DEFAULT,
) -> None:
    """List the services of the catalog, or show one: its events, the URL of each route, the steps in the sender.

    Routes and further catalog folders are those of the settings file, if there is one.
    """
    known_settings = _settings(config)
    known = load_catalog([*map(Path, known_settings.catalog.folders), *(catalog or ())])
    if service is None:
        table = Table("service", "name", "translators", "documentation", box=None)
        for key, one in sorted(known.services.items()):
            table.add_row(key, one.name, str(len(one.translators)), one.docs)
        out.print(table)
        return
    found = known.service(service)
    if found is None:
        fail(f"the catalog has no service {service!r}; `mattergate services` lists those that it has")
    _show(shelf.page(found, known_settings))


def _settings(config: Path) -> Settings:
    if config == DEFAULT and not config.exists():
        return Settings()
    try:
        return settings.load(config, os.environ)
    except SettingsError as error:
        fail(error)


def _show(page: ServicePage) -> None:
    """What the console shows of a service, for a terminal."""
    out.print(f"{page.name}  {page.docs}\n\n{page.setup}\n", markup=False)
    for route in page.routes:
        out.print(f"route {route.route}: {route.url}", markup=False)
        if route.url_with_secret:
            out.print(f"  or, with its secret in the place of SECRET: {route.url_with_secret}", markup=False)
    if page.passthrough:
        out.print(f"pass-through: {page.passthrough}", markup=False)
    if page.note and (page.routes or page.passthrough):
        out.print(f"({page.note})", markup=False)
    out.print("\nA request is authentic with one of:", markup=False)
    for words in dict.fromkeys([words for route in page.routes for words in route.proofs] or page.proofs):
        out.print(f"  {words}", markup=False)
    out.print()
    table = Table("events", "what happened", "translator", box=None)
    for translator in page.translators:
        table.add_row(", ".join(translator.events), translator.title, f"{page.key}/{translator.name}")
    out.print(table if page.translators else "Every event is shown by the generic translator.")
    if page.ignored:
        out.print(f"\nignored: {', '.join(page.ignored)}", markup=False)


@app.command()
def functions(name: Annotated[str | None, typer.Argument(help="One function.")] = None) -> None:
    """List the functions that templates may call, with examples that are executed by the tests."""
    if name is not None and name not in TABLE:
        fail(f"there is no function {name!r}; `mattergate functions` lists all")
    for key in [name] if name else sorted(TABLE):
        function = TABLE[key]
        out.print(f"[bold]{key}[/bold]  ", end="")
        out.print(function.doc, markup=False)
        for example in function.examples:
            seen = ", ".join(f"{variable} = {value!r}" for variable, value in example.context.items())
            out.print(f"    {example.template}  with {seen}  gives  {example.expected!r}", markup=False)
