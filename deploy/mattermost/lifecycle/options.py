"""The options that both commands share, and what they say about an installation."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from lifecycle.change import Place
from lifecycle.commands import Account
from lifecycle.database import Database
from lifecycle.health import PATIENCE, Check
from lifecycle.report import Exit, Failure, as_failure, explain, show, watch_signals
from lifecycle.server import OwnProcess, SystemdUnit
from lifecycle.settings import read_environment

CODES = """exit codes: 0 done; 1 refused, nothing was touched; 2 wrong usage; 3 failed and rolled back, everything is as
before; 4 another run is at work; 5 the roll-back failed too, the last lines say what to do."""


def parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser with the options of both commands."""
    made = argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=f"{epilog}\n\n{CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--directory", type=Path, default=Path("/opt/mattermost"), metavar="DIR", help="default: %(default)s")
    add("--checksum", action="append", default=[], metavar="SHA256", help="of the archive; one for each, in order")
    add("--systemd", default="", metavar="UNIT", help="the server is this unit; default: a process of its own")
    add(
        "--environment",
        type=Path,
        metavar="FILE",
        help="NAME=value lines: MM_* variables for the server, before those of this shell",
    )
    add("--url", default="", help="where the server is reached from here; default: what its settings say")
    add("--check-stores", action="store_true", help="well means also: database and file store are")
    add(
        "--timeout",
        type=float,
        default=PATIENCE,
        metavar="S",
        help="seconds until the server must be well (%(default)g)",
    )
    add("--settle", type=float, default=5, metavar="S", help="seconds after which it must be well still (%(default)s)")
    add("--stop-timeout", type=float, default=60, metavar="S", help="seconds to stop before a kill (%(default)s)")
    add("--dry-run", action="store_true", help="check everything that can be checked, say what would happen, and end")
    return made


def variables(options: argparse.Namespace, told: dict[str, str]) -> dict[str, str]:
    """The variables of the server: those it ran with, then this shell's, then those of the file."""
    named = read_environment(options.environment) if options.environment else {}
    return {**told, **os.environ, **named}


def place(
    options: argparse.Namespace,
    directory: Path,
    account: Account,
    environment: dict[str, str],
    backups: Path,
    database: Database | None = None,
    url: str = "",
) -> Place:
    """An installation as the options have it; `url` is where its settings say that it is reached."""
    return Place(
        directory=directory,
        backups=backups,
        account=account,
        server=SystemdUnit(options.systemd) if options.systemd else OwnProcess(directory, account),
        systemd=options.systemd,
        environment=environment,
        check=Check(options.url or url, options.timeout, options.settle, options.check_stores),
        stop_timeout=options.stop_timeout,
        data=not getattr(options, "no_data", False),
        database=database,
    )


def checksums(options: argparse.Namespace, count: int) -> list[str | None]:
    """The checksum of each archive, or None.

    Raises:
        Failure: there are some, but not as many as archives.
    """
    if options.checksum and len(options.checksum) != count:
        where = f"{len(options.checksum)} checksums for {count} archives"
        raise Failure("each archive needs its checksum, or none has one", where, "repeat --checksum in their order")
    return options.checksum or [None] * count


def main(command: Callable[[], str], state: Callable[[int], str]) -> None:
    """Run a command to its exit code; `state` tells how things stand for an exit code."""
    watch_signals()
    try:
        show(sys.stdout, command())
    except Exception as error:
        failure = as_failure(error, "this run")
        explain(failure, state(failure.code))
        sys.exit(failure.code)
    sys.exit(Exit.DONE)
