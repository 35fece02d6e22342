"""`mattergate schema`: the JSON Schema of what a document takes, and those that editors check documents against."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.catalog import files
from gateway.catalog.tolerance import tolerant
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli import settings as settings_file
from gateway.cli.options import DEFAULT, example
from gateway.cli.output import fail, print_json, say, unusable
from gateway.settings.lines import close


@app.command(
    epilog=example(
        "mattergate schema gitea/issue_comment",
        "mattergate schema --write",
        "mattergate schema --write --catalog schemas",
    )
)
def schema(
    document: Annotated[
        str | None, typer.Argument(help="A translator, as SERVICE/NAME.", autocompletion=catalog.completions)
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Write the schemas of documents into your catalog folders: an editor completes keys by them.",
        ),
    ] = False,
    folder: given.Folders = None,
    config: given.Config = DEFAULT,
) -> None:
    """Print the JSON Schema (2020-12) that the `input` of a translator stands for: it decides which payloads it takes.

    What the document does not require is only shown: there the schema takes null and every scalar.

    With --write, a document whose first line is `$schema: ../translator.schema.json` is checked as you type.
    """
    known = settings_file.optional(config)
    own = [*map(Path, known.catalog.folders), *(folder or ())]
    if write:
        if document is not None:
            fail("--write writes the schemas of every kind of document: name none", 2)
        _write(own)
    elif document is None:
        fail("name a translator, as in `mattergate schema gitea/issue_comment`, or --write", 2)
    else:
        _print(document, catalog.folders(own))


def _print(document: str, folders: Sequence[Path]) -> None:
    key, _, _ = document.partition("/")
    service = catalog.require(folders, {key}).service(key)
    if service is None:
        fail(catalog.unknown(key, folders), 2)
    found = {one.name: one for one in service.translators}.get(document)
    if found is None:
        near = close(document, tuple(one.name for one in service.translators))
        hint = f"{near} " if near else ""
        fail(f"there is no translator {document!r}; {hint}`mattergate services {key}` lists them", 2)
    print_json(tolerant(found.input))


def _write(folders: Sequence[Path]) -> None:
    """Write the schemas into catalog folders, each file at once."""
    if not folders:
        fail("there is no catalog folder of yours: name one with --catalog, or in [catalog] folders of the settings", 2)
    for folder in folders:
        for name, text in files.schemas().items():
            file, draft = folder / name, folder / f".{name}.new"
            try:
                draft.write_text(text, "utf-8")
                draft.replace(file)
            except OSError as error:
                fail(unusable(file, error))
        say(f"{folder}: {', '.join(files.schemas())}")
