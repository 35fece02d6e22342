"""Samples in their files: read, and executed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gateway.catalog import files
from gateway.catalog.service import Service
from gateway.decode.unwrap import Idle
from gateway.errors import CatalogError, Fault
from gateway.model import JSON, Note
from gateway.pipeline.expectation import differences
from gateway.pipeline.rehearsal import Rehearsal, rehearse
from gateway.pipeline.sample import Sample, parse
from gateway.pipeline.unsampled import Reached


def load(path: Path) -> Sample:
    """The sample in a file. Raises CatalogError with the place of the first fault."""
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a sample. Raises CatalogError."""
    try:
        return files.read(path)
    except OSError as error:
        raise CatalogError([Fault(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise CatalogError([Fault(str(path), 0, "", "it is not UTF-8 text", "save it as UTF-8")]) from None


def rehearsed(service: Service, sample: Sample, path: Path) -> Rehearsal:
    """What became of a sample. Raises CatalogError where its sender cannot sign as it says."""
    try:
        return rehearse(sample, service)
    except ValueError as error:
        raise CatalogError([Fault(str(path), 1, "", str(error))]) from None


def run(service: Service, path: Path) -> list[str]:
    """Execute the sample in a file: the differences from what it expects. Raises CatalogError as the others do."""
    sample = load(path)
    return differences(sample.expect, rehearsed(service, sample, path).found)


def reached(services: Mapping[str, Service], paths: Iterable[tuple[str, Path]]) -> Reached:
    """What samples of these services reach, and which files are no samples.

    A sample whose sender cannot sign as it says reaches nothing: `test` says why.
    """
    found: dict[str, set[str]] = {}
    told, named, identified = set[str](), set[str](), set[str]()
    idle: dict[str, set[Idle]] = {}
    faults: list[Fault] = []
    shown: dict[tuple[str, str], tuple[str, list[JSON] | None]] = {}
    alike: dict[str, tuple[str, str]] = {}
    for key, path in paths:
        try:
            sample = load(path)
        except CatalogError as error:
            faults += error.faults
            continue
        try:
            rehearsal = rehearsed(services[key], sample, path)
        except (KeyError, CatalogError):
            continue
        for piece in rehearsal.pieces:
            found.setdefault(piece.translator, set()).add(piece.name)
            told.add(key)
            named |= {key} if piece.name else set()
        if number := rehearsal.found.delivery_id:
            identified.add(key)
            first, messages = shown.setdefault((key, number), (path.name, rehearsal.found.messages))
            if messages != rehearsal.found.messages:
                alike.setdefault(key, (first, path.name))
        if rehearsal.pieces and rehearsal.found.note != Note.UNCONFIRMED:  # which nobody unwraps
            idle[key] = _still_idle(idle.get(key), rehearsal.idle)
    return Reached(found, told, identified, named, idle, faults, alike)


def _still_idle(before: set[Idle] | None, now: Sequence[Idle]) -> set[Idle]:
    """The steps that did nothing in a sample either, of those that did nothing `before` (None: it is the first)."""
    numbers = {one.number for one in now}
    return set(now) if before is None else {one for one in before if one.number in numbers}
