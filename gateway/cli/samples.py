"""`mattergate test`: every sample of the catalog, executed."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway.catalog import files as documents
from gateway.catalog import yamlfile
from gateway.catalog.service import Service
from gateway.cli import app
from gateway.cli.common import Folders, err, fail, folders, load_catalog, out
from gateway.errors import MattergateError
from gateway.pipeline import sample


@app.command("test")
def run_samples(
    which: Annotated[
        list[str] | None, typer.Argument(help="Only the samples of these services, or these files.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write what came out into the samples, to be read and committed.")
    ] = False,
    catalog: Folders = None,
) -> None:
    """Execute the samples of the catalog; the exit code is 1 when one does not hold."""
    files = {Path(name).resolve() for name in which or () if name.endswith(".yaml")}
    services = {file.parents[1].name for file in files} | {name for name in which or () if not name.endswith(".yaml")}
    known = load_catalog(catalog, services or None)
    chosen = [
        (key, path)
        for key, path in documents.samples(folders(catalog))
        if not which or path.resolve() in files or key in which
    ]
    if not chosen:
        fail(f"no samples of {', '.join(which)}" if which else "the catalog has no samples")
    try:
        if write:
            for key, path in chosen:
                _rewrite(path, sample.load(path), known.services[key])
        results = sample.run_all(known, chosen)
    except MattergateError as error:
        fail(error)
    failed = {path: lines for path, lines in results.items() if lines}
    for path, lines in failed.items():
        err.print(f"{path}", style="bold red", markup=False)
        for line in lines:
            err.print(f"  {line}", markup=False)
    out.print(f"{len(results) - len(failed)} samples hold, {len(failed)} do not")
    if failed:
        raise typer.Exit(1)


def _rewrite(path: Path, found: sample.Sample, service: Service) -> None:
    """Replace the `expect` block, which is the last one of a sample; the request above it stays as it is written."""
    text = path.read_text("utf-8")
    before, mark, _ = text.partition("\nexpect:")
    if not mark:
        fail(f"{path}: `expect:` is to be the last key of a sample")
    expect = {"expect": msgspec.to_builtins(sample.outcome(found, service))}
    path.write_text(before + "\n" + yamlfile.dump(expect), "utf-8")
