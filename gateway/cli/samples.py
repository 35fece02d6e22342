"""`mattergate test`: every sample of the catalog, executed."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import typer
from msgspec import Struct

from gateway.catalog import files as documents
from gateway.catalog import yamlfile
from gateway.catalog.catalog import Catalog
from gateway.cli import app, catalog
from gateway.cli import options as given
from gateway.cli.options import DEFAULT, example
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
from gateway.errors import Fault, MattergateError
from gateway.model import JSON
from gateway.pipeline import samplefile
from gateway.pipeline.blame import alike, blame
from gateway.pipeline.expectation import Expectation, differences
from gateway.pipeline.rehearsal import doubtful, written

Samples = Sequence[tuple[str, Path]]

_UNWRITTEN: Final = "not written: "
_FAULTY: Final = "the service {} has a fault, which may be what came out; mend it first"
_NAMED: Final = 12
"""How many of the samples are named that suffer from one fault."""


class SampleRow(Struct, frozen=True):
    """One sample, and every difference from its expected outcome; an unreadable sample has one difference.

    `faults` are those of documents that the differences come from: such differences say nothing of their own.
    `written` says whether `--write` has changed the file.
    """

    service: str
    file: str
    holds: bool
    differences: Sequence[str]
    faults: Sequence[str] = ()
    written: bool = False


class _Tried(NamedTuple):
    """A sample that was executed, and the faults of documents that it suffers from."""

    row: SampleRow
    faults: Sequence[Fault] = ()


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
            "or not understood, unless the sample has that as `note` already, nor where the service has a fault.",
        ),
    ] = False,
    folder: given.Folders = None,
    config: given.Config = DEFAULT,
    output: given.Output = Format.TABLE,
) -> None:
    """Send the samples of the catalog through the gateway, signed as their services sign.

    Each is sent twice: the second is a duplicate. The exit code is 1 when a sample does not hold.
    """
    folders = catalog.chosen(folder, config)
    chosen = _select(which or (), folders)
    known, faults = catalog.load(folders, {key for key, _ in chosen}, closely=True)
    faulty = _faulty(faults, folders)
    tried = [_run(known, key, path, write=write, faulty=key in faulty) for key, path in progress(chosen, "testing")]
    failed = [one for one in tried if not one.row.holds]
    told = {fault for one in failed for fault in one.faults} if output is Format.TABLE else set()
    for fault in faults:
        if fault not in told:
            warn(fault_line(fault))
    if output is Format.TABLE:
        _print(failed)
        for one in tried:
            if one.row.written:
                say(f"{one.row.file}: written")
        held = len(tried) - len(failed)
        wrong = f"; {plural(len(faults), 'fault')}" if faults else ""
        say(f"{plural(held, 'sample')} held, {len(failed):,} did not{wrong}")
    else:
        print_values([one.row for one in tried], output)
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


def _faulty(faults: Sequence[Fault], folders: Sequence[Path]) -> set[str]:
    """The services in whose folders these faults are."""
    files = {Path(fault.file) for fault in faults}
    inside = [file.relative_to(folder) for file in files for folder in folders if file.is_relative_to(folder)]
    return {key for file in inside for key in file.parts[:1]}


def _run(known: Catalog, key: str, path: Path, *, write: bool, faulty: bool) -> _Tried:
    """Execute one sample; with `write`, its outcome is written into it, unless that is doubtful.

    What a `faulty` service makes of a request may be what its fault makes of it, so that is not written either.
    """
    if key in known.faults or key not in known.services:
        return _tried(key, path, [f"the service {key} has faults"], known.faults.get(key, ()))
    service = known.services[key]
    faults: Sequence[Fault] = ()
    changed = False
    try:
        one = samplefile.load(path)
        rehearsal = samplefile.rehearsed(service, one, path)
        found = rehearsal.found
        lines = differences(one.expect, found)
        if write and (why := doubtful(one.expect, found)):
            lines = [f"{_UNWRITTEN}{why}", *lines]
        elif write:
            text, fresh = _rewritten(path, msgspec.to_builtins(written(one, found, service)))
            changed = fresh != text and not faulty
            if changed:
                path.write_text(fresh, "utf-8")
            lines = [f"{_UNWRITTEN}{_FAULTY.format(key)}", *lines] if faulty and fresh != text else []
        if lines and _has_another_fate(one.expect, found):
            idle = rehearsal.idle if found.note else ()  # else the step had nothing to do, as an optional one
            faults = blame(service, rehearsal.pieces, lambda file: documents.read(Path(file)), idle)
    except (OSError, UnicodeDecodeError) as error:
        lines = [unusable(path, error)]
    except MattergateError as error:
        lines = [str(error)]
    return _tried(key, path, lines, faults, changed=changed)


def _has_another_fate(expected: Expectation, found: Expectation) -> bool:
    """Whether a document may have failed: somebody else speaks, or the card is not what was expected."""
    other_card = expected.card is not None and expected.card != found.card
    return other_card or (expected.outcome, expected.note) != (found.outcome, found.note)


def _tried(key: str, path: Path, lines: Sequence[str], faults: Sequence[Fault], *, changed: bool = False) -> _Tried:
    return _Tried(SampleRow(key, str(path), not lines, lines, [fault_line(one) for one in faults], changed), faults)


def _rewritten(path: Path, expect: JSON) -> tuple[str, str]:
    """The text of a sample, and the same with another `expect` block, which is the last one of a sample.

    The request above it stays as it is written.
    """
    text = path.read_text("utf-8")
    before, mark, _ = text.partition("\nexpect:")
    if not mark:
        raise MattergateError("`expect:` is to be the last key of a sample")
    return text, before + "\n" + yamlfile.dump({"expect": expect})


def _print(failed: Sequence[_Tried]) -> None:
    """Print each fault of a document once, with the samples that suffer from it, then the others with what differs."""
    suffering: dict[tuple[str, int, str, str], tuple[Fault, list[SampleRow]]] = {}
    for one in failed:
        for fault in one.faults:
            suffering.setdefault(alike(fault), (fault, []))[1].append(one.row)
    for rows, those in groupby(suffering.values(), lambda one: one[1]):
        for fault, _ in those:
            out.print(visible(fault_line(fault)), style="bold red")
        say(f"  {_named(rows)}")
    for one in (one for one in failed if not one.faults):
        out.print(visible(one.row.file), style="bold red")
        for line in one.row.differences:
            say(f"  {line}")


def _named(rows: Sequence[SampleRow]) -> str:
    """Which samples these are, in few words."""
    names = [Path(row.file).stem for row in rows]
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
    unwritten = any(line.startswith(_UNWRITTEN) for row in rows for line in row.differences)
    services = ", ".join(dict.fromkeys(row.service for row in rows))
    return f"{plural(len(names), 'sample')} of {services}{', not written' if unwritten else ''}: {shown}"
