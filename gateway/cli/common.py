"""What the commands share: where the catalog is, and how faults end a command."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from gateway.catalog import catalog, files
from gateway.catalog.catalog import Catalog
from gateway.errors import FaultyFilesError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Folders = Annotated[
    list[Path] | None,
    typer.Option("--catalog", help="A folder of your own services, laid over the built-in catalog. May be repeated."),
]


def folders(extra: Iterable[Path] | None) -> list[Path]:
    """The built-in catalog with the user's folders over it."""
    return [files.builtin_folder(), *(extra or ())]


def load_catalog(extra: Iterable[Path] | None, only: Collection[str] | None = None) -> Catalog:
    """The catalog, or the end of the command with every fault; with `only`, no other services are looked at."""
    try:
        return catalog.load(folders(extra), only)
    except FaultyFilesError as error:
        fail(error)


def fail(error: Exception | str, code: int = 1) -> NoReturn:
    """Say what is wrong, on standard error, and end with `code`."""
    err.print(str(error), markup=False)
    raise typer.Exit(code)
