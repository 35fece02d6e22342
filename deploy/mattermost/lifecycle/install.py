"""The command `install`."""

import argparse
import os
from pathlib import Path

from lifecycle import options as shared
from lifecycle import release
from lifecycle.commands import Account
from lifecycle.files import demand_room
from lifecycle.installation import STEPS, Installation, Wanted, account, clear_away
from lifecycle.journal import WORK, Journal, Lock
from lifecycle.report import Exit, Failure, say, watch_signals
from lifecycle.server import port_is_free, processes
from lifecycle.settings import Document, Settings, read

EPILOG = """examples:
  install mattermost-10.5.0-linux-amd64.tar.gz --settings settings.json --user mattermost
  install mattermost-10.5.0-linux-amd64.tar.gz --directory /srv/chat --systemd mattermost --environment chat.env

Settings are laid over the archive's config.json, object by object; null removes a key. They look like
  {"ServiceSettings": {"SiteURL": "https://chat.example.com"}, "SqlSettings": {"DataSource": "postgres://..."}}
MM_* variables of this shell are before them, for the scripts as for the server."""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = shared.parser(
        "install", "Install a Mattermost release archive into an empty directory, start it, and check it.", EPILOG
    )
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="mattermost-*-linux-*.tar.gz")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="JSON, laid over the archive's config.json")
    parser.add_argument("--user", metavar="NAME", help="as root: who owns and runs it (default: mattermost)")
    parser.add_argument("--create-user", action="store_true", help="create that user where there is none")
    parser.add_argument(
        "--units",
        type=Path,
        default=Path("/etc/systemd/system"),
        metavar="DIR",
        help="where the unit is written, unless it is there (%(default)s)",
    )
    return parser.parse_args()


class Install:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.directory: Path = options.directory.resolve()
        self.begun = False

    def run(self) -> str:
        """Check everything, then install; the last line for the operator."""
        options, directory = self.options, self.directory
        [checksum] = shared.checksums(options, 1)
        say(f"checking {options.archive}")
        archive = release.inspect(options.archive, checksum)
        settings = read(options.settings) if options.settings else {}
        environment = shared.variables(options, {})
        self._check(settings, environment, archive)
        if options.dry_run:
            for step, text in STEPS.items():
                say(f"would come: {step}: {text}")
            return f"everything is ready to install {archive.version} into {directory}; nothing was touched"
        owner = account(options.user, create=options.create_user)
        made = not directory.exists()
        directory.mkdir(exist_ok=True)
        Lock(directory)
        self._clear_half_done()
        directory.mkdir(exist_ok=True)
        self._refuse_content()
        url = Settings(directory, settings, environment).url
        place = shared.place(options, directory, owner, environment, directory, url=url)
        unit = options.units / place.server.name if options.systemd else None  # type: ignore[attr-defined]
        journal = Journal("install", "", target=str(archive.version), systemd=options.systemd, made_directory=made)
        self.begun = True
        Installation(place, journal, Wanted(archive, settings, unit, options.environment)).apply()
        return f"Mattermost {archive.version} is installed in {directory} and well: {place.check.ping}"

    def _check(self, settings: Document, environment: dict[str, str], archive: release.Archive) -> None:
        """Refuse what would fail later."""
        directory = self.directory
        if not directory.parent.is_dir():
            raise Failure("there is no such folder", directory.parent, "create it, with the owner that it should have")
        if settings and "://" in environment.get("MM_CONFIG", ""):
            do = "put them there with `mmctl config`, or leave MM_CONFIG out"
            raise Failure("settings in a database cannot be written by this script", "MM_CONFIG", do)
        self._refuse_content()
        host, port = Settings(directory, settings, environment).listen
        left = Journal.path(directory).exists() and processes(directory)  # by a killed run: it ends before ours begins
        if not left and not port_is_free(host, port):
            do = "end what listens there (`ss -ltnp`), or choose another ServiceSettings.ListenAddress"
            raise Failure(f"port {port} is in use", "ServiceSettings.ListenAddress", do)
        demand_room({directory: archive.size})

    def _refuse_content(self) -> None:
        """Only an empty directory is taken; what a killed run left does not count."""
        directory = self.directory
        if not directory.exists() or Journal.path(directory).exists():
            return
        if (directory / "bin/mattermost").exists():
            raise Failure("Mattermost is installed here already", directory, "use upgrade")
        if any(path.name != WORK for path in directory.iterdir()):
            raise Failure("the directory is not empty", directory, "name another, or empty this one")

    def _clear_half_done(self) -> None:
        """Undo what a killed run left."""
        journal = Journal.left(self.directory)
        if not journal:
            return
        if journal.operation != "install":
            raise Failure("an upgrade was left half done here", self.directory, "run upgrade --recover")
        say("an earlier installation was left half done: clearing it away")
        journal.made_directory = False  # this run needs it
        self.options.systemd = self.options.systemd or journal.systemd
        ours = Account(os.geteuid(), os.getegid())
        clear_away(shared.place(self.options, self.directory, ours, {}, self.directory), journal)
        watch_signals()

    def state(self, code: int) -> str:
        """How things stand after a failure."""
        if code == Exit.BROKEN:
            return f"{self.directory} is half cleared; its journal is kept"
        if self.begun:
            return "the directory is as it was; tables that the server may have made in its database are still there"
        return "nothing was installed"


def main() -> None:
    """The command."""
    command = Install(parse())
    shared.main(command.run, command.state)
