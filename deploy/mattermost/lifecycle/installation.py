"""A first installation: into an empty directory, or not at all."""

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from lifecycle import release
from lifecycle.change import Place, clear, start
from lifecycle.commands import Account, find, run
from lifecycle.files import own, remove
from lifecycle.health import wait_until_well
from lifecycle.journal import WORK, Journal
from lifecycle.release import Archive
from lifecycle.report import Exit, Failure, as_failure, say, shield_signals
from lifecycle.server import UNIT, SystemdUnit
from lifecycle.settings import Document, Settings, config_file, merge, read, write

STEPS = {
    "unpack": "unpacking",
    "settings": "applying settings",
    "place": "moving the files into place",
    "start": "starting the server",
    "verify": "waiting until it is well",
}
FOLDERS = ("data", "logs", "plugins", "client/plugins")
"""What the server wants to write into, beside its configuration."""


@dataclass(frozen=True)
class Wanted:
    """What the operator wants installed; `unit` is the file of a unit to be written, with its variables."""

    archive: Archive
    settings: Document
    unit: Path | None
    environment_file: Path | None


class Installation:
    """One installation: all of it, or the directory is as empty as it was."""

    def __init__(self, place: Place, journal: Journal, wanted: Wanted) -> None:
        self.place = place
        self.directory = place.directory
        self.journal = journal
        self.wanted = wanted

    def apply(self) -> None:
        """Do all steps; on any failure and any stop signal undo them.

        Raises:
            Failure: it did not work, and the directory is empty again.
        """
        try:
            for number, (step, text) in enumerate(STEPS.items(), 1):
                self.journal.enter(self.directory, step)
                say(f"{self.journal.target}: step {number}/{len(STEPS)} {step}: {text}")
                getattr(self, f"_{step}")()
        except Exception as error:
            shield_signals()
            failure = as_failure(error, self.directory)
            say(f"this failed: {failure.what}")
            clear_away(self.place, self.journal)
            failure.code = Exit.ROLLED_BACK
            raise failure from error
        clear(self.directory)

    @property
    def _staged(self) -> Path:
        return self.directory / WORK / "new"

    def _unpack(self) -> None:
        release.unpack(self.wanted.archive, self._staged, self.place.account)
        version = release.installed_version(self._staged, self.place.account, self.place.environment)
        if not version.same_release(self.journal.target):
            do = "compare the archive's SHA-256: its name and its content do not belong together"
            raise Failure(f"the server calls itself {version}, not {self.journal.target}", self._staged, do)

    def _settings(self) -> None:
        for folder in FOLDERS:
            (self._staged / folder).mkdir(parents=True, exist_ok=True)
        path = config_file(self._staged, self.place.environment)
        if path and self.wanted.settings:
            write(path, merge(read(path) if path.exists() else {}, self.wanted.settings))
        own(self._staged, self.place.account)

    def _place(self) -> None:
        for path in sorted(self._staged.iterdir()):
            path.rename(self.directory / path.name)
        if not os.geteuid():
            os.chown(self.directory, self.place.account.uid, self.place.account.gid)

    def _start(self) -> None:
        if self.wanted.unit and isinstance(self.place.server, SystemdUnit) and not self.wanted.unit.exists():
            self.journal.unit = str(self.wanted.unit)
            self.journal.save(self.directory)
            self.place.server.write(self.wanted.unit, unit_text(self.place, self.wanted.environment_file))
        start(self.place)

    def _verify(self) -> None:
        wait_until_well(self.place.server, self.place.check, self.place.version())


def clear_away(place: Place, journal: Journal) -> None:
    """Undo an installation: the directory is as empty as it was. May be repeated.

    Raises:
        Failure: with the code BROKEN; the journal stays, so that it can be tried again.
    """
    try:
        if (place.directory / "bin").exists():
            place.server.stop(place.stop_timeout)
        if journal.unit and isinstance(place.server, SystemdUnit):
            place.server.forget(Path(journal.unit))
        for path in place.directory.iterdir():
            if path.name != WORK:
                remove(path)
        clear(place.directory)
        if journal.made_directory:
            place.directory.rmdir()
    except Exception as error:
        failure = as_failure(error, place.directory)
        do = f"{failure.do}; then run install again"
        raise Failure(f"clearing away failed: {failure.what}", failure.where, do, Exit.BROKEN) from error


def unit_text(place: Place, environment_file: Path | None) -> str:
    """The unit for an installation, as Mattermost's installation guide has it."""
    port = Settings.of(place.directory, place.environment).listen[1]
    return UNIT.format(
        directory=place.directory,
        user=pwd.getpwuid(place.account.uid).pw_name,
        group=grp.getgrgid(place.account.gid).gr_name,
        environment=f"EnvironmentFile={environment_file}\n" if environment_file else "",
        capability="AmbientCapabilities=CAP_NET_BIND_SERVICE\n" if port < 1024 else "",
    )


def account(name: str | None, *, create: bool) -> Account:
    """Whose the installation is to be; root gives it to the user `mattermost` unless another is named.

    Raises:
        Failure: there is no such user, or only root could use another.
    """
    if os.geteuid():
        if name and name != pwd.getpwuid(os.geteuid()).pw_name:
            raise Failure("only root can install for another user", f"--user {name}", "run this with sudo")
        return Account(os.geteuid(), os.getegid())
    name = name or "mattermost"
    try:
        found = pwd.getpwnam(name)
    except KeyError as error:
        if not create:
            do = "add --create-user, or name another with --user"
            raise Failure(f"there is no user {name}", "--user", do) from error
        say(f"creating the system user {name}")
        run([find("useradd") or "useradd", "--system", "--user-group", name], "create the user yourself")
        found = pwd.getpwnam(name)
    return Account(found.pw_uid, found.pw_gid)
