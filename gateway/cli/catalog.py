"""The catalog as commands load it: the usable services, and the faults of the others."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.callbacks import document as _callbacks  # noqa: F401 - registers their kind
from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.cli import settings as settings_file
from gateway.cli.output import fail, fault_line, warn
from gateway.decode.content import Content
from gateway.errors import Fault
from gateway.model import Request
from gateway.pipeline.recognise import Candidate, candidates
from gateway.settings.lines import close

BODY_MOST: Final = 5_000_000
"""Bytes that the body of a request may become when it is inflated."""


def folders(extra: Iterable[Path | str] | None) -> list[Path]:
    """The built-in catalog with the user's folders over it."""
    return files.layered(extra or ())


def chosen(given: Sequence[Path] | None, config: Path) -> list[Path]:
    """The built-in catalog with the given folders over it, else with those of the settings file, if there is one."""
    return files.layered(given or settings_file.catalog_folders(config))


def load(
    folders: Sequence[Path], only: Collection[str] | None = None, *, closely: bool = False
) -> tuple[Catalog, list[Fault]]:
    """Load the catalog with its services compiled, and every fault; with `only`, those services alone.

    `closely` also reads the documents for what compiles, but cannot be meant: that takes about as long again.
    """
    known, found = Catalog(folders), list[Fault]()
    for key in sorted(known.keys if only is None else known.keys & set(only)):
        known.service(key)
        found += known.close_faults(key) if closely else ()
    found += known.close_fragment_faults() if closely and only is None else ()
    found += [fault for key, fault in files.misnamed_samples(folders) if closely and (only is None or key in only)]
    faults = known.all_faults() + (known.fragment_faults() if only is None else [])
    return known, list(dict.fromkeys(faults + found))


def require(folders: Sequence[Path], only: Collection[str]) -> Catalog:
    """Load these services; a fault among them ends the command, after every fault was printed."""
    known, faults = load(folders, only)
    for fault in faults:
        warn(fault_line(fault))
    if faults:
        fail("the catalog has faults; `mattergate check` lists those of every service")
    return known


def recognised(known: Catalog, request: Request) -> Candidate | None:
    """The service that a request is likeliest from, over all of the catalog; None where nothing tells it."""
    found = candidates(known.outlines(), Content.as_far_as_known(request, BODY_MOST))
    return found[0] if found else None


def names(folders: Sequence[Path]) -> list[str]:
    """The keys of all services, also of faulty ones."""
    return sorted(Catalog(folders).keys)


def unknown(key: str, folders: Sequence[Path]) -> str:
    """Say that there is no such service, and what may be meant."""
    suggestion = close(key, tuple(names(folders)))
    hint = f"{suggestion} " if suggestion else ""
    own = ", ".join(map(str, folders[1:])) or "no folder of yours: name one with --catalog, or in the settings"
    return (
        f"the catalog has no service {key!r}; {hint}`mattergate services` lists those that it has (built in, and {own})"
    )


def completions(incomplete: str) -> list[str]:
    """The built-in services whose keys begin like this, for the completion of a shell."""
    return [key for key in names(folders(())) if key.startswith(incomplete)]
