"""The command `upgrade`."""

import argparse
import os
from itertools import pairwise
from pathlib import Path

from lifecycle import backup as backups
from lifecycle import options as shared
from lifecycle import release
from lifecycle.backup import Backup
from lifecycle.change import STEPS, Change, Place, check_room, told_before
from lifecycle.commands import Account
from lifecycle.database import Database, minimum
from lifecycle.journal import Journal, Lock
from lifecycle.release import Archive, Version
from lifecycle.report import Exit, Failure, say, watch_signals
from lifecycle.server import port_is_free, refuse_a_unit
from lifecycle.settings import Settings

EPILOG = """examples:
  upgrade mattermost-10.11.2-linux-amd64.tar.gz
  upgrade mattermost-10.11.2-linux-amd64.tar.gz mattermost-11.3.0-linux-amd64.tar.gz --systemd mattermost
  upgrade --list
  upgrade --rollback                     (to the newest backup; or name one that --list shows)

Each release is verified before the next. What fails is rolled back by itself, also after Ctrl-C; what was killed is
rolled back by the next run, or by upgrade --recover. Posts written after the upgrade are not in the backup: --rollback
with the database undoes them, and backs up what is there before."""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = shared.parser(
        "upgrade", "Upgrade an installed Mattermost to one release archive, or through several in a row.", EPILOG
    )
    parser.add_argument("archives", type=Path, nargs="*", metavar="ARCHIVE", help="in ascending order of versions")
    parser.add_argument("--backups", type=Path, metavar="DIR", help="where backups go; default: DIRECTORY-backups")
    parser.add_argument("--keep", type=int, default=3, metavar="N", help="how many backups are kept (%(default)s)")
    parser.add_argument("--no-data", action="store_true", help="do not back up the file store; something else does")
    parser.add_argument(
        "--database",
        choices=["auto", "required", "never"],
        default="auto",
        help="dump PostgreSQL: where its tools are installed (auto), or fail without them (required)",
    )
    parser.add_argument(
        "--reinstall", action="store_true", help="allow the version that is installed (Team to Enterprise)"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--rollback", nargs="?", const="", metavar="BACKUP", help="go back to a backup")
    instead.add_argument("--recover", action="store_true", help="only undo what a killed run left half done")
    instead.add_argument("--list", action="store_true", help="list the backups, oldest first")
    options = parser.parse_args()
    other = options.rollback is not None or options.recover or options.list
    if bool(options.archives) == bool(other):
        parser.error("give archives, or one of --rollback, --recover and --list")
    if options.keep < 1:
        parser.error("--keep must be at least 1")
    return options


class Upgrade:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.directory: Path = options.directory.resolve()
        self.backups: Path = (options.backups or self.directory.with_name(self.directory.name + "-backups")).resolve()
        self.done: list[str] = []

    def run(self) -> str:
        """Do what the command line asks; the last line for the operator."""
        if self.options.list:
            return "\n".join(map(backups.describe, backups.listing(self.backups))) or f"no backups in {self.backups}"
        if not self.directory.is_dir():
            raise Failure("there is no such directory", self.directory, "name it with --directory, or use install")
        Lock(self.directory)
        recovered = self._recover()
        if self.options.recover:
            return recovered or "nothing was left half done"
        if not (self.directory / "bin/mattermost").exists():
            raise Failure("Mattermost is not installed here", self.directory, "name its --directory, or use install")
        place = self._place(told_before(self.directory))
        sources = self._sources(place)
        self._check(place, sources)
        if self.options.dry_run:
            return self._plan(place, sources)
        for source in sources:
            Change.to(place, source).apply()
            self.done.append(str(source.version))
        backups.prune(self.backups, max(self.options.keep, len(self.done)))
        return f"Mattermost {self.done[-1]} is in {self.directory} and well; the backups are in {self.backups}"

    def _recover(self) -> str:
        """Undo what a killed run left, or complete it when only the tidying was missing."""
        journal = Journal.left(self.directory)
        if not journal:
            return ""
        if journal.operation != "upgrade":
            raise Failure("an installation was left half done here", self.directory, "run install again")
        say(f"the upgrade from {journal.source} to {journal.target} was left half done at the step {journal.step}")
        if self.options.dry_run:
            raise Failure("an earlier run was left half done", self.directory, "run upgrade --recover first")
        self.options.systemd = self.options.systemd or journal.systemd
        change = Change(self._place(told_before(self.directory)), journal)
        if journal.step == "commit":
            change.finish()
            return f"Mattermost {journal.target} is in {self.directory}; its backup is complete now"
        change.undo()
        watch_signals()
        return f"rolled back to Mattermost {journal.source}"

    def _place(self, told: dict[str, str]) -> Place:
        """The installation, with the variables that its server runs with."""
        options, directory = self.options, self.directory
        program = next(path for path in (directory / "bin/mattermost", directory / "config") if path.exists()).stat()
        owner = Account(program.st_uid, program.st_gid)
        if os.geteuid() not in {0, owner.uid}:
            raise Failure("the installation belongs to another user", directory, "run this as that user, or with sudo")
        running = shared.place(options, directory, owner, {}, self.backups).server.environment()
        environment = shared.variables(options, {**told, **running})
        settings = Settings.of(directory, environment)
        return shared.place(
            options, directory, owner, environment, self.backups, self._database(settings), settings.url
        )

    def _database(self, settings: Settings) -> Database | None:
        """The database that is to be dumped; None where it is not, which is said unless it was asked for."""
        if self.options.database == "never":
            return None
        missing = Database.missing_tools()
        reason = ""
        if settings.driver != "postgres":
            reason = f"SqlSettings.DriverName is {settings.driver!r}, not 'postgres'"
        elif not settings.data_source:
            reason = "SqlSettings.DataSource is empty"
        elif missing:
            reason = f"{', '.join(missing)} not installed"
        if not reason:
            return Database(settings.data_source)
        if self.options.database == "required":
            raise Failure(f"the database cannot be dumped: {reason}", self.directory, "install postgresql-client")
        say(f"WARNING: the database is not backed up: {reason}")
        return None

    def _sources(self, place: Place) -> list[Archive] | list[Backup]:
        """What is to be installed, in this order."""
        options = self.options
        if options.rollback is None:
            given = zip(options.archives, shared.checksums(options, len(options.archives)), strict=True)
            archives = []
            for path, checksum in given:
                say(f"checking {path}")
                archives.append(release.inspect(path, checksum))
            _refuse_order(place.version(), archives, again=options.reinstall)
            return archives
        known = backups.listing(self.backups)
        chosen = [backup for backup in known if options.rollback in {"", backup.folder.name}]
        if not chosen:
            raise Failure("there is no such backup", self.backups, "choose one that --list shows")
        if chosen[-1].dumped and not place.database:
            say("WARNING: the database is not put back: the server may not work with what a newer one made of it")
        return chosen[-1:]

    def _check(self, place: Place, sources: list[Archive] | list[Backup]) -> None:
        """Refuse what would fail later, or could not be undone."""
        if not self.options.systemd:
            refuse_a_unit(self.directory)
        settings = place.settings()
        if not place.server.running() and not port_is_free(*settings.listen):
            do = "end what listens there (`ss -ltnp`); a server that systemd runs needs --systemd UNIT"
            raise Failure(f"port {settings.listen[1]} is in use", self.directory, do)
        for name, path in settings.folders().items():
            folder = path.resolve()
            if self.directory.is_relative_to(folder) or self.backups.is_relative_to(folder):
                do = "let the settings name a folder of its own, or choose other --backups"
                raise Failure(f"the folder for {name} contains the installation or its backups", folder, do)
        for source in sources:
            if isinstance(source, Archive):
                check_room(place, source)
                self._check_database(place, settings, source.version)

    def _check_database(self, place: Place, settings: Settings, target: Version) -> None:
        """Refuse a release that is known not to work with this database."""
        if settings.driver == "mysql" and target.numbers >= (11, 0, 0):
            do = "move the database to PostgreSQL before (Mattermost's migration guide)"
            raise Failure(f"Mattermost {target} does not work with MySQL", "SqlSettings.DriverName", do)
        if place.database:
            found, needed = place.database.server(), minimum(target.numbers)
            if found < needed:
                do = f"upgrade PostgreSQL to {needed} or newer before"
                raise Failure(f"Mattermost {target} does not work with PostgreSQL {found}", place.database.name, do)

    def _plan(self, place: Place, sources: list[Archive] | list[Backup]) -> str:
        for source in sources:
            for step, text in STEPS.items():
                if step != "restore" or isinstance(source, Backup):
                    say(f"would come: {source.version}: {step}: {text}")
        dump = f"with a dump of the database {place.database.name}" if place.database else "without the database"
        return f"everything is ready; backups would go to {self.backups}, {dump}; nothing was touched"

    def state(self, code: int) -> str:
        """How things stand after a failure."""
        if code == Exit.BROKEN:
            return f"half done; the journal and the backup in {self.backups} are kept"
        reached = f"the upgrade to {self.done[-1]} stands and is well; " if self.done else ""
        if code == Exit.ROLLED_BACK:
            return reached + "the release before the one that failed is back in place"
        return reached + "nothing was touched"


def _refuse_order(current: Version, archives: list[Archive], *, again: bool) -> None:
    """Versions only go up, and each jump is what Mattermost supports as far as that is certain.

    Raises:
        Failure: one is older than, or the same as, the one before.
    """
    chain = [current, *(archive.version for archive in archives)]
    for number, (before, after) in enumerate(pairwise(chain)):
        if after == before and not (again and number == 0):
            raise Failure(f"{after} is installed already", archives[number].path, "leave it out, or add --reinstall")
        if after < before:
            do = "order the archives by version; --rollback goes back to a backup"
            raise Failure(f"{after} is older than {before}", archives[number].path, do)
        if after.numbers[0] - before.numbers[0] > 1:
            say(
                f"WARNING: from {before} to {after} a major version is passed over; Mattermost promises compatible"
                " migrations from one extended support release to the next only: see its important upgrade notes"
            )


def main() -> None:
    """The command."""
    command = Upgrade(parse())
    shared.main(command.run, command.state)
