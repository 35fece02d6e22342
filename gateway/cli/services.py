"""`mattergate services` and `mattergate functions`: what the catalog knows, and what templates may call."""

from typing import Annotated

import typer
from rich.table import Table

from gateway.cli import app
from gateway.cli.common import Folders, fail, load_catalog, out
from gateway.translate.functions import TABLE


@app.command()
def services(
    service: Annotated[str | None, typer.Argument(help="One service, with its events and how to set it up.")] = None,
    catalog: Folders = None,
) -> None:
    """List the services of the catalog, or show one with its events and the steps in the sender."""
    known = load_catalog(catalog)
    if service is None:
        table = Table("service", "name", "translators", "documentation", box=None)
        for key, one in sorted(known.services.items()):
            table.add_row(key, one.name, str(len(one.translators)), one.docs)
        out.print(table)
        return
    found = known.service(service)
    if found is None:
        fail(f"the catalog has no service {service!r}; `mattergate services` lists those that it has")
    out.print(f"{found.name}  {found.docs}\n\n{found.setup}", markup=False)
    table = Table("events", "what happened", "translator", box=None)
    for translator in found.translators:
        table.add_row(", ".join(translator.events), translator.title, translator.name)
    out.print(table if found.translators else "Every event is shown by the generic translator.")


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
