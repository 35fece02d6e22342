"""`mattergate test`: every sample of the catalog, executed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from gateway.catalog import files as documents
from gateway.catalog import yamlfile
from gateway.catalog.catalog import Catalog
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli.options import example
from gateway.cli.output import (
    Format,
    fail,
    fault_line,
    out,
    plural,
    print_values,
    progress,
    say,
    unusable,
    visible,
    warn,
)
from gateway.errors import MattergateError
from gateway.model import JSON
from gateway.pipeline import samplefile
from gateway.pipeline.expectation import differences
from gateway.pipeline.rehearsal import doubtful, written

Samples = Sequence[tuple[str, Path]]


class SampleRow(Struct, frozen=True):
    """One sample, and every difference from its expected outcome; an unreadable sample has one difference."""

    service: str
    file: str
    holds: bool
    differences: Sequence[str]


@app.command(
    "test",
    epilog=example(
        "mattergate test",
        "mattergate test github schemas/gitlab/samples/push.usual.yaml",
        "mattergate test --catalog schemas acme-orders --write",
    ),
)
def run_samples(
    which: Annotated[
        list[str] | None, typer.Argument(help="Only the samples of these services, or these files.")
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Write the outcome into the samples, to be reviewed and committed; not where it is broken or empty, "
            "or not understood, unless the sample has that as `note` already.",
        ),
    ] = False,
    folder: given.Folders = None,
    output: given.Output = Format.TABLE,
) -> None:
    """Send the samples of the catalog through the gateway, signed as their services sign.

    Each is sent twice: the second is a duplicate. The exit code is 1 when a sample does not hold.
    """
    folders = catalog.folders(folder)
    chosen = _select(which or (), folders)
    known, faults = catalog.load(folders, {key for key, _ in chosen}, closely=True)
    for fault in faults:
        warn(fault_line(fault))
    rows = [_run(known, key, path, write=write) for key, path in progress(chosen, "testing")]
    failed = [row for row in rows if not row.holds]
    if output is Format.TABLE:
        _print(failed)
        held = len(rows) - len(failed)
        say(f"{plural(held, 'sample')} held, {len(failed):,} did not")
    else:
        print_values(rows, output)
    if failed or faults:
        raise typer.Exit(1)


def _select(which: Sequence[str], folders: Sequence[Path]) -> Samples:
    """The samples that are meant; a service or file without any ends the command."""
    every = documents.samples(folders)
    if not which:
        return every or fail("the catalog has no samples")
    any_file = any(map(_is_file, which))
    named: dict[str | Path, list[tuple[str, Path]]] = {}
    for key, path in every:
        named.setdefault(key, []).append((key, path))
        if any_file:
            named.setdefault(path.resolve(), []).append((key, path))
    found: dict[Path, str] = {}
    for name in which:
        those = named.get(Path(name).resolve() if _is_file(name) else name)
        if those is None:
            fail(_missing(name, folders), 2)
        found |= {path: key for key, path in those}
    return [(key, path) for path, key in found.items()]


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _missing(name: str, folders: Sequence[Path]) -> str:
    """Say why this service or file has no samples."""
    if _is_file(name):
        return f"{name} is not a sample of the catalog: it has to be SERVICE/samples/NAME.yaml in one of its folders"
    if name in catalog.names(folders):
        return f"the service {name} has no samples"
    return catalog.unknown(name, folders)


def _run(known: Catalog, key: str, path: Path, *, write: bool) -> SampleRow:
    """Execute one sample; with `write`, its outcome is written into it, unless that is doubtful."""
    if key in known.faults or key not in known.services:
        return SampleRow(key, str(path), False, [f"the service {key} has faults"])
    service = known.services[key]
    try:
        one = samplefile.load(path)
        found = samplefile.rehearsed(service, one, path).found
        lines = differences(one.expect, found)
        if write and (why := doubtful(one.expect, found)):
            lines = [f"not written: {why}", *lines]
        elif write:
            _rewrite(path, msgspec.to_builtins(written(one, found, service)))
            lines = []
    except (OSError, UnicodeDecodeError) as error:
        lines = [unusable(path, error)]
    except MattergateError as error:
        lines = [str(error)]
    return SampleRow(key, str(path), not lines, lines)


def _rewrite(path: Path, expect: JSON) -> None:
    """Replace the `expect` block, which is the last one of a sample; the request above it stays as it is written."""
    text = path.read_text("utf-8")
    before, mark, _ = text.partition("\nexpect:")
    if not mark:
        raise MattergateError("`expect:` is to be the last key of a sample")
    fresh = before + "\n" + yamlfile.dump({"expect": expect})
    if fresh != text:
        path.write_text(fresh, "utf-8")


def _print(failed: Sequence[SampleRow]) -> None:
    for row in failed:
        out.print(visible(row.file), style="bold red")
        for line in row.differences:
            say(f"  {line}")
