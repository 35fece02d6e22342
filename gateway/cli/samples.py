"""`mattergate test`: every sample of the catalog, executed."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import typer
from msgspec import Struct

from gateway.callbacks import sample as callback_sample
from gateway.callbacks import samplefile as callback_samples
from gateway.callbacks.document import CALLBACK
from gateway.catalog import files as documents
from gateway.catalog import yamlfile
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
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


class _Chosen(NamedTuple):
    """A sample that is meant: its service, its file, and whether it is one of a callback."""

    service: str
    path: Path
    of_callback: bool = False


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

    Each request is sent twice: the second is a duplicate. Callbacks are asked, and answered, as their samples say. The
    exit code is 1 when a sample does not hold.
    """
    folders = catalog.chosen(folder, config)
    chosen = _select(which or (), folders)
    known, faults = catalog.load(folders, {one.service for one in chosen}, closely=True)
    faulty = _faulty(faults, folders)
    tried = [_run(known, one, write=write, faulty=one.service in faulty) for one in progress(chosen, "testing")]
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


def _select(which: Sequence[str], folders: Sequence[Path]) -> Sequence[_Chosen]:
    """The samples that are meant; a service or file without any ends the command."""
    every = [_Chosen(key, path) for key, path in documents.samples(folders)]
    every += [_Chosen(key, path, of_callback=True) for key, path in documents.samples(folders, CALLBACK.folder)]
    if not which:
        return every or fail("the catalog has no samples")
    any_file = any(map(_is_file, which))
    named: dict[str | Path, list[_Chosen]] = {}
    for one in every:
        named.setdefault(one.service, []).append(one)
        if any_file:
            named.setdefault(one.path.resolve(), []).append(one)
    found: dict[Path, _Chosen] = {}
    for name in which:
        those = named.get(Path(name).resolve() if _is_file(name) else name)
        if those is None:
            fail(_missing(name, folders), 2)
        found |= {one.path: one for one in those}
    return list(found.values())


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _missing(name: str, folders: Sequence[Path]) -> str:
    """Say why this service or file has no samples."""
    if _is_file(name):
        where = f"SERVICE/samples/NAME.yaml, or SERVICE/{CALLBACK.folder}/samples/NAME.yaml, in one of its folders"
        return f"{name} is not a sample of the catalog: it has to be {where}"
    if name in catalog.names(folders):
        return f"the service {name} has no samples"
    return catalog.unknown(name, folders)


def _faulty(faults: Sequence[Fault], folders: Sequence[Path]) -> set[str]:
    """The services in whose folders these faults are."""
    files = {Path(fault.file) for fault in faults}
    inside = [file.relative_to(folder) for file in files for folder in folders if file.is_relative_to(folder)]
    return {key for file in inside for key in file.parts[:1]}


def _run(known: Catalog, chosen: _Chosen, *, write: bool, faulty: bool) -> _Tried:
    """Execute one sample; with `write`, its outcome is written into it, unless that is doubtful.

    What a `faulty` service makes of a request may be what its fault makes of it, so that is not written either.
    """
    key, path = chosen.service, chosen.path
    if key in known.faults or key not in known.services:
        return _tried(key, path, [f"the service {key} has faults"], known.faults.get(key, ()))
    run = _run_callback if chosen.of_callback else _run_request
    try:
        return run(known.services[key], path, write=write, faulty=faulty)
    except (OSError, UnicodeDecodeError) as error:
        lines = [unusable(path, error)]
    except MattergateError as error:
        lines = [str(error)]
    return _tried(key, path, lines)


def _run_request(service: Service, path: Path, *, write: bool, faulty: bool) -> _Tried:
    """Execute a sample of a request."""
    one = samplefile.load(path)
    rehearsal = samplefile.rehearsed(service, one, path)
    found = rehearsal.found
    lines, changed = differences(one.expect, found), False
    faults: Sequence[Fault] = ()
    if write and (why := doubtful(one.expect, found)):
        lines = [f"{_UNWRITTEN}{why}", *lines]
    elif write:
        expect = msgspec.to_builtins(written(one, found, service))
        lines, changed = _write(service, path, expect, lines, faulty=faulty)
    if lines and _has_another_fate(one.expect, found):
        idle = rehearsal.idle if found.note else ()  # else the step had nothing to do, as an optional one
        faults = blame(service, rehearsal.pieces, lambda file: documents.read(Path(file)), idle)
    return _tried(service.key, path, lines, faults, changed=changed)


def _run_callback(service: Service, path: Path, *, write: bool, faulty: bool) -> _Tried:
    """Execute a sample of a callback."""
    one = callback_samples.load(path)
    found = callback_samples.rehearsed(service, one, path)
    lines, changed = callback_sample.differences(one.expect, found), False
    if write and (why := callback_sample.doubtful(one.expect, found)):
        lines = [f"{_UNWRITTEN}{why}", *lines]
    elif write:
        lines, changed = _write(service, path, msgspec.to_builtins(found), lines, faulty=faulty)
    return _tried(service.key, path, lines, changed=changed)


def _write(service: Service, path: Path, expect: JSON, lines: Sequence[str], *, faulty: bool) -> tuple[list[str], bool]:
    """Write an outcome into a sample, unless its service is `faulty`: what still differs, and whether it changed."""
    text, fresh = _rewritten(path, expect)
    if faulty and fresh != text:
        return [f"{_UNWRITTEN}{_FAULTY.format(service.key)}", *lines], False
    if fresh != text:
        path.write_text(fresh, "utf-8")
    return [], fresh != text


def _has_another_fate(expected: Expectation, found: Expectation) -> bool:
    """Whether a document may have failed: somebody else speaks, or the card is not what was expected."""
    other_card = expected.card is not None and expected.card != found.card
    return other_card or (expected.outcome, expected.note) != (found.outcome, found.note)


def _tried(
    key: str, path: Path, lines: Sequence[str], faults: Sequence[Fault] = (), *, changed: bool = False
) -> _Tried:
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
