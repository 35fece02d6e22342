"""Samples in their files: read, and executed."""

from pathlib import Path

from gateway.catalog import files
from gateway.catalog.service import Service
from gateway.errors import CatalogError, Fault
from gateway.pipeline.sample import Sample, differences, outcome, parse


def load(path: Path) -> Sample:
    """The sample in a file. Raises CatalogError with the place of the first fault."""
    try:
        text = files.read(path)
    except OSError as error:
        raise CatalogError([Fault(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise CatalogError([Fault(str(path), 0, "", "it is not UTF-8 text", "save it as UTF-8")]) from None
    return parse(text, str(path))


def run(service: Service, path: Path) -> list[str]:
    """Execute the sample in a file: the differences from what it expects. Raises CatalogError as `load` does."""
    sample = load(path)
    return differences(sample.expect, outcome(sample, service))
