"""The files of a release change place with those of another, by renaming, and back."""

import os
from pathlib import Path

from lifecycle.files import copy, remove
from lifecycle.journal import WORK, Journal
from lifecycle.report import Failure
from lifecycle.settings import Settings

RELEASE = frozenset(
    "bin client fonts i18n templates prepackaged_plugins manifest.txt NOTICE.txt README.md "
    "ENTERPRISE-EDITION-LICENSE.txt MIT-COMPILED-LICENSE.txt".split()
)
"""What a release consists of; of the rest of a directory, only what the new release brings as well is replaced."""

OWN = frozenset({"config", "data", "logs", "plugins", WORK})
"""What is never replaced, whether an archive has it or not."""


def plan(journal: Journal, settings: Settings, staged: Path, added: list[str]) -> None:
    """Note in the journal which names change, and which of the operator's folders lie inside them.

    Raises:
        Failure: something that would have to be renamed is a mount point.
    """
    directory = settings.directory
    inside = [path.relative_to(directory) for path in settings.folders().values() if path.is_relative_to(directory)]
    own = OWN | {path.parts[0] for path in inside if len(path.parts) == 1}
    names = {*(path.name for path in staged.iterdir()), *RELEASE, *added} - own
    journal.replaced = {
        name: os.path.lexists(directory / name)
        for name in sorted(names)
        if os.path.lexists(directory / name) or os.path.lexists(staged / name)
    }
    journal.carried = sorted(
        str(path)
        for path in inside
        if len(path.parts) > 1 and path.parts[0] in journal.replaced and os.path.lexists(directory / path)
    )
    for name in (*journal.replaced, *journal.carried):
        if os.path.ismount(directory / name):
            do = "mount the volume elsewhere, and name that place in the settings"
            raise Failure("a mount point cannot be replaced", directory / name, do)


def replace(journal: Journal, directory: Path) -> None:
    """Put the staged release in place; what was there goes to `old`, the operator's folders inside it stay."""
    staged, old = directory / WORK / "new", directory / WORK / "old"
    old.mkdir()
    for name, present in journal.replaced.items():
        if present:
            (directory / name).rename(old / name)
        if os.path.lexists(staged / name):
            (staged / name).rename(directory / name)
    for name in journal.carried:
        remove(directory / name)
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).rename(directory / name)
    _add_missing(staged / "config", directory / "config")


def _add_missing(source: Path, target: Path) -> None:
    """Copy files that only the new release has, as the upgrade guide does; nothing is overwritten."""
    if not source.is_dir() or not target.is_dir():
        return
    for path in source.iterdir():
        if not os.path.lexists(target / path.name):
            copy(path, target / path.name)


def put_back(journal: Journal, directory: Path) -> None:
    """Undo `replace`, however far it came; may be repeated."""
    old = directory / WORK / "old"
    if not old.is_dir():
        return
    for name in journal.carried:
        top = Path(name).parts[0]
        if os.path.lexists(old / top) and not os.path.lexists(old / name) and os.path.lexists(directory / name):
            (directory / name).rename(old / name)
    for name, present in journal.replaced.items():
        if not present:
            remove(directory / name)
        elif os.path.lexists(old / name):
            remove(directory / name)
            (old / name).rename(directory / name)
