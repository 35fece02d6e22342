"""Samples in their files: read, and executed."""

from collections.abc import Sequence
from pathlib import Path

from gateway.catalog.catalog import Catalog
from gateway.errors import CatalogError, Fault
from gateway.pipeline.sample import Sample, differences, outcome, parse


def load(path: Path) -> Sample:
    """The sample in a file. Raises CatalogError with the place of the first fault."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CatalogError([Fault(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise CatalogError([Fault(str(path), 0, "", "it is not UTF-8 text", "save it as UTF-8")]) from None
    return parse(text, str(path))


def run_all(catalog: Catalog, samples: Sequence[tuple[str, Path]]) -> dict[Path, list[str]]:
    """Every sample file with its differences, in the order given. Raises CatalogError for a file that is no sample."""
    results = {}
    for key, path in samples:
        service, sample = catalog.services[key], load(path)
        results[path] = differences(sample.expect, outcome(sample, service))
    return results
