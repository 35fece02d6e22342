"""One run at a time, and what it has begun: a run that was killed is found by the next, and undone."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lifecycle.commands import hold
from lifecycle.report import Exit, Failure

WORK = ".lifecycle"
"""The working folder inside the installation: on the same file system, so that files change place by renaming."""


class Lock:
    """Nobody else works on this directory. The directory itself is what is locked: there is no file to leave behind."""

    def __init__(self, directory: Path) -> None:
        while True:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(descriptor)
                do = "wait until it has ended, with all the programs that it started"
                raise Failure("another run is at work here", directory, do, Exit.BUSY) from error
            if directory.exists() and os.fstat(descriptor).st_ino == directory.stat().st_ino:
                break
            os.close(descriptor)
            directory.mkdir(exist_ok=True)
        hold(descriptor)


@dataclass
class Journal:
    """What a run has begun; on disk before it begins. `replaced` tells for each name whether it was there before."""

    operation: str
    step: str
    source: str = ""
    target: str = ""
    backup: str = ""
    systemd: str = ""
    unit: str = ""
    was_running: bool = False
    made_directory: bool = False
    dumped: bool = False
    replaced: dict[str, bool] = field(default_factory=dict)
    carried: list[str] = field(default_factory=list)

    @staticmethod
    def path(directory: Path) -> Path:
        """Where the journal of an installation is."""
        return directory / WORK / "journal.json"

    @classmethod
    def left(cls, directory: Path) -> "Journal | None":
        """What a run left half done; None where nothing is."""
        path = cls.path(directory)
        if not path.exists():
            return None
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            do = "look into the folder by hand: `old` holds what was replaced"
            raise Failure("the journal of an earlier run cannot be read", path, do, Exit.BROKEN) from error

    def enter(self, directory: Path, step: str) -> None:
        """Note durably that a step begins."""
        self.step = step
        self.save(directory)

    def save(self, directory: Path) -> None:
        """Write the journal whole or not at all, and see it onto the disk."""
        path = self.path(directory)
        path.parent.mkdir(mode=0o711, exist_ok=True)
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
