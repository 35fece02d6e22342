"""The built-in catalog, of which each process of the tests compiles a service, and reads a sample, once."""

from functools import cache
from pathlib import Path
from typing import Final

from gateway.callbacks import document as _callbacks  # noqa: F401 - registers their kind
from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.catalog.translator import Translator
from gateway.pipeline import samplefile
from gateway.pipeline.sample import Sample

FOLDERS: Final = [files.builtin_folder()]
SAMPLES: Final = files.samples(FOLDERS)
"""The key of the service and the file of every sample."""
SAMPLE_IDS: Final = [f"{key}/{path.stem}" for key, path in SAMPLES]

_CATALOG: Final = Catalog(FOLDERS)

KEYS: Final = sorted(_CATALOG.keys)
TRANSLATORS: Final = [name for key in KEYS for name in _CATALOG.translators(key)]
"""The full name of every translator ("github/push")."""
REPEATING: Final = {key for key, one in _CATALOG.descriptions().items() if not one.body_window}
"""Services whose events have the same bytes: their bodies are no ids."""


def service(key: str) -> Service:
    """A service, compiled; one with faults fails the test."""
    found = _CATALOG.service(key)
    assert found is not None
    assert not _CATALOG.faults.get(key), _CATALOG.faults[key]
    return found


def services() -> dict[str, Service]:
    """Every service, compiled."""
    return {key: service(key) for key in KEYS}


def translator(name: str) -> Translator:
    """A translator by its full name."""
    return next(one for one in service(name.partition("/")[0]).translators if one.name == name)


@cache
def sample(path: Path) -> Sample:
    """The sample in a file. Whoever changes it puts it back."""
    return samplefile.load(path)


def samples(key: str) -> list[tuple[Path, Sample]]:
    """The samples of a service."""
    return [(path, sample(path)) for of, path in SAMPLES if of == key]
