"""Samples of callbacks in their files, callbacks/samples/NAME.yaml of a service: read, and executed."""

from collections.abc import Iterable
from pathlib import Path

from gateway.callbacks.document import CALLBACK, callbacks
from gateway.callbacks.sample import CallbackOutcome, CallbackSample, parse, rehearse
from gateway.catalog.service import Service
from gateway.errors import CatalogError, Fault
from gateway.pipeline.samplefile import text_of


def load(path: Path) -> CallbackSample:
    """The sample in a file. Raises CatalogError with the place of the first fault."""
    return parse(text_of(path), str(path))


def named(paths: Iterable[tuple[str, Path]]) -> tuple[set[str], list[Fault]]:
    """The callbacks ("service/callbacks/name") that have samples, and which files are none."""
    names, faults = set[str](), list[Fault]()
    for key, path in paths:
        try:
            names.add(f"{key}/{CALLBACK.document(load(path).callback)}")
        except CatalogError as error:
            faults += error.faults
    return names, faults


def rehearsed(service: Service, sample: CallbackSample, path: Path) -> CallbackOutcome:
    """What became of a sample. Raises CatalogError where it cannot be used."""
    try:
        return rehearse(sample, callbacks(service))
    except ValueError as error:
        raise CatalogError([Fault(str(path), 1, "", str(error))]) from None
