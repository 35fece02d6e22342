"""One change of the installed release, to a newer one or back to a backup: all of it happens, or nothing."""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from lifecycle import backup as backups
from lifecycle import release, replacement
from lifecycle.backup import Backup
from lifecycle.commands import Account
from lifecycle.database import Database
from lifecycle.files import copy, demand_room, remove, size
from lifecycle.health import PATIENCE, Check, wait_until_well
from lifecycle.journal import WORK, Journal
from lifecycle.release import Archive, Version
from lifecycle.report import Exit, Failure, as_failure, say, shield_signals, watch_signals
from lifecycle.server import Server, looks, port_is_free
from lifecycle.settings import Settings, read, write

STEPS = {
    "unpack": "preparing the new files beside the old; the server still runs",
    "stop": "stopping the server",
    "backup": "backing up what is yours",
    "replace": "replacing the program files",
    "restore": "putting back what belongs to the backup",
    "start": "starting the new server",
    "verify": "waiting until it is well",
    "commit": "keeping the backup",
}
"""What happens, in this order. Up to `verify` a failure is rolled back, from `commit` on the change stands."""

ORDER = list(STEPS)


@dataclass(frozen=True)
class Place:
    """An installation, and how the operator wants it handled. `database` is Database or None: no dump."""

    directory: Path
    backups: Path
    account: Account
    server: Server
    systemd: str
    environment: dict[str, str]
    check: Check
    stop_timeout: float
    data: bool
    database: Database | None

    def version(self) -> Version:
        """The installed version, as its program says."""
        return release.installed_version(self.directory, self.account, self.environment)

    def settings(self) -> Settings:
        """The settings as they are now."""
        return Settings.of(self.directory, self.environment)


class Change:
    """One change. Its journal is on disk, so that a run that is killed can be undone by the next."""

    def __init__(self, place: Place, journal: Journal) -> None:
        self.place = place
        self.directory = place.directory
        self.journal = journal
        self.source: Archive | Backup | None = None

    @classmethod
    def to(cls, place: Place, source: Archive | Backup) -> "Change":
        """A change that has not begun."""
        current = str(place.version())
        change = cls(place, Journal("upgrade", "", current, str(source.version), systemd=place.systemd))
        change.journal.backup = str(backups.new_folder(place.backups, current))
        change.journal.was_running = place.server.running()
        change.source = source
        return change

    def apply(self) -> None:
        """Do all steps; on any failure and any stop signal undo them.

        Raises:
            Failure: it did not work; its code says whether everything is as before.
        """
        # What the running server was told by variables is in no file, and the next run may have to know it.
        (self.directory / WORK).mkdir(mode=0o711, exist_ok=True)
        told = {key: value for key, value in self.place.environment.items() if key.startswith("MM_")}
        write(self.directory / WORK / "environment.json", told)
        skipped = set() if isinstance(self.source, Backup) else {"restore"}
        steps = [step for step in ORDER if step not in skipped]
        try:
            for number, step in enumerate(steps, 1):
                self.journal.enter(self.directory, step)
                say(f"{self.journal.target}: step {number}/{len(steps)} {step}: {STEPS[step]}")
                getattr(self, f"_{step}")()
        except Exception as error:
            shield_signals()
            failure = as_failure(error, self.directory)
            if self.journal.step != "commit":
                say(f"this failed: {failure.what}")
                self.undo()
            failure.code = Exit.BROKEN if self.journal.step == "commit" else Exit.ROLLED_BACK
            raise failure from error

    def _unpack(self) -> None:
        staged = self.directory / WORK / "new"
        if isinstance(self.source, Archive):
            release.unpack(self.source, staged, self.place.account)
        elif self.source:
            copy(self.source.program, staged)
        version = release.installed_version(staged, self.place.account, self.place.environment)
        if not version.same_release(self.journal.target):
            do = "compare the archive's SHA-256: its name and its content do not belong together"
            raise Failure(f"the new server calls itself {version}, not {self.journal.target}", staged, do)
        if os.geteuid() == 0:
            _take_over_capabilities(self.directory / "bin/mattermost", staged / "bin/mattermost")
        added = self.source.added if isinstance(self.source, Backup) else []
        replacement.plan(self.journal, self.place.settings(), staged, added)

    def _stop(self) -> None:
        self.place.server.stop(self.place.stop_timeout)

    def _backup(self) -> None:
        kept = {name: path.resolve() for name, path in self.place.settings().folders().items()}
        if not self.place.data:
            del kept["data"]
        taken = backups.take(Path(self.journal.backup), self.journal.source, kept)
        if self.place.database:
            say(f"dumping the database {self.place.database.name}")
            self.place.database.dump(taken.dump)
            self.journal.dumped = True
            replace(taken, dumped=True).note()
        os.sync()

    def _replace(self) -> None:
        replacement.replace(self.journal, self.directory)

    def _restore(self) -> None:
        if isinstance(self.source, Backup):
            self.source.put_back()
            if self.source.dumped and self.place.database:
                self.place.database.restore(self.source.dump)

    def _start(self) -> None:
        start(self.place)

    def _verify(self) -> None:
        version = self.place.version()
        if not version.same_release(self.journal.target):
            raise Failure(f"the installed server calls itself {version}", self.directory, "report this")
        wait_until_well(self.place.server, self.place.check, version)

    def _commit(self) -> None:
        shield_signals()
        self.finish()
        watch_signals()

    def finish(self) -> None:
        """Complete the backup with the old program, and clear the work away; may be repeated."""
        old, folder = self.directory / WORK / "old", Path(self.journal.backup)
        taken = Backup.read(folder)
        if old.is_dir():
            remove(taken.program)
            remove(folder / "program.part")
            try:
                old.rename(taken.program)
            except OSError:  # another file system
                copy(old, folder / "program.part")
                (folder / "program.part").rename(taken.program)
        added = [name for name, present in self.journal.replaced.items() if not present]
        replace(taken, added=added).note()
        clear(self.directory)

    def undo(self) -> None:
        """Make everything what it was before the change; may be repeated after a stop in the middle.

        Raises:
            Failure: with the code BROKEN; the journal stays, so that it can be tried again.
        """
        reached = ORDER.index(self.journal.step)
        say(f"rolling back to {self.journal.source}")
        try:
            if reached >= ORDER.index("stop"):
                self._undo_changes(reached)
        except Exception as error:
            failure = as_failure(error, self.directory)
            backup = self.journal.backup
            do = f"{failure.do}; then run upgrade --recover. The backup is {backup}"
            raise Failure(f"the roll-back failed: {failure.what}", failure.where, do, Exit.BROKEN) from error
        clear(self.directory)
        remove(Path(self.journal.backup))
        say(f"rolled back: {self.journal.source} is in place" + (" and well" if self.journal.was_running else ""))

    def _undo_changes(self, reached: int) -> None:
        """The files always; the database only when a new server, which may have migrated it, had been started."""
        place, journal = self.place, self.journal
        place.server.stop(place.stop_timeout)
        if reached >= ORDER.index("replace"):
            replacement.put_back(journal, self.directory)
            taken = Backup.read(Path(journal.backup))
            taken.put_back()
            if reached >= ORDER.index("restore") and journal.dumped:
                self._undo_database(taken)
        if journal.was_running:
            start(place)
            # It was well before: to give up on it too soon would leave everything half done.
            patient = replace(place.check, timeout=max(place.check.timeout, PATIENCE))
            wait_until_well(place.server, patient, place.version())

    def _undo_database(self, taken: Backup) -> None:
        if not self.place.database:
            where, do = "--database never", "run upgrade --recover without it: there is a dump to put back"
            raise Failure("the database has to be put back, and must not be touched", where, do)
        say(f"putting back the database {self.place.database.name}")
        self.place.database.restore(taken.dump)


def start(place: Place) -> None:
    """Start the server, once its port is free: what the one before left behind may need as long as that to stop.

    Raises:
        Failure: something else listens there.
    """
    host, port = place.settings().listen
    until = time.monotonic() + place.stop_timeout
    for _ in looks():
        if port_is_free(host, port):
            break
        if time.monotonic() > until:
            do = "see with `ss -ltnp` who listens there, and end it"
            raise Failure(f"port {port} is in use", f"ServiceSettings.ListenAddress in {place.directory}", do)
    place.server.start(place.environment)


def room_needed(place: Place, archive: Archive) -> dict[Path, int]:
    """What a change puts on disks, in bytes; the dump of the database comes on top and is not known before."""
    folders = place.settings().folders()
    kept = sum(size(path.resolve()) for name, path in folders.items() if place.data or name != "data")
    program = sum(size(place.directory / name) for name in replacement.RELEASE)
    near = place.backups
    while not near.exists():
        near = near.parent
    moved = 0 if near.stat().st_dev == place.directory.stat().st_dev else program
    return {place.directory: archive.size, place.backups: kept + moved}


def check_room(place: Place, archive: Archive) -> None:
    """Refuse to begin what would fill a disk."""
    demand_room(room_needed(place, archive))


def told_before(directory: Path) -> dict[str, str]:
    """The variables of the server that a killed run had stopped."""
    path = directory / WORK / "environment.json"
    return {key: str(value) for key, value in read(path).items()} if path.exists() else {}


def clear(directory: Path) -> None:
    """Take the working folder away, the journal first: without it, the rest is rubbish."""
    Journal.path(directory).unlink(missing_ok=True)
    remove(directory / WORK)


def _take_over_capabilities(old: Path, new: Path) -> None:
    """A program that may open ports below 1024 (setcap) still may when it is a newer one."""
    if "security.capability" in os.listxattr(old):
        os.setxattr(new, "security.capability", os.getxattr(old, "security.capability"))
