"""Backups of an installation: what is the operator's own, the program that went with it, and the database."""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lifecycle.files import copy, megabytes, mirror, remove, size
from lifecycle.report import Failure, say


@dataclass(frozen=True)
class Backup:
    """One backup. `kept` tells where each part belongs; `added` are names that only the release after it has."""

    folder: Path
    version: str
    made: str
    kept: dict[str, str]
    dumped: bool = False
    added: list[str] = field(default_factory=list)

    @property
    def dump(self) -> Path:
        """The dump of the database."""
        return self.folder / "database.dump"

    @property
    def program(self) -> Path:
        """The files of the release."""
        return self.folder / "program"

    def part(self, name: str) -> Path:
        """The copy of one of the operator's own folders."""
        return self.folder / "kept" / name

    def note(self) -> None:
        """Write down what the backup is."""
        facts = {key: value for key, value in asdict(self).items() if key != "folder"}
        fresh = self.folder / "backup.json.new"
        fresh.write_text(json.dumps(facts, indent=2) + "\n")
        fresh.replace(self.folder / "backup.json")  # at once: a kill must not leave half of it

    def put_back(self) -> None:
        """Make the operator's own folders what they were; those that were not there go."""
        for name, place in self.kept.items():
            mirror(self.part(name), Path(place))

    @classmethod
    def read(cls, folder: Path) -> "Backup":
        """The backup in a folder.

        Raises:
            Failure: it is none, or not a whole one.
        """
        try:
            return cls(folder=folder, **json.loads((folder / "backup.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise Failure("this is no backup", folder, "choose one that --list shows") from error


def take(folder: Path, version: str, kept: dict[str, Path]) -> Backup:
    """Copy the operator's own folders. The server must not run meanwhile."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    backup = Backup(folder, version, made, {name: str(place) for name, place in kept.items()})
    for name, place in kept.items():
        if os.path.lexists(place):
            copy(place, backup.part(name))
    backup.note()
    return backup


def new_folder(backups: Path, version: str) -> Path:
    """A name that sorts by time: to the microsecond, since a chain may take several backups in one second."""
    return backups / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{version}"


def listing(backups: Path) -> list[Backup]:
    """The whole backups, oldest first; without a program a backup was never finished."""
    found = []
    for folder in sorted(backups.iterdir()) if backups.is_dir() else []:
        if (folder / "backup.json").exists() and (folder / "program").is_dir():
            found.append(Backup.read(folder))
    return found


def describe(backup: Backup) -> str:
    """One line about a backup."""
    database = "with the database" if backup.dumped else "without the database"
    return f"{backup.folder.name}  Mattermost {backup.version}, {database}, {megabytes(size(backup.folder))}"


def prune(backups: Path, keep: int) -> None:
    """Remove all but the newest backups, and what runs that failed left behind."""
    whole = [backup.folder for backup in listing(backups)]
    begun = [note.parent for note in backups.glob("*/backup.json") if not (note.parent / "program").is_dir()]
    for folder in whole[: max(0, len(whole) - keep)] + begun:
        say(f"removing the backup {folder.name}")
        remove(folder)
